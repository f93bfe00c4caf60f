"""Cursor on Target events, XML form, to observations and back.

| attribute or element | unit | limits and why |
|---|---|---|
| `uid` | - | 1 to 128 printable characters: it becomes a key |
| `type` | - | `a-x-A…` is an air track; only those enter the picture |
| `time`, `start`, `stale` | UTC | RFC 3339 with zone; how far off is judged by the port's clock |
| `how`, `opex` | - | `opex` `e-…` exercise, `s-…` simulation, `o-…` operations, absent: no statement |
| `point lat`, `lon` | degrees WGS 84 | -90 to 90, -180 to 180 |
| `point hae` | metres above the ellipsoid | -1,000 to 50,000; 9999999.0 means unknown |
| `detail/contact callsign` | - | up to 32 characters |
| `detail/track speed`, `course` | m/s, degrees true | 0 to 1,500; 0 to 360 |

Every other element is dropped and counted. Entities, document types and encodings other than UTF-8 are refused.
No affiliation becomes hostile here: what a sender calls so is shown as unknown.
**Source**: MITRE CoT Event schema 2.0 (Event-PUBLIC.xsd), track schema 06-0358.
"""

import re
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from watchfloor.base.errors import InputError, WireError
from watchfloor.base.instants import rfc3339_from_us, us_from_rfc3339
from watchfloor.base.units import M_PER_FT, MPS_PER_KT
from watchfloor.messages.air import Observation, Party, Rejected, Track
from watchfloor.wire import cot_stream
from watchfloor.wire.cot_stream import StreamState

UNKNOWN_M = 9_999_999.0
_AIR = re.compile(r"a-[a-z]-A(-|$)")
_TYPE = re.compile(r"\w+(-\w+)*(;[^;]*)?")
_UID = re.compile(r"[\x21-\x7e]{1,128}")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_RELAYED = ("a-f-", "a-n-", "a-u-")
_READ_DETAIL = frozenset(("contact", "track"))
_OUT_TYPES = {
    Party.COALITION: "a-f-A-M",
    Party.OTHER: "a-n-A-M",
    Party.CIVIL: "a-n-A-C",
    Party.HUMANITARIAN: "a-n-A-C",
    Party.UNKNOWN: "a-u-A",
}


class CotEvent(Struct, frozen=True, kw_only=True):
    """One event, its fields checked; None where the sender said nothing or unknown."""

    uid: str
    type: str
    time_us: int
    start_us: int
    stale_us: int
    how: str
    opex: str
    lat_deg: float
    lon_deg: float
    hae_m: float | None
    callsign: str | None
    speed_mps: float | None
    course_deg: float | None
    dropped_count: int

    def is_air(self) -> bool:
        """Whether it is an air track."""
        return _AIR.match(self.type) is not None

    def is_exercise(self) -> bool:
        """Whether its bytes say exercise or simulation."""
        return self.opex[:1] in ("e", "s")


def step(state: StreamState, chunk: bytes) -> tuple[StreamState, list[CotEvent | Rejected]]:
    """Events in a chunk of a CoT stream; how the stream is cut never matters, and nothing is raised."""
    state, pieces = cot_stream.step(state, chunk)
    found: list[CotEvent | Rejected] = []
    for piece in pieces:
        if isinstance(piece, Rejected):
            found.append(piece)
            continue
        try:
            found.append(parse_event(piece))
        except WireError as error:
            found.append(Rejected(reason=str(error)[:160], sample=piece[:256]))
    return state, found


def parse_event(raw: bytes) -> CotEvent:
    """One event from its bytes.

    **Raises**: WireError, when it is not well-formed UTF-8 XML, declares anything, or a field is missing or
    out of its limits.
    """
    reader = _Reader()
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise WireError(f"not well-formed XML: {expat.errors.messages[error.code]}") from error
    return reader.event()


class _Reader:
    """Collects the attributes that are read and counts the elements that are not."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._held: dict[str, dict[str, str]] = {}
        self._dropped = 0

    def refuse_doctype(self, *_: object) -> NoReturn:
        raise WireError("a document type or entity is declared")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        known = self._path in (["event"], ["event", "point"], ["event", "detail"]) or (
            self._path[:2] == ["event", "detail"] and len(self._path) == 3 and name in _READ_DETAIL
        )
        if not known:
            self._dropped += 1
        elif name in self._held:
            raise WireError("an element stands twice")
        else:
            self._held[name] = attributes

    def end(self, _: str) -> None:
        self._path.pop()

    def event(self) -> CotEvent:
        head = self._held.get("event")
        point = self._held.get("point")
        if head is None or point is None:
            raise WireError("an event needs `point`")
        if head.get("version") not in ("2.0", "2"):
            raise WireError("`version` is not 2.0")
        contact, track = self._held.get("contact", {}), self._held.get("track", {})
        hae_m = _number(point, "hae", -1_000, UNKNOWN_M)
        if hae_m > 50_000 and hae_m != UNKNOWN_M:
            raise WireError("`hae` is over 50,000 m")
        return CotEvent(
            uid=_text(head, "uid", _UID),
            type=_text(head, "type", _TYPE),
            time_us=_instant(head, "time"),
            start_us=_instant(head, "start"),
            stale_us=_instant(head, "stale"),
            how=head.get("how", ""),
            opex=head.get("opex", ""),
            lat_deg=_number(point, "lat", -90, 90),
            lon_deg=_number(point, "lon", -180, 180),
            hae_m=None if hae_m == UNKNOWN_M else hae_m,
            callsign=contact["callsign"][:32] if "callsign" in contact else None,
            speed_mps=_number(track, "speed", 0, 1_500) if "speed" in track else None,
            course_deg=_number(track, "course", 0, 360) if "course" in track else None,
            dropped_count=self._dropped,
        )


def _text(attributes: dict[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = attributes.get(name, "")
    if not pattern.fullmatch(value):
        raise WireError(f"`{name}` is missing or not allowed")
    return value


def _number(attributes: dict[str, str], name: str, low: float, high: float) -> float:
    text = attributes.get(name, "")
    if not _DECIMAL.fullmatch(text):
        raise WireError(f"`{name}` is missing or not a decimal number")
    value = float(text)
    if not low <= value <= high:
        raise WireError(f"`{name}` is out of {low:g} to {high:g}")
    return value


def _instant(attributes: dict[str, str], name: str) -> int:
    try:
        return us_from_rfc3339(attributes.get(name, ""))
    except InputError as error:
        raise WireError(f"`{name}` is missing or no time with a zone") from error


def observation_of(event: CotEvent) -> Observation:
    """The observation an air event makes: geometric altitude, no vertical rate, party by affiliation."""
    affiliation = event.type[2:3]
    party = Party.UNKNOWN
    if affiliation == "f":
        party = Party.COALITION
    elif affiliation == "n":
        party = Party.CIVIL if event.type.startswith("a-n-A-C") else Party.OTHER
    return Observation(
        identity="cot:" + event.uid,
        toa_us=event.time_us,
        lat_deg=event.lat_deg,
        lon_deg=event.lon_deg,
        geo_alt_ft=None if event.hae_m is None else round(event.hae_m / M_PER_FT),
        gs_kt=None if event.speed_mps is None else event.speed_mps / MPS_PER_KT,
        trk_deg=None if event.course_deg is None else event.course_deg % 360.0,
        callsign=event.callsign,
        party=party,
    )


def uid_of(identity: str) -> str:
    """The uid that a track's identity gets in CoT."""
    scheme, _, name = identity.partition(":")
    return name if scheme == "cot" else f"{scheme.upper()}-{name.upper()}"


def encode_track(track: Track, *, time_us: int, stale_us: int, exercise: str) -> bytes:
    """One track as an event, ended by `</event>` and a newline.

    **Args**: `exercise`: the exercise's name, written into `opex` and the remarks; empty for none.
    **Doubt**: no geometric altitude is sent as unknown; pressure altitude is never put in its place.
    """
    hae_m = UNKNOWN_M if track.geo_alt_ft is None else track.geo_alt_ft * M_PER_FT
    motion = ""
    if track.gs_kt is not None and track.trk_deg is not None:
        motion = f'<track speed="{track.gs_kt * MPS_PER_KT:.2f}" course="{track.trk_deg:.2f}"/>'
    return _event(
        uid=uid_of(track.identity),
        kind=_OUT_TYPES[track.party],
        times=(time_us, stale_us),
        point=(track.lat_deg, track.lon_deg, hae_m),
        callsign=track.callsign,
        motion=motion,
        exercise=exercise,
    )


def encode_report(
    *,
    uid: str,
    times_us: tuple[int, int],
    place: tuple[float, float, float],
    callsign: str,
    speed_mps: float,
    course_deg: float,
    exercise: str,
) -> bytes:
    """One aircraft's own report, as a coalition gateway sends it.

    **Args**: `times_us`: time and stale; `place`: latitude, longitude [deg] and height above ellipsoid [m].
    """
    return _event(
        uid=uid,
        kind=_OUT_TYPES[Party.COALITION],
        times=times_us,
        point=place,
        callsign=callsign,
        motion=f'<track speed="{speed_mps:.3f}" course="{course_deg % 360.0:.3f}"/>',
        exercise=exercise,
    )


def encode_relayed(event: CotEvent, stale_us: int, *, exercise: str) -> bytes:
    """A client's own report for other clients: its type, place and height as it said them, marked by the room."""
    own = event.type if event.type.startswith(_RELAYED) else "a-u-G"
    motion = ""
    if event.speed_mps is not None and event.course_deg is not None:
        motion = f'<track speed="{event.speed_mps:.2f}" course="{event.course_deg:.2f}"/>'
    return _event(
        uid=event.uid,
        kind=own,
        times=(event.time_us, stale_us),
        point=(event.lat_deg, event.lon_deg, UNKNOWN_M if event.hae_m is None else event.hae_m),
        callsign=event.callsign or "",
        motion=motion,
        exercise=exercise,
    )


def encode_pong(kind: str, time_us: int, stale_us: int) -> bytes:
    """The answer to a TAK client's ping."""
    return _event(
        uid="takPong",
        kind=kind,
        times=(time_us, stale_us),
        point=(0.0, 0.0, UNKNOWN_M),
        callsign="",
        motion="",
        exercise="",
    )


def _event(
    *,
    uid: str,
    kind: str,
    times: tuple[int, int],
    point: tuple[float, float, float],
    callsign: str,
    motion: str,
    exercise: str,
) -> bytes:
    time, stale = rfc3339_from_us(times[0]), rfc3339_from_us(times[1])
    mark = f" opex={quoteattr('e-' + exercise)}" if exercise else ""
    remarks = "<remarks>EXERCISE</remarks>" if exercise else ""
    how = "m-s" if exercise else "m-r"
    contact = f"<contact callsign={quoteattr(callsign)}/>" if callsign else ""
    return (
        f'<event version="2.0" uid={quoteattr(uid)} type="{kind}" time="{time}" start="{time}" '
        f'stale="{stale}" how="{how}"{mark}>'
        f'<point lat="{point[0]:.7f}" lon="{point[1]:.7f}" hae="{point[2]:.2f}" ce="9999999.0" le="9999999.0"/>'
        f"<detail>{contact}{motion}{remarks}</detail></event>\n"
    ).encode()
