"""The joint log: both parties' chains as each holds them, one order for both, and what differs between two copies.

**Source**: own reasoning. The order is that of causes: a message comes after all that its signer had seen; what neither
had seen of the other goes by the time that its sender says, then by party.
**Doubt**: a file can be old, cut or damaged by anybody, so that what it lacks speaks against nobody; two signed
messages of one number do.
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from watchfloor.line.chain import NOTHING, Chain, Mark, Reader, Refusal, Taken
from watchfloor.messages.line import LineCopyHead, LineMessage, LineParty, SignedLine


class Copy(Struct, frozen=True):
    """One party's copy: its head and every message that it holds, in any order."""

    head: LineCopyHead
    lines: tuple[SignedLine, ...]


class Finding(StrEnum):
    """What two copies tell of the parties, best first."""

    HOLDS = "both copies are one log"
    BEHIND = "one copy lacks messages that the other has: it is older, or was cut"
    FORKED = "one party signed two messages with one number"
    BROKEN = "a file does not hold together"
    STRANGERS = "these are not both parties' copies of one line"


class Verdict(Struct, frozen=True):
    """The finding, the first difference in words, and which party it is proof against, if any.

    `last` is the digest of the last message in the one order, where the copies are one log; empty without messages.
    """

    finding: Finding
    words: str
    against: str = ""
    count: int = 0
    last: str = ""


def chains_of(copy: Copy, reader: Reader) -> tuple[Chain, Chain] | str:
    """The two chains of a copy, or the first thing in it that does not hold.

    **Cost**: linear, in whatever order the messages stand.
    """
    head = copy.head
    chains = {party.party: Chain(party, head.line_id, head.context) for party in head.parties}
    one, other = (party.party for party in head.parties)
    queues = _in_order(copy, reader)
    if isinstance(queues, str):
        return queues
    known = {NOTHING}
    while any(queues.values()):
        ready = [by for by, queue in queues.items() if queue and queue[0][0].seen in known]
        by = ready[0] if ready else next(by for by, queue in queues.items() if queue)
        signed = queues[by].popleft()[1]
        told = chains[by].take(signed, chains[other if by == one else one], reader)
        if isinstance(told, Refusal):
            return _broken(copy, told.value, signed)
        chains[by], taken = told
        known.add(taken.digest)
    for chain, witness in ((chains[one], chains[other].party), (chains[other], chains[one].party)):
        for taken in chain.taken:
            mark = taken.signed.countersignature
            if mark and not reader.has_signed(witness, taken.signed.document, mark):
                return _broken(copy, f"{witness.party} did not countersign this", taken.signed)
    return chains[one], chains[other]


def _in_order(copy: Copy, reader: Reader) -> dict[str, deque[tuple[LineMessage, SignedLine]]] | str:
    """Each party's messages in order of their numbers, or the first that is none of theirs."""
    found: dict[str, list[tuple[LineMessage, SignedLine]]] = {party.party: [] for party in copy.head.parties}
    for signed in copy.lines:
        message = reader.message_of(signed.document)
        if isinstance(message, Refusal):
            return _broken(copy, message.value, signed)
        if message.party not in found:
            return _broken(copy, Refusal.OTHER_LINE.value, signed)
        found[message.party].append((message, signed))
    return {party: deque(sorted(told, key=lambda one: one[0].number)) for party, told in found.items()}


def _broken(copy: Copy, reason: str, signed: SignedLine) -> str:
    return f"the file of {copy.head.copy_of}: {reason}: {signed.document[:120]}"


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
    one, other = mine.head, theirs.head
    if (one.line_id, one.context, _keys(one.parties)) != (other.line_id, other.context, _keys(other.parties)):
        return Verdict(Finding.STRANGERS, "they name another line, another kind of room, other parties or other keys")
    if {one.copy_of, other.copy_of} != {party.party for party in one.parties}:
        return Verdict(Finding.STRANGERS, f"they are copies of {one.copy_of} and of {other.copy_of}")
    reader = reader or Reader()
    forked = _fork(mine.head.parties, reader, mine, theirs)
    if forked is not None:
        return forked
    held: list[dict[str, Chain]] = []
    for copy in (mine, theirs):
        if held and frozenset(mine.lines) == frozenset(theirs.lines):
            held.append(held[0])
            continue
        chains = chains_of(copy, reader)
        if isinstance(chains, str):
            return Verdict(Finding.BROKEN, chains)
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
    for party in sorted(here):
        one, other = here[party].taken, there[party].taken
        if len(one) == len(other):
            continue
        shorter = mine.head.copy_of if len(one) < len(other) else theirs.head.copy_of
        first = min(len(one), len(other))
        taken = max(one, other, key=len)[first]
        words = f"the copy of {shorter} lacks number {first} of {party}"
        if shorter == party:
            words += f", which {party} signed"
        elif taken.signed.countersignature:
            words += f", which {shorter} countersigned"
        return Verdict(Finding.BEHIND, words, "", count)
    order = merge(*here.values())
    return Verdict(Finding.HOLDS, f"{count} messages", "", count, order[-1].digest if order else "")
