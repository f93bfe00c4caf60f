"""`watchfloor feed`: which feeds there are, and whether one holds to what every feed must."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.app.feed_kit import check_feed
from watchfloor.base.errors import InputError
from watchfloor.edge.feeds.known import known_feeds
from watchfloor.wire.feeds import BUILT_IN


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "feed",
        help="feeds that can be named, and a check that a stranger can run on theirs",
        description="Feeds come with watchfloor or with installed packages (entry points `watchfloor.feeds`).",
        epilog="example: watchfloor feed check avr --sample frames.txt",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="their names", epilog="example: watchfloor feed list")
    listing.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    listing.set_defaults(work=work_list)
    check = verbs.add_parser(
        "check",
        help="hold a feed to what every feed must do",
        description="Junk, spoilt samples, cut streams, floods: nothing may make it raise, give what is no message, or "
        "keep without bound. Exit code 1, when something does not hold.",
        epilog="example: watchfloor feed check avr --sample frames.txt --json",
    )
    check.add_argument("name", metavar="NAME")
    check.add_argument("--sample", metavar="FILE", help="bytes that its source really sent")
    check.add_argument("--json", action="store_true", help="one JSON line a check and nothing else")
    check.set_defaults(work=work_check)


def work_list(arguments: argparse.Namespace) -> int:
    """Print the names, and where each comes from."""
    feeds = {name: "built in" if name in BUILT_IN else "installed" for name in sorted(known_feeds())}
    if arguments.json:
        print(json.dumps(feeds))
    else:
        for name, origin in feeds.items():
            print(f"{name:12} {origin}")
    return 0


def work_check(arguments: argparse.Namespace) -> int:
    """Print each check; exit code 1, when one does not hold."""
    feeds = known_feeds()
    if arguments.name not in feeds:
        raise InputError(f"no feed `{arguments.name}`; there are: {', '.join(sorted(feeds))}", field="NAME")
    sample = b""
    if arguments.sample:
        try:
            sample = Path(arguments.sample).read_bytes()
        except OSError as error:
            raise InputError(f"`{arguments.sample}` cannot be read: {error.strerror}", field="sample") from error
    found = check_feed(feeds[arguments.name], sample)
    for one in found:
        if arguments.json:
            print(json.dumps(msgspec.to_builtins(one)))
        else:
            print(f"{'holds' if one.holds else 'DOES NOT HOLD'}: {one.name} ({one.words})")
    return 0 if all(one.holds for one in found) else 1
