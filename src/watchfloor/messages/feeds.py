"""What a feed is to the room: pure steps from bytes to a closed union of messages. Plug-ins are held to the same.

A feed reads; it opens nothing and knows no clock. The room owns its connection, counts what it gives and what it
refuses, and takes nothing else from it than the messages here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from watchfloor.messages.air import Accuracy, Observation, Party, Rejected
from watchfloor.messages.video import CameraView, Corner, VideoPiece

MOST_REST_BYTES = 1 << 20


class Arrival(Struct, frozen=True):
    """How a chunk came: when by room time, into what room, and whether its ends are those of a message.

    `counter_epoch_us`: room time at which the source's own counter was 0, where the pack says it.
    """

    room_us: int
    in_exercise: bool = False
    is_datagram: bool = False
    counter_epoch_us: int | None = None


@runtime_checkable
class Configurable(Protocol):
    """A feed that takes options of its own."""

    def with_options(self, options: Mapping[str, Any]) -> "Feed":
        """The feed with these options.

        **Raises**: WireError, when they cannot be.
        """


class PassedOver(Struct, frozen=True):
    """What a feed read and does not give on, by design: counted, never kept."""

    count: int = 1


class Alive(Struct, frozen=True):
    """The source was at work at this time, whether or not it had anything to tell."""

    toa_us: int


FeedMessage = Observation | Rejected | PassedOver | Alive | VideoPiece | CameraView


@runtime_checkable
class Feed(Protocol):
    """One kind of source. `step` is pure: the same state and chunk give the same; no bytes make it raise.

    A feed of which parts must never be kept says `withholds = True`: of what is refused of it, the reason and the count
    are kept, and no bytes.
    """

    @property
    def name(self) -> str:
        """The word for it in packs and serve files."""

    def begin(self) -> Any:
        """The state before the first byte of a connection or file."""

    def step(self, state: Any, chunk: bytes, arrival: Arrival) -> tuple[Any, list[FeedMessage]]:
        """The state after a chunk, and what it told; how a stream is cut into chunks never matters."""

    def rest(self, state: Any) -> bytes:
        """Bytes of a message that has not ended yet, at most MOST_REST_BYTES."""


_LIMITS = {
    "lat_deg": (-90, 90),
    "lon_deg": (-180, 180),
    "alt_ft": (-2_000, 200_000),
    "geo_alt_ft": (-4_000, 200_000),
    "geo_minus_pressure_ft": (-20_000, 20_000),
    "gs_kt": (0, 10_000),
    "trk_deg": (0, 360),
    "vs_fpm": (-100_000, 100_000),
    "selected_ft": (-2_000, 100_000),
}
_BOUNDS = tuple((name, low, high) for name, (low, high) in _LIMITS.items())
_NUMBERS, _NUMERIC = attrgetter(*_LIMITS), frozenset((int, float))
_SQUAWK = re.compile(r"[0-7]{4}")
_LONGEST_CALLSIGN, _WORST_M, _CORNERS = 32, 1_000_000, 4
_WORDS, _NO_WORDS = attrgetter("callsign", "squawk", "on_ground", "party", "accuracy"), (None,) * 5
_IDENTITY = re.compile(r"(icao:[0-9a-f]{6}|cot:[\x21-\x7e]{1,128}|(radar|rid):[\x21-\x7e]{1,64}|plot:\d{1,3}/\d{1,3})")


@lru_cache(maxsize=1 << 14)
def _is_identity(name: str) -> bool:
    return _IDENTITY.fullmatch(name) is not None


def fault_of(seen: Observation) -> str | None:
    """Why an observation cannot be one, whoever gives it; None, when it can."""
    if not isinstance(seen.identity, str) or not _is_identity(seen.identity):
        return "an identity that is none"
    if type(seen.toa_us) is not int or not 0 <= seen.toa_us < 2**53:
        return "a time that is none"
    for value, (name, low, high) in zip(_NUMBERS(seen), _BOUNDS, strict=True):
        if value is not None and not (type(value) in _NUMERIC and low <= value <= high):
            return f"`{name}` out of its limits"
    if (words := _WORDS(seen)) != _NO_WORDS and (fault := _fault_of_words(*words)):
        return fault
    if (seen.lat_deg is None) != (seen.lon_deg is None) or (seen.gs_kt is None) != (seen.trk_deg is None):
        return "half a position or velocity"
    return None


def _fault_of_words(callsign: object, squawk: object, on_ground: object, party: object, accuracy: object) -> str | None:
    if callsign is not None and not (
        isinstance(callsign, str) and len(callsign) <= _LONGEST_CALLSIGN and callsign.isprintable()
    ):
        return "a callsign that is none"
    if squawk is not None and not (isinstance(squawk, str) and _SQUAWK.fullmatch(squawk)):
        return "a squawk that is none"
    if on_ground is not None and not isinstance(on_ground, bool):
        return "neither on the ground nor off it"
    if party is not None and not isinstance(party, Party):
        return "a party that is none"
    if accuracy is not None and not _is_accuracy(accuracy):
        return "an accuracy that is none"
    return None


def _is_accuracy(one: object) -> bool:
    return (
        isinstance(one, Accuracy)
        and _is_within(one.bearing_deg, -360, 360)
        and all(_is_within(sigma_m, 0, _WORST_M) for sigma_m in (one.along_m, one.across_m))
    )


def fault_of_view(view: CameraView) -> str | None:
    """Why a camera's view cannot be one, whoever gives it; None, when it can."""
    if type(view.toa_us) is not int or not 0 <= view.toa_us < 2**53:
        return "a time that is none"
    corners = view.corners if isinstance(view.corners, tuple) else (None,)
    if len(corners) not in (0, _CORNERS) or not all(isinstance(one, Corner) for one in corners):
        return "corners that are none"
    places = [(view.lat_deg, view.lon_deg), (view.frame_lat_deg, view.frame_lon_deg)]
    places += [(one.lat_deg, one.lon_deg) for one in corners if one is not None]
    for lat_deg, lon_deg in places:
        if (lat_deg, lon_deg) != (None, None) and not (_is_within(lat_deg, -90, 90) and _is_within(lon_deg, -180, 180)):
            return "a place that is none"
    if view.geo_alt_ft is not None and not _is_within(view.geo_alt_ft, -4_000, 200_000):
        return "`geo_alt_ft` out of its limits"
    return None


def _is_within(value: object, low: float, high: float) -> bool:
    return type(value) in _NUMERIC and low <= value <= high  # type: ignore[operator]  # a number, by its type
