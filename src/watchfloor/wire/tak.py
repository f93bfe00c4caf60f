"""TAK protocol, version 1: Cursor on Target events as protobuf, and how a client asks for them.

| form | bytes |
|---|---|
| stream | `BF`, the message's length as a varint, the message |
| datagram | `BF 01 BF`, the message |

| field | unit | limits and why |
|---|---|---|
| `cotEvent` | - | absent: nothing but control, passed over |
| `sendTime`, `startTime`, `staleTime` | ms since 1970, UTC | before the year 9999 |
| `detail.contact`, `detail.track` | as in the XML form | here and in `xmlDetail`: refused, as twice in XML |
| all others | - | the limits of the XML form (`cot`); what is not read is dropped and counted |
| message | 256 KiB | one event without its attachments |

Both sides of a stream begin with XML; the server says that it speaks version 1, the client may ask for it, and after
the server's answer both write protobuf.
**Source**: TAK protocol, version 1 (`protocol.txt` and the `.proto` files of the ATAK-CIV sources).
"""

from xml.sax.saxutils import escape

from google.protobuf.message import DecodeError
from msgspec import Struct
from takproto.proto import TakMessage

from watchfloor.base.errors import WireError
from watchfloor.base.instants import rfc3339_from_us
from watchfloor.messages.air import Rejected
from watchfloor.wire import cot
from watchfloor.wire.cot import Outgoing
from watchfloor.wire.cot_event import UNKNOWN_M, CotEvent, event_of
from watchfloor.wire.cot_stream import StreamState

VERSION = "1"
MAGIC = 0xBF
DATAGRAM_HEAD = b"\xbf\x01\xbf"
MAX_MESSAGE_BYTES = 1 << 18
OVERSIZED = "over 256 KiB in one message"
OFFERED, ASKED, ANSWERED = "t-x-takp-v", "t-x-takp-q", "t-x-takp-r"
BETWEEN = "t-"  # types of what servers and clients say to each other
_LAST_MS = 253_370_764_800_000
_MOST_VARINT_BYTES = 5
_OTHER_DETAIL = ("group", "precisionLocation", "status", "takv")
_SAID_S = 60


class Reading(Struct, frozen=True):
    """How far a stream in either form is read; which one it is, its first byte tells."""

    xml: StreamState = StreamState()
    rest: bytes = b""
    is_protobuf: bool | None = None

    def unread(self) -> bytes:
        """What has begun and not ended."""
        return self.xml.rest or self.rest


def read(state: Reading, chunk: bytes) -> tuple[Reading, list[CotEvent | Rejected]]:
    """Events in a chunk of a stream, XML or protobuf; how the stream is cut never matters, and nothing is raised."""
    is_protobuf = state.is_protobuf
    if is_protobuf is None and chunk:
        is_protobuf = chunk[0] == MAGIC
    if is_protobuf:
        rest, found = step(state.rest, chunk)
        return Reading(state.xml, rest, is_protobuf), found
    xml, found = cot.step(state.xml, chunk)
    return Reading(xml, state.rest, is_protobuf), found


def step(rest: bytes, chunk: bytes) -> tuple[bytes, list[CotEvent | Rejected]]:
    """Events in a chunk of a protobuf stream; how the stream is cut never matters, and nothing is raised.

    After bytes that begin no message, and after a length over the limit, reading goes on at the next `BF`.
    """
    data, place = rest + chunk, 0
    found: list[CotEvent | Rejected] = []
    while place < len(data):
        if data[place] != MAGIC:
            begin = data.find(MAGIC, place)
            end = len(data) if begin < 0 else begin
            found.append(Rejected(reason="bytes between messages", sample=data[place : min(end, place + 256)]))
            place = end
            continue
        head = _length_at(data, place + 1)
        if head is None:
            break
        length, begin = head
        if length > MAX_MESSAGE_BYTES:
            found.append(Rejected(reason=OVERSIZED, sample=data[place : place + 256]))
            place += 1
            continue
        if begin + length > len(data):
            break
        found.extend(_event_in(data[begin : begin + length]))
        place = begin + length
    return data[place:], found


def read_datagram(raw: bytes) -> list[CotEvent | Rejected]:
    """The event of one datagram, protobuf or XML; none, when it only controls. Nothing is raised."""
    if raw.startswith(DATAGRAM_HEAD):
        return _event_in(raw[len(DATAGRAM_HEAD) :])
    state, found = cot.step(StreamState(), raw)
    if state.rest:
        found.append(Rejected(reason="ended inside an event", sample=state.rest[:256]))
    return found


def parse_message(raw: bytes) -> CotEvent | None:
    """The event of a message; None, when it has none.

    **Raises**: WireError, when it is no such message, or a field is missing or out of its limits.
    """
    message = TakMessage()
    try:
        message.ParseFromString(raw)
    except DecodeError as error:
        raise WireError("no TAK protobuf message") from error
    if not message.HasField("cotEvent"):
        return None
    event = message.cotEvent
    detail = event.detail
    held, dropped_count = cot.detail_of(detail.xmlDetail)
    dropped_count += sum(detail.HasField(name) for name in _OTHER_DETAIL)
    typed = {}
    if detail.HasField("contact") and detail.contact.callsign:
        typed["contact"] = {"callsign": detail.contact.callsign}
    if detail.HasField("track"):
        typed["track"] = {"speed": _decimal(detail.track.speed), "course": _decimal(detail.track.course)}
    if typed.keys() & held.keys():
        raise WireError(cot.TWICE)
    held |= typed
    held["event"] = {
        "uid": event.uid,
        "type": event.type,
        "time": _time(event.sendTime),
        "start": _time(event.startTime),
        "stale": _time(event.staleTime),
        "how": event.how,
        "opex": event.opex,
    }
    held["point"] = {"lat": _decimal(event.lat), "lon": _decimal(event.lon), "hae": _decimal(event.hae)}
    return event_of(held, dropped_count)


def encode(event: Outgoing) -> bytes:
    """The event as one message of a stream; times are cut to milliseconds."""
    message = _message(event)
    return bytes((MAGIC, *_varint(len(message)))) + message


def encode_datagram(event: Outgoing) -> bytes:
    """The event as one datagram."""
    return DATAGRAM_HEAD + _message(event)


def offer(real_us: int) -> bytes:
    """What a server says to a new client, in XML: that it speaks version 1."""
    return _control(OFFERED, f'<TakProtocolSupport version="{VERSION}"/>', real_us)


def answer(real_us: int, *, agreed: bool) -> bytes:
    """The answer to a client that asked for a version, in XML."""
    return _control(ANSWERED, f'<TakResponse status="{str(agreed).lower()}"/>', real_us)


def _control(kind: str, said: str, real_us: int) -> bytes:
    time, stale = rfc3339_from_us(real_us), rfc3339_from_us(real_us + _SAID_S * 1_000_000)
    return (
        f'<event version="2.0" uid="protouid" type="{kind}" time="{time}" start="{time}" stale="{stale}" how="m-g">'
        f'<point lat="0.0" lon="0.0" hae="0.0" ce="999999" le="999999"/>'
        f"<detail><TakControl>{said}</TakControl></detail></event>\n"
    ).encode()


def _event_in(raw: bytes) -> list[CotEvent | Rejected]:
    try:
        event = parse_message(raw)
    except WireError as error:
        return [Rejected(reason=str(error)[:160], sample=raw[:256])]
    return [] if event is None else [event]


def _length_at(data: bytes, place: int) -> tuple[int, int] | None:
    """A varint and where it ends; None, when it does not end yet. One without an end is longer than any message."""
    length = 0
    for count, byte in enumerate(data[place : place + _MOST_VARINT_BYTES]):
        length |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return length, place + count + 1
    return (MAX_MESSAGE_BYTES + 1, place) if len(data) >= place + _MOST_VARINT_BYTES else None


def _varint(number: int) -> list[int]:
    found = []
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return [*found, number]


def _decimal(number: float) -> str:
    return f"{number:.9f}"


def _time(ms: int) -> str:
    return rfc3339_from_us(ms * 1000) if ms < _LAST_MS else ""


def _message(event: Outgoing) -> bytes:
    message = TakMessage()
    said = message.cotEvent
    said.uid, said.type, said.how, said.opex = event.uid, event.type, event.mark.how(), event.mark.opex
    said.sendTime = said.startTime = event.time_us // 1000
    said.staleTime = event.stale_us // 1000
    said.lat, said.lon = event.lat_deg, event.lon_deg
    said.hae = UNKNOWN_M if event.hae_m is None else event.hae_m
    said.ce = said.le = UNKNOWN_M
    if event.callsign:
        said.detail.contact.callsign = event.callsign
    if event.speed_mps is not None and event.course_deg is not None:
        said.detail.track.speed, said.detail.track.course = event.speed_mps, event.course_deg
    if event.mark.words:
        said.detail.xmlDetail = f"<remarks>{escape(event.mark.words)}</remarks>"
    raw: bytes = message.SerializeToString()
    return raw
