"""`watchfloor tak invite|list|revoke`: certificates for TAK clients on the TLS port."""

import argparse
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.base.errors import InputError
from watchfloor.edge.tak.certificates import TakClients, utc_now
from watchfloor.edge.tak.package import data_package


def add(commands: Any) -> None:
    """Add the command and its verbs."""
    parser = commands.add_parser(
        "tak",
        help="certificates for TAK clients: invite, list, revoke",
        description="A TAK client with a certificate sees what the seat sees that it was given to. It can never act or "
        "sign there. Start the room with `--tak-tls DIR`.",
        epilog="example: watchfloor tak invite tak --seat watch-dnm --name 'Tablet 3' --out tablet-3.zip",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    invite = verbs.add_parser(
        "invite",
        help="give a certificate, as a data package that TAK clients import",
        description="Makes DIR with an authority of its own when it is not there yet. The password of the package's "
        "two stores is printed once and kept nowhere.",
        epilog="example: watchfloor tak invite tak --seat watch-dnm --name 'Tablet 3' --out tablet-3.zip",
    )
    invite.add_argument("folder", metavar="DIR", help="the folder of certificates, for one or more rooms")
    invite.add_argument("--seat", default="", metavar="SEAT", help="whose view it gets (default: what all may see)")
    invite.add_argument("--name", required=True, metavar="NAME", help="whose client it is, for the list")
    invite.add_argument("--out", required=True, metavar="FILE", help="the data package; must not exist")
    invite.add_argument(
        "--address",
        default="localhost:8089",
        metavar="HOST:PORT",
        help="how it reaches the room (default: %(default)s)",
    )
    invite.add_argument("--json", action="store_true", help="print what was given as one JSON line")
    invite.set_defaults(work=work_invite)
    listing = verbs.add_parser("list", help="all certificates", epilog="example: watchfloor tak list tak")
    listing.add_argument("folder", metavar="DIR")
    listing.add_argument("--json", action="store_true", help="one JSON line a certificate")
    listing.set_defaults(work=work_list)
    revoke = verbs.add_parser(
        "revoke",
        help="let a certificate count no more, at once",
        epilog="example: watchfloor tak revoke tak 5f0c3a...",
    )
    revoke.add_argument("folder", metavar="DIR")
    revoke.add_argument("serial", metavar="SERIAL", help="as `watchfloor tak list` prints it")
    revoke.set_defaults(work=work_revoke)


def work_invite(arguments: argparse.Namespace) -> int:
    """Give a certificate; exit code 0."""
    out = Path(arguments.out)
    if out.exists():
        raise InputError(f"`{out}` exists; a package is never written over", field="out")
    host, _, port = arguments.address.rpartition(":")
    if not host or not port.isdecimal():
        raise InputError(f"`{arguments.address}` is no `host:port`", field="address")
    invitation = TakClients(Path(arguments.folder)).invite(arguments.seat, arguments.name, (host,), utc_now())
    password = secrets.token_urlsafe(12)
    out.write_bytes(data_package(invitation, arguments.address, password))
    out.chmod(0o600)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(invitation.client) | {"password": password, "out": str(out)}))
        return 0
    until = datetime.fromtimestamp(invitation.client.until_s, UTC)
    print(f"{out}: for `{arguments.name}`, {_whose(arguments.seat)}, until {until:%Y-%m-%d}")
    print(f"password of its stores: {password}")
    return 0


def work_list(arguments: argparse.Namespace) -> int:
    """Print the certificates; exit code 0."""
    for client in TakClients(Path(arguments.folder)).listed():
        if arguments.json:
            print(json.dumps(msgspec.to_builtins(client)))
            continue
        state = "revoked" if client.revoked else f"until {datetime.fromtimestamp(client.until_s, UTC):%Y-%m-%d}"
        print(f"{client.serial}  {state}  {_whose(client.seat_id)}  {client.name}")
    return 0


def work_revoke(arguments: argparse.Namespace) -> int:
    """Revoke one; exit code 0."""
    gone = TakClients(Path(arguments.folder)).revoke(arguments.serial)
    print(f"revoked: {gone.name}, {_whose(gone.seat_id)}")
    return 0


def _whose(seat_id: str) -> str:
    return f"seat `{seat_id}`" if seat_id else "what all may see"
