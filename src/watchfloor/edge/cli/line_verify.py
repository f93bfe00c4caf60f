"""`watchfloor line log verify|opens`: what two parties' copies of a joint log prove, with neither's system."""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from itertools import chain
from pathlib import Path

import msgspec

from watchfloor.base.errors import InputError, WireError
from watchfloor.line.chain import Mark, Reader, Taken
from watchfloor.line.joint import Copy, Finding, Verdict, chains_of, compare, marks_of
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.line import LineCopyHead, MatchAccepted, MatchProposed, SignedLine
from watchfloor.messages.matching import MatchInput

MOST_BYTES = 1 << 30
FEW = 2_000
_CHUNK = 500


def verify_work(arguments: argparse.Namespace) -> int:
    """Compare; exit code 0, when both are one log."""
    first, second = read_copy(Path(arguments.first)), read_copy(Path(arguments.second))
    verdict = verdict_of(first, second)
    told = {"finding": verdict.finding.name.lower(), "words": verdict.words, "against": verdict.against}
    if arguments.json:
        print(json.dumps({**told, "messages": verdict.count, "last": verdict.last}))
    elif verdict.finding is Finding.HOLDS:
        print(f"{verdict.finding.value}: {verdict.words}; the last is {verdict.last or 'none'}")
    else:
        against = f" (against {verdict.against})" if verdict.against else ""
        print(f"{verdict.finding.value}{against}: {verdict.words}")
    return 0 if verdict.finding is Finding.HOLDS else 1


def opens_work(arguments: argparse.Namespace) -> int:
    """Hold a file against the commitments of a copy; exit code 0, when one is it."""
    path = Path(arguments.input)
    try:
        raw = path.read_bytes()
        told = decode_canonical(raw, MatchInput)
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="FILE") from error
    except WireError as error:
        raise InputError(f"{path}: it is nothing that is put into a match: {error.sentence}", field="FILE") from error
    copy = read_copy(Path(arguments.copy))
    chains = chains_of(copy, Reader())
    if isinstance(chains, str):
        raise InputError(chains, field="COPY")
    digest = sha256(raw).hexdigest()
    for taken in chain.from_iterable(one.taken for one in chains):
        body = taken.message.body
        if isinstance(body, MatchProposed | MatchAccepted) and body.commitment == digest:
            return _tell_opened(taken, told, as_json=arguments.json)
    sentence = f"no message of {copy.head.line_id} commits to this file ({digest})"
    print(json.dumps({"opens": False, "words": sentence}) if arguments.json else sentence)
    return 1


def _tell_opened(taken: Taken, told: MatchInput, *, as_json: bool) -> int:
    """Who committed to the file in which message; another line, party or epoch in it than there is no opening."""
    message = taken.message
    holds = (told.line_id, told.party) == (message.line_id, message.party)
    if isinstance(message.body, MatchProposed):
        holds = holds and told.terms == message.body.terms
    words = f"{message.party} committed to these {len(told.plans)} plans in its message {message.number}"
    if not holds:
        words = f"message {message.number} of {message.party} commits to this file, which speaks of another match"
    print(json.dumps({"opens": holds, "words": words}) if as_json else words)
    return 0 if holds else 1


def verdict_of(first: Copy, second: Copy) -> Verdict:
    """What two copies tell; where they hold many signatures, these are checked by a process for each core."""
    marks = marks_of(first, second)
    if len(marks) <= FEW:
        return compare(first, second)
    chunks = [marks[start : start + _CHUNK] for start in range(0, len(marks), _CHUNK)]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        good = chain.from_iterable(pool.map(_good, chunks))
        return compare(first, second, Reader(good))


def _good(marks: list[Mark]) -> list[Mark]:
    """Those marks that hold."""
    reader = Reader()
    return [mark for mark in marks if reader.holds(*mark)]


def read_copy(path: Path) -> Copy:
    """A copy from its file: a head, then a message a line.

    **Raises**: InputError, naming file and line, at the first that is none.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"`{path}` has over 1 GiB", field="copy")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="copy") from error
    if not lines:
        raise InputError(f"{path}:1: no head; a copy begins with its line and both keys", field="copy")
    head: LineCopyHead | None = None
    messages: list[SignedLine] = []
    decoder = msgspec.json.Decoder(SignedLine)
    try:
        head = msgspec.json.decode(lines[0], type=LineCopyHead)
        for line in lines[1:]:
            messages.append(decoder.decode(line))  # noqa: PERF401  # how many were read names the line at fault
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}:{len(messages) + (1 if head is None else 2)}: {error}", field="copy") from error
    return Copy(head, tuple(messages))
