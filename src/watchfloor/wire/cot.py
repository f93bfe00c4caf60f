"""Cursor on Target events, XML form, to observations and back; their fields and limits are in `cot_event`.

Every other element is dropped and counted. Entities, document types and encodings other than UTF-8 are refused.
No affiliation becomes hostile here: what a sender calls so is shown as unknown.
**Source**: MITRE CoT Event schema 2.0 (Event-PUBLIC.xsd), track schema 06-0358.
"""

from functools import lru_cache
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.units import M_PER_FT, MPS_PER_KT
from watchfloor.messages.air import Observation, Party, Rejected, Track
from watchfloor.messages.room import Context
from watchfloor.wire import cot_stream
from watchfloor.wire.cot_event import UNKNOWN_M, Attributes, CotEvent, event_of
from watchfloor.wire.cot_stream import StreamState

_RELAYED = ("a-f-", "a-n-", "a-u-")
READ_DETAIL = ("contact", "track")
_DETAIL = "/event/detail"
_READ_PATHS = frozenset(
    (
        "/event",
        "/event/point",
        _DETAIL,
        *(f"{_DETAIL}/{name}" for name in (*READ_DETAIL, "TakControl", "TakControl/TakRequest")),
    )
)
_UNREAD = "?"
TWICE = "an element stands twice"
OUT_TYPES = {
    Party.COALITION: "a-f-A-M",
    Party.OTHER: "a-n-A-M",
    Party.CIVIL: "a-n-A-C",
    Party.HUMANITARIAN: "a-n-A-C",
    Party.UNKNOWN: "a-u-A",
}


def step(state: StreamState, chunk: bytes) -> tuple[StreamState, list[CotEvent | Rejected]]:
    """Events in a chunk of a CoT stream; how the stream is cut never matters, and nothing is raised."""
    pieces: list[cot_stream.Piece] = []
    for begin in range(0, len(chunk), cot_stream.AT_ONCE_BYTES):
        state, some = cot_stream.step(state, chunk[begin : begin + cot_stream.AT_ONCE_BYTES])
        pieces += some
    found: list[CotEvent | Rejected] = []
    for piece in pieces:
        if not isinstance(piece, bytes):
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
    reader = _read(raw)
    if reader.held.get("event", {}).get("version") not in ("2.0", "2"):
        raise WireError("no event, or its `version` is not 2.0")
    return event_of(reader.held, reader.dropped_count)


def detail_of(xml: str) -> tuple[Attributes, int]:
    """What is read of a detail's elements, and how many others there are.

    **Raises**: WireError, when they are not well-formed.
    """
    reader = _read(f"<event><detail>{xml}</detail></event>".encode())
    return {name: reader.held[name] for name in READ_DETAIL if name in reader.held}, reader.dropped_count


def _read(raw: bytes) -> "_Reader":
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
    return reader


class _Reader:
    """Collects the attributes that are read and counts the elements that are not."""

    def __init__(self) -> None:
        self._paths = [""]
        self.held: Attributes = {}
        self.dropped_count = 0

    def refuse_doctype(self, *_: object) -> NoReturn:
        raise WireError("a document type or entity is declared")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        path = f"{self._paths[-1]}/{name}"
        is_read = path in _READ_PATHS
        self._paths.append(path if is_read else _UNREAD)  # not the whole path, which deep nesting would make long
        if not is_read:
            self.dropped_count += 1
        elif name in self.held:
            raise WireError(TWICE)
        else:
            self.held[name] = attributes

    def end(self, _: str) -> None:
        self._paths.pop()


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


@lru_cache(maxsize=1 << 14)
def uid_of(identity: str) -> str:
    """The uid that a track's identity gets in CoT."""
    scheme, _, name = identity.partition(":")
    return name if scheme == "cot" else f"{scheme.upper()}-{name.upper()}"


class Mark(Struct, frozen=True):
    """What the bytes say that they are: `words` in the remarks, and `opex`, empty for what is no simulation."""

    words: str = ""
    opex: str = ""

    def how(self) -> str:
        """Made by a machine: simulated, or read."""
        return "m-s" if self.opex else "m-r"


def mark_of(context: Context, exercise: str) -> Mark:
    """The mark of what a room sends: only what is live is no simulation to those who read it.

    **Source**: `opex` of the Event schema: `e` exercise, `s` simulation.
    """
    if context is Context.LIVE_CIVIL:
        return Mark(context.value)
    return Mark(context.value, f"e-{exercise}" if exercise else f"s-{context.value.replace(' ', '-')}")


class Outgoing(Struct, frozen=True, kw_only=True):
    """An event that goes out, in whatever form its reader asked for; `hae_m` None is sent as unknown."""

    uid: str
    type: str
    time_us: int
    stale_us: int
    lat_deg: float
    lon_deg: float
    hae_m: float | None
    callsign: str = ""
    speed_mps: float | None = None
    course_deg: float | None = None
    mark: Mark = Mark()


def track_event(track: Track, *, time_us: int, stale_us: int, mark: Mark) -> Outgoing:
    """One track as an event.

    **Doubt**: no geometric altitude is sent as unknown; pressure altitude is never put in its place.
    """
    moves = track.gs_kt is not None and track.trk_deg is not None
    return Outgoing(
        uid=uid_of(track.identity),
        type=OUT_TYPES[track.party],
        time_us=time_us,
        stale_us=stale_us,
        lat_deg=track.lat_deg,
        lon_deg=track.lon_deg,
        hae_m=None if track.geo_alt_ft is None else track.geo_alt_ft * M_PER_FT,
        callsign=track.callsign,
        speed_mps=track.gs_kt * MPS_PER_KT if moves and track.gs_kt is not None else None,
        course_deg=track.trk_deg if moves else None,
        mark=mark,
    )


def relayed_event(event: CotEvent, stale_us: int, *, mark: Mark) -> Outgoing:
    """A client's own report for other clients: its type, place and height as it said them, marked by the room."""
    moves = event.speed_mps is not None and event.course_deg is not None
    return Outgoing(
        uid=event.uid,
        type=event.type if event.type.startswith(_RELAYED) else "a-u-G",
        time_us=event.time_us,
        stale_us=stale_us,
        lat_deg=event.lat_deg,
        lon_deg=event.lon_deg,
        hae_m=event.hae_m,
        callsign=event.callsign or "",
        speed_mps=event.speed_mps if moves else None,
        course_deg=event.course_deg if moves else None,
        mark=mark,
    )


def pong_event(kind: str, time_us: int, stale_us: int) -> Outgoing:
    """The answer to a TAK client's ping."""
    return Outgoing(uid="takPong", type=kind, time_us=time_us, stale_us=stale_us, lat_deg=0.0, lon_deg=0.0, hae_m=None)


_quoted = lru_cache(maxsize=1 << 14)(quoteattr)  # names and types come again with every report


@lru_cache(maxsize=16)
def _xml_of(mark: Mark) -> tuple[str, str]:
    """A mark as attributes of an event, and as remarks in its detail."""
    opex = f" opex={quoteattr(mark.opex)}" if mark.opex else ""
    return f'how="{mark.how()}"{opex}', f"<remarks>{escape(mark.words)}</remarks>" if mark.words else ""


def encode(event: Outgoing) -> bytes:
    """The event as XML, ended by `</event>` and a newline."""
    time, stale = rfc3339_from_us(event.time_us), rfc3339_from_us(event.stale_us)
    marked, remarks = _xml_of(event.mark)
    contact = f"<contact callsign={_quoted(event.callsign)}/>" if event.callsign else ""
    hae_m = UNKNOWN_M if event.hae_m is None else event.hae_m
    motion = ""
    if event.speed_mps is not None and event.course_deg is not None:
        motion = f'<track speed="{event.speed_mps:.3f}" course="{event.course_deg:.3f}"/>'
    return (
        f'<event version="2.0" uid={_quoted(event.uid)} type={_quoted(event.type)} time="{time}" start="{time}" '
        f'stale="{stale}" {marked}>'
        f'<point lat="{event.lat_deg:.7f}" lon="{event.lon_deg:.7f}" hae="{hae_m:.2f}" ce="{UNKNOWN_M}" '
        f'le="{UNKNOWN_M}"/><detail>{contact}{motion}{remarks}</detail></event>\n'
    ).encode()
