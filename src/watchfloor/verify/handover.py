"""Checks how watches changed hands: taken over by somebody else than who sat there, and handed over by who kept them.

Written apart from `app.watches`, from the entries alone.
"""

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import Actor, SeatKind
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import Entry
from watchfloor.messages.handover import HandoverAct, WatchHandedOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.report import Report

_WHERE = "record"
_KINDS = ('"type":"WatchHandedOver"', '"type":"WatchTakenOver"')
_POWER = "run_watch"


class HandoverCheck:
    """Takes entries of its `kinds` in order; says at the end which handovers do not stand."""

    kinds = frozenset((SeatTaken, SignedAct, ActRefused))

    def __init__(self, report: Report) -> None:
        self._report = report
        self._steps: list[tuple[int, SeatTaken | tuple[HandoverAct, Actor]]] = []
        self._refused: set[str] = set()

    def take(self, entry: Entry) -> None:
        """Note the next entry."""
        body = entry.body
        if isinstance(body, SeatTaken) and _POWER in body.powers and body.kind is SeatKind.PERSON:
            self._steps.append((entry.seq, body))
        elif isinstance(body, ActRefused):
            self._refused.add(body.act_id)
        elif isinstance(body, SignedAct) and any(kind in body.document for kind in _KINDS):
            try:
                act: HandoverAct = decode_canonical(body.document.encode(), HandoverAct)  # type: ignore[arg-type]
            except WireError:
                return  # the check of acts tells it
            self._steps.append((entry.seq, (act, body.actor)))

    def finish(self) -> None:
        """What can only be said once refusals are known."""
        sits: dict[str, str] = {}
        unread: set[str] = set()
        for seq, one in self._steps:
            if isinstance(one, SeatTaken):
                if sits.get(one.seat_id, one.person_id) != one.person_id:
                    unread.add(one.seat_id)
                sits[one.seat_id] = one.person_id
                continue
            act, actor = one
            if act.act_id in self._refused:
                continue
            if _POWER not in actor.powers or actor.kind is not SeatKind.PERSON:
                self._report.add(_WHERE, "hands a watch over, or takes one, from a seat that may not", seq)
            elif isinstance(act, WatchHandedOver) and act.seat_id in unread:
                self._report.lack(_WHERE, "hands over a watch whose brief its person never acknowledged", seq)
            elif not isinstance(act, WatchHandedOver) and act.seat_id not in unread:
                self._report.lack(_WHERE, "takes over a watch from nobody", seq)
            if not isinstance(act, WatchHandedOver):
                unread.discard(act.seat_id)
