"""`watchfloor line`: keys exchanged with another party and compared by voice; the joint log, told and compared."""

import argparse
import ipaddress
import secrets
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.app.line_copy import copy_of
from watchfloor.app.resume import read_past
from watchfloor.base.errors import InputError
from watchfloor.edge.cli import line_seat
from watchfloor.edge.cli.line_verify import opens_work, verify_work
from watchfloor.edge.recovery import first_key
from watchfloor.edge.stores.disk import write_durably
from watchfloor.edge.stores.folder import refuse_unusable
from watchfloor.edge.stores.line_folder import LineFile, LineFolder, digits_of, read_offer, spoken
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.line_record import LineKind
from watchfloor.record.keys import Signers


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "line",
        help="the line to another party: keys compared by voice, what both said, provably",
        description="A line joins two rooms that do not trust each other. One party invites, the other accepts and "
        "sends its answer back; then both people read digits to each other, and open the line. Each room names its "
        "folder: `watchfloor run --line DIR`.",
        epilog="example: watchfloor line invite line-air --party ALD --listen 127.0.0.1:8400",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_ceremony(verbs)
    line_seat.add(verbs)
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
    export = words.add_parser(
        "export",
        help="our copy of a line's joint log, from the record of a room",
        description="Writes JSON lines: a head, then every message with its signatures. It holds what was said on the "
        "line and nothing else of the record.",
        epilog="example: watchfloor line log export rooms/monday air-1f2e3d --out ours.jsonl",
    )
    export.add_argument("data", metavar="DIR", help="the room's data folder")
    export.add_argument("line_id", metavar="LINE", help="the line's id, as `line.json` has it")
    export.add_argument("--out", required=True, metavar="FILE", help="must not exist")
    export.set_defaults(work=export_work)
    opens = words.add_parser(
        "opens",
        help="whether a file is what a party committed to in a match",
        description="For an arbiter: what a party put into a match is a medium of its record, and its SHA-256 is the "
        "commitment that it signed on the line. Exit code 1, when no message of the copy names it.",
        epilog="example: watchfloor line log opens match-input.json theirs.jsonl",
    )
    opens.add_argument("input", metavar="FILE", help="what the party says that it put in")
    opens.add_argument("copy", metavar="COPY", help="a copy of the joint log")
    opens.add_argument("--json", action="store_true", help="print the answer as one JSON line")
    opens.set_defaults(work=opens_work)


def _add_ceremony(verbs: Any) -> None:
    invite = verbs.add_parser(
        "invite",
        help="begin a line: make our keys and an invitation",
        description="Makes DIR with our keys, and DIR/invitation.json to give to the other party on any way: it holds "
        "nothing secret. Our room will listen for theirs.",
        epilog="example: watchfloor line invite line-air --party ALD --listen 127.0.0.1:8400",
    )
    invite.add_argument("folder", metavar="DIR", help="the line's folder; each line has its own")
    invite.add_argument("--party", required=True, help="who we are on the line, as ALD")
    invite.add_argument("--kind", choices=[kind.value for kind in LineKind], default="air", help="default: %(default)s")
    invite.add_argument("--listen", default="127.0.0.1:8400", metavar="HOST:PORT", help="default: %(default)s")
    invite.add_argument("--address", default="", metavar="HOST:PORT", help="how they reach it, where that differs")
    invite.add_argument("--beyond-this-machine", action="store_true", help="say so, to listen on more than loopback")
    invite.set_defaults(work=invite_work)
    accept = verbs.add_parser(
        "accept",
        help="hold what the other party gave: its invitation, or its answer to ours",
        description="With an invitation and --party, makes DIR with our keys and DIR/answer.json to give back. With "
        "the answer to our invitation, takes it. Then prints the digits that we read to them by voice.",
        epilog="examples:\n  watchfloor line accept line-air invitation.json --party MRN\n"
        "  watchfloor line accept line-air answer.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    accept.add_argument("folder", metavar="DIR", help="the line's folder")
    accept.add_argument("offer", metavar="OFFER", help="their file")
    accept.add_argument("--party", default="", help="who we are on the line, when we were invited")
    accept.set_defaults(work=accept_work)
    opening = verbs.add_parser(
        "open",
        help="open the line, with the digits that they read to us by voice",
        description="Each side reads its half of the digits to the other. Only when what was heard is right does the "
        "line open; a room takes no line that is not open.",
        epilog="example: watchfloor line open line-air --heard '01234 56789 01234 56789'",
    )
    opening.add_argument("folder", metavar="DIR", help="the line's folder")
    opening.add_argument("--heard", default="", metavar="DIGITS", help="without it, our own half is printed again")
    opening.set_defaults(work=open_work)


def invite_work(arguments: argparse.Namespace) -> int:
    """Make the folder and the invitation."""
    _require_party(arguments.party)
    host, _ = _address(arguments.listen, "--listen")
    if not _is_loopback(host) and not arguments.beyond_this_machine:
        raise InputError(
            f"`{host}` is beyond this machine; say so with --beyond-this-machine, or listen on 127.0.0.1",
            field="listen",
        )
    address = arguments.address or arguments.listen
    _address(address, "--address")
    folder = LineFolder(Path(arguments.folder))
    kind = LineKind(arguments.kind)
    held = folder.begin(
        f"{kind.value}-{secrets.token_hex(4)}",
        kind,
        arguments.party,
        listen=arguments.listen,
        address=address,
        invited=True,
    )
    file = _write_offer(folder, held, "invitation.json")
    print(f"line {held.ours.line_id}: give `{file}` to the other party; it holds nothing secret")
    print(f"then take their answer: watchfloor line accept {folder.path} ANSWER")
    return 0


def accept_work(arguments: argparse.Namespace) -> int:
    """Hold the other party's offer, and print our half of the digits."""
    offer = read_offer(Path(arguments.offer))
    folder = LineFolder(Path(arguments.folder))
    if arguments.party:
        _require_party(arguments.party)
        if not offer.address:
            raise InputError("this is no invitation: it names no address to connect to", field="OFFER")
        if arguments.party == offer.party:
            raise InputError(f"`{offer.party}` is the name of the other party on this line", field="party")
        held = folder.begin(offer.line_id, offer.line, arguments.party)
        file = _write_offer(folder, held, "answer.json")
        print(f"line {offer.line_id} with {offer.party}: give `{file}` back to them; it holds nothing secret")
    held = folder.accept(offer)
    _print_digits(folder, held)
    return 0


def open_work(arguments: argparse.Namespace) -> int:
    """Open the line."""
    folder = LineFolder(Path(arguments.folder))
    if not arguments.heard:
        _print_digits(folder, folder.read())
        return 0
    held = folder.open(arguments.heard)
    print(f"line {held.ours.line_id} is open: watchfloor run --line {folder.path}")
    return 0


def _print_digits(folder: LineFolder, held: LineFile) -> None:
    print(f"read to them by voice: {spoken(digits_of(held)[0])}")
    print(f"and open with what they read to you: watchfloor line open {folder.path} --heard 'DIGITS'")


def _write_offer(folder: LineFolder, held: LineFile, name: str) -> Path:
    file = folder.path / name
    write_durably(file, msgspec.json.format(msgspec.json.encode(held.ours), indent=1) + b"\n")
    return file


def _require_party(name: str) -> None:
    if not 0 < len(name) <= 32 or not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name):
        raise InputError(f"`{name}` cannot be a party: letters, digits, `-` and `_`, at most 32", field="party")


def _address(text: str, option: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or ":" in host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise InputError(f"{option} `{text}` is no `host:port` with a name or IPv4 address", field=option.strip("-"))
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def export_work(arguments: argparse.Namespace) -> int:
    """Write our copy of a line's joint log."""
    data, out = Path(arguments.data), Path(arguments.out)
    if out.exists():
        raise InputError(f"`{out}` exists already", field="out")
    refuse_unusable(data)
    if not data.is_dir():
        raise InputError(f"`{data}` is no data folder", field="DIR")
    past = read_past(LogFiles(data), Signers(first_key(data)))
    line = past.state.lines.get(arguments.line_id)
    if line is None:
        known = ", ".join(past.state.lines) or "none"
        raise InputError(f"the record has no line `{arguments.line_id}`; it has: {known}", field="LINE")
    copy = copy_of(line)
    write_durably(out, b"".join(msgspec.json.encode(part) + b"\n" for part in (copy.head, *copy.lines)))
    print(f"{len(copy.lines)} messages of {line.opened.line_id} in `{out}`")
    return 0
