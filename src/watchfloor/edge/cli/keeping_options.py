"""Options of `run` and `serve` that say who signs and who witnesses the record."""

import argparse
from pathlib import Path
from typing import Any

from watchfloor.app.witnessing import WitnessRules
from watchfloor.base.errors import InputError
from watchfloor.edge.links.witness_client import parse_witness


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    group = parser.add_argument_group("keeping the record honest")
    group.add_argument("--second-key", metavar="FILE", help="private key of the record's second signer")
    group.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="URL=KEY",
        help="a witness's address and verifier key; may be given several times",
    )
    group.add_argument(
        "--witness-need", type=int, default=0, metavar="K", help="publish a decision when K witnesses have seen it"
    )
    group.add_argument(
        "--witness-wait-s",
        type=float,
        default=10.0,
        metavar="S",
        help="stop a decision that fewer saw in S seconds",
    )
    group.add_argument("--no-witnesses", action="store_true", help="go on without the witnesses that the record names")


def keeping_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The plan's fields that these options set.

    **Raises**: InputError, when they do not fit each other.
    """
    witnesses = tuple(parse_witness(text) for text in arguments.witness)
    if not 0 <= arguments.witness_need <= len(witnesses):
        raise InputError(
            f"--witness-need {arguments.witness_need}: there are {len(witnesses)} witnesses", field="witness-need"
        )
    if len({witness.key.line() for witness in witnesses}) != len(witnesses):
        raise InputError("the same witness is named twice; it counts once", field="witness")
    if not 0 < arguments.witness_wait_s <= 3600:
        raise InputError("--witness-wait-s is from 0 to 3600", field="witness-wait-s")
    return {
        "second_key": Path(arguments.second_key) if arguments.second_key else None,
        "witnesses": witnesses,
        "witness_rules": WitnessRules(arguments.witness_need, arguments.witness_wait_s),
        "ends_witnesses": arguments.no_witnesses,
    }
