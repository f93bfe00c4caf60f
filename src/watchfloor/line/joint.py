"""The joint log: both parties' chains as each holds them, one order for both, and what differs between two copies.

**Source**: own reasoning. The order is that of causes: a message comes after all that its signer had seen; what neither
had seen of the other goes by the time that its sender says, then by party.
**Doubt**: a message that only one copy has is not yet a lie; a signature under what the other copy lacks is.
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from watchfloor.line.chain import NOTHING, Chain, Mark, Reader, Refusal, Taken
from watchfloor.messages.line import LineCopyHead, LineParty, SignedLine


class Copy(Struct, frozen=True):
    """One party's copy: its head and every message that it holds, in any order."""

    head: LineCopyHead
    lines: tuple[SignedLine, ...]


class Finding(StrEnum):
    """What two copies tell of the parties, best first."""

    HOLDS = "both copies are one log"
    BEHIND = "one copy lacks messages that the other has not proven to be received"
    DENIED = "one copy lacks a message that its party countersigned"
    FORKED = "one party signed two messages with one number"
    BROKEN = "a copy does not hold together"
    STRANGERS = "the copies are not of one line"


class Verdict(Struct, frozen=True):
    """The finding, the first difference in words, and whose party it speaks against, if anybody's.

    `last` is the digest of the last message in the one order, where the copies are one log; empty without messages.
    """

    finding: Finding
    words: str
    against: str = ""
    count: int = 0
    last: str = ""


def chains_of(copy: Copy, reader: Reader) -> tuple[Chain, Chain] | str:
    """The two chains of a copy, or the first thing in it that does not hold."""
    one, other = (Chain(party, copy.head.line_id) for party in copy.head.parties)
    waiting: Sequence[SignedLine] = copy.lines
    while waiting:
        left: list[SignedLine] = []
        reason = ""
        for signed in waiting:
            told = one.take(signed, other, reader)
            if not isinstance(told, Refusal):
                one = told[0]
                continue
            if told is Refusal.OTHER_LINE:
                told = other.take(signed, one, reader)
            if isinstance(told, Refusal):
                left.append(signed)
                reason = reason or told.value
            else:
                other = told[0]
        if len(left) == len(waiting):
            return f"the copy of {copy.head.copy_of}: {reason}: {left[0].document[:120]}"
        waiting = left
    for chain, by in ((one, other.party), (other, one.party)):
        for taken in chain.taken:
            countersignature = taken.signed.countersignature
            if countersignature and not reader.has_signed(by, taken.signed.document, countersignature):
                return f"the copy of {copy.head.copy_of}: {by.party} did not countersign number {taken.message.number}"
    return one, other


def merge(one: Chain, other: Chain) -> tuple[Taken, ...]:
    """All messages of both, in the one order that everybody who holds both comes to."""
    queues, order, placed = (deque(one.taken), deque(other.taken)), list[Taken](), {NOTHING}
    while any(queues):
        ready = [queue for queue in queues if queue and queue[0].message.seen in placed]
        queue = min(ready, key=lambda queue: (queue[0].message.sent_us, queue[0].message.party))
        taken = queue.popleft()
        placed.add(taken.digest)
        order.append(taken)
    return tuple(order)


def marks_of(*copies: Copy) -> list[Mark]:
    """Every signature that copies claim to hold, once each, as it would have to hold."""
    found: dict[Mark, None] = {}
    for copy in copies:
        one, other = (party.public_key for party in copy.head.parties)
        for signed in copy.lines:
            by = one if f'"party":"{copy.head.parties[0].party}"' in signed.document else other
            found[(by, signed.document, signed.signature)] = None
            if signed.countersignature:
                found[(other if by == one else one, signed.document, signed.countersignature)] = None
    return list(found)


def compare(mine: Copy, theirs: Copy, reader: Reader | None = None) -> Verdict:
    """What two copies of one line tell: that they are one log, or the first thing in which they are not.

    **Args**: `reader`: one that knows of signatures that hold; without it, each is checked here.
    """
    if mine.head.line_id != theirs.head.line_id or _keys(mine.head.parties) != _keys(theirs.head.parties):
        return Verdict(Finding.STRANGERS, "they name another line, other parties or other keys")
    reader = reader or Reader()
    forked = _fork(mine.head.parties, reader, mine, theirs)
    if forked is not None:
        return forked
    held = []
    for copy in (mine, theirs):
        chains = chains_of(copy, reader)
        if isinstance(chains, str):
            return Verdict(Finding.BROKEN, chains, copy.head.copy_of)
        held.append({chain.party.party: chain for chain in chains})
    return _lacking(mine, theirs, held[0], held[1])


def _keys(parties: Sequence[LineParty]) -> set[tuple[str, str]]:
    return {(party.party, party.public_key) for party in parties}


def _fork(parties: Sequence[LineParty], reader: Reader, *copies: Copy) -> Verdict | None:
    """Two texts of one number under one key, wherever they stand: nobody but the key's holder can have made both."""
    by_name = {party.party: party for party in parties}
    known: dict[tuple[str, int], SignedLine] = {}
    for copy in copies:
        for signed in copy.lines:
            message = reader.message_of(signed.document)
            if isinstance(message, Refusal):
                continue
            party = by_name.get(message.party)
            if party is None or message.line_id != copy.head.line_id:
                continue
            held = known.setdefault((message.party, message.number), signed)
            if held.document != signed.document and all(
                reader.has_signed(party, one.document, one.signature) for one in (held, signed)
            ):
                return Verdict(
                    Finding.FORKED, f"{party.party} signed two messages number {message.number}", party.party
                )
    return None


def _lacking(mine: Copy, theirs: Copy, here: dict[str, Chain], there: dict[str, Chain]) -> Verdict:
    count = sum(max(len(here[party].taken), len(there[party].taken)) for party in here)
    behind = ""
    for party in sorted(here):
        both = sorted(((here[party], mine), (there[party], theirs)), key=lambda held: len(held[0].taken))
        (less, shorter), (more, _) = both
        lacks = shorter.head.copy_of
        for taken in more.taken.after(len(less.taken)):
            if lacks == party:
                words = f"{party} signed number {taken.message.number}, which its own copy does not have"
                return Verdict(Finding.DENIED, words, party, count)
            if taken.signed.countersignature:
                words = f"{lacks} countersigned number {taken.message.number} of {party}, which its copy does not have"
                return Verdict(Finding.DENIED, words, lacks, count)
            behind = behind or f"the copy of {lacks} lacks number {taken.message.number} of {party}"
    if behind:
        return Verdict(Finding.BEHIND, behind, "", count)
    order = merge(*here.values())
    return Verdict(Finding.HOLDS, f"{count} messages", "", count, order[-1].digest if order else "")
