"""Where every scripted aircraft truly is at an instant of room time: the exercise's ground truth.

Legs are geodesics at constant ground speed. Climb 1,500 ft/min from the field, descent at 3 degrees to it
(the pack's story, section 8). Geometric altitude equals pressure altitude: the exercise has a standard day.
"""

from bisect import bisect_right
from math import radians, tan

from geographiclib.geodesic import Geodesic
from msgspec import Struct

from watchfloor.base.geodesy import track_and_length
from watchfloor.base.units import M_PER_FT, MPS_PER_KT, US_PER_S
from watchfloor.messages.air import Party
from watchfloor.messages.pack import Pack, Route

CLIMB_FPM = 1_500.0
DESCENT_SLOPE = tan(radians(3.0))


class Leg(Struct, frozen=True):
    """One geodesic, flown between two times at constant speed."""

    start_us: int
    end_us: int
    lat_deg: float
    lon_deg: float
    trk_deg: float
    length_m: float
    flown_before_m: float


class Flight(Struct, frozen=True):
    """One aircraft: its name, its route and its legs in order of time; a loop repeats with `lap_us`."""

    callsign: str
    route: Route
    legs: tuple[Leg, ...]
    lap_us: int
    whole_m: float


class Truth(Struct, frozen=True, gc=False):
    """An aircraft at an instant."""

    callsign: str
    lat_deg: float
    lon_deg: float
    alt_ft: float
    gs_kt: float
    trk_deg: float
    vs_fpm: float


_PREFIXES = {
    Party.CIVIL: "CV",
    Party.HUMANITARIAN: "RF",
    Party.COALITION: "CO",
    Party.OTHER: "MR",
    Party.UNKNOWN: "UN",
}


def flights_of(pack: Pack) -> tuple[Flight, ...]:
    """Every aircraft of the pack, in the order of its routes."""
    return tuple(_flight(route, k, pack.start_us) for route in pack.routes for k in range(route.count))


def _flight(route: Route, k: int, start_us: int) -> Flight:
    name = f"{_PREFIXES[route.party]}{route.id}{k + 1 if route.count > 1 else ''}"
    if k < len(route.callsigns):
        name = route.callsigns[k]
    if route.times_us:
        legs = _legs(route, route.times_us[0], route.times_us)
        return Flight(name, route, legs, 0, _whole(legs))
    if route.loop:
        lap = _legs(route, 0, ())
        lap_us = lap[-1].end_us
        shifted = start_us - lap_us * k // route.count
        legs = _legs(route, shifted, ())
        return Flight(name, route, legs, lap_us, _whole(legs))
    off_us = start_us + round((route.first_off_block_min + k * route.headway_min) * 60 * US_PER_S)
    legs = _legs(route, off_us, ())
    return Flight(name, route, legs, 0, _whole(legs))


def _whole(legs: tuple[Leg, ...]) -> float:
    return legs[-1].flown_before_m + legs[-1].length_m


def _legs(route: Route, start_us: int, times_us: tuple[int, ...]) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    clock_us, flown_m = start_us, 0.0
    for place, ((lon1, lat1), (lon2, lat2)) in enumerate(zip(route.path, route.path[1:], strict=False)):
        trk_deg, length_m = track_and_length(lat1, lon1, lat2, lon2)
        end_us = clock_us + round(length_m / (route.gs_kt * MPS_PER_KT) * US_PER_S)
        if times_us:
            end_us = times_us[place + 1]
        legs.append(Leg(clock_us, end_us, lat1, lon1, trk_deg, length_m, flown_m))
        clock_us, flown_m = end_us, flown_m + length_m
    return tuple(legs)


def truth_at(flight: Flight, room_us: int) -> Truth | None:
    """Where the aircraft is; None while it is not in the air."""
    legs = flight.legs
    if flight.lap_us:
        room_us = legs[0].start_us + (room_us - legs[0].start_us) % flight.lap_us
    if not legs[0].start_us <= room_us <= legs[-1].end_us:
        return None
    leg = legs[bisect_right([known.start_us for known in legs], room_us) - 1]
    share = (room_us - leg.start_us) / (leg.end_us - leg.start_us)
    along_m = share * leg.length_m
    place = Geodesic.WGS84.Direct(leg.lat_deg, leg.lon_deg, leg.trk_deg, along_m)
    speed_mps = leg.length_m / (leg.end_us - leg.start_us) * US_PER_S
    alt_ft, vs_fpm = _level(flight, leg.flown_before_m + along_m, room_us, speed_mps)
    return Truth(
        flight.callsign,
        place["lat2"],
        place["lon2"],
        alt_ft,
        speed_mps / MPS_PER_KT,
        place["azi2"] % 360.0,
        vs_fpm,
    )


def _level(flight: Flight, flown_m: float, room_us: int, speed_mps: float) -> tuple[float, float]:
    route = flight.route
    alt_ft, vs_fpm = float(route.level_ft), 0.0
    if route.climbs_from_field:
        climbed_ft = CLIMB_FPM * (room_us - flight.legs[0].start_us) / (60 * US_PER_S)
        if climbed_ft < alt_ft:
            alt_ft, vs_fpm = climbed_ft, CLIMB_FPM
    if route.descends_to_field:
        glide_ft = (flight.whole_m - flown_m) * DESCENT_SLOPE / M_PER_FT
        if glide_ft < alt_ft:
            alt_ft, vs_fpm = glide_ft, -speed_mps * DESCENT_SLOPE / M_PER_FT * 60.0
    return alt_ft, vs_fpm
