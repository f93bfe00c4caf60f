"""`watchfloor run`: the room with an exercise."""

import argparse
import json
import sys
import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.app.line_plans import line_plans_of
from watchfloor.app.rulebook import require_sound_rules
from watchfloor.base.errors import InputError, WatchfloorError
from watchfloor.base.instants import us_from_hms
from watchfloor.edge.cli.checking import require_holding
from watchfloor.edge.cli.keeping_options import add_options, keeping_of
from watchfloor.edge.cli.loop import run_loop
from watchfloor.edge.host import Host
from watchfloor.edge.lines import held_lines
from watchfloor.edge.links.system_tracks import system_tracks_plan
from watchfloor.edge.login import login_rule
from watchfloor.edge.other_room import OtherRoom
from watchfloor.edge.plan import Plan, Started
from watchfloor.edge.stores.folder import is_locked, refuse_unusable
from watchfloor.edge.stores.packs import load_pack, shipped_folder
from watchfloor.edge.tak.certificates import TakClients
from watchfloor.messages.matching import LinePlan
from watchfloor.wire.line_plans import read_plans


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="the room with an exercise",
        description="Starts the room with an exercise: prints the wall's URL and one link per seat, and runs until "
        "Ctrl-C or --until. Everything stays on this machine (loopback).",
        epilog="examples:\n  watchfloor run\n  watchfloor run eight-thirty --from 08:07:50 --speed 2\n"
        "  watchfloor run --data rooms/monday      (goes on where it ended, or starts there)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pack", nargs="?", default="eight-thirty", metavar="PACK", help="name or folder of a pack")
    parser.add_argument("--data", metavar="DIR", help="data folder; resumes the room in it (default: a new one)")
    parser.add_argument("--port", type=int, default=8300, help="port for screens (0: a free one)")
    parser.add_argument("--cot-port", type=int, default=8087, help="port for TAK clients (0: a free one)")
    parser.add_argument("--tak-tls", metavar="DIR", help="also serve TAK clients over TLS, by the certificates in DIR")
    parser.add_argument("--tak-tls-port", type=int, default=8089, help="port for those (0: a free one)")
    parser.add_argument(
        "--system-tracks", default="", metavar="127.0.0.1:PORT", help="send the picture there as ASTERIX CAT 062 (UDP)"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="room seconds per second, 0.1 to 60")
    parser.add_argument("--from", dest="start", metavar="HH:MM:SS", help="room time to start at")
    parser.add_argument("--until", metavar="HH:MM:SS", help="room time to end at")
    parser.add_argument(
        "--without-passkeys",
        action="store_true",
        help="for machines that have none: keys of the browser alone sign, and every decision says so",
    )
    parser.add_argument("--without-video", action="store_true", help="simulated drones send no video")
    parser.add_argument("--keep-video", action="store_true", help="their video is kept, a minute a file")
    parser.add_argument(
        "--line", action="append", default=[], metavar="DIR", help="a line to another party, in its folder; repeatable"
    )
    parser.add_argument(
        "--plans",
        metavar="FILE",
        help="flights that we mean to make, for matching (default: the pack's)",
    )
    parser.add_argument(
        "--alone", action="store_true", help="without the other party's room, which an exercise starts beside its own"
    )
    parser.add_argument("--follow-clock", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--oidc", metavar="ISSUER", help="people log in with this OpenID Connect provider first")
    parser.add_argument("--oidc-client", default="", metavar="ID", help="... as this client of it")
    parser.add_argument("--oidc-secret-file", metavar="FILE", help="... with the secret in this file, where it has one")
    parser.add_argument("--headless", action="store_true", help="open no browser; everything is served")
    parser.add_argument("--json", action="store_true", help="print what was started as one JSON line")
    add_options(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Run the room; exit code 0 at its good end."""
    pack = load_pack(arguments.pack)
    require_sound_rules(pack)
    if not 0.1 <= arguments.speed <= 60:
        raise InputError(f"--speed {arguments.speed:g} is not from 0.1 to 60", field="speed")
    from_us = pack.epoch_us + us_from_hms(arguments.start) if arguments.start else None
    until_us = pack.epoch_us + us_from_hms(arguments.until) if arguments.until else None
    if until_us is not None and until_us <= (from_us or pack.start_us) and not arguments.data:
        raise InputError(f"--until {arguments.until} is not after the start", field="until")
    login = None
    if arguments.oidc:
        login = login_rule(arguments.oidc, arguments.oidc_client, arguments.oidc_secret_file)
    data = Path(arguments.data) if arguments.data else new_folder(pack.header.id)
    check_before_resume(data)
    pack_folder = Path(arguments.pack) if Path(arguments.pack).is_dir() else shipped_folder() / arguments.pack
    other = None
    if pack.header.other_room is not None and not arguments.alone and not arguments.line:
        other = OtherRoom(pack.header.other_room, data, ("--without-passkeys",) if arguments.without_passkeys else ())
    plan = Plan(
        data=data,
        http_port=arguments.port,
        cot_port=arguments.cot_port,
        tak=tak_clients(arguments.tak_tls),
        tak_port=arguments.tak_tls_port,
        system_tracks=system_tracks_plan(arguments.system_tracks, "0/1"),
        rate_permille=round(arguments.speed * 1000),
        from_us=from_us,
        until_us=until_us,
        pack=pack,
        passkeys=not arguments.without_passkeys,
        login=login,
        video=not arguments.without_video,
        keep_video=arguments.keep_video,
        lines=(*held_lines([Path(folder) for folder in arguments.line]), *([other.line()] if other else ())),
        line_plans=plans_in(Path(arguments.plans) if arguments.plans else pack_folder / "plans.json", arguments.plans),
        other_room=other,
        follows_clock=arguments.follow_clock,
        pack_folder=pack_folder,
        **keeping_of(arguments),
    )
    run_loop(Host(plan).run(lambda started: tell(started, arguments.json, arguments.headless)))
    if not arguments.json:
        print(f"ended in good order; check it: watchfloor record verify {data}", flush=True)
    return 0


def plans_in(path: Path, named: str | None) -> tuple[LinePlan, ...]:
    """The plans of a file; none, where the user named none and the pack has none.

    **Raises**: InputError, naming the file and what is wrong in it.
    """
    if named is None and not path.is_file():
        return ()
    try:
        return line_plans_of(read_plans(path.read_bytes()))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="plans") from error
    except WatchfloorError as error:
        raise InputError(f"{path}: {error.sentence}", field="plans") from error


def tak_clients(folder: str | None) -> TakClients | None:
    """Those who may connect over TLS; None, when no folder is named.

    **Raises**: InputError, when nobody was invited there.
    """
    clients = TakClients(Path(folder)) if folder else None
    if clients is not None:
        clients.context()
    return clients


def new_folder(name: str) -> Path:
    """A new data folder below `rooms/`, named after the exercise and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path("rooms") / f"{name}-{stamp}"


def check_before_resume(data: Path) -> None:
    """Verify an existing folder before it is written to.

    **Raises**: IntegrityError, when it does not hold.
    """
    if not data.is_dir() or is_locked(data):
        return
    refuse_unusable(data)
    require_holding(data, "nothing was written to it", media_may_be_missing=True)


def tell(started: Started, as_json: bool, headless: bool) -> None:
    """Print what was started, for a person or a program."""
    if as_json:
        print(json.dumps(msgspec.to_builtins(started)), flush=True)
    else:
        print(_in_words(started), flush=True)
    if not headless and sys.stdout.isatty():
        webbrowser.open(started.url)


def _in_words(started: Started) -> str:
    lines = [f"{started.context}: the wall (read-only)", f"  {started.url}", ""]
    if started.seats:
        lines.append("seats (one link each; whoever opens it sits down there):")
        width = max(len(name) for name, _ in started.seats)
        lines += [f"  {name.ljust(width)}  {link}" for name, link in started.seats]
        lines.append("")
    if started.other_party:
        lines += [f"the room of {started.other_party}, beside this one: {started.other_url}"]
        width = max(len(name) for name, _ in started.other_seats)
        lines += [*(f"  {name.ljust(width)}  {link}" for name, link in started.other_seats), ""]
    lines.append(f"TAK clients: tcp://localhost:{started.cot_port}")
    if started.tak_port:
        lines.append(f"TAK clients with a certificate: ssl://localhost:{started.tak_port}")
    lines.append(f"data folder: {started.data}" + ("  (resumed; earlier links have ended)" if started.resumed else ""))
    lines += [f"note: {note}" for note in started.notes]
    lines.append("Ctrl-C ends the room, seals its tape and closes its record.")
    return "\n".join(lines)
