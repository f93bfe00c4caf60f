"""`watchfloor record key`: change the log's key, replace a lost one, name or end a second signer."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.edge.cli.checking import refuse_export, require_holding
from watchfloor.edge.keeping import Change, enter_alone, replacement, rotation, second_signer


def add(verbs: Any) -> None:
    """Add the verb and its own."""
    parser = verbs.add_parser(
        "key",
        help="the log's keys: rotate, replace a lost one, name a second signer",
        description="Changes who signs a record that no room holds. Each change is an entry of the record. "
        "docs/explanation/trust.md says who is trusted for what.",
        epilog="examples:\n  watchfloor record key rotate rooms/monday --words 'once a year'\n"
        "  watchfloor record key second rooms/monday /media/stick/second.key --words 'the other nation signs too'\n"
        "  watchfloor record key replace rooms/monday --second-key /media/stick/second.key --words 'the disk broke'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser("rotate", help="the log goes on with a new key; the one before vouches for it")
    rotate.add_argument("folder", metavar="DIR")
    rotate.add_argument("--second-key", metavar="FILE", help="the second signer's private key, where there is one")
    replace = actions.add_parser("replace", help="the log's key is lost; the second signer vouches for a new one")
    replace.add_argument("folder", metavar="DIR")
    replace.add_argument("--second-key", required=True, metavar="FILE")
    second = actions.add_parser("second", help="name a second signer (its key is made if the file is not there)")
    second.add_argument("folder", metavar="DIR")
    second.add_argument("file", metavar="FILE", help="the second signer's private key; keep it elsewhere")
    second.add_argument("--end", action="store_true", help="the second signer signs no more")
    for action in (rotate, replace, second):
        action.add_argument("--words", required=True, help="why, in a sentence; it stands in the record")
        action.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Change keys; exit code 0 when the change is in the record."""
    path = Path(arguments.folder)
    if not arguments.words.strip():
        raise InputError("say in `--words` why; it stands in the record", field="words")
    refuse_export(path)
    require_holding(path, "nothing was written to it")
    asyncio.run(enter_alone(path, _change(arguments)))
    print(f"done; check it: watchfloor record verify {path}")
    return 0


def _change(arguments: argparse.Namespace) -> Change:
    words = arguments.words.strip()
    if arguments.action == "second":
        return second_signer(words, Path(arguments.file), ends=arguments.end)
    second = Path(arguments.second_key) if arguments.second_key else None
    if arguments.action == "replace" and second is not None:
        return replacement(words, second)
    return rotation(words, second)
