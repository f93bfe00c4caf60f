"""Remote ID of drones: ASTM F3411 messages as lines of JSON, from receivers. Who operates a drone is never read on.

| member | read as |
|---|---|
| `BasicID.UASID`, `IDType` | a serial number (1) or session id (4): the identity; registrations (2) are owners' marks |
| `Location.Status` | 1: on the ground; 2, 3: off it |
| `Location.Latitude`, `Longitude` | degrees WGS 84; 0, 0 means unknown |
| `Location.AltitudeGeo`, `AltitudeBaro` | m above the ellipsoid; m at 1013.25 hPa; -1000 means unknown |
| `Location.SpeedHorizontal`, `Direction` | m/s (255 unknown), degrees true (361 unknown) |
| `Location.SpeedVertical` | m/s (63 unknown) |
| `Location.TimeStamp` | seconds after the hour (65535 unknown), in the hour that brings it nearest to the arrival |

A line is one object with both messages of one drone. `System` (where the operator stands), `OperatorID`, `SelfID` and
all else are dropped here and counted; no field of them reaches anything behind this module, nor does a refused line.
**Source**: ASTM F3411-22a, 5.4.5; names of members as in opendroneid-core-c, whose tools print them.
"""

from typing import Any

import msgspec
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.instants import nearest_us
from watchfloor.base.units import M_PER_FT, MPS_PER_KT, US_PER_S
from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import Arrival, FeedMessage, PassedOver, fault_of
from watchfloor.wire import lines

MOST_LINE_BYTES = 4_096
SERIAL, SESSION = 1, 4
_NOT_KEPT = b"not kept"
_HOUR_US = 3_600 * US_PER_S
_ON_GROUND, _AIRBORNE = 1, (2, 3)
_NO_HEIGHT_M, _NO_SPEED_MPS, _NO_TRACK_DEG, _NO_CLIMB_MPS, _NO_TIME_S = -1_000.0, 255.0, 361.0, 63.0, 65_535.0


class BasicId(Struct, frozen=True):
    """Which drone, and what its name is."""

    id_type: int = msgspec.field(name="IDType")
    uas_id: str = msgspec.field(name="UASID")


class Location(Struct, frozen=True, rename="pascal", kw_only=True):
    """Where it is, and how it moves."""

    latitude: float
    longitude: float
    status: int = 0
    direction: float = _NO_TRACK_DEG
    speed_horizontal: float = _NO_SPEED_MPS
    speed_vertical: float = _NO_CLIMB_MPS
    altitude_geo: float = _NO_HEIGHT_M
    altitude_baro: float = _NO_HEIGHT_M
    time_stamp: float = _NO_TIME_S


class RemoteIdFeed:
    """Lines of JSON from a receiver."""

    name = "remote-id"
    withholds = True

    def begin(self) -> bytes:
        """Nothing read."""
        return b""

    def step(self, state: bytes, chunk: bytes, arrival: Arrival) -> tuple[bytes, list[FeedMessage]]:
        """Observations in a chunk; a line that is none is refused whole."""
        rest, given = lines.step(state, chunk, MOST_LINE_BYTES)
        found: list[FeedMessage] = []
        for line in given:
            try:
                if isinstance(line, Rejected):
                    raise WireError(line.reason)
                found += _read(line, arrival.room_us)
            except WireError as error:
                found.append(Rejected(reason=str(error), sample=_NOT_KEPT))
        return rest, found

    def rest(self, state: bytes) -> bytes:
        """As much as half a line, and nothing of what it says."""
        return b"?" * len(state)


def _read(line: bytes, room_us: int) -> list[FeedMessage]:
    try:
        document: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WireError("no JSON") from error
    if not isinstance(document, dict):
        raise WireError("no JSON object")
    dropped = len(set(document) - {"BasicID", "Location"})
    passed: list[FeedMessage] = [PassedOver(dropped)] if dropped else []
    if "BasicID" not in document or "Location" not in document:
        return passed or [PassedOver()]
    try:
        basic, place = (msgspec.convert(document[name], form) for name, form in _FORMS)
    except msgspec.ValidationError as error:
        raise WireError("members that cannot be") from error
    if basic.id_type not in (SERIAL, SESSION):
        return [*passed, PassedOver()]
    try:
        seen = _observation(basic, place, room_us)
    except (OverflowError, ValueError) as error:
        raise WireError("a number without end") from error
    fault = fault_of(seen)
    if fault is not None:
        raise WireError(fault)
    return [*passed, seen]


_FORMS: tuple[tuple[str, Any], ...] = (("BasicID", BasicId), ("Location", Location))


def _observation(basic: BasicId, place: Location, room_us: int) -> Observation:
    is_somewhere = (place.latitude, place.longitude) != (0.0, 0.0)
    moves = place.speed_horizontal != _NO_SPEED_MPS and place.direction != _NO_TRACK_DEG
    climbs = place.speed_vertical != _NO_CLIMB_MPS
    return Observation(
        identity="rid:" + basic.uas_id.strip(),
        toa_us=_time_us(place.time_stamp, room_us),
        lat_deg=place.latitude if is_somewhere else None,
        lon_deg=place.longitude if is_somewhere else None,
        alt_ft=_feet(place.altitude_baro),
        geo_alt_ft=_feet(place.altitude_geo),
        gs_kt=place.speed_horizontal / MPS_PER_KT if moves else None,
        trk_deg=place.direction if moves else None,
        vs_fpm=round(place.speed_vertical * 60 / M_PER_FT) if climbs else None,
        on_ground={_ON_GROUND: True, **dict.fromkeys(_AIRBORNE, False)}.get(place.status),
    )


def _feet(height_m: float) -> int | None:
    return None if height_m == _NO_HEIGHT_M else round(height_m / M_PER_FT)


def _time_us(seconds: float, room_us: int) -> int:
    if not 0 <= seconds < _HOUR_US // US_PER_S:
        return room_us
    return nearest_us(round(seconds * US_PER_S), _HOUR_US, room_us)
