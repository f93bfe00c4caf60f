"""`watchfloor`: parses the words, calls the work, and turns every outcome into an exit code.

0 done, 1 the answer is no, 2 wrong use, 3 the work could not be done.
"""

import argparse
import importlib
import logging
import sys
import traceback
from collections.abc import Sequence

import structlog

from watchfloor import __version__
from watchfloor.base.errors import InputError, WatchfloorError

EXIT_WRONG_USE, EXIT_NOT_DONE = 2, 3
_GROUPS = (
    "run",
    "serve",
    "seat",
    "record",
    "replay",
    "rules",
    "deconflict",
    "line",
    "feed",
    "tak",
    "video",
    "exercise",
    "bench",
)


def make_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the command that these words begin with, which loads no other; else of all."""
    parser = argparse.ArgumentParser(
        prog="watchfloor",
        description="An exercise and review room for multinational air operations. "
        "It can stop a decision; it can never make one.",
        epilog="example: watchfloor run eight-thirty",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchfloor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in [words[0]] if words and words[0] in _GROUPS else _GROUPS:
        importlib.import_module(f"watchfloor.edge.cli.{group}").add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    words = sys.argv[1:] if argv is None else argv
    arguments = make_parser(words).parse_args(words)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        code: int = arguments.work(arguments)
    except InputError as error:
        print(f"watchfloor: {error}", file=sys.stderr)
        return EXIT_WRONG_USE
    except WatchfloorError as error:
        print(f"watchfloor: {error}", file=sys.stderr)
        return EXIT_NOT_DONE
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  # exit code 1 is an answer; a fault must not look like one
        traceback.print_exc()
        print(f"watchfloor: a fault of the program ({error!r}); please report it", file=sys.stderr)
        return EXIT_NOT_DONE
    return code


if __name__ == "__main__":
    sys.exit(main())
