"""`watchfloor replay`: what was known, and where everything was, at an instant."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec
import yaml

from watchfloor.app.moment import Moment, moment_at
from watchfloor.app.rejudging import rejudge, rejudge_picture
from watchfloor.app.screens import screen_digest, screen_document
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.app.what_if import WhatIf, branch, what_if_of
from watchfloor.base.errors import InputError
from watchfloor.base.instants import hms_from_us, rfc3339_from_us
from watchfloor.base.labels import Audience
from watchfloor.edge.cli.checking import refuse_export, require_holding
from watchfloor.edge.cli.loop import run_loop
from watchfloor.edge.cli.run import tell
from watchfloor.edge.engine import engine_here
from watchfloor.edge.replay_host import ReplayPlan, other_rules, run_replay
from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.messages.entry import Entry
from watchfloor.messages.keeping import EngineNamed
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import Context
from watchfloor.record.log import entries_of


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="look back: what was known and seen at an instant, or the wall on the whole record",
        description="Reads a data folder's record and tape (after verifying them). --at prints tracks and decisions as "
        "they stood; TIME is room time HH:MM:SS, or RFC 3339. --check judges every past act, alert and sampled screen "
        "again. --wall serves the wall on the record: quarter to sixty-fold speed, jumps, steps from event to event; "
        "what came after a decision is hidden until a person opens it, which is recorded. --what-if runs a branch.",
        epilog="examples:\n  watchfloor replay rooms/monday --at 08:12:00\n"
        "  watchfloor replay rooms/monday --at 08:12:00 --screen legal-adviser --hash\n"
        "  watchfloor replay rooms/monday --check\n  watchfloor replay rooms/monday --wall\n"
        "  watchfloor replay rooms/monday --what-if other-advice.yaml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--at", metavar="TIME", help="the instant to show")
    parser.add_argument("--screen", metavar="ROLE", default="wall", help="whose screen: a role, a seat, or `wall`")
    parser.add_argument("--hash", action="store_true", help="print only the hash of that screen then")
    parser.add_argument("--check", action="store_true", help="judge everything again; exit code 1 at a divergence")
    parser.add_argument("--wall", action="store_true", help="serve the wall on the record until Ctrl-C")
    parser.add_argument("--port", type=int, default=8301, help="port for --wall (0: a free one)")
    parser.add_argument("--read-only", action="store_true", help="with --wall: nobody can sit down, nothing is written")
    parser.add_argument("--pack", default="", metavar="PACK", help="the pack's folder, if it is not a shipped one")
    parser.add_argument("--what-if", metavar="FILE", help="a branch: other `rules`, other `advice`, entries `without`")
    parser.add_argument("--second-key", metavar="FILE", help="private key of the record's second signer")
    parser.add_argument("--headless", action="store_true", help="with --wall: open no browser")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Replay; exit code 0, 1 when --check finds a divergence, 3 when the folder does not hold."""
    path = Path(arguments.folder)
    if not (arguments.at or arguments.check or arguments.wall or arguments.what_if):
        raise InputError("say `--at TIME`, `--check`, `--wall` or `--what-if FILE`", field="at")
    refuse_export(path)
    report = require_holding(path, "nothing is replayed from it", media_may_be_missing=True)
    files = FolderFiles(path)
    if arguments.check:
        return _check_again(entries_of(files), files, as_json=arguments.json)
    changes = _changes_in(Path(arguments.what_if)) if arguments.what_if else None
    if arguments.wall:
        return _serve_wall(arguments, changes)
    if changes is not None:
        return _tell_branch(entries_of(files), changes, arguments.pack, as_json=arguments.json)
    moment = moment_at(entries_of(files), files, arguments.at)
    document = _document(moment, report.root, _audience(moment, arguments.screen), arguments.screen)
    if arguments.hash:
        print(document["screen_digest"])
    elif arguments.json:
        print(json.dumps(document))
    else:
        print(_in_words(document, moment))
    return 0


def _audience(moment: Moment, screen: str) -> Audience:
    """Whom a role's screen showed to then.

    **Raises**: InputError, when nobody sat there, or several nations did.
    """
    state = moment.state
    if screen == "wall":
        doctrine: DoctrineSet | None = state.board.doctrine
        nations = doctrine.nations if doctrine else state.opened.label.nations if state.opened else ()
        return Audience(nations=nations)
    seats = [seat for seat in state.seats.values() if screen in (seat.seat_id, seat.role)]
    if not seats:
        known = ", ".join(sorted({seat.role for seat in state.seats.values()})) or "nobody"
        raise InputError(f"nobody sat as `{screen}` then; there sat: {known}", field="screen")
    if len({audience_of_seat(seat) for seat in seats}) > 1:
        named = ", ".join(sorted(seat.seat_id for seat in seats))
        raise InputError(f"several nations have a `{screen}`; name the seat: {named}", field="screen")
    return audience_of_seat(seats[0])


def _check_again(entries: list[Entry], files: FolderFiles, *, as_json: bool) -> int:
    found = rejudge(entries)
    rejudge_picture(found, entries, files)
    engines = {entry.body for entry in entries if isinstance(entry.body, EngineNamed)}
    here = engine_here(next(iter(engines)).label) if engines else None
    others = sorted(f"numpy {one.numpy} on {one.machine}" for one in engines if one != here)
    counted = (
        f"{found.act_count} acts, {found.decision_count} decisions, {found.ruling_count} answers of the rules, "
        f"{found.alert_count} alerts, "
        f"{found.screen_count} sampled screens, {found.position_count} positions judged again"
    )
    if as_json:
        print(json.dumps({"same": not found.divergences, **msgspec.to_builtins(found)}))
    else:
        for one in found.divergences:
            print(f"DIVERGES  entry {one.seq}, {one.field}: recorded {one.recorded}, replayed {one.replayed}")
        for other in others:
            print(f"note  recorded by another engine ({other}); its picture may lie apart by the tolerance on record")
        verdict = "DIVERGES" if found.divergences else "the same answers and reasons"
        print(f"{verdict}: {counted}")
    return 1 if found.divergences else 0


def _changes_in(path: Path) -> WhatIf:
    try:
        return what_if_of(yaml.safe_load(path.read_text()))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="what-if") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"`{path}` is no YAML: {error}", field="what-if") from error


def _tell_branch(entries: list[Entry], changes: WhatIf, pack: str, *, as_json: bool) -> int:
    outcomes = branch(entries, changes, other_rules(changes, entries, pack)).outcomes
    if as_json:
        rows = [{"request_id": name, "recorded": was, "branch": would} for name, was, would in outcomes]
        print(json.dumps({"context": Context.WHAT_IF.value, "requests": rows}))
        return 0
    print(f"{Context.WHAT_IF.value}: a branch; nothing of it is in the record")
    for name, was, would in outcomes:
        print(f"  {name}: {was}" + ("" if was == would else f" on record; {would} in the branch"))
    return 0


def _serve_wall(arguments: argparse.Namespace, changes: WhatIf | None) -> int:
    plan = ReplayPlan(
        Path(arguments.folder),
        arguments.port,
        arguments.pack,
        changes,
        arguments.read_only,
        Path(arguments.second_key) if arguments.second_key else None,
    )
    run_loop(run_replay(plan, lambda started: tell(started, arguments.json, arguments.headless)))
    return 0


def _document(moment: Moment, root: str, audience: Audience, name: str) -> dict[str, Any]:
    screen = screen_document(moment.state, audience, moment.room_us)
    picture = moment.picture
    tracks = []
    if picture is not None:
        for track, state in zip(picture.tracks, picture.states, strict=True):
            if not may_see(track.label, audience):
                continue
            tracks.append(
                {
                    "number": track.number,
                    "identity": track.identity,
                    "callsign": track.callsign,
                    "squawk": track.squawk,
                    "party": track.party.value,
                    "lat_deg": round(track.lat_deg, 7),
                    "lon_deg": round(track.lon_deg, 7),
                    "alt_ft": track.alt_ft,
                    "geo_alt_ft": track.geo_alt_ft,
                    "gs_kt": None if track.gs_kt is None else round(track.gs_kt, 1),
                    "trk_deg": None if track.trk_deg is None else round(track.trk_deg, 2),
                    "age_s": (picture.room_us - track.toa_us) / 1e6,
                    "state": state.value,
                    "sources": [source.feed_id for source in track.sources],
                    "oddity": track.oddity.value,
                }
            )
    return {
        "context": moment.context.value,
        "screen": name,
        "room_time": rfc3339_from_us(moment.room_us),
        "room_clock": hms_from_us(moment.room_us, moment.utc_offset_s),
        "entry": moment.seq,
        "root": root,
        "picture_time": None if picture is None else rfc3339_from_us(picture.room_us),
        "tracks": tracks,
        "screen_digest": screen_digest(screen),
        **msgspec.to_builtins(screen),
    }


def _in_words(document: dict[str, Any], moment: Moment) -> str:
    lines = [
        f"{document['context']}  {document['room_clock']} room time, as of entry {document['entry']}",
        f"{len(document['tracks'])} tracks" + ("" if document["tracks"] else " (no picture was taped by then)"),
    ]
    for track in document["tracks"]:
        level = track["alt_ft"] if track["alt_ft"] is not None else track["geo_alt_ft"]
        lines.append(
            f"  {track['callsign'] or track['identity']:<12} {track['lat_deg']:>9.4f} {track['lon_deg']:>10.4f} "
            f"{'-' if level is None else level:>6} ft  {track['state']:<6} {track['age_s']:.1f} s old  "
            f"{','.join(track['sources'])}" + (f"  ? {track['oddity']}" if track["oddity"] else "")
        )
    for visit_us in moment.other_visits_us:
        lines.insert(1, f"room time was here before too: replay --at {rfc3339_from_us(visit_us)} shows that visit")
    lines.append(f"{len(document['board'])} requests")
    for request in document["board"]:
        lines.append(f"  {request['request_id']} v{request['version']} {request['state'].upper()}: {request['what']}")
        for doubt in request["doubts"]:
            mark = "open" if doubt["open"] else "answered"
            lines.append(
                f"    doubt ({mark}), {doubt['who']['role']} {doubt['who']['nation']}: {doubt['words'] or '-'}"
            )
    for alert in document["alerts"]:
        loss = hms_from_us(alert["loss_us"], moment.utc_offset_s)
        lines.append(f"  alert {alert['alert_id']}: {alert['first']} and {alert['second']}, loss at {loss}")
    return "\n".join(lines)
