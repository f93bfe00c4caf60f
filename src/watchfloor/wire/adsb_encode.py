"""ADS-B frames for simulated transponders: the exact inverse of what `adsb` reads.

| message | type code | fields written |
|---|---|---|
| identification | 4 | callsign, eight characters of A-Z, 0-9 and space |
| airborne position | 11 | pressure altitude (25 ft, Q bit), even or odd CPR half |
| velocity | 19, subtype 1 | east, north in kt, vertical rate in 64 ft/min, geometric minus pressure in 25 ft |
| emergency / status | 28, subtype 1 | squawk, no emergency |

**Source**: RTCA DO-260B, 2.2.3.2 and A.1.7.2 (CPR encoding); ICAO Annex 10 volume IV, 3.1.2.3.3 (parity).
"""

from math import cos, floor, radians, sin

from watchfloor.wire.cpr import zones_at

_GENERATOR = 0xFFF409
_ALPHABET = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ#####_###############0123456789######"
_STEPS = 131_072


def _parity_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 16
        for _ in range(8):
            value = (value << 1 ^ _GENERATOR if value & 0x800000 else value << 1) & 0xFFFFFF
        table.append(value)
    return table


_TABLE = _parity_table()


def parity(data: bytes) -> int:
    """The 24-bit Mode S parity of these bytes."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFF) ^ _TABLE[value >> 16 ^ byte]
    return value


def squitter(address: int, field: int) -> bytes:
    """An extended squitter (DF 17, capability 5) of this 24-bit address with a 56-bit message field."""
    body = bytes((17 << 3 | 5,)) + address.to_bytes(3, "big") + field.to_bytes(7, "big")
    return body + parity(body).to_bytes(3, "big")


def identification(address: int, callsign: str) -> bytes:
    """Who it says it is: up to eight characters; what the alphabet lacks becomes a space."""
    field = 4 << 51
    for place, letter in enumerate(callsign.upper().ljust(8)[:8]):
        code = 32 if letter == " " else max(_ALPHABET.find(letter), 0) or 32
        field |= code << (42 - 6 * place)
    return squitter(address, field)


def position(address: int, lat_deg: float, lon_deg: float, alt_ft: float, *, odd: bool) -> bytes:
    """Where it is: one CPR half with pressure altitude.

    **Args**: `alt_ft`: -1,000 to 50,175, rounded to 25 ft.
    """
    code = max(0, min(2047, round((alt_ft + 1000) / 25)))
    altitude = (code >> 4) << 5 | 0x10 | code & 0xF
    lat_cpr, lon_cpr = cpr_half(lat_deg, lon_deg, odd=odd)
    return squitter(address, 11 << 51 | altitude << 36 | odd << 34 | lat_cpr << 17 | lon_cpr)


def cpr_half(lat_deg: float, lon_deg: float, *, odd: bool) -> tuple[int, int]:
    """The 17-bit latitude and longitude of one half."""
    lat_span = 360.0 / (59 if odd else 60)
    lat_cpr = floor(_STEPS * (lat_deg % lat_span) / lat_span + 0.5)
    rounded_lat = lat_span * (lat_cpr / _STEPS + floor(lat_deg / lat_span))
    lon_span = 360.0 / max(zones_at(rounded_lat) - odd, 1)
    lon_cpr = floor(_STEPS * (lon_deg % lon_span) / lon_span + 0.5)
    return lat_cpr % _STEPS, lon_cpr % _STEPS


def velocity(address: int, gs_kt: float, trk_deg: float, vs_fpm: float, geo_minus_pressure_ft: int) -> bytes:
    """How it moves over ground, below 1,022 kt in each component."""
    east = round(gs_kt * sin(radians(trk_deg)))
    north = round(gs_kt * cos(radians(trk_deg)))
    rate, gap = round(vs_fpm / 64), round(geo_minus_pressure_ft / 25)
    field = 19 << 51 | 1 << 48
    field |= (east < 0) << 42 | min(abs(east) + 1, 1023) << 32
    field |= (north < 0) << 31 | min(abs(north) + 1, 1023) << 21
    field |= 1 << 20 | (rate < 0) << 19 | min(abs(rate) + 1, 511) << 10
    field |= (gap < 0) << 7 | min(abs(gap) + 1, 127)
    return squitter(address, field)


def status(address: int, squawk: str) -> bytes:
    """Its Mode 3/A code, four octal digits, and no emergency."""
    a, b, c, d = (int(digit, 8) for digit in squawk)
    code = (c & 1) << 12 | (a & 1) << 11 | (c >> 1 & 1) << 10 | (a >> 1 & 1) << 9
    code |= (c >> 2 & 1) << 8 | (a >> 2 & 1) << 7 | (b & 1) << 5 | (d & 1) << 4
    code |= (b >> 1 & 1) << 3 | (d >> 1 & 1) << 2 | (b >> 2 & 1) << 1 | d >> 2 & 1
    return squitter(address, 28 << 51 | 1 << 48 | code << 32)
