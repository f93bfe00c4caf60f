"""What screens are told: the board, alerts, clock and feeds as they are shown. The wall's types come from here."""

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Answer, Kind, LogHead, Verdict
from watchfloor.messages.air import Oddity
from watchfloor.messages.alerts import Broken, EndCause, VerticalBasis
from watchfloor.messages.findings import RuleAnswer
from watchfloor.messages.line_screen import LineShown
from watchfloor.messages.notification import NotificationShown
from watchfloor.messages.outcomes import Pressure, StopCause
from watchfloor.messages.room import Context, FeedState


class Who(Struct, frozen=True):
    """Somebody by role and nation; screens show no names of persons."""

    role: str
    nation: str
    seat_id: str
    simulated: bool


class AdviceShown(Struct, frozen=True):
    """One adviser's word on one version."""

    act_id: str
    version: int
    verdict: Verdict
    words: str
    at_us: int
    counts: bool
    beforehand: bool
    who: Who


class DoubtShown(Struct, frozen=True):
    """One doubt, open or answered."""

    doubt_id: str
    version: int
    words: str
    at_us: int
    open: bool
    resolution: str
    who: Who
    heard_from: str


class DecidedShown(Struct, frozen=True):
    """A signed decision in its own words; `owed_us`: until when words are owed, 0 when none are.

    `confirmed`: with a passkey, not with a key of the browser alone.
    """

    act_id: str
    answer: Answer
    lawful_and_valid: str
    expected_advantage: str
    remaining_doubt: str
    at_us: int
    owed_us: int
    confirmed: bool
    pressure: Pressure | None
    who: Who


class FindingShown(Struct, frozen=True):
    """What the rules answer now: policies by full id. `withheld`: some speak of what this screen may not show."""

    answer: RuleAnswer
    parts: tuple[str, ...]
    asked: tuple[str, ...]
    withheld: bool


class StoppedShown(Struct, frozen=True):
    """Why a request ended without a decision."""

    cause: StopCause
    sentence: str
    at_us: int


class StageShown(Struct, frozen=True):
    """What a request reached when."""

    name: str
    at_us: int


class RequestShown(Struct, frozen=True, kw_only=True):
    """One request; `state` is the word on its card: open, held, stopped or decided.

    `earlier` names refused requests of the same kind where ground is shared, all of them on the same screen, as long as
    something may still come of this one, or a review of it is open.
    `holder` is the crew's seat that asks for a delegation; `delegation` says how that stands, and is empty without one.
    """

    request_id: str
    version: int
    state: str
    kind: Kind
    acting_nation: str
    what: str
    why: str
    hoped_for: str
    could_go_wrong: str
    alternatives: str
    area_id: str
    from_us: int
    until_us: int
    written_us: int
    label: Label
    author: Who
    advisers: tuple[str, ...]
    absent: tuple[str, ...]
    advice: tuple[AdviceShown, ...]
    doubts: tuple[DoubtShown, ...]
    finding: FindingShown | None
    earlier: tuple[str, ...]
    past_decisions: tuple[DecidedShown, ...]
    stages: tuple[StageShown, ...]
    carried_out_us: int
    holder: str
    delegation: str
    decided: DecidedShown | None
    stopped: StoppedShown | None


class ReviewShown(Struct, frozen=True):
    """A review: due when, overdue or not, and how it was closed; `closed_us` is 0 while it is open."""

    due_us: int
    overdue: bool
    closed_us: int
    words: str
    closed_by: Who | None


class UseShown(Struct, frozen=True, kw_only=True):
    """A crew's use of a delegation: when it was, when it was told, what does not fit, what the rules say.

    `withheld`: some of the rules behind the answer speak of what this screen may not show.
    """

    use_id: str
    request_id: str
    kind: Kind
    area_id: str
    event_us: int
    received_us: int
    outside: tuple[str, ...]
    answer: RuleAnswer | None
    parts: tuple[str, ...]
    withheld: bool
    necessity: str
    who: Who
    review: ReviewShown


class HarmShown(Struct, frozen=True, kw_only=True):
    """Reported harm, as attributed: received is neither confirmed nor denied."""

    harm_id: str
    about: str
    said_by: str
    words: str
    as_of_us: int
    received_us: int
    who: Who
    review: ReviewShown


class AlertShown(Struct, frozen=True, kw_only=True):
    """One alert about a predicted loss of separation; `escalated_us` is 0 until nobody answered it for long."""

    alert_id: str
    first: str
    second: str
    raised_us: int
    between_parties: bool
    minimum_m: int
    minimum_ft: int
    regime: str
    breaks_first: Broken | None
    loss_us: int
    cpa_us: int
    cpa_m: int
    vertical_ft: int
    basis: VerticalBasis
    acknowledged_by: Who | None
    escalated_us: int
    ended: EndCause | None


class SeatShown(Struct, frozen=True):
    """A seat on which a person sits."""

    seat_id: str
    role: str
    nation: str


class WatchShown(Struct, frozen=True, kw_only=True):
    """A seat's watch: kept, handed over, or not acknowledged by who sits there, and since when.

    `handed_us`: when it was handed over last, 0 where it never was; `words`: what was added to the brief then.
    """

    seat_id: str
    role: str
    nation: str
    state: str
    since_us: int
    handed_us: int
    words: str


class ScreenDocument(Struct, frozen=True, omit_defaults=True):
    """Everything a screen's hash is over. What a room has none of leaves its hash as it was before there were any."""

    board: tuple[RequestShown, ...]
    uses: tuple[UseShown, ...]
    harm: tuple[HarmShown, ...]
    alerts: tuple[AlertShown, ...]
    seats: tuple[SeatShown, ...]
    lines: tuple[LineShown, ...] = ()
    notified: tuple[NotificationShown, ...] = ()
    watches: tuple[WatchShown, ...] = ()
    walls: tuple[SeatShown, ...] = ()


class ScreenTold(Struct, frozen=True, tag_field="kind", tag="screen"):
    """A screen with its hash and the log's head at that moment."""

    context: Context
    digest: str
    head: LogHead
    screen: ScreenDocument


class FeedShown(Struct, frozen=True):
    """One feed: how old, how much, what was refused."""

    feed_id: str
    name: str
    state: FeedState
    newest_us: int | None
    message_count: int
    position_count: int
    bad_count: int
    dropped_count: int
    reasons: dict[str, int]
    bytes_count: int = 0


class PlaceShown(Struct, frozen=True):
    """A place on the map."""

    lat_e7deg: int
    lon_e7deg: int


class VideoShown(Struct, frozen=True):
    """One video: how far its clock is from the room's, where its camera is, the frame's centre and corners."""

    feed_id: str
    behind_us: int | None
    is_off: bool
    place: PlaceShown | None
    frame: PlaceShown | None
    corners: tuple[PlaceShown, ...]


class GuestShown(Struct, frozen=True):
    """A TAK client's own position; the room does not judge it."""

    uid: str
    callsign: str
    lat_e7deg: int
    lon_e7deg: int


class PulseTold(Struct, frozen=True, tag_field="kind", tag="pulse"):
    """The clock, the feeds and the clients' own positions, with every tick."""

    room_us: int
    rate_permille: int
    paused: bool
    failed: str | None
    tape_failed: str | None
    witness_failed: str | None
    feeds: tuple[FeedShown, ...]
    guests: tuple[GuestShown, ...]
    videos: tuple[VideoShown, ...] = ()


class NameTold(Struct, frozen=True, array_like=True):
    """What rarely changes of a track."""

    number: int
    callsign: str
    squawk: str
    identity: str
    sources: str
    oddity: Oddity = Oddity.NONE


class NamesTold(Struct, frozen=True, tag_field="kind", tag="names"):
    """Names of tracks that this screen did not have yet."""

    tracks: tuple[NameTold, ...]


class StretchShown(Struct, frozen=True):
    """A stretch of room time that runs without a jump."""

    number: int
    start_us: int
    end_us: int


class EventShown(Struct, frozen=True):
    """Something to step to; `seq` is its entry."""

    seq: int
    at_us: int
    what: str
    request_id: str


class AfterthoughtShown(Struct, frozen=True):
    """A note or a second thought, pinned to a moment of a request."""

    seq: int
    request_id: str
    moment_us: int
    answer: str
    words: str
    who: Who
    as_seat_id: str


class HorizonShown(Struct, frozen=True):
    """Where what came later is hidden from this person: before the outcome of a request, after entry `moment_seq`."""

    request_id: str
    moment_seq: int
    at_us: int


class ReplayTold(Struct, frozen=True, tag_field="kind", tag="replay"):
    """Where a replay stands for this viewer, what there is to step to, and what is hidden."""

    number: int
    stretches: tuple[StretchShown, ...]
    moment_seq: int
    horizon: HorizonShown | None
    events: tuple[EventShown, ...]
    seats: tuple[SeatShown, ...]
    as_seat_id: str
    notes: tuple[AfterthoughtShown, ...]
    thoughts: tuple[AfterthoughtShown, ...]


class HeldShown(Struct, frozen=True):
    """Since when a seat could see a fact."""

    seat_id: str
    since_us: int


class FactShown(Struct, frozen=True):
    """A fact about a request, which seats held it since when, and which lacked it."""

    seq: int
    at_us: int
    what: str
    held: tuple[HeldShown, ...]
    lacked: tuple[str, ...]
