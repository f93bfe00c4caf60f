"""`watchfloor line log verify`: two parties' copies of a joint log are compared, with neither's system."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import InputError
from watchfloor.line.joint import Copy, Finding, compare
from watchfloor.messages.line import LineCopyHead, SignedLine

MOST_BYTES = 1 << 30


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "line",
        help="the line to another party: what both said, provably",
        description="The joint log of two parties that do not trust each other. Each holds a copy of all messages, "
        "signed by who said them and countersigned by who received them.",
        epilog="example: watchfloor line log verify ours.jsonl theirs.jsonl",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    log = verbs.add_parser("log", help="the joint log", epilog="example: watchfloor line log verify A B")
    words = log.add_subparsers(dest="word", required=True, metavar="WORD")
    verify = words.add_parser(
        "verify",
        help="compare two copies offline: one log, or the first difference and whom it speaks against",
        description="Checks every signature, both chains, and that the copies hold the same; exit code 1, when not.",
        epilog="example: watchfloor line log verify ours.jsonl theirs.jsonl --json",
    )
    verify.add_argument("first", metavar="A", help="one party's copy (JSON lines)")
    verify.add_argument("second", metavar="B", help="the other's")
    verify.add_argument("--json", action="store_true", help="print the verdict as one JSON line")
    verify.set_defaults(work=verify_work)


def verify_work(arguments: argparse.Namespace) -> int:
    """Compare; exit code 0, when both are one log."""
    first, second = read_copy(Path(arguments.first)), read_copy(Path(arguments.second))
    verdict = compare(first, second)
    told = {"finding": verdict.finding.name.lower(), "words": verdict.words, "against": verdict.against}
    if arguments.json:
        print(json.dumps({**told, "messages": verdict.count, "last": verdict.last}))
    elif verdict.finding is Finding.HOLDS:
        print(f"{verdict.finding.value}: {verdict.words}; the last is {verdict.last or 'none'}")
    else:
        against = f" (against {verdict.against})" if verdict.against else ""
        print(f"{verdict.finding.value}{against}: {verdict.words}")
    return 0 if verdict.finding is Finding.HOLDS else 1


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
