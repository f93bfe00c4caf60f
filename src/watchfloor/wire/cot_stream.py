"""Where one CoT event ends and the next begins in a TCP stream, whatever the chunks.

| limit | value | why |
|---|---|---|
| event | 1 MiB | a stream without a complete event in it is no CoT |
| one tag, comment or section | 64 KiB | bounds the work that a sender of tiny chunks can cause |

Outside events, declarations, comments and white space are passed over. A `<` where markup forbids it, a
document type, or an event inside an event means that bytes were lost: what was read is rejected and reading
starts again at the next `<event`.
**Source**: MITRE CoT Event schema 2.0; the streaming rule of TAK's protocol.txt (split after `</event>`).
"""

import re

from msgspec import Struct

from watchfloor.messages.air import Rejected
from watchfloor.wire import cot_plain
from watchfloor.wire.cot_event import CotEvent

Piece = CotEvent | bytes | Rejected

MAX_EVENT_BYTES = 1 << 20
OVERSIZED = "over 1 MiB without a complete event"
AT_ONCE_BYTES = 1 << 14
_MAX_TOKEN_BYTES = 1 << 16
_START = re.compile(rb"<event(?=[\s/>])")
_TOKEN = re.compile(
    rb"""(?P<skip><!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|[^<]+)"""
    rb"""|(?P<close></event\s*>)"""
    rb"""|(?P<nested><event(?=[\s/>]))"""
    rb"""|(?P<tag></?[A-Za-z_:][^\s<>/"'=]*(?:[^<>"']|"[^"<]*"|'[^'<]*')*>)""",
    re.DOTALL,
)
_OPEN = re.compile(rb"""<event(?:[^<>"'/]|/(?!>)|"[^"<]*"|'[^'<]*')*(?P<end>/?>)""")
_UNFINISHED = re.compile(
    rb"""<(?:!(?:-(?:-.*)?)?|!\[?[CDAT]{0,5}(?:\[.*)?|\?.*|/?(?:[A-Za-z_:](?:[^<>"']|"[^"<]*"|'[^'<]*')*(?:"[^"<]*|'[^'<]*)?)?)?\Z""",
    re.DOTALL,
)
# A whole event of tags and text: found at once, to the same end as tag by tag.
_WHOLE = re.compile(
    rb"""\s*+(?P<event><event(?=[\s/>])(?:[^<>"'/]|/(?!>)|"[^"<]*+"|'[^'<]*+')*+>"""
    rb"""(?:[^<]++|<(?!/?event[\s/>])/?[A-Za-z_:][^\s<>/"'=]*+(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>)*+</event\s*>)"""
)
_HARMLESS = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


class StreamState(Struct, frozen=True):
    """Bytes not yet ended, and how far into an open event they are known to be sound (0: none open)."""

    rest: bytes = b""
    read_count: int = 0


def step(state: StreamState, chunk: bytes) -> tuple[StreamState, list[Piece]]:
    """Complete events, read where they are plain, else as bytes from `<event` to its end; and what was rejected.

    **Cost**: what is left of a chunk is copied for each event in it; chunks of AT_ONCE_BYTES at most keep that small.
    """
    data, place = state.rest + chunk, state.read_count
    found: list[Piece] = []
    text = data.decode("latin-1")  # a character for each byte; `data` is its end, however far it is read
    while True:
        if place == 0:
            data = _without_whole(data, text, found)
            if not data:
                return StreamState(), found
            data = _to_next_start(data, found)
            if not _START.match(data):
                return StreamState(data), found
            opened = _OPEN.match(data)
            if opened is None:
                if _could_continue(data, 0):
                    return StreamState(data), found
                data = _reject(data, 1, "broken markup", found)
                continue
            place = opened.end()
            if opened.group("end") == b"/>":
                found.append(data[:place])
                data, place = data[place:], 0
                continue
        token = _TOKEN.match(data, place)
        if token is None and place < len(data) and not _could_continue(data, place):
            data, place = _reject(data, max(place, 1), "broken markup", found), 0
        elif token is None or (token.lastgroup == "skip" and token.end() == len(data)):
            end = place if token is None or data[place : place + 1] == b"<" else len(data)
            if len(data) > MAX_EVENT_BYTES:
                data, place = _reject(data, len(data), OVERSIZED, found), 0
                continue
            return StreamState(data, end), found
        elif token.lastgroup == "nested":
            data, place = _reject(data, place, "an event inside an event", found), 0
        elif token.lastgroup == "close":
            found.append(data[: token.end()])
            data, place = data[token.end() :], 0
        else:
            place = token.end()


def _without_whole(data: bytes, text: str, found: list[Piece]) -> bytes:
    """What follows the events that data begins with, plain ones and other whole ones."""
    before, end = len(text) - len(data), 0
    while True:
        if (event := cot_plain.read(text, before + end)) is not None:
            found.append(event[0])
            end = event[1] - before
        elif (whole := _WHOLE.match(data, end)) is not None:
            found.append(whole["event"])
            end = whole.end()
        else:
            return data[end:]


def _could_continue(data: bytes, place: int) -> bool:
    tail = data[place:]
    return len(tail) <= _MAX_TOKEN_BYTES and _UNFINISHED.match(tail) is not None


def _reject(data: bytes, end: int, reason: str, found: list[Piece]) -> bytes:
    found.append(Rejected(reason=reason, sample=data[: min(end, 256)]))
    return data[end:]


def _to_next_start(data: bytes, found: list[Piece]) -> bytes:
    """What remains from the next `<event` on, or the few bytes that may become one."""
    start = _START.search(data)
    end = start.start() if start else len(data)
    if start is None:
        last = data.rfind(b"<")
        if last >= 0 and _could_continue(data, last):
            end = last
    before = data[:end]
    if not _is_harmless(before):
        declares = b"<!DOCTYPE" in before or b"<!ENTITY" in before
        reason = "a document type or entity is declared" if declares else "bytes outside any event"
        found.append(Rejected(reason=reason, sample=before[:256]))
    return data[end:]


def _is_harmless(raw: bytes) -> bool:
    """Whether these bytes are white space, declarations and comments only; each is looked at once."""
    place = 0
    while place < len(raw):
        piece = _HARMLESS.match(raw, place)
        if piece is None:
            return False
        place = piece.end()
    return True
