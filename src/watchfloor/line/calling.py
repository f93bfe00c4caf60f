"""Calls on a line: who opened one, who is there, and the minutes that stand once both parties signed the same.

**Source**: own reasoning. **Doubt**: a call that the other party has not answered with its roll is not held, and has no
minutes; minutes that name different heads are nobody's minutes.
"""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.line.chain import Taken
from watchfloor.messages.line import CallOpened, ChainHead, LineRole, MinutesSigned, RollCalled

CALLS_KEPT = 20
Heads = tuple[ChainHead, ...]


class _Owned(Protocol):
    """What a party said."""

    @property
    def party(self) -> str:
        """Whose it is."""


Owned = TypeVar("Owned", bound=_Owned)


class Call(Struct, frozen=True):
    """A call. `rolls`: who is there, by party; `minutes`: up to which heads each party's minutes go."""

    party: str
    digest: str
    body: CallOpened
    sent_us: int
    rolls: Mapping[str, tuple[LineRole, ...]] = {}
    minutes: Mapping[str, Heads] = {}

    def is_held(self) -> bool:
        """Whether both parties are there."""
        return len(self.rolls) > 1

    def is_over(self) -> bool:
        """Whether a party has signed minutes."""
        return bool(self.minutes)

    def state(self) -> str:
        """Open, held, over, or minuted: the word on screens."""
        if self.is_minuted():
            return "minuted"
        if self.is_over():
            return "over"
        return "held" if self.is_held() else "open"

    def is_minuted(self) -> bool:
        """Whether both parties signed the same minutes."""
        return len(self.minutes) > 1 and len(set(self.minutes.values())) == 1

    def may_sign(self, party: str, heads: Heads) -> bool:
        """Whether a party can sign these minutes: its first, or the other's own; what stands is never signed anew."""
        if not self.is_held() or self.is_minuted():
            return False
        return party not in self.minutes or heads in [held for by, held in self.minutes.items() if by != party]


def calls_with(calls: Mapping[str, Call], taken: Taken) -> Mapping[str, Call]:
    """The calls after a message more, of either party. A party speaks for its own roll and minutes only.

    The newest CALLS_KEPT of each party are kept.
    """
    body, party = taken.message.body, taken.message.party
    if isinstance(body, CallOpened):
        call = Call(party, taken.digest, body, taken.message.sent_us)
        return newest_of_party({**calls, taken.digest: call}, party, CALLS_KEPT)
    if isinstance(body, RollCalled | MinutesSigned) and body.about in calls:
        call = calls[body.about]
        if isinstance(body, RollCalled):
            call = replace(call, rolls={**call.rolls, party: body.present})
        elif call.may_sign(party, body.heads):
            call = replace(call, minutes={**call.minutes, party: body.heads})
        return {**calls, body.about: call}
    return calls


def newest_of_party(held: Mapping[str, Owned], party: str, most: int) -> Mapping[str, Owned]:
    """What is held without the oldest of a party beyond so many, so that nobody crowds out the other, or the room."""
    own = [digest for digest, one in held.items() if one.party == party]
    if len(own) <= most:
        return held
    gone = frozenset(own[: len(own) - most])
    return {digest: one for digest, one in held.items() if digest not in gone}
