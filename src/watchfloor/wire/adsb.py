"""Mode S and ADS-B frames to observations: rs1090 reads the fields, this module keeps the places.

| downlink format | read | not read, and why |
|---|---|---|
| 17, 18 squitter | identification (TC 1-4), position (5-18, 20-22), velocity (19), status (28), target (29) | - |
| 4, 5 reply | altitude, squawk, of addresses that a squitter has shown | parity hides the address: noise makes ghosts |
| 11 all-call | - | its check is weak and it says nothing but the address |
| 0, 16, 20, 21 | - | air-to-air and Comm-B replies repeat what squitters say |

| field | unit | limits and why |
|---|---|---|
| altitude | ft, 25 ft steps, 1013.25 hPa | -1,000 to 50,000: what the 12-bit code with Q bit holds |
| geo_minus_pressure | ft, 25 ft steps | +-3,125, read here: rs1090 gives 0 as nothing |
| ground speed, track | kt, degrees true | from two 10-bit components; code 0 means no information |
| selected altitude | ft, 32 ft steps, read as rs1090 rounds it to 100 | 0 means no information |
| vertical rate | ft/min, 64 ft/min steps | +-32,640 |

State is per aircraft, in this codec, because rs1090 keeps none between calls. How frames are cut into
chunks never matters.
**Source**: ICAO Annex 10 volume IV, 3.1.2; RTCA DO-260B, 2.2.3.2.
"""

from typing import Any

import rs1090
from msgspec import Struct

from watchfloor.messages.air import Observation, Rejected
from watchfloor.wire.cpr import CprState, Half, advance

_SHORT, _LONG = 7, 14
_READ_FORMATS = frozenset((4, 5, 17, 18))
_EMERGENCY_TC = 28


class TimedFrame(Struct, frozen=True, gc=False):
    """A frame and its time of applicability."""

    toa_us: int
    frame: bytes


class AdsbState(Struct, frozen=True):
    """Per address (six hex digits): what its position halves have told so far."""

    places: dict[str, CprState] = {}


def step(state: AdsbState, frames: list[TimedFrame]) -> tuple[AdsbState, list[Observation | Rejected]]:
    """Observations in frames, in their order; frames that fail their check are returned as `Rejected`.

    **Raises**: nothing; whatever the bytes are.
    **Doubt**: a frame whose address no checked squitter has shown yet gives nothing.
    """
    places = dict(state.places)
    found: list[Observation | Rejected] = []
    wanted: list[TimedFrame] = []
    for timed in frames:
        if len(timed.frame) not in (_SHORT, _LONG):
            found.append(Rejected(reason="not 7 or 14 bytes", sample=timed.frame[:32]))
        elif timed.frame[0] >> 3 in _READ_FORMATS:
            wanted.append(timed)
    if not wanted:
        return AdsbState(places), found
    decoded: Any = rs1090.decode(
        [timed.frame.hex() for timed in wanted], [float(place) for place in range(len(wanted))]
    )
    expected = 0
    for message in decoded:
        place = int(message["timestamp"])
        if place > expected:
            _note_dropped(wanted[expected:place], found)
        expected = place + 1
        observation = _observe(wanted[place], message, places)
        if observation is not None:
            found.append(observation)
    _note_dropped(wanted[expected:], found)
    return AdsbState(places), found


def _note_dropped(frames: list[TimedFrame], found: list[Observation | Rejected]) -> None:
    found.extend(Rejected(reason="Mode S frame fails its check or limits", sample=timed.frame) for timed in frames)


def _observe(timed: TimedFrame, message: dict[str, Any], places: dict[str, CprState]) -> Observation | None:
    address = message.get("icao24")
    if address is None:
        return None
    kind = timed.frame[0] >> 3
    if kind in (17, 18):
        known = places.get(address)
        if known is None:
            places[address] = known = CprState()
        return _observe_squitter(timed, message, address, known, places)
    if address not in places:
        return None
    if kind == 5:
        return Observation(identity="icao:" + address, toa_us=timed.toa_us, squawk=message.get("squawk"))
    return Observation(identity="icao:" + address, toa_us=timed.toa_us, alt_ft=message.get("altitude"))


def _observe_squitter(
    timed: TimedFrame,
    message: dict[str, Any],
    address: str,
    known: CprState,
    places: dict[str, CprState],
) -> Observation | None:
    register = message.get("bds")
    identity, toa_us = "icao:" + address, timed.toa_us
    if register in ("05", "06"):
        half = Half(toa_us, message["lat_cpr"], message["lon_cpr"])
        surface = register == "06"
        places[address], place = advance(known, half, odd=message["parity"] == "odd", surface=surface)
        if place is None:
            return None
        geometric = message.get("source") == "GNSS"
        altitude_ft = message.get("altitude")
        return Observation(
            identity=identity,
            toa_us=toa_us,
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            alt_ft=None if geometric else altitude_ft,
            geo_alt_ft=altitude_ft if geometric else None,
            gs_kt=message.get("groundspeed"),
            trk_deg=message.get("track"),
            on_ground=surface,
        )
    if register == "09":
        return _observe_velocity(timed, message, identity)
    if register == "62":
        selected_ft = message.get("selected_altitude")
        return Observation(identity=identity, toa_us=toa_us, selected_ft=selected_ft) if selected_ft else None
    if register == "08":
        return Observation(identity=identity, toa_us=toa_us, callsign=message.get("callsign"))
    if message.get("tc") == _EMERGENCY_TC or register == "61":
        return Observation(identity=identity, toa_us=toa_us, squawk=message.get("squawk"))
    return None


def _observe_velocity(timed: TimedFrame, message: dict[str, Any], identity: str) -> Observation | None:
    field = int.from_bytes(timed.frame[4:11], "big")
    if "groundspeed" not in message or not (field >> 32 & 0x3FF and field >> 21 & 0x3FF):
        return None
    gap = field & 0x7F
    gap_ft = (gap - 1) * 25 * (-1 if field >> 7 & 1 else 1) if gap else None
    return Observation(
        identity=identity,
        toa_us=timed.toa_us,
        gs_kt=message["groundspeed"],
        trk_deg=message["track"],
        vs_fpm=message.get("vertical_rate"),
        geo_minus_pressure_ft=gap_ft,
    )
