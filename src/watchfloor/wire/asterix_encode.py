"""System tracks as ASTERIX category 062.

| item | bytes | what is written |
|---|---|---|
| I062/010 | 2 | source: SAC, SIC |
| I062/070 | 3 | time of the track's last place, 1/128 s after midnight UTC |
| I062/105 | 8 | latitude, longitude, 180 / 2^25 degrees, WGS 84 |
| I062/185 | 4 | velocity east and north, 0.25 m/s; left out where unknown |
| I062/060 | 2 | Mode 3/A code; left out where unknown |
| I062/380 | 1 + 3 + 6 | address (ADR) and identification (ID), each where there is one |
| I062/040 | 2 | track number |
| I062/080 | 2 | MON with one source, SRC GNSS where I062/130 is there, SIM in all but a live room |
| I062/290 | 1 + 1 | age of the track (TRK), 1/4 s, at most 63.75 s |
| I062/136 | 2 | measured flight level, 1/4 FL; left out where unknown |
| I062/130 | 2 | geometric altitude, 6.25 ft; left out where unknown |
| I062/220 | 2 | rate of climb, 6.25 ft/min; left out where unknown |

**Source**: EUROCONTROL-SPEC-0149-9, edition 1.20 (CAT 062, its user application profile); part 1 for blocks.
"""

import struct
from collections.abc import Iterable, Sequence
from math import cos, radians, sin

from watchfloor.base.instants import DAY_US
from watchfloor.base.units import MPS_PER_KT, US_PER_S
from watchfloor.messages.air import Track

CATEGORY = 62
MOST_BLOCK_BYTES = 1_400
_FIELDS = (
    "010", "", "015", "070", "105", "100", "185",
    "210", "060", "245", "380", "040", "080", "290",
    "200", "295", "136", "130", "135", "220", "390",
)  # fmt: skip
_LETTERS = {letter: place for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)} | {
    " ": 32,
    **{digit: 48 + place for place, digit in enumerate("0123456789")},
}
_DEGREE = 2**25 / 180.0


def record_of(
    track: Track, number: int, times_us: tuple[int, int], source: tuple[int, int], *, simulated: bool
) -> bytes:
    """One track's record.

    **Args**: `number`: 0 to 65,535; `times_us`: when it was there, and now, both UTC; `source`: SAC and SIC.
    """
    at_us, now_us = times_us
    items = {
        "010": bytes(source),
        "070": (at_us % DAY_US * 128 // US_PER_S).to_bytes(3),
        "105": struct.pack(">ii", round(track.lat_deg * _DEGREE), round(track.lon_deg * _DEGREE)),
        "040": struct.pack(">H", number),
        "080": bytes((0x80 * (len(track.sources) == 1) | 0x04 * (track.geo_alt_ft is not None) | 1, 0x80 * simulated)),
        "290": bytes((0x80, min(max(now_us - at_us, 0) * 4 // US_PER_S, 255))),
        "380": _aircraft(track),
    }
    if track.gs_kt is not None and track.trk_deg is not None:
        along, heading = track.gs_kt * MPS_PER_KT, radians(track.trk_deg)
        items["185"] = struct.pack(">hh", _capped(along * sin(heading) * 4), _capped(along * cos(heading) * 4))
    if track.squawk:
        items["060"] = struct.pack(">H", int(track.squawk, 8))
    if track.alt_ft is not None:
        items["136"] = struct.pack(">h", _capped(track.alt_ft / 25))
    if track.geo_alt_ft is not None:
        items["130"] = struct.pack(">h", _capped(track.geo_alt_ft / 6.25))
    if track.vs_fpm is not None:
        items["220"] = struct.pack(">h", _capped(track.vs_fpm / 6.25))
    present = [name for name in _FIELDS if items.get(name)]
    return _field_specification(present) + b"".join(items[name] for name in present)


def blocks_of(records: Iterable[bytes]) -> list[bytes]:
    """Records in data blocks, none longer than a datagram that is not cut on its way."""
    blocks: list[bytes] = []
    held: list[bytes] = []
    size = 3
    for record in records:
        if held and size + len(record) > MOST_BLOCK_BYTES:
            blocks.append(_block(held, size))
            held, size = [], 3
        held.append(record)
        size += len(record)
    return [*blocks, _block(held, size)] if held else blocks


def _block(records: Sequence[bytes], size: int) -> bytes:
    return bytes((CATEGORY,)) + size.to_bytes(2) + b"".join(records)


def _field_specification(present: Sequence[str]) -> bytes:
    places = [_FIELDS.index(name) for name in present]
    octets = [0] * (places[-1] // 7 + 1)
    for place in places:
        octets[place // 7] |= 0x80 >> place % 7
    return bytes([octet | 1 for octet in octets[:-1]] + octets[-1:])


def _aircraft(track: Track) -> bytes:
    """I062/380 with the address and the identification that there are; empty without any."""
    scheme, _, name = track.identity.partition(":")
    address = bytes.fromhex(name) if scheme == "icao" else b""
    letters = [_LETTERS[letter] for letter in track.callsign.upper()[:8] if letter in _LETTERS]
    code = 0
    for letter in letters + [32] * (8 - len(letters)):
        code = code << 6 | letter
    identification = code.to_bytes(6) if letters else b""
    marks = 0x80 * bool(address) | 0x40 * bool(identification)
    return bytes((marks,)) + address + identification if marks else b""


def _capped(steps: float) -> int:
    return max(-32_768, min(32_767, round(steps)))
