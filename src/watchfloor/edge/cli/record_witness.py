"""`watchfloor record witness`: the small program that each nation, or an outside body, runs."""

import argparse
import time
from pathlib import Path
from typing import Any

import uvicorn

from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.edge.api.witness import make_witness_app
from watchfloor.edge.cli.checking import require_holding
from watchfloor.edge.cli.record_verify import read_text
from watchfloor.edge.listening import bind
from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.edge.stores.witness_folder import WitnessFolder
from watchfloor.record.export_layout import CHECKPOINT, is_export
from watchfloor.record.note import VerifierKey, parse_checkpoint, split_note
from watchfloor.record.tiles import Levels, tile_path, widths
from watchfloor.record.witness import Refusal, WitnessRequest, judge

_HASH_BYTES = 32


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "witness",
        help="remember the newest head of logs that you trust, and sign only what continues it",
        description="Runs a witness (C2SP tlog-witness) on loopback until Ctrl-C, or signs one export's head with "
        "--export. It keeps its key and what it has signed in DIR. Give rooms and auditors its verifier key.",
        epilog="examples:\n  watchfloor record witness my-witness --name fny.example/w1 --log keys.txt\n"
        "  watchfloor record witness my-witness --export out      (no network: signs the head of an export)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--name", default="", help="the witness's name, at its first start: an address without scheme")
    parser.add_argument(
        "--log", action="append", default=[], metavar="KEY|FILE", help="a log's verifier key, or a file of them"
    )
    parser.add_argument("--port", type=int, default=8390, help="port on loopback (0: a free one)")
    parser.add_argument("--export", metavar="OUT", help="check an export and sign its head, then end")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Witness; exit code 0 at a good end, 1 when an export's head is not signed."""
    path = Path(arguments.folder)
    if not arguments.name and not (path / "witness.pub").exists():
        raise InputError("a new witness needs a `--name`, such as `fny.example/w1`", field="name")
    if any(letter.isspace() or letter == "+" for letter in arguments.name):
        raise InputError("a witness's name has no spaces and no plus signs", field="name")
    lines: list[str] = []
    for given in arguments.log:
        lines += read_text(Path(given)).splitlines() if Path(given).is_file() else [given]
    folder = WitnessFolder(path, arguments.name)
    try:
        trusted = folder.trust([line for line in lines if line.strip()])
        if arguments.export:
            return _sign_export(folder, trusted, Path(arguments.export))
        _serve(folder, trusted, arguments.port)
    finally:
        folder.close()
    return 0


def _serve(folder: WitnessFolder, trusted: list[VerifierKey], port: int) -> None:
    socket = bind(port, "witness", "--port")
    socket.listen(64)
    print(f"witness {folder.key.line()}", flush=True)
    print(f"http://127.0.0.1:{socket.getsockname()[1]}", flush=True)
    if not trusted:
        print("it trusts no log yet: start it with `--log`", flush=True)
    config = uvicorn.Config(make_witness_app(folder, trusted), log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[socket])


def _sign_export(folder: WitnessFolder, trusted: list[VerifierKey], out: Path) -> int:
    """Verify a whole export, then sign its head if it continues what this witness saw."""
    files = FolderFiles(out)
    if not out.is_dir() or not is_export(frozenset(files)):
        raise UnavailableError(f"`{out}` is no export")
    require_holding(out, "it was not signed")
    note = files[CHECKPOINT].decode()
    head = parse_checkpoint(split_note(note)[0])
    newest = folder.newest()
    old = newest[head.origin].size if head.origin in newest else 0
    raw = b"".join(files[tile_path(0, number, width)] for number, width in widths(head.size))
    levels = Levels([raw[at : at + _HASH_BYTES] for at in range(0, len(raw), _HASH_BYTES)])
    proof = tuple(levels.consistency(old, head.size)) if 0 < old <= head.size else ()
    found = judge(WitnessRequest(min(old, head.size), proof, note), trusted, newest)
    if isinstance(found, Refusal):
        size = f": it saw {found.known_size} entries before" if found.known_size else ""
        print(f"NOT SIGNED: {found.sentence}{size}")
        return 1
    print(folder.sign(note, trusted, int(time.time())).line())
    return 0
