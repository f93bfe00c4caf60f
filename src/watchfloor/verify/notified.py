"""Checks who answered what came near a notified place: a person who may review, and who took no part in it.

Written apart from `decisions`, from the entries alone.
"""

from watchfloor.base.errors import WireError
from watchfloor.messages.acts import Actor, SeatKind
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import Entry
from watchfloor.messages.notification import FollowUpClosed, FollowUpOpened
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.report import Report

_WHERE = "record"
_CLOSED = '"type":"FollowUpClosed"'


class NotifiedCheck:
    """Takes entries of its `kinds` in order; says at the end which answers do not stand."""

    kinds = frozenset((SignedAct, ActRefused, FollowUpOpened))

    def __init__(self, report: Report) -> None:
        self._report = report
        self._opened: dict[str, FollowUpOpened] = {}
        self._closed: dict[str, tuple[int, FollowUpClosed, Actor]] = {}

    def take(self, entry: Entry) -> None:
        """Check the next entry."""
        body = entry.body
        if isinstance(body, FollowUpOpened):
            self._opened[body.follow_id] = body
        elif isinstance(body, ActRefused):
            self._closed.pop(body.act_id, None)
        elif isinstance(body, SignedAct) and _CLOSED in body.document:
            try:
                act = decode_canonical(body.document.encode(), FollowUpClosed)
            except WireError:
                return  # the check of acts tells it
            self._closed[act.act_id] = entry.seq, act, body.actor

    def finish(self) -> None:
        """What can only be said once refusals are known."""
        answered: set[str] = set()
        for seq, act, actor in self._closed.values():
            opened = self._opened.get(act.follow_id)
            if opened is None:
                self._report.add(_WHERE, "answers a follow-up that was never opened", seq)
            elif actor.person_id in opened.took_part:
                self._report.add(_WHERE, "answers a follow-up of something that its person took part in", seq)
            elif "review" not in actor.powers or actor.kind is not SeatKind.PERSON:
                self._report.add(_WHERE, "answers a follow-up from a seat that may not", seq)
            elif act.follow_id in answered:
                self._report.add(_WHERE, "answers a follow-up that was answered", seq)
            answered.add(act.follow_id)
