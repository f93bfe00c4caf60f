"""A pack: doctrine as data. Who sits where, what must be asked, what may fly closer, what the map shows."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Digest, Ident, Integer, Kind, NeededWords, StatedFact, Verdict, Whole
from watchfloor.messages.air import Party
from watchfloor.messages.line_record import LineKind
from watchfloor.messages.rulebook import Rulebook
from watchfloor.messages.separation import SeparationRule

Ring = tuple[tuple[float, float], ...]
Share = Annotated[float, Meta(ge=0)]
LevelName = Literal["open", "restricted", "secret"]
Clock = Annotated[str, Meta(pattern=r"^\d{2}:\d{2}:\d{2}$")]


class PackClock(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Room time: its date, its distance from UTC, and the exercise's first and last minute."""

    date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    utc_offset: Annotated[str, Meta(pattern=r"^[+-]\d{2}:\d{2}$")]
    start: Clock
    end: Clock


class PackNation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A nation of the room, its language tag and its caveat in words."""

    id: Ident
    name: NeededWords
    language: Ident
    caveat: str


class PackRole(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role, the powers its seats hold, and up to what they may see; the engine knows powers, the pack names roles."""

    id: Ident
    name: NeededWords
    powers: tuple[str, ...]
    level: LevelName = "open"


class PackGroup(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Those who need to know something: the roles whose seats are in the group, and why it exists."""

    id: Ident
    name: NeededWords
    note: str = ""
    roles: tuple[Ident, ...]


class PackSeat(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chair: a role for a nation. `simulated` seats write only the opening record."""

    id: Ident
    role: Ident
    nation: Ident
    name: str = ""
    simulated: bool = False


class PackMinima(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must be kept between two aircraft, and how far ahead the room looks."""

    horizontal_nm: Share
    vertical_ft: Annotated[int, Meta(ge=0)]
    lookahead_s: Annotated[int, Meta(ge=1)]


class PackAirfieldRings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Around each airfield, below a level, separation is the tower's business."""

    radius_nm: Share
    below_ft: Annotated[int, Meta(ge=0)]


class PackAddressBlock(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A block of 24-bit addresses that names a party."""

    first: Annotated[str, Meta(pattern=r"^[0-9a-f]{6}$")]
    last: Annotated[str, Meta(pattern=r"^[0-9a-f]{6}$")]
    party: Party


class PackFeed(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A feed of the exercise: its wire format, its age limits and whom it is releasable to.

    `camera`: for video, the route of the aircraft that films.
    """

    id: Ident
    name: NeededWords
    format: Ident
    stale_s: Share
    lost_s: Share
    nations: tuple[Ident, ...]
    level: LevelName = "open"
    need_to_know: tuple[Ident, ...] = ()
    camera: str = ""


class PackKind(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind of request that this pack uses, and what it means here."""

    kind: Kind
    name: NeededWords
    note: str


class AdviserRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One role that must be asked: always, or for these kinds or in these areas."""

    role: Ident
    kinds: tuple[Kind, ...] = ()
    areas: tuple[Ident, ...] = ()


class RequiredAdvice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rule that names the required advisers, in its version."""

    rule_id: Ident
    rules_version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    note: NeededWords
    advisers: tuple[AdviserRule, ...]


class AreaNamed(Struct, frozen=True, forbid_unknown_fields=True):
    """An area as board and rules know it; `overlaps` names the areas that share ground with it."""

    id: Ident
    city: str = ""
    held: str = ""
    is_near_line: bool = False
    overlaps: tuple[str, ...] = ()


class DoctrineSet(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="DoctrineSet"):
    """The rules in force from this entry on, with their full text; a request is pinned to their digest.

    `areas` and `nations` are what requests may name, with what rules may ask of each area; requests that use force need
    `is_exercise`. `watch_until_us` is when the watch ends, and with it every delegation. `advice` stands in rooms from
    before rules were code.
    """

    rules_digest: Digest
    rules_version: Ident
    rules_text: str
    advice: RequiredAdvice | None
    areas: tuple[AreaNamed, ...]
    nations: tuple[str, ...]
    is_exercise: bool
    watch_until_us: Whole
    label: Label

    def area(self, area_id: str) -> AreaNamed | None:
        """An area by its id."""
        return next((area for area in self.areas if area.id == area_id), None)


class PackTakPort(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose picture TAK clients without a certificate have: what is releasable to all of these, up to a level."""

    nations: Annotated[tuple[Ident, ...], Meta(min_length=1)]
    level: LevelName = "open"
    need_to_know: tuple[Ident, ...] = ()


class PackLineKind(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who speaks on lines of a kind, by role, and who is asked there, where that is not who is asked elsewhere."""

    members: Annotated[tuple[Ident, ...], Meta(min_length=1, max_length=16)]
    answer: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()


class PackLine(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the room answers its lines: the daily call, how late it may be, and which roles are asked in which order.

    `kinds`: by kind of line, who its members are; where a kind is not named, whoever has the powers speaks.
    """

    call_at: Annotated[str, Meta(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] = "08:30"
    grace_s: Annotated[int, Meta(ge=10, le=3_600)] = 120
    answer: Annotated[tuple[Ident, ...], Meta(min_length=1, max_length=8)]
    step_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    urgent_step_s: Annotated[int, Meta(ge=1, le=3_600)] = 10
    kinds: dict[LineKind, PackLineKind] = {}


class PackOtherRoom(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The other party's room, which an exercise starts beside its own: its pack, and who is who on the line."""

    pack: Ident
    our_party: Ident
    their_party: Ident


class CounterpartNotice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A notice that the simulated counterpart sends at a time of day; corners are latitude and longitude [deg]."""

    at: Clock
    lasts_min: Annotated[int, Meta(ge=1, le=2_880)]
    floor_ft: Integer
    ceiling_ft: Integer
    outline: Annotated[tuple[tuple[float, float], ...], Meta(min_length=3, max_length=64)]


class PackCounterpart(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A simulated seat that answers the line while nobody sits on `unless_taken`.

    It answers calls, acknowledges, and reads back after so long; `misread_count`: how many of its first read-backs have
    two digits turned round. `says` are notices of its own.
    """

    seat: Ident
    unless_taken: Ident
    answer_after_s: Annotated[int, Meta(ge=1, le=600)]
    read_back_after_s: Annotated[int, Meta(ge=1, le=600)]
    misread_count: Annotated[int, Meta(ge=0, le=100)] = 0
    says: tuple[CounterpartNotice, ...] = ()


class PackHeader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`pack.yaml`. `notification_readers`: the group that sees a notification unless its notifier names another."""

    id: Ident
    title: NeededWords
    story: NeededWords
    fictional: bool
    clock: PackClock
    nations: tuple[PackNation, ...]
    other_parties: tuple[PackNation, ...]
    roles: tuple[PackRole, ...]
    seats: tuple[PackSeat, ...]
    minima: PackMinima
    airfield_rings: PackAirfieldRings
    address_blocks: tuple[PackAddressBlock, ...]
    feeds: tuple[PackFeed, ...]
    kinds: tuple[PackKind, ...]
    need_to_know: tuple[PackGroup, ...] = ()
    notification_readers: str = ""
    separation: tuple[SeparationRule, ...] = ()
    tak_port: PackTakPort | None = None
    line: PackLine | None = None
    other_room: PackOtherRoom | None = None
    counterpart: PackCounterpart | None = None


class Area(Struct, frozen=True, kw_only=True):
    """A named area of the map that a request may be about; none is smaller than a 5 km cell.

    `held`: by whom at the start, in the map's words; `is_near_line`: perhaps within 20 NM of a party line.
    """

    id: str
    name: str
    feature: str
    rings: tuple[Ring, ...]
    area_km2: float
    city: str = ""
    held: str = ""
    is_near_line: bool = False


class Airfield(Struct, frozen=True, kw_only=True):
    """An airfield of the map."""

    id: str
    name: str
    use: str
    lat_deg: float
    lon_deg: float


class Route(Struct, frozen=True, kw_only=True):
    """A scripted stream of aircraft: either `count` on a schedule or loop, or one with a time at each vertex."""

    id: str
    party: Party
    kind: str
    nation: str
    feed: str
    count: int
    gs_kt: float
    level_ft: int
    headway_min: float
    first_off_block_min: float
    loop: bool
    climbs_from_field: bool
    descends_to_field: bool
    callsigns: tuple[str, ...]
    times_us: tuple[int, ...]
    path: Ring


class OpeningRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="act", tag="request"):
    """A request that a simulated seat wrote before the exercise starts; times are room time."""

    seat: Ident
    at: Clock
    request_id: Ident
    kind: Kind
    acting_nation: Ident
    what: NeededWords
    why: NeededWords
    hoped_for: NeededWords
    could_go_wrong: NeededWords
    alternatives: NeededWords
    area: Ident
    window_from: Clock
    window_until: Clock
    nations: tuple[Ident, ...]


class OpeningRefusal(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="act", tag="refusal"):
    """A refusal that a simulated seat signed before the exercise starts. A simulated seat can only refuse."""

    seat: Ident
    at: Clock
    request_id: Ident
    lawful_and_valid: NeededWords
    expected_advantage: NeededWords
    remaining_doubt: NeededWords


class OpeningFact(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="act", tag="fact"):
    """A fact that a simulated seat stated before the exercise starts."""

    seat: Ident
    at: Clock
    fact: StatedFact
    about: Ident
    value: NeededWords
    as_of: Clock
    until: str = ""
    words: NeededWords


class OpeningAdvice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="act", tag="advice"):
    """Advice that a simulated seat gave before the exercise starts. It never counts as required advice."""

    seat: Ident
    at: Clock
    request_id: Ident
    verdict: Verdict
    words: NeededWords


OpeningAct = OpeningRequest | OpeningAdvice | OpeningRefusal | OpeningFact


class Pack(Struct, frozen=True, kw_only=True):
    """All of a pack, checked. `digest` is over its files; `map_geojson` is drawn as it is."""

    header: PackHeader
    digest: str
    rulebook: Rulebook
    areas: tuple[Area, ...]
    airfields: tuple[Airfield, ...]
    routes: tuple[Route, ...]
    opening: tuple[OpeningAct, ...]
    map_geojson: bytes
    epoch_us: int
    start_us: int
    end_us: int
    utc_offset_s: int
