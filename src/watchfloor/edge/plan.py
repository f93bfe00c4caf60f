"""What to run, and what a user needs to know once it runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from watchfloor.app.intake import FeedSetup
from watchfloor.app.media import MediaKeeper
from watchfloor.app.ports import Witness
from watchfloor.app.settings import Settings
from watchfloor.app.witnessing import WitnessRules
from watchfloor.base.labels import Label
from watchfloor.edge.feeds.recorded import Recording
from watchfloor.edge.feeds.sources import Source
from watchfloor.edge.lines import HeldLine
from watchfloor.edge.links.system_tracks import SystemTracksPlan
from watchfloor.edge.login import LoginRule
from watchfloor.edge.other_room import OtherRoom
from watchfloor.edge.tak.certificates import TakClients
from watchfloor.edge.tokens import Tokens
from watchfloor.messages.feeds import Feed
from watchfloor.messages.matching import LinePlan
from watchfloor.messages.pack import Pack
from watchfloor.messages.volumes import PlannedVolume


class AirspacePlan(Struct, frozen=True):
    """The room in the world of ASTM F3548: whose tokens it takes, and what it plans and reserves itself."""

    tokens: Tokens
    name: str
    base_url: str = ""
    plans: tuple[PlannedVolume, ...] = ()
    reservations: tuple[PlannedVolume, ...] = ()


class Plan(Struct, frozen=True):
    """What to run: an exercise (`pack`, `pack_folder`) or a serve file (`settings`).

    `tak` are the certificates of the TLS port for TAK clients; without them there is none.

    `line_plans` are the flights that we mean to make, to be matched with another party's; never told to anybody.

    `recordings`, `sources` and `readers` are what is played, connected to, and what reads, by feed.
    """

    data: Path
    http_port: int
    cot_port: int
    tak: TakClients | None = None
    tak_port: int = 0
    rate_permille: int = 1000
    from_us: int | None = None
    until_us: int | None = None
    passkeys: bool = False
    video: bool = True
    keep_video: bool = False
    login: LoginRule | None = None
    pack: Pack | None = None
    pack_folder: Path = Path()
    settings: Settings | None = None
    recordings: Mapping[str, Recording] = {}
    system_tracks: SystemTracksPlan | None = None
    airspace: AirspacePlan | None = None
    readers: Mapping[str, Feed] = {}
    sources: Mapping[str, Source] = {}
    second_key: Path | None = None
    lines: tuple[HeldLine, ...] = ()
    line_plans: tuple[LinePlan, ...] = ()
    other_room: OtherRoom | None = None
    follows_clock: bool = False
    witnesses: tuple[Witness, ...] = ()
    witness_rules: WitnessRules = WitnessRules()
    ends_witnesses: bool = False

    def kept_videos(
        self, feeds: Sequence[FeedSetup], keeper_for: Callable[[Label], MediaKeeper]
    ) -> dict[str, MediaKeeper]:
        """What keeps each of the videos that are kept, by who may see it."""
        named = {feed.id for feed in self.settings.feeds if feed.keep} if self.settings else set()
        if self.pack is not None and self.keep_video:
            named = {feed.id for feed in self.pack.header.feeds if feed.camera}
        return {feed.feed_id: keeper_for(feed.label) for feed in feeds if feed.feed_id in named}


class Started(Struct, frozen=True):
    """What a user needs to know once the room is open."""

    url: str
    http_port: int
    cot_port: int
    tak_port: int | None
    data: str
    room_id: str
    context: str
    resumed: bool
    seats: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    other_party: str = ""
    other_url: str = ""
    other_data: str = ""
    other_seats: tuple[tuple[str, str], ...] = ()
