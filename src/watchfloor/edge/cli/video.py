"""`watchfloor video clean|show`: drone video without what must not be kept, and where it looks."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchfloor.base.errors import InputError, WireError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.wire import st0601
from watchfloor.wire.klv_stream import Cleaned, clean

MOST_BYTES = 1 << 30


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "video",
        help="drone video (STANAG 4609): cut its metadata to an allow-list, or show it",
        description="Of a drone's metadata only time, platform, sensor and frame may stay. Target locations, weapon "
        "states, moving targets and all else are dropped and counted.",
        epilog="example: watchfloor video clean recorded.ts may-be-kept.ts",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    cleaning = verbs.add_parser(
        "clean",
        help="write a stream with nothing but allowed metadata",
        description="Pictures, sound, clocks and tables stay byte for byte; the file keeps its length.",
        epilog="example: watchfloor video clean recorded.ts may-be-kept.ts --json",
    )
    cleaning.add_argument("file", metavar="IN", help="an MPEG transport stream")
    cleaning.add_argument("out", metavar="OUT", help="must not exist")
    cleaning.add_argument("--json", action="store_true", help="print what was dropped as one JSON line")
    cleaning.set_defaults(work=work_clean)
    showing = verbs.add_parser(
        "show", help="the allowed metadata, a line a packet", epilog="example: watchfloor video show recorded.ts --json"
    )
    showing.add_argument("file", metavar="IN", help="an MPEG transport stream")
    showing.add_argument("--json", action="store_true", help="every value, one JSON line a packet")
    showing.set_defaults(work=work_show)


def work_clean(arguments: argparse.Namespace) -> int:
    """Clean a file; exit code 0."""
    out = Path(arguments.out)
    if out.exists():
        raise InputError(f"`{out}` exists; nothing is written over", field="OUT")
    cleaned = _cleaned(Path(arguments.file))
    out.write_bytes(cleaned.raw)
    tags, packets = dict(sorted(cleaned.dropped_tags.items())), dict(sorted(cleaned.dropped_packets.items()))
    if arguments.json:
        print(json.dumps({"kept": len(cleaned.packets), "dropped_tags": tags, "dropped_packets": packets}))
        return 0
    print(f"{out}: {len(cleaned.packets):,} packets of metadata kept")
    for line in (*_said("tag", tags), *_said("", packets)):
        print(line)
    return 0


def work_show(arguments: argparse.Namespace) -> int:
    """Show a file's metadata; exit code 0."""
    for packet in _cleaned(Path(arguments.file)).packets:
        values = st0601.values_of(packet)
        if arguments.json:
            print(json.dumps(values))
            continue
        time_us = values.get("time_us")
        print(
            f"{rfc3339_from_us(int(time_us)) if time_us else '-'}  sensor {_place(values, 'sensor')}  "
            f"frame {_place(values, 'frame')}"
        )
    return 0


def _cleaned(path: Path) -> Cleaned:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"`{path}` has over 1 GiB; cut it into parts", field="IN")
        return clean(path.read_bytes())
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="IN") from error
    except WireError as error:
        raise InputError(f"`{path}`: {error}", field="IN") from error


def _said(what: str, counts: Mapping[Any, int]) -> list[str]:
    return [f"dropped {count:,} of {what} {name}".replace("  ", " ") for name, count in counts.items()]


def _place(values: Mapping[str, float | int | None], what: str) -> str:
    lat, lon = values.get(f"{what}_lat_deg"), values.get(f"{what}_lon_deg")
    return "-" if lat is None or lon is None else f"{lat:.5f} {lon:.5f}"
