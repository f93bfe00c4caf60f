"""Second thoughts after the fact: notes, what somebody would have thought, and who opened hindsight when.

What came after a moment is hidden from each person until they open it, and opening it is on record. A second thought
counts only from somebody who had not opened it yet.
**Source**: requirements 39 and 40; own reasoning.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.decisions.board import Board, is_person
from watchfloor.decisions.duties import objection_to_point
from watchfloor.decisions.knowing import knows
from watchfloor.messages.acts import Actor, HindsightRevealed, NotePinned, ReviewAct, SecondThought
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct


class Afterthought(Struct, frozen=True):
    """A note or second thought, with the entry it stands in."""

    seq: int
    act: NotePinned | SecondThought
    actor: Actor


class Afterthoughts(Struct, frozen=True):
    """All notes and second thoughts; and by person and request, the earliest moment whose aftermath they opened."""

    notes: tuple[Afterthought, ...] = ()
    thoughts: tuple[Afterthought, ...] = ()
    opened: Mapping[str, int] = {}

    def has_opened(self, person_id: str, request_id: str) -> bool:
        """Whether a person has opened what came after any moment of a request."""
        return f"{person_id}/{request_id}" in self.opened

    def knows_aftermath(self, person_id: str, request_id: str, moment_seq: int) -> bool:
        """Whether a person has opened what came after this moment of a request, or after an earlier one."""
        opened = self.opened.get(f"{person_id}/{request_id}")
        return opened is not None and opened <= moment_seq


def step(
    held: Afterthoughts, board: Board, act: ReviewAct, signed: SignedAct, seq: int
) -> tuple[Afterthoughts, ActRefused | None]:
    """The afterthoughts after an act, or why it does not stand.

    **Args**: `seq`: the act's own entry; a moment is an entry before it.
    """
    actor = signed.actor
    request = board.requests.get(act.request_id)
    sentence, code = None, "refused"
    if request is None or not knows(actor, request.act.label):
        sentence, code = f"no request `{act.request_id}`", "unknown"
    elif act.moment_seq >= seq:
        sentence = "that moment has not come yet"
    elif not is_person(actor):
        sentence = "only a person looks back"
    elif isinstance(act, SecondThought) and held.has_opened(actor.person_id, act.request_id):
        sentence = "you have opened what came after a moment of this request; a second thought comes before that"
    else:
        sentence = objection_to_point(request.act.kind, act)
    if sentence is not None:
        return held, ActRefused(act.act_id, code, sentence, signed.label)
    if isinstance(act, HindsightRevealed):
        key = f"{actor.person_id}/{act.request_id}"
        earliest = min(act.moment_seq, held.opened.get(key, act.moment_seq))
        return replace(held, opened={**held.opened, key: earliest}), None
    if isinstance(act, NotePinned):
        return replace(held, notes=(*held.notes, Afterthought(seq, act, actor))), None
    return replace(held, thoughts=(*held.thoughts, Afterthought(seq, act, actor))), None
