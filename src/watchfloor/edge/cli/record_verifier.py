"""`watchfloor record verifier`: the two small verifiers that need no watchfloor, as files to hand on."""

import argparse
from pathlib import Path
from typing import Any

import watchfloor
from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.disk import refusal, write_durably

_NAMES = ("verify.html", "watchfloor_verify.py")


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "verifier",
        help="write the two small verifiers that need no watchfloor",
        description="Writes verify.html (one offline page: drop an export on it) and watchfloor_verify.py (Python 3.11,"
        " `cryptography`). Hand them on apart from the export: nobody should be able to change both.",
        epilog="example: watchfloor record verifier for-the-press",
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace) -> int:
    """Write both; exit code 0."""
    package = Path(watchfloor.__file__).parent
    homes = (package / "_data" / "verifier", package.parents[1] / "verifier")
    home = next((one for one in homes if (one / _NAMES[0]).is_file()), None)
    if home is None:
        raise UnavailableError("this installation lacks the verifiers; install it again")
    folder = Path(arguments.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NAMES:
            write_durably(folder / name, (home / name).read_bytes())
    except OSError as error:
        raise refusal(error, f"`{folder}` cannot be written") from error
    print(f"wrote {folder / _NAMES[0]} and {folder / _NAMES[1]}")
    return 0
