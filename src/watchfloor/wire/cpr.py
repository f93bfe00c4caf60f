"""Compact position reporting: latitude and longitude from the two halves an aircraft sends in turn.

A place is first found from an even and an odd half (global), and held only when a second pair agrees;
then each half alone is read against the last place (local). Every new place passes a speed gate, so
that one absurd jump is dropped; many in a row mean that the held place was wrong, and it is let go.

| limit | value | why |
|---|---|---|
| pair age | 10 s | an aircraft crosses no zone border in it (DO-260B A.1.7.7) |
| speed gate | 345 m/s | no step over 350 m/s on the ellipsoid, 1.5 % kept for the sphere used here |
| failures before reset | 12 | jitter of receivers' stamps rejects a few real fixes in a row |

**Source**: RTCA DO-260B, A.1.7.3 to A.1.7.7.
"""

from math import acos, cos, floor, pi, radians

from msgspec import Struct

from watchfloor.base.geodesy import within_m

PAIR_AGE_US = 10_000_000
GATE_MPS = 345.0
RESET_AFTER = 12
COUNTED_GAP_US = 100_000
_STEPS = 131_072.0


class Half(Struct, frozen=True, gc=False):
    """One half as sent: 17-bit latitude and longitude."""

    toa_us: int
    lat_cpr: int
    lon_cpr: int


class Place(Struct, frozen=True, gc=False):
    """A decoded place and its time."""

    toa_us: int
    lat_deg: float
    lon_deg: float


class CprState(Struct, frozen=True, gc=False):
    """What is remembered of one aircraft: its newest halves, its held place, a place yet unconfirmed."""

    even: Half | None = None
    odd: Half | None = None
    held: Place | None = None
    unconfirmed: Place | None = None
    failures: int = 0


def zones_at(lat_deg: float) -> int:
    """Number of longitude zones at a latitude (NL, from 1 to 59)."""
    if lat_deg == 0:
        return 59
    if abs(lat_deg) >= 87.0:
        return 2 if abs(lat_deg) == 87.0 else 1
    part = 1.0 - (1.0 - cos(pi / 30.0)) / cos(radians(lat_deg)) ** 2
    return floor(2.0 * pi / acos(part))


def global_place(even: Half, odd: Half, *, newest_odd: bool) -> Place | None:
    """The place that an even and an odd half fix together; None when they straddle a zone border."""
    even_lat, odd_lat = even.lat_cpr / _STEPS, odd.lat_cpr / _STEPS
    index = floor(59 * even_lat - 60 * odd_lat + 0.5)
    lat_even = 6.0 * (index % 60 + even_lat)
    lat_odd = 360.0 / 59.0 * (index % 59 + odd_lat)
    lat_even -= 360.0 if lat_even >= 270.0 else 0.0
    lat_odd -= 360.0 if lat_odd >= 270.0 else 0.0
    if abs(lat_even) > 90 or abs(lat_odd) > 90 or zones_at(lat_even) != zones_at(lat_odd):
        return None
    lat = lat_odd if newest_odd else lat_even
    zones = zones_at(lat)
    even_lon, odd_lon = even.lon_cpr / _STEPS, odd.lon_cpr / _STEPS
    span = max(zones - (1 if newest_odd else 0), 1)
    index = floor(even_lon * (zones - 1) - odd_lon * zones + 0.5)
    lon = 360.0 / span * (index % span + (odd_lon if newest_odd else even_lon))
    toa_us = odd.toa_us if newest_odd else even.toa_us
    return Place(toa_us, lat, (lon + 180.0) % 360.0 - 180.0)


def local_place(half: Half, near: Place, *, odd: bool, surface: bool = False) -> Place:
    """The place of one half that lies nearest to a known place (within half a zone)."""
    whole = 90.0 if surface else 360.0
    lat_span = whole / (59 if odd else 60)
    part = half.lat_cpr / _STEPS
    zone = floor(near.lat_deg / lat_span)
    index = zone + floor(0.5 + (near.lat_deg / lat_span - zone) - part)
    lat = lat_span * (index + part)
    lon_span = whole / max(zones_at(max(-90.0, min(90.0, lat))) - (1 if odd else 0), 1)
    part = half.lon_cpr / _STEPS
    zone = floor(near.lon_deg / lon_span)
    index = zone + floor(0.5 + (near.lon_deg / lon_span - zone) - part)
    lon = lon_span * (index + part)
    return Place(half.toa_us, lat, (lon + 180.0) % 360.0 - 180.0)


def reachable(start: Place, end: Place) -> bool:
    """Whether an aircraft can have flown from one place to the other in the time between."""
    allowed_m = GATE_MPS * (end.toa_us - start.toa_us) / 1e6
    if allowed_m < 0:
        return False
    return within_m(start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg, allowed_m)


def advance(state: CprState, half: Half, *, odd: bool, surface: bool) -> tuple[CprState, Place | None]:
    """Take in one half; the place it gives, or None while there is no confirmed one.

    **Doubt**: a half that leads out of reach gives no place; after twelve such in a row the held place
    is dropped and the aircraft is found anew.
    """
    if surface:
        return _advance_surface(state, half, odd=odd)
    even = state.even if odd else half
    odd_half = half if odd else state.odd
    held = state.held
    if held is not None:
        place = local_place(half, held, odd=odd)
        if reachable(held, place):
            return CprState(even, odd_half, place, None, 0), place
        failures = state.failures + (1 if half.toa_us - held.toa_us >= COUNTED_GAP_US else 0)
        if failures < RESET_AFTER:
            return CprState(even, odd_half, held, None, failures), None
    if even is None or odd_half is None or abs(even.toa_us - odd_half.toa_us) > PAIR_AGE_US:
        return CprState(even, odd_half, None, state.unconfirmed, 0), None
    found = global_place(even, odd_half, newest_odd=odd)
    if found is None:
        return CprState(even, odd_half, None, state.unconfirmed, 0), None
    if state.unconfirmed is not None and reachable(state.unconfirmed, found):
        return CprState(even, odd_half, found, None, 0), found
    return CprState(even, odd_half, None, found, 0), None


def _advance_surface(state: CprState, half: Half, *, odd: bool) -> tuple[CprState, Place | None]:
    if state.held is None:
        return state, None
    place = local_place(half, state.held, odd=odd, surface=True)
    if not reachable(state.held, place):
        return state, None
    return CprState(None, None, place, None, 0), place
