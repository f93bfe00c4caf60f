"""ASTERIX data blocks to observations: ADS-B reports, radar plots of a known radar, system tracks.

| category | items read | passed over, and why |
|---|---|---|
| 021 | 040, 070, 071, 073, 080, 130, 131, 140, 145, 146, 155, 160, 170 | - |
| 034 | 000, 030: that a radar turns | all else: how it is set up |
| 048 | 020, 040, 070, 090, 140, 200, 220, 240 | - |
| 062 | 040, 060, 070, 080, 105, 130, 136, 185, 220, 245, 380 (address, callsign) | - |
| others | - | all: they tell of the radar or the system, not of aircraft |

| field | unit | as sent |
|---|---|---|
| time of day | 1/128 s since midnight UTC | the midnight nearest to the arrival |
| flight level, climb, geometric height | 1/4 FL; 6.25 ft/min; 6.25 ft | ft, ft/min |
| polar position | 1/256 NM slant range; 360/65536 degrees true | at its pressure altitude, else at the radar's height |

A plot without an aircraft's address (220) names nobody: `plot:` and its radar. A radar measures as its site says,
else to `RANGE_ERROR_M` and `AZIMUTH_ERROR_DEG` (one sigma, own reasoning: what older secondary radars reach).

What is marked as simulated enters only an exercise, and nothing else enters one; test targets are refused.
**Source**: EUROCONTROL-SPEC-0149, parts 12 (CAT 021), 2b (CAT 034), 4 (CAT 048), 9 (CAT 062). aviconv-asterix reads
the items.
"""

from collections.abc import Callable, Iterator, Mapping
from math import atan2, degrees, hypot, radians
from typing import Any, NamedTuple

from aviconv_asterix.cat021 import UAP_021
from aviconv_asterix.cat048 import UAP_048
from aviconv_asterix.cat062 import UAP_062
from aviconv_asterix.fspec import decode_record

from watchfloor.base.errors import InputError, WireError
from watchfloor.base.geodesy import Radar, place_of_echo, radar_at
from watchfloor.base.instants import DAY_US, nearest_us
from watchfloor.base.units import M_PER_FT, M_PER_NM, MPS_PER_KT, US_PER_S
from watchfloor.messages.air import Accuracy, Observation, Rejected
from watchfloor.messages.feeds import Alive, Arrival, FeedMessage, PassedOver, fault_of

_HEAD, _STEPS_PER_S = 3, 128
_TIMES = ("time_of_applicability_s", "time_of_reception_s", "time_of_day_s", "time_of_track_s")
_UAPS = {21: UAP_021, 48: UAP_048, 62: UAP_062}
_SERVICE = 34
_LONGEST_BYTES = 8_192  # of a block in a stream: what a length that lied can cost
# Categories that EUROCONTROL has given out, or that its radars' services use: a length that lied ends elsewhere.
_CATEGORIES = frozenset((
    1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19, 20, 21, 23, 25, 30, 31, 32, 34, 48, 62, 63, 65, 128, 129, 150, 205,
    239, 240, 244, 247, 252,
))  # fmt: skip
RANGE_ERROR_M, AZIMUTH_ERROR_DEG = 70.0, 0.08
_KT_FROM_MPS = 1 / MPS_PER_KT


class Site(NamedTuple):
    """Where a radar stands, and how well it measures: one sigma."""

    radar: Radar
    range_error_m: float = RANGE_ERROR_M
    azimuth_error_deg: float = AZIMUTH_ERROR_DEG


Fields = Mapping[str, Any]
Items = Mapping[str, str]


class AsterixState(NamedTuple):
    """Half a block of a stream; `is_lost`: nobody knows where its next block begins."""

    rest: bytes = b""
    is_lost: bool = False


class AsterixFeed:
    """ASTERIX data blocks, in datagrams or one after the other. `sites`: radars by source, SAC and SIC."""

    name = "asterix"

    def __init__(self, sites: Mapping[tuple[int, int], Site] | None = None) -> None:
        self._sites: dict[tuple[Any, Any], Site] = dict(sites or {})

    def with_options(self, options: Mapping[str, Any]) -> "AsterixFeed":
        """This feed with `sites`: of each `sac/sic` latitude, longitude, height [m], and errors [m, deg] if known.

        **Raises**: WireError, when they are something else.
        """
        sites = {}
        if set(options) - {"sites"} or not isinstance(options.get("sites", {}), dict):
            raise WireError('asterix takes the option `sites`, as in `sites = {"25/201" = [47.1, 8.2, 500]}`')
        for name, given in options.get("sites", {}).items():
            sites[_source(name)] = _site(name, given)
        return AsterixFeed(sites)

    def begin(self) -> AsterixState:
        """Nothing read."""
        return AsterixState()

    def step(self, state: AsterixState, chunk: bytes, arrival: Arrival) -> tuple[AsterixState, list[FeedMessage]]:
        """Observations in a chunk.

        A block that cannot be read is refused whole. Its length may have lied: in a stream, reading then goes on where
        two blocks begin one behind the other; in a datagram nothing else is read.
        """
        data, place, is_lost = (chunk if arrival.is_datagram else state.rest + chunk), 0, state.is_lost
        found: list[FeedMessage] = []
        while place + _HEAD <= len(data):
            length = _length_at(data, place)
            if is_lost or (not arrival.is_datagram and not _may_begin(data, place)):
                begin, place = place, _next_block(data, place)
                if place > begin:
                    found.append(Rejected(reason="bytes outside any ASTERIX block", sample=data[begin : begin + 64]))
                is_lost = _is_followed(data, place) is not True
                if is_lost:
                    break
                continue
            if length < _HEAD:
                found.append(Rejected(reason="an ASTERIX block without a length", sample=data[place : place + 64]))
                return AsterixState(), found
            if place + length > len(data):
                break
            found += self._block(data[place], data[place + _HEAD : place + length], arrival)
            place += length
        rest = data[place:]
        if rest and arrival.is_datagram:
            found.append(Rejected(reason="an ASTERIX block with a length that lies", sample=rest[:64]))
            return AsterixState(), found
        return AsterixState(rest, is_lost), found

    def rest(self, state: AsterixState) -> bytes:
        """Half a block."""
        return state.rest

    def _block(self, category: int, body: bytes, arrival: Arrival) -> list[FeedMessage]:
        if category == _SERVICE:
            return [Alive(_time_us(_service_time_s(body), arrival.room_us))]
        uap, place = _UAPS.get(category), 0
        if uap is None:
            return [PassedOver()]
        found: list[FeedMessage] = []
        while place < len(body):
            try:
                fields, items, place = decode_record(body, place, uap, category=category)
                told = self._record(category, fields, items, arrival)
                fault = fault_of(told) if isinstance(told, Observation) else None
                found.append(told if fault is None else Rejected(reason=fault, sample=body[:64]))
            except Exception as error:  # noqa: BLE001  # whatever the reader raises, the block ends here
                said = str(error)[:80] or type(error).__name__
                reason = said if isinstance(error, WireError) else f"CAT {category:03d}: {said}"
                found.append(Rejected(reason=reason, sample=body[:64]))
                if not isinstance(error, WireError):
                    return found
        return found

    def _record(self, category: int, fields: Fields, items: Items, arrival: Arrival) -> FeedMessage:
        is_simulated, is_test = _MARKS[category](items)
        if is_test:
            raise WireError("a test target")
        if is_simulated != arrival.in_exercise:
            raise WireError("not marked as simulated" if arrival.in_exercise else "simulated in a room that is real")
        if category == 21:
            return _of_adsb(fields, items, arrival.room_us)
        if category == 62:
            return _of_system_track(fields, items, arrival.room_us)
        return self._of_plot(fields, arrival.room_us)

    def _of_plot(self, fields: Fields, room_us: int) -> FeedMessage:
        """A plot of a radar; one that has neither a place nor a name tells nothing."""
        sac, sic = fields.get("sac"), fields.get("sic")
        is_named = "aircraft_address" in fields
        if not is_named and "rho_nm" not in fields:
            return PassedOver()
        lat_deg = lon_deg = accuracy = None
        level_ft = _level_ft(fields.get("flight_level"))
        if "rho_nm" in fields:
            site = self._sites.get((sac, sic))
            if site is None:
                raise WireError(f"nobody told where radar {sac}/{sic} stands")
            height_m = site.radar.height_m if level_ft is None else level_ft * M_PER_FT
            range_m = fields["rho_nm"] * M_PER_NM
            lat_deg, lon_deg = place_of_echo(site.radar, fields["theta_deg"], range_m, height_m)
            across_m = max(range_m * radians(site.azimuth_error_deg), 1.0)
            accuracy = Accuracy(fields["theta_deg"], site.range_error_m, across_m)
        return Observation(
            identity="icao:" + str(fields["aircraft_address"]).lower() if is_named else f"plot:{sac}/{sic}",
            toa_us=_time_us(fields.get("time_of_day_s"), room_us),
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            alt_ft=level_ft,
            gs_kt=fields.get("ground_speed_kt"),
            trk_deg=fields.get("heading_deg"),
            callsign=_callsign(fields.get("callsign")),
            squawk=fields.get("mode3a"),
            accuracy=accuracy,
        )


def _length_at(data: bytes, place: int) -> int:
    return int.from_bytes(data[place + 1 : place + _HEAD], "big")


def _may_begin(data: bytes, place: int) -> bool:
    """Whether a block of a stream may begin here: a category that there is, and a length that one waits for."""
    return data[place] in _CATEGORIES and _HEAD < _length_at(data, place) <= _LONGEST_BYTES


def _is_followed(data: bytes, place: int) -> bool | None:
    """Whether a block begins here, and another one behind it; None, when the bytes that would tell are not here."""
    if not _may_begin(data, place):
        return False
    behind = place + _length_at(data, place)
    return _may_begin(data, behind) if behind + _HEAD <= len(data) else None


def _next_block(data: bytes, place: int) -> int:
    """Where a block that can be read begins, and another behind it; else the first place where that still may be."""
    places = [at for at in range(place, len(data) - _HEAD + 1) if _is_followed(data, at) is not False]
    for at in places:
        if _is_followed(data, at) and _is_read(data, at):
            return at
    return places[0] if places else max(len(data) - _HEAD + 1, place)


def _is_read(data: bytes, place: int) -> bool:
    """Whether the records of a block end where it does."""
    uap = _UAPS.get(data[place])
    body, at = data[place + _HEAD : place + _length_at(data, place)], 0
    try:
        while uap is not None and at < len(body):
            at = decode_record(body, at, uap, category=data[place])[2]
    except Exception:  # noqa: BLE001  # whatever the reader raises, no block begins here
        return False
    return uap is not None and at == len(body)


def blocks_with_times(raw: bytes) -> Iterator[tuple[bytes, int | None]]:
    """The data blocks of a file, and the time of day [us] of each one's first record; None, where it tells none.

    **Raises**: InputError, naming the byte, at a length that lies.
    """
    place = 0
    while place < len(raw):
        length = int.from_bytes(raw[place + 1 : place + _HEAD], "big")
        if length < _HEAD or place + length > len(raw):
            raise InputError(f"byte {place}: an ASTERIX block with a length that lies", field="path")
        block = raw[place : place + length]
        yield block, _time_of_day_us(block)
        place += length


def _time_of_day_us(block: bytes) -> int | None:
    uap = _UAPS.get(block[0])
    if block[0] == _SERVICE:
        told_s = _service_time_s(block[_HEAD:])
        return None if told_s is None else round(told_s * US_PER_S)
    if uap is None:
        return None
    try:
        fields: Fields = decode_record(block, _HEAD, uap, category=block[0])[0]
    except Exception:  # noqa: BLE001  # whatever the reader raises, this block tells no time; its feed refuses it
        return None
    times = [fields[name] for name in _TIMES if name in fields]
    return round(times[0] * US_PER_S) if times else None


def _service_time_s(body: bytes) -> float | None:
    """The time of day in the first record of a service message [s]; None, where it tells none.

    Its first three items are the same in every edition: source (2 bytes), kind (1), time (3). What follows is not read.
    """
    marks, place = body[:1], 1
    while place <= len(body) and body[place - 1] & 1:
        place += 1
    if not marks or not marks[0] & 0x20:
        return None
    place += 2 * bool(marks[0] & 0x80) + bool(marks[0] & 0x40)
    raw = body[place : place + 3]
    return int.from_bytes(raw) / _STEPS_PER_S if len(raw) == 3 else None


def _site(name: str, given: Any) -> Site:
    try:
        lat_deg, lon_deg, height_m, *errors = (float(part) for part in given)
        site = Site(radar_at(lat_deg, lon_deg, height_m), *errors)
    except (TypeError, ValueError) as error:
        raise WireError(f"site `{name}` is no latitude, longitude, height and up to two errors: {error}") from error
    if not (abs(lat_deg) <= 90 and abs(lon_deg) <= 180 and abs(height_m) < 10_000):
        raise WireError(f"site `{name}` is nowhere")
    if not (1 <= site.range_error_m <= 10_000 and 0.001 <= site.azimuth_error_deg <= 10):
        raise WireError(f"the errors of site `{name}` are no metres and degrees that a radar has")
    return site


def _source(name: str) -> tuple[int, int]:
    sac, _, sic = name.partition("/")
    if not (sac.isdecimal() and sic.isdecimal() and max(int(sac), int(sic)) < 256):
        raise WireError(f"`{name}` is no source as in `25/201`")
    return int(sac), int(sic)


def _of_adsb(fields: Fields, items: Items, room_us: int) -> Observation:
    if "icao_address" not in fields:
        raise WireError("CAT 021 without an address")
    climb = _signed(items.get("I021/155"), 15)
    return Observation(
        identity="icao:" + str(fields["icao_address"]).lower(),
        toa_us=_time_us(fields.get("time_of_applicability_s", fields.get("time_of_reception_s")), room_us),
        lat_deg=fields.get("lat"),
        lon_deg=fields.get("lon"),
        alt_ft=_level_ft(fields.get("flight_level")),
        geo_alt_ft=_quarter_ft(items.get("I021/140")),
        gs_kt=fields.get("ground_speed_kt"),
        trk_deg=fields.get("track_angle_deg"),
        vs_fpm=None if climb is None else round(climb * 6.25),
        selected_ft=_selected_ft(items.get("I021/146")),
        callsign=_callsign(fields.get("callsign")),
        squawk=fields.get("mode3a"),
        on_ground=bool(_octet(items, "I021/040", 1) & 0x40),
    )


def _of_system_track(fields: Fields, items: Items, room_us: int) -> Observation:
    number = items.get("I062/040")
    if "target_address" in fields:
        identity = "icao:" + str(fields["target_address"]).lower()
    elif number is not None:
        identity = f"radar:{fields.get('sac')}.{fields.get('sic')}.{int(number, 16)}"
    else:
        raise WireError("CAT 062 without an address or a track number")
    has_velocity = "vx_ms" in fields
    east_mps, north_mps = float(fields.get("vx_ms", 0.0)), float(fields.get("vy_ms", 0.0))
    climb = _signed(items.get("I062/220"), 16)
    return Observation(
        identity=identity,
        toa_us=_time_us(fields.get("time_of_track_s"), room_us),
        lat_deg=fields.get("lat"),
        lon_deg=fields.get("lon"),
        alt_ft=_level_ft(fields.get("measured_flight_level")),
        geo_alt_ft=_quarter_ft(items.get("I062/130")),
        gs_kt=hypot(east_mps, north_mps) * _KT_FROM_MPS if has_velocity else None,
        trk_deg=degrees(atan2(east_mps, north_mps)) % 360.0 if has_velocity else None,
        vs_fpm=None if climb is None else round(climb * 6.25),
        callsign=_callsign(fields.get("callsign") or fields.get("target_identification")),
        squawk=_squawk(items.get("I062/060")),
    )


def _time_us(seconds: float | None, room_us: int) -> int:
    """A time of day as an instant: on the day that brings it nearest to the arrival."""
    if seconds is None:
        return room_us
    return nearest_us(round(seconds * _STEPS_PER_S) * US_PER_S // _STEPS_PER_S, DAY_US, room_us)


def _level_ft(flight_level: float | None) -> int | None:
    return None if flight_level is None else round(flight_level * 100)


def _signed(raw: str | None, bits: int) -> int | None:
    if raw is None:
        return None
    value = int(raw, 16) & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value


def _quarter_ft(raw: str | None) -> int | None:
    steps = _signed(raw, 16)
    return None if steps is None else round(steps * 6.25)


def _selected_ft(raw: str | None) -> int | None:
    """The selected altitude, where the item says that it holds one."""
    if raw is None or not int(raw, 16) >> 15:
        return None
    steps = _signed(raw, 13)
    return None if steps is None else steps * 25


def _callsign(text: str | None) -> str | None:
    return (text or "").strip()[:8] or None


def _squawk(raw: str | None) -> str | None:
    return None if raw is None else format(int(raw, 16) & 0o7777, "04o")


def _octet(items: Items, item: str, number: int) -> int:
    """An octet of an item whose octets go on while their last bit is set; 0 where it has fewer."""
    digits = items.get(item, "")[2 * number : 2 * number + 2]
    return int(digits, 16) if digits else 0


_MARKS: Mapping[int, Callable[[Items], tuple[bool, bool]]] = {
    21: lambda items: (bool(_octet(items, "I021/040", 1) & 0x20), bool(_octet(items, "I021/040", 1) & 0x10)),
    48: lambda items: (bool(_octet(items, "I048/020", 0) & 0x10), bool(_octet(items, "I048/020", 1) & 0x80)),
    62: lambda items: (bool(_octet(items, "I062/080", 1) & 0x80), False),
}
