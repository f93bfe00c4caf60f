"""`watchfloor record`: verify, prove, export, restore, witness, key, media, verifier."""

import argparse
from typing import Any

from watchfloor.edge.cli import record_export, record_keys, record_media, record_verifier, record_verify, record_witness


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "record",
        help="the record: verify, prove, export, restore, witness, key, media, verifier",
        description="Works on the record of a data folder, or on an export of one.",
        epilog="examples:\n  watchfloor record verify rooms/monday\n  watchfloor record export rooms/monday out\n"
        "  watchfloor record prove rooms/monday 17",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for part in (record_verify, record_export, record_witness, record_keys, record_media, record_verifier):
        part.add(verbs)
