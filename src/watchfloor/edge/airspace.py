"""The room's part in the world of ASTM F3548, from its settings: keys, plans, reservations; read before it starts."""

from pathlib import Path
from urllib.parse import urlsplit

from watchfloor.app.settings import F3548Table
from watchfloor.base.errors import InputError
from watchfloor.deconflict.corridors import with_corridors
from watchfloor.edge.plan import AirspacePlan
from watchfloor.edge.tokens import Tokens, read_key
from watchfloor.messages.volumes import PlannedVolume
from watchfloor.wire.f3548 import read_plans
from watchfloor.wire.f3548_api import read_url
from watchfloor.wire.reservations import read_reservations


def airspace_plan(table: F3548Table, folder: Path) -> AirspacePlan:
    """What the settings name.

    **Raises**: InputError, when a file cannot be read or holds something else.
    """
    tokens = Tokens([read_key(folder / name) for name in table.public_keys], table.audience)
    plans: list[PlannedVolume] = []
    if table.plans:
        plans = with_corridors(*read_plans(_bytes_of(folder / table.plans, "plans")))
    reserved = read_reservations(_bytes_of(folder / table.reservations, "reservations")) if table.reservations else []
    base_url = read_url(table.base_url) if table.base_url else ""
    return AirspacePlan(tokens, table.name, base_url, tuple(plans), tuple(reserved))


def names_told(plan: AirspacePlan | None) -> frozenset[str]:
    """The name under which other services are told to reach the room, which it answers to then."""
    told = urlsplit(plan.base_url).hostname if plan is not None else None
    return frozenset((told,) if told else ())


def _bytes_of(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field=field) from error
