"""What feeds report of aircraft, and the tracks made of it. Never persons, never owners.

Floats live only here: observations and tracks go to the tape, quantised, not to the record.
"""

from enum import StrEnum

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.room import FeedState


class Party(StrEnum):
    """Whose aircraft it is, as the pack's address blocks or the feed say. There is no hostile party."""

    COALITION = "coalition"
    OTHER = "other party"
    CIVIL = "civil"
    HUMANITARIAN = "humanitarian"
    UNKNOWN = "unknown"


class Oddity(StrEnum):
    """What speaks against a track's being one aircraft where it is shown."""

    NONE = ""
    JUMPED = "a place was claimed that it cannot have reached"
    DOUBLED = "one identity, two places"


class Accuracy(Struct, frozen=True, gc=False):
    """How well a place is measured: one sigma along a bearing [deg true] and across it."""

    bearing_deg: float
    along_m: float
    across_m: float


class Observation(Struct, frozen=True, gc=False, kw_only=True):
    """One report about one aircraft. A field that the report did not carry is None.

    `identity` is `icao:` and a 24-bit address in hex, `cot:` and a uid, `rid:` and a drone's serial number, `radar:`
    and a system's own track number, or `plot:` and a radar's SAC/SIC, for an echo that names nobody. Pressure altitude
    (`alt_ft`, 1013.25 hPa) and geometric altitude (`geo_alt_ft`, above the ellipsoid) are never put for each other.
    `geo_minus_pressure_ft` is the difference as the aircraft itself reports it. `selected_ft` is the pressure altitude
    that its crew selected to fly to.
    """

    identity: str
    toa_us: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    alt_ft: int | None = None
    geo_alt_ft: int | None = None
    geo_minus_pressure_ft: int | None = None
    gs_kt: float | None = None
    trk_deg: float | None = None
    vs_fpm: int | None = None
    selected_ft: int | None = None
    callsign: str | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    party: Party | None = None
    accuracy: Accuracy | None = None

    def is_plot(self) -> bool:
        """Whether it is an echo that names nobody."""
        return self.identity.startswith("plot:")


class Entered(Struct, frozen=True, gc=False):
    """A report that the picture took: whose it is, empty where it is no track's yet, and whether it told a place."""

    toa_us: int
    identity: str = ""
    has_place: bool = False


class ObservationBatch(Struct, frozen=True, kw_only=True):
    """What one feed said in one chunk, in order of arrival."""

    feed_id: str
    tor_us: int
    label: Label
    observations: tuple[Observation, ...]


class Rejected(Struct, frozen=True, kw_only=True):
    """Bytes or values a codec refused: counted and quarantined with this reason."""

    reason: str
    sample: bytes
    count: int = 1


class SourceAge(Struct, frozen=True, gc=False):
    """When one feed last said something of a track, by room time."""

    feed_id: str
    toa_us: int


class Track(Struct, frozen=True, gc=False, kw_only=True):
    """One aircraft as the room knows it; `toa_us` is of the newest position."""

    identity: str
    number: int
    label: Label
    sources: tuple[SourceAge, ...]
    toa_us: int
    lat_deg: float
    lon_deg: float
    alt_ft: int | None = None
    geo_alt_ft: int | None = None
    gs_kt: float | None = None
    trk_deg: float | None = None
    vs_fpm: int | None = None
    velocity_toa_us: int = 0
    selected_ft: int | None = None
    selected_toa_us: int = 0
    callsign: str = ""
    squawk: str = ""
    on_ground: bool = False
    party: Party = Party.UNKNOWN
    oddity: Oddity = Oddity.NONE


class TrackPicture(Struct, frozen=True, kw_only=True):
    """All tracks at one instant of room time, with the age state of each, in order of `number`."""

    room_us: int
    tracks: tuple[Track, ...]
    states: tuple[FeedState, ...]
