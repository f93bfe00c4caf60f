"""`watchfloor replay`: what was known, and where everything was, at an instant."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.app.replay import Moment, entries_of, moment_at
from watchfloor.app.screens import screen_digest, screen_document
from watchfloor.base.errors import IntegrityError, UnavailableError
from watchfloor.base.instants import hms_from_us, rfc3339_from_us
from watchfloor.base.labels import Audience
from watchfloor.edge.cli.checking import check
from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.messages.pack import DoctrineSet


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="tracks and decisions as they stood at an instant",
        description="Reads a data folder's record and tape (after verifying them) and prints tracks and decisions as "
        "they stood. TIME is room time HH:MM:SS, or RFC 3339.",
        epilog="examples:\n  watchfloor replay rooms/monday --at 08:12:00\n"
        "  watchfloor replay rooms/monday --at 08:12:00 --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--at", required=True, metavar="TIME")
    parser.add_argument("--hash", action="store_true", help="print only the hash of the shared screen then")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Replay; exit code 0, or 3 when the folder does not hold."""
    path = Path(arguments.folder)
    if not path.is_dir():
        raise UnavailableError(f"`{path}` is no folder")
    files = FolderFiles(path)
    report = check(path)
    if not report.holds():
        first = report.problems[0]
        raise IntegrityError(f"`{path}` does not verify ({first.where}: {first.sentence}); nothing is replayed from it")
    entries = entries_of(files)
    moment = moment_at(entries, files, arguments.at)
    document = _document(moment, report.root)
    if arguments.hash:
        print(document["screen_digest"])
    elif arguments.json:
        print(json.dumps(document))
    else:
        print(_in_words(document, moment))
    return 0


def _document(moment: Moment, root: str) -> dict[str, Any]:
    doctrine: DoctrineSet | None = moment.state.board.doctrine
    nations = doctrine.nations if doctrine else moment.state.opened.label.nations if moment.state.opened else ()
    screen = screen_document(moment.state, Audience(nations=nations), moment.room_us)
    picture = moment.picture
    tracks = []
    if picture is not None:
        for track, state in zip(picture.tracks, picture.states, strict=True):
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
                }
            )
    return {
        "context": moment.context.value,
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
            f"{','.join(track['sources'])}"
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
