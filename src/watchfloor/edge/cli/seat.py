"""`watchfloor seat take|board|brief|act`: a seat without a browser, confirmed with a security key."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import InputError
from watchfloor.base.instants import hms_from_us
from watchfloor.edge.links import seat_client
from watchfloor.messages.handover import BriefMatter, BriefTold
from watchfloor.messages.signed import AnyAct

_ENVELOPE = frozenset({"act_id", "room_id", "person_id", "seat_id", "at_us", "head", "screen_digest", "rules_digest"})


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "seat",
        help="a seat without a browser: take it, see the board, act",
        description="What commits a person is confirmed with an SSH security key whose token verifies its person: make "
        "one with `ssh-keygen -t ed25519-sk -O verify-required`.",
        epilog="example: watchfloor seat take 'http://localhost:8300/#seat=...' --file me.json",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    take = verbs.add_parser(
        "take",
        help="sit down by a seat's link",
        description="Makes a key for this seat, keeps it in FILE, and confirms with the security key.",
        epilog="example: watchfloor seat take 'http://localhost:8300/#seat=...' --file me.json "
        "--ssh-key ~/.ssh/id_ed25519_sk",
    )
    take.add_argument("link", metavar="LINK")
    take.add_argument("--file", required=True, metavar="FILE", help="where the seat is kept; must not exist")
    take.add_argument("--ssh-key", default="~/.ssh/id_ed25519_sk", metavar="KEY", help="default: %(default)s")
    take.add_argument("--ssh-keygen", default="ssh-keygen", metavar="PROGRAM", help="default: %(default)s")
    take.add_argument("--name", default="", help="your name, for the roster outside the record")
    take.set_defaults(work=work_take)
    board = verbs.add_parser(
        "board", help="the board as this seat sees it", epilog="example: watchfloor seat board me.json"
    )
    board.add_argument("file", metavar="FILE")
    board.add_argument("--json", action="store_true", help="the whole screen as one JSON document")
    board.set_defaults(work=work_board)
    brief = verbs.add_parser(
        "brief",
        help="what somebody must know who takes this watch over",
        description="What is open, doubted, stale, suspended and due, as far as this seat may see it. Who hands the "
        "watch over signs its digest, and so does who takes it over.",
        epilog="examples:\n  watchfloor seat brief me.json\n"
        "  watchfloor seat act me.json WatchHandedOver brief=DIGEST words='Quiet.'     (the digest that you read)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    brief.add_argument("file", metavar="FILE")
    brief.add_argument("--json", action="store_true", help="the brief and its digest as one JSON document")
    brief.set_defaults(work=work_brief)
    act = verbs.add_parser(
        "act",
        help="sign an act and enter it",
        description="WORDS are the act's fields: `name=text`, or `name:=JSON`. What you are about to sign is shown "
        "first; those words are kept with the signature.",
        epilog="examples:\n  watchfloor seat act me.json DoubtRaised request_id=R-1 version=1 words=\n"
        "  watchfloor seat act me.json AdviceGiven request_id=R-1 version=1 verdict=concur words='Lawful as asked.'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    act.add_argument("file", metavar="FILE")
    act.add_argument("type", metavar="ACT", help="its type, as `AdviceGiven`")
    act.add_argument("words", nargs="*", metavar="WORDS")
    act.add_argument("--json", action="store_true", help="print the entries as one JSON line")
    act.set_defaults(work=work_act)


def work_take(arguments: argparse.Namespace) -> int:
    """Sit down."""
    file = Path(arguments.file)
    if file.exists():
        raise InputError(f"`{file}` exists already; a seat is kept in a new file", field="file")
    key = Path(arguments.ssh_key).expanduser()
    seat = seat_client.take_seat(arguments.link, key, arguments.ssh_keygen, arguments.name)
    seat_client.save(file, seat)
    held = f"confirmed with {seat_client.fingerprint(seat_client.public_line(key))}" if seat.ssh_key else "no passkey"
    print(f"{seat.role}, {seat.nation}: you sit here as {seat.person_id} ({held}); kept in `{file}`")
    return 0


def work_board(arguments: argparse.Namespace) -> int:
    """Tell the board."""
    seat = seat_client.load(Path(arguments.file))
    told = seat_client.call(seat.url, "/api/screen", session=seat.session)
    if arguments.json:
        print(json.dumps(told))
        return 0
    print(f"{told['context']}, as {seat.role}, {seat.nation}")
    for request in told["screen"]["board"]:
        print(f"{request['request_id']} v{request['version']} {request['state'].upper()}: {request['what']}")
        if request["absent"] and request["state"] in ("open", "held"):
            print(f"  to be asked: {', '.join(request['absent'])}")
        for doubt in request["doubts"]:
            if doubt["open"]:
                said = doubt["words"] or "no words yet"
                print(f"  doubt {doubt['doubt_id']} of {doubt['who']['role']}, {doubt['who']['nation']}: {said}")
    return 0


def work_brief(arguments: argparse.Namespace) -> int:
    """Tell the brief."""
    seat = seat_client.load(Path(arguments.file))
    brief = seat_client.brief_for(seat)
    if arguments.json:
        print(msgspec.json.encode(brief).decode())
        return 0
    print(f"for {seat.role}, {seat.nation}; digest {brief.digest}")
    print("\n".join(_brief_lines(brief, seat_client.utc_offset_s(seat))))
    return 0


def work_act(arguments: argparse.Namespace) -> int:
    """Show, sign, enter."""
    seat = seat_client.load(Path(arguments.file))
    words = {"type": arguments.type, **dict(_word(text) for text in arguments.words)}
    act = seat_client.make_act(seat, words)
    shown = rendering(act)
    if not arguments.json:
        print(f"you sign, as {seat.role}, {seat.nation}:")
        print("\n".join(f"  {line}" for line in shown.splitlines()))
    entered = seat_client.send_act(seat, act, shown)["entries"]
    print(json.dumps({"entries": entered}) if arguments.json else f"entered as entry {entered[0]}")
    return 0


def rendering(act: AnyAct) -> str:
    """The words of an act, line by line, as its person reads them; they are kept beside the signature."""
    plain = {"type": type(act).__name__, **msgspec.to_builtins(act)}
    lines = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in plain.items()
        if name not in _ENVELOPE and not isinstance(value, dict | list) and value not in ("", None)
    ]
    return "\n".join(lines)


def _brief_lines(brief: BriefTold, offset_s: int) -> list[str]:
    """A brief, matter by matter; what there is nothing of says so."""
    lines = []
    for matter in BriefMatter:
        items = [item for item in brief.items if item.matter is matter]
        lines.append(f"{matter.value.upper()}: {len(items) or 'nothing that this seat may see'}")
        for item in items:
            since = f", since {hms_from_us(item.since_us, offset_s)}" if item.since_us else ""
            due = f", due {hms_from_us(item.due_us, offset_s)}" if item.due_us else ""
            lines.append(f"  {item.subject} {item.about}: {item.state}{since}{due}")
    return lines


def _word(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip(":"):
        raise InputError(f"`{text}` is neither `name=text` nor `name:=JSON`", field="WORDS")
    if not name.endswith(":"):
        return name, value
    try:
        return name[:-1], json.loads(value)
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{value[:80]}` is not JSON", field="WORDS") from error
