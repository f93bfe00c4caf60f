"""The decision board's state: every request with its advice, doubts and end."""

from collections.abc import Mapping

from msgspec import Struct

from watchfloor.messages.acts import Actor, AdviceGiven, DecisionSigned, RequestWritten, SeatKind
from watchfloor.messages.outcomes import RequestStopped
from watchfloor.messages.pack import DoctrineSet


class Advice(Struct, frozen=True):
    """One adviser's word on one version, and whether it counts as required advice."""

    act: AdviceGiven
    actor: Actor
    counts: bool


class Doubt(Struct, frozen=True):
    """One doubt, from whoever raised it; open until somebody else answered it."""

    doubt_id: str
    version: int
    words: str
    actor: Actor
    at_us: int
    resolved_by: str | None = None
    resolution: str = ""


class Decided(Struct, frozen=True):
    """A signed decision and who signed it."""

    act: DecisionSigned
    actor: Actor


class Request(Struct, frozen=True):
    """A request as it stands; `version` grows each time it is reopened.

    `pending` is a signed decision that witnesses have not seen yet; it is not published, and a doubt voids it.
    """

    act: RequestWritten
    author: Actor
    version: int
    advisers: tuple[str, ...]
    advice: tuple[Advice, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    pending: Decided | None = None
    decided: Decided | None = None
    stopped: RequestStopped | None = None

    def open_doubts(self) -> tuple[Doubt, ...]:
        """Doubts that nobody has answered yet."""
        return tuple(doubt for doubt in self.doubts if doubt.resolved_by is None)

    def is_over(self) -> bool:
        """Whether nothing can change any more."""
        return self.decided is not None or self.stopped is not None

    def absent(self) -> tuple[str, ...]:
        """Required roles that no person has advised from on this version."""
        heard = {advice.actor.role for advice in self.advice if advice.counts and self._is_current(advice)}
        return tuple(role for role in self.advisers if role not in heard)

    def current_advice(self) -> tuple[Advice, ...]:
        """Advice on this version."""
        return tuple(advice for advice in self.advice if self._is_current(advice))

    def _is_current(self, advice: Advice) -> bool:
        return advice.act.version == self.version


class Board(Struct, frozen=True):
    """All requests by id, in the order they were written, and the rules in force; None: nothing can be asked.

    `awaits_witnesses`: a decision is published only when witnesses have seen it.
    """

    doctrine: DoctrineSet | None = None
    awaits_witnesses: bool = False
    requests: Mapping[str, Request] = {}


def is_person(actor: Actor) -> bool:
    """Whether the actor counts as a person: simulated seats never do."""
    return actor.kind is SeatKind.PERSON
