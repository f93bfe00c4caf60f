"""`watchfloor record media`: the inventory of a record's media, and keeping another one."""

import argparse
import asyncio
import json
import re
from functools import reduce
from pathlib import Path
from typing import Any

from watchfloor.app.inventory import Medium
from watchfloor.app.media import DEFAULT_BOUND_BYTES, MediaKeeper
from watchfloor.app.state import RoomState, fold
from watchfloor.app.writer import Writer
from watchfloor.base.errors import InputError, WireError
from watchfloor.base.instants import rfc3339_from_us, us_from_rfc3339
from watchfloor.base.labels import LEVEL_NAMES, label_for, level_named
from watchfloor.edge.cli.checking import refuse_export, require_holding
from watchfloor.edge.cli.record_export import holding_files
from watchfloor.edge.cli.record_verify import read_bytes
from watchfloor.edge.keeping import as_it_is, write_in
from watchfloor.edge.stores.folder import DataFolder, FolderFiles
from watchfloor.edge.stores.media_files import MediaFiles
from watchfloor.messages.keeping import MediaKind
from watchfloor.record.log import entries_of
from watchfloor.wire.klv_stream import clean


def add(verbs: Any) -> None:
    """Add the verb and its own."""
    parser = verbs.add_parser(
        "media",
        help="the media that a record names: list them, keep another one",
        description="Media lie in the folder under their SHA-256. What is missing needs a person's reason, given at a "
        "seat of the room; what comes back opens that entry again.",
        epilog="examples:\n  watchfloor record media list rooms/monday --json\n"
        "  watchfloor record media keep rooms/monday clip.ts --source camera-1 --from 2031-03-11T16:05:00Z "
        "--until 2031-03-11T16:06:00Z",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="what was kept, and how each medium stands")
    listing.add_argument("folder", metavar="DIR")
    listing.add_argument("--json", action="store_true", help="one JSON line per medium")
    listing.set_defaults(work=list_work)
    keep = actions.add_parser(
        "keep", help="keep a video segment (MPEG-TS) or a document in a folder that no room holds"
    )
    keep.add_argument("folder", metavar="DIR")
    keep.add_argument("file", metavar="FILE")
    keep.add_argument("--source", required=True, help="whose: a feed's id, or a short name")
    keep.add_argument("--from", dest="start", required=True, metavar="TIME", help="when it begins, RFC 3339")
    keep.add_argument("--until", required=True, metavar="TIME", help="when it ends, RFC 3339")
    keep.add_argument("--document", action="store_true", help="it is a document, not a video")
    keep.add_argument("--nations", metavar="A,B", help="releasable to these nations only (default: all of the room)")
    keep.add_argument("--level", choices=LEVEL_NAMES, default="open", help="for people up to it (default: open)")
    keep.add_argument("--need-to-know", action="append", default=[], metavar="GROUP", help="for this group only")
    keep.add_argument("--bound-bytes", type=int, default=DEFAULT_BOUND_BYTES, help="let the oldest go beyond this")
    keep.add_argument("--second-key", metavar="FILE", help="the second signer's private key, where there is one")
    keep.set_defaults(work=keep_work)


def list_work(arguments: argparse.Namespace) -> int:
    """List; exit code 0 when all is there or has its reason, 1 when something is missing without one."""
    path = Path(arguments.folder)
    refuse_export(path)
    require_holding(path, "its inventory is not told", media_may_be_missing=True)
    state = reduce(fold, entries_of(FolderFiles(path)), RoomState())
    store = MediaFiles(path)
    lacking = 0
    for digest, medium in state.media.items():
        is_there = store.holds(digest)
        lacking += medium.status.value == "missing" or (not is_there and medium.status.value == "kept")
        _tell(medium, is_there, as_json=arguments.json)
    return 1 if lacking else 0


def _tell(medium: Medium, is_there: bool, *, as_json: bool) -> None:
    kept = medium.kept
    told = {
        "digest": kept.digest,
        "kind": kept.kind.value,
        "source": kept.source,
        "from": rfc3339_from_us(kept.from_us),
        "until": rfc3339_from_us(kept.until_us),
        "size_bytes": kept.size_bytes,
        "status": medium.status.value,
        "there": is_there,
        "words": medium.words,
    }
    if as_json:
        print(json.dumps(told))
    else:
        words = f": {medium.words}" if medium.words else ""
        there = "" if is_there or medium.status.value == "retired" else ", not there"
        line = f"{kept.digest[:16]}  {kept.kind.value:<8} {kept.source:<12} {told['from']}  "
        print(line + medium.status.value + there + words)


def keep_work(arguments: argparse.Namespace) -> int:
    """Keep a file; exit code 0 when it is in the record."""
    path = Path(arguments.folder)
    raw = read_bytes(Path(arguments.file))
    if not re.fullmatch(r"[A-Za-z0-9:._-]{1,64}", arguments.source):
        raise InputError("a source is a short name of letters, digits, colon, dot, line", field="source")
    kind = MediaKind.DOCUMENT if arguments.document else MediaKind.VIDEO
    if kind is MediaKind.VIDEO:
        try:
            if clean(raw).raw != raw:
                sentence = "the video carries more than may be kept; cut it with `watchfloor video clean`"
                raise InputError(sentence, field="file")
        except WireError as error:
            raise InputError(f"`{arguments.file}`: {error}", field="file") from error
    from_us, until_us = us_from_rfc3339(arguments.start), us_from_rfc3339(arguments.until)
    if until_us < from_us:
        raise InputError("it ends before it begins", field="until")
    holding_files(path)
    digests: list[str] = []

    async def work(writer: Writer, _: DataFolder) -> None:
        label = writer.state.opened.label if writer.state.opened else None
        if label is None:
            raise InputError("nothing was written yet", field="folder")
        if arguments.nations:
            wanted = set(arguments.nations.split(","))
            if not wanted <= set(label.nations):
                raise InputError(f"the room has the nations {', '.join(label.nations)}", field="nations")
            label = label_for(wanted)
        label = label_for(label.nations, level_named(arguments.level), set(arguments.need_to_know))
        keeper = MediaKeeper(MediaFiles(path), writer, label, arguments.bound_bytes)
        digests.append(await keeper.keep(raw, kind, arguments.source, from_us, until_us))

    second = Path(arguments.second_key) if arguments.second_key else None
    asyncio.run(write_in(path, as_it_is(second), work))
    print(f"kept {digests[0]}")
    return 0
