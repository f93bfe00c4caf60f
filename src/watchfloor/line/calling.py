"""Calls on a line: who opened one, who is there, and the minutes that stand once both parties signed the same.

**Source**: own reasoning. **Doubt**: a call that the other party has not answered with its roll is not held; minutes
that name different last messages are nobody's minutes.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.line.chain import Taken
from watchfloor.messages.line import CallOpened, LineRole, MinutesSigned, RollCalled


class Call(Struct, frozen=True):
    """A call. `rolls`: who is there, by party; `minutes`: the last message of each party's minutes."""

    party: str
    digest: str
    body: CallOpened
    sent_us: int
    rolls: Mapping[str, tuple[LineRole, ...]] = {}
    minutes: Mapping[str, str] = {}

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


def calls_with(calls: Mapping[str, Call], taken: Taken) -> Mapping[str, Call]:
    """The calls after a message more, of either party. A party speaks for its own roll and minutes only."""
    body, party = taken.message.body, taken.message.party
    if isinstance(body, CallOpened):
        return {**calls, taken.digest: Call(party, taken.digest, body, taken.message.sent_us)}
    if isinstance(body, RollCalled | MinutesSigned) and body.about in calls:
        call = calls[body.about]
        if isinstance(body, RollCalled):
            call = replace(call, rolls={**call.rolls, party: body.present})
        else:
            call = replace(call, minutes={**call.minutes, party: body.until})
        return {**calls, body.about: call}
    return calls
