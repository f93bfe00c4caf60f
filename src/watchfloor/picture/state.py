"""What the picture is made of: tracks by identity, what is not yet one, and what is doubted."""

from collections.abc import Mapping

from msgspec import Struct

from watchfloor.base.geodesy import Floats
from watchfloor.messages.air import Party, Track


class FeedLimits(Struct, frozen=True):
    """When data of a feed is stale, and when it is lost, by room time."""

    stale_us: int
    lost_us: int


class Partial(Struct, frozen=True, gc=False):
    """What an aircraft has said before its first position, and when it last spoke."""

    toa_us: int = 0
    callsign: str = ""
    squawk: str = ""
    gs_kt: float | None = None
    trk_deg: float | None = None
    vs_fpm: int | None = None
    velocity_toa_us: int = 0


class Gap(Struct, frozen=True, gc=False):
    """How far geometric altitude is above pressure altitude, as the aircraft itself last said."""

    toa_us: int
    ft: int


class Climb(Struct, frozen=True, gc=False):
    """The level from which a vertical rate is reckoned, for feeds that report none."""

    toa_us: int
    geo_alt_ft: int


class Block(Struct, frozen=True):
    """A block of 24-bit addresses that names a party."""

    first: int
    last: int
    party: Party


class Tentative(Struct, frozen=True):
    """Plots that may be an aircraft: an estimate (`estimating`), and how many they are."""

    row: Floats
    plot_count: int
    alt_ft: int | None


class Unnamed(Struct, frozen=True, gc=False):
    """A track made of plots alone: since when it has been, and since when it has looked like which other track."""

    begun_us: int
    like: str = ""
    like_us: int = 0


class Tie(Struct, frozen=True, gc=False):
    """Whom another system's track without an address turned out to be, and when that was last so."""

    identity: str
    toa_us: int


class Rival(Struct, frozen=True, gc=False):
    """The newest place that was refused to a track, and how many in a row fit together."""

    toa_us: int
    lat_deg: float
    lon_deg: float
    count: int


class Picture(Struct, frozen=True):
    """All tracks by identity, and what is not yet one.

    `estimates` are of tracks whose place is not what their aircraft said last, `unnamed` those that say nothing, `ties`
    names of other systems' tracks that are the same aircraft as a track here.
    """

    limits: Mapping[str, FeedLimits]
    blocks: tuple[Block, ...] = ()
    tracks: dict[str, Track] = {}
    partials: dict[str, Partial] = {}
    gaps: dict[str, Gap] = {}
    climbs: dict[str, Climb] = {}
    estimates: dict[str, Floats] = {}
    tentative: dict[str, Tentative] = {}
    unnamed: dict[str, Unnamed] = {}
    rivals: dict[str, Rival] = {}
    ties: dict[str, Tie] = {}

    def copied(self) -> "Picture":
        """The same, to be changed without changing this one."""
        return Picture(
            self.limits,
            self.blocks,
            dict(self.tracks),
            dict(self.partials),
            dict(self.gaps),
            dict(self.climbs),
            dict(self.estimates),
            dict(self.tentative),
            dict(self.unnamed),
            dict(self.rivals),
            dict(self.ties),
        )
