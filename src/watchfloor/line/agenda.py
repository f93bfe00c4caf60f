"""The agenda of the next call: what was put there, and what changed since the minutes that both signed last.

**Source**: own reasoning. **Doubt**: what is disputed, or was never read back, is spoken about again until it is.
"""

from enum import StrEnum

from watchfloor.line.calling import Heads
from watchfloor.line.session import Line
from watchfloor.line.standing import ENDED, Notice, Standing, as_of


class Why(StrEnum):
    """Why something is on the agenda, in the words that screens use."""

    DISPUTED = "disputed"
    PROPOSED = "proposed"
    NEW = "new"
    CHANGED = "changed"
    NOT_READ_BACK = "not read back"


def agenda_of(line: Line, room_us: int) -> list[tuple[str, Why]]:
    """The messages to be spoken about, by digest, each once, what is disputed first; both rooms come to the same."""
    heads = minuted_heads(line)
    proposed = {item.about for item in line.agenda}
    found = [
        (why, notice)
        for digest, notice in line.notices.items()
        if (why := _why(as_of(notice, room_us), heads, is_proposed=digest in proposed)) is not None
    ]
    known, rank = {notice.digest for _, notice in found}, list(Why)
    found.sort(key=lambda one: (rank.index(one[0]), one[1].sent_us, one[1].digest))
    others = sorted(item.about for item in line.agenda if item.about not in known)
    return [*((notice.digest, why) for why, notice in found), *((about, Why.PROPOSED) for about in others)]


def minuted_heads(line: Line) -> Heads:
    """How far the minutes go that both signed last; nothing, where there are none."""
    minuted = [call for call in line.calls.values() if call.is_minuted()]
    return next(iter(minuted[-1].minutes.values())) if minuted else ()


def _why(notice: Notice, heads: Heads, *, is_proposed: bool) -> Why | None:
    counts = {head.party: head.count for head in heads}
    has_changed = any(number >= counts.get(party, 0) for party, number in notice.touched)
    if notice.standing in ENDED:
        return Why.CHANGED if has_changed and heads else None
    if notice.standing is Standing.DISPUTED:
        return Why.DISPUTED
    if is_proposed:
        return Why.PROPOSED
    if notice.number >= counts.get(notice.party, 0):
        return Why.NEW
    if has_changed:
        return Why.CHANGED
    return None if notice.standing is Standing.READ_BACK else Why.NOT_READ_BACK
