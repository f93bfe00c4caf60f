"""The conformance kit of feeds: what every reader of a source must hold to, ours and a stranger's alike.

Each check answers with what was tried, and where it failed with the bytes that show it. Bytes are drawn from hashes, so
that a failure comes again.
"""

from collections.abc import Callable, Iterator
from hashlib import shake_128
from typing import Any, get_args

from msgspec import Struct

from watchfloor.messages.air import Observation, Rejected
from watchfloor.messages.feeds import MOST_REST_BYTES, Arrival, Feed, FeedMessage, fault_of, fault_of_view
from watchfloor.messages.video import CameraView, VideoPiece

NOW_US = 1_931_270_400_000_000
TRIES, LONGEST_JUNK, FLOOD_BYTES = 300, 600, 4 << 20
_ARRIVAL = Arrival(NOW_US)
_SHOWN = 48


class Check(Struct, frozen=True):
    """One thing that was checked: whether it holds, and what was tried or what broke it."""

    name: str
    holds: bool
    words: str


def check_feed(feed: Feed, sample: bytes = b"") -> list[Check]:
    """All checks of a feed; `sample` is what its source really sends, without which some say less."""
    checks: list[tuple[str, Callable[[Feed, bytes], str | None], str]] = [
        ("no bytes make it raise", _raises, f"{TRIES} pieces of junk and {TRIES} spoilt samples"),
        ("it gives messages only", _gives_others, f"{TRIES} pieces of junk and {TRIES} spoilt samples"),
        ("the same again gives the same", _is_not_pure, "the sample twice from one state"),
        ("how the stream is cut does not matter", _depends_on_cuts, "the sample whole, byte by byte, and in pieces"),
        ("it keeps no more than it may", _hoards, f"{FLOOD_BYTES:,} bytes without an end"),
    ]
    if sample:
        checks.append(("it reads its sample", _reads_nothing, f"{len(sample):,} bytes"))
    found = []
    for name, broken, tried in checks:
        try:
            words = broken(feed, sample)
        except Exception as error:  # noqa: BLE001  # a feed that raises fails every check that it raises in
            words = f"it raised {error!r}"
        found.append(Check(name, words is None, tried if words is None else words))
    return found


def _pieces(sample: bytes) -> Iterator[bytes]:
    """Junk, and the sample with bytes changed, cut out and doubled."""
    for number in range(TRIES):
        drawn = shake_128(f"junk {number}".encode()).digest(LONGEST_JUNK + 4)
        yield drawn[4 : 4 + int.from_bytes(drawn[:4], "big") % LONGEST_JUNK]
    for number in range(TRIES if sample else 0):
        drawn = shake_128(f"spoilt {number}".encode()).digest(16)
        place = int.from_bytes(drawn[:4], "big") % len(sample)
        end = min(len(sample), place + 4_096)
        part = sample[max(0, place - 64) : end]
        at = int.from_bytes(drawn[4:8], "big") % max(len(part), 1)
        yield part[:at] + drawn[8 : 8 + drawn[12] % 4] + part[at + drawn[13] % 4 :]


def _raises(feed: Feed, sample: bytes) -> str | None:
    for piece in _pieces(sample):
        try:
            state, _ = feed.step(feed.begin(), piece, _ARRIVAL)
            feed.step(state, piece, Arrival(NOW_US, in_exercise=True, is_datagram=True))
            feed.rest(state)
        except Exception as error:  # noqa: BLE001  # what it raises is the finding
            return f"{error!r} at {_shown(piece)}"
    return None


def _gives_others(feed: Feed, sample: bytes) -> str | None:
    for piece in (*_pieces(sample), sample):
        for one in _told(feed, piece):
            if type(one) not in get_args(FeedMessage):
                return f"{one!r} is no message, at {_shown(piece)}"
            fault = fault_of(one) if isinstance(one, Observation) else None
            fault = fault_of_view(one) if isinstance(one, CameraView) else fault
            if fault is not None:
                return f"{fault}, at {_shown(piece)}"
    return None


def _is_not_pure(feed: Feed, sample: bytes) -> str | None:
    half = len(sample) // 2
    state, _ = feed.step(feed.begin(), sample[:half], _ARRIVAL)
    first, second = (feed.step(state, sample[half:], _ARRIVAL)[1] for _ in range(2))
    return None if first == second else "a second step from one state gave something else"


def _depends_on_cuts(feed: Feed, sample: bytes) -> str | None:
    part = sample[:20_000]
    whole = _goods(_told(feed, part))
    for size in (1, 7, 61, 1_000):
        state: Any = feed.begin()
        found: list[FeedMessage] = []
        for place in range(0, len(part), size):
            state, some = feed.step(state, part[place : place + size], _ARRIVAL)
            found += some
        if _goods(found) != whole:
            return f"cut into pieces of {size}, it told something else"
    return None


def _hoards(feed: Feed, _: bytes) -> str | None:
    for byte in (b"<", b"A", b"\x1a", b"\x00", b"\xff", b"*"):
        state: Any = feed.begin()
        for _part in range(FLOOD_BYTES >> 16):
            state, _told_now = feed.step(state, byte * (1 << 16), _ARRIVAL)
            kept = len(feed.rest(state))
            if kept > MOST_REST_BYTES:
                return f"it keeps {kept:,} bytes of an endless {byte!r}"
    return None


def _reads_nothing(feed: Feed, sample: bytes) -> str | None:
    told = _told(feed, sample)
    count = len(_goods(told))
    refused = sum(one.count for one in told if isinstance(one, Rejected))
    return None if count > refused else f"{count} observations or camera views, and {refused} refused"


def _told(feed: Feed, raw: bytes) -> list[FeedMessage]:
    return feed.step(feed.begin(), raw, _ARRIVAL)[1]


def _goods(told: list[FeedMessage]) -> list[Observation | CameraView | bytes]:
    """What a source told; of video all that screens would have, however it is cut into pieces."""
    pictures = b"".join(one.raw for one in told if isinstance(one, VideoPiece))
    return [*(one for one in told if isinstance(one, Observation | CameraView)), *([pictures] if pictures else [])]


def _shown(raw: bytes) -> str:
    return raw[:_SHOWN].hex() + (f"... ({len(raw)} bytes)" if len(raw) > _SHOWN else "")
