"""`watchfloor exercise check`: is a pack sound?"""

import argparse
from typing import Any

from watchfloor.app.rulebook import require_sound_rules
from watchfloor.edge.stores.packs import load_pack


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "exercise",
        help="packs: check",
        description="Works on packs.",
        epilog="example: watchfloor exercise check my-pack/",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="read a pack and say whether it is sound",
        description="Reads all of a pack. A fault is named with file, line and field, and gives exit code 2.",
        epilog="example: watchfloor exercise check eight-thirty",
    )
    check.add_argument("pack", metavar="PACK", help="name or folder of a pack")
    check.set_defaults(work=check_pack)


def check_pack(arguments: argparse.Namespace) -> int:
    """Check a pack; faults are raised as InputError."""
    pack = load_pack(arguments.pack)
    require_sound_rules(pack)
    header = pack.header
    aircraft = sum(route.count for route in pack.routes)
    print(
        f"{header.id} is sound: {len(header.nations)} nations, {len(header.seats)} seats, {len(pack.areas)} areas, "
        f"{aircraft} aircraft, {len(pack.opening)} opening acts, rules version {pack.rulebook.in_force}"
    )
    return 0
