"""The room's state as a pure fold over its record, live and in replay the same.

Acts are stepped again; outcomes that follow from an act are compared by replay, never applied twice.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.clock import room_time_us
from watchfloor.app.inventory import MediaStatus, Medium, media_after
from watchfloor.app.lines import board_beside, lines_closed, lines_jumped, lines_with, speak
from watchfloor.app.lines import pass_time as lines_at
from watchfloor.app.standing_alerts import AlertView, alerts_after, is_unanswered
from watchfloor.app.watches import Watches, change_hands, take_awaited, take_seat
from watchfloor.decisions import deciding, delegating, notifying, reviewing, rule_change
from watchfloor.decisions import step as decisions
from watchfloor.decisions.board import Board
from watchfloor.decisions.knowing import knows
from watchfloor.decisions.reviewing import Afterthoughts
from watchfloor.decisions.step import BoardAct
from watchfloor.deconflict.directory import standing as airspace
from watchfloor.deconflict.directory.standing import Directory
from watchfloor.line.session import Line
from watchfloor.messages.acts import AlertAcknowledged, ClockCommanded, MissingExplained, ReviewAct, SeatKind
from watchfloor.messages.airspace import AnyAirspaceFact
from watchfloor.messages.alerts import AlertEnded, AlertEscalated, AnyAlert, EndCause
from watchfloor.messages.delegation import (
    DelegationAct,
    DelegationFact,
    DelegationSuspended,
    ReviewOverdue,
    RuleChangeAgreed,
    RuleChangeSigned,
    RulesCompared,
    RulesProposed,
    UseJudged,
)
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.findings import RulesAnswered
from watchfloor.messages.handover import HandoverAct, WatchAwaited
from watchfloor.messages.keeping import MediaKept, MediaMissed, MediaReappeared, MediaRetired, WitnessesSet
from watchfloor.messages.line_record import AnyLineFact, LineSpoken
from watchfloor.messages.notification import NotificationAct, NotificationFact
from watchfloor.messages.outcomes import ActRefused, DecisionWitnessed, RequestStopped, StopCause
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import (
    ClockSet,
    FeedStateChanged,
    LinksIssued,
    RoomOpened,
    SeatTaken,
    TapeBlockExpired,
    TapeBlockRecovered,
    TapeBlockSealed,
    TapeFrameWritten,
    WallOpened,
    WallsClosed,
)
from watchfloor.messages.signed import SignedAct, act_of

NO_AIRSPACE = Directory()
MAX_JUMP_US = 86_400_000_000
GOES_ON_US = 5_000_000


class RoomState(Struct, frozen=True):
    """Everything that the record says of the room.

    `kept_blocks`: when each block of the tape was sealed, by `toe`; `taped_us`: room time of the newest frame.
    """

    board: Board = Board()
    opened: RoomOpened | None = None
    clock: ClockSet | None = None
    seats: Mapping[str, SeatTaken] = {}
    keys: Mapping[str, SeatTaken] = {}
    alerts: Mapping[str, AlertView] = {}
    feeds: Mapping[str, FeedStateChanged] = {}
    witnesses: WitnessesSet | None = None
    media: Mapping[str, Medium] = {}
    afterthoughts: Afterthoughts = Afterthoughts()
    open_blocks: Mapping[str, TapeFrameWritten] = {}
    sealed_blocks: tuple[str, ...] = ()
    kept_blocks: Mapping[str, int] = {}
    directory: Directory = NO_AIRSPACE
    lines: Mapping[str, Line] = {}
    taped_us: int = 0
    watches: Watches = {}
    walls: Mapping[str, WallOpened] = {}


def step(state: RoomState, fact: Fact, toe_us: int, room_us: int, seq: int) -> tuple[RoomState, list[Fact]]:
    """The state after a fact, and what follows from it.

    **Args**: `toe_us`, `room_us`, `seq`: entry time, room time and number of the fact's entry.
    """
    if isinstance(fact, SignedAct):
        return _act(state, fact, toe_us, room_us, seq)
    if isinstance(fact, TapeFrameWritten):
        return replace(state, open_blocks={**state.open_blocks, fact.block: fact}, taped_us=room_us), []
    if isinstance(fact, FeedStateChanged):
        return replace(state, feeds={**state.feeds, fact.feed_id: fact}), []
    if isinstance(fact, AnyAlert):
        return replace(state, alerts=alerts_after(state.alerts, fact)), []
    if isinstance(fact, ClockSet):
        return _set_clock(state, fact)
    if isinstance(fact, DecisionWitnessed):
        board, outcomes = deciding.take_witnessed(state.board, fact, room_us)
        return replace(state, board=board), [*outcomes]
    if isinstance(fact, RulesAnswered):
        board, outcomes = deciding.take_ruling(state.board, fact, room_us)
        return replace(state, board=board), [*outcomes]
    if isinstance(fact, MediaKept | MediaRetired | MediaMissed | MediaReappeared):
        return replace(state, media=media_after(state.media, fact, seq)), []
    if isinstance(fact, WitnessesSet):
        return replace(state, witnesses=fact, board=replace(state.board, awaits_witnesses=fact.needed_count > 0)), []
    if isinstance(fact, RequestStopped):
        return _stop_recorded(state, fact), []
    if isinstance(fact, SeatTaken | LinksIssued | WatchAwaited | WallOpened | WallsClosed):
        return _sits_after(state, fact, room_us), []
    if isinstance(fact, DoctrineSet):
        return replace(state, board=rule_change.take_doctrine(state.board, fact, room_us)), []
    if isinstance(fact, DelegationFact):
        return _delegation_fact(state, fact, room_us)
    if isinstance(fact, AnyAirspaceFact):
        return replace(state, directory=airspace.fold(state.directory, fact)), []
    if isinstance(fact, NotificationFact):
        return replace(state, board=notifying.take(state.board, fact)), []
    if isinstance(fact, AnyLineFact):
        lines = lines_with(state.lines, fact, room_us)
        return replace(state, lines=lines, board=board_beside(state.board, lines, room_us)), []
    if isinstance(fact, RoomOpened):
        lines = lines_closed(state.lines)
        return replace(state, opened=fact, feeds={}, lines=lines, board=board_beside(state.board, lines, room_us)), []
    if isinstance(fact, TapeBlockSealed | TapeBlockRecovered):
        still = {block: held for block, held in state.open_blocks.items() if block != fact.block}
        kept = {**state.kept_blocks, fact.block: toe_us}
        return replace(state, open_blocks=still, sealed_blocks=(*state.sealed_blocks, fact.block), kept_blocks=kept), []
    if isinstance(fact, TapeBlockExpired):
        kept = {block: sealed_us for block, sealed_us in state.kept_blocks.items() if block != fact.block}
        return replace(state, kept_blocks=kept), []
    return state, []


def as_shown(state: RoomState) -> RoomState:
    """The state without planned airspace, which no screen shows and of which each state that is kept would hold all."""
    return replace(state, directory=NO_AIRSPACE)


def fold(state: RoomState, entry: Entry) -> RoomState:
    """The state after a recorded entry."""
    return step(state, entry.body, entry.toe_us, entry.room_us, entry.seq)[0]


def pass_time(state: RoomState, room_us: int) -> tuple[RoomState, list[Fact]]:
    """The state at a later room time: requests it stopped, reviews that are overdue, alerts that nobody answered."""
    board, outcomes = decisions.pass_time(state.board, room_us)
    board, overdue = delegating.pass_time(board, room_us)
    state = state if board is state.board else replace(state, board=board)
    unanswered = [
        AlertEscalated(view.raised.alert_id, room_us, view.raised.label)
        for view in state.alerts.values()
        if is_unanswered(view, room_us) and not view.escalated_us
    ]
    for fact in unanswered:
        state = replace(state, alerts=alerts_after(state.alerts, fact))
    lines, waited = lines_at(state.lines, room_us)
    state = state if lines is state.lines else replace(state, lines=lines)
    return state, [*outcomes, *overdue, *unanswered, *waited]


def _act(state: RoomState, signed: SignedAct, toe_us: int, room_us: int, seq: int) -> tuple[RoomState, list[Fact]]:
    act = act_of(signed)
    if isinstance(act, BoardAct):
        board, outcomes = decisions.step(state.board, signed, room_us)
        return replace(state, board=board), [*outcomes]
    if isinstance(act, AlertAcknowledged):
        return _acknowledge(state, act, signed)
    if isinstance(act, HandoverAct):
        held, refusals = change_hands(state.watches, state, act, signed, room_us)
        return replace(state, watches=held), [*refusals]
    if isinstance(act, MissingExplained):
        return _explain(state, act, signed, seq)
    if isinstance(act, ReviewAct):
        afterthoughts, refusal = reviewing.step(state.afterthoughts, state.board, act, signed, seq)
        return replace(state, afterthoughts=afterthoughts), [refusal] if refusal else []
    if isinstance(act, DelegationAct):
        board, facts = delegating.step(state.board, act, signed.actor, signed.label, room_us)
        return replace(state, board=board), [*facts]
    if isinstance(act, RulesProposed):
        board, refusals = rule_change.propose(state.board, act, signed.actor, signed.label)
        return replace(state, board=board), [*refusals]
    if isinstance(act, RuleChangeSigned):
        board, agreed = rule_change.sign(state.board, act, signed.actor, signed.label, room_us)
        return replace(state, board=board), [*agreed]
    if isinstance(act, NotificationAct):
        board, sentences = notifying.step(state.board, act, signed.actor, signed.label, room_us)
        return replace(state, board=board), [*sentences]
    if isinstance(act, LineSpoken):
        lines, refused = speak(state.lines, act, signed, room_us)
        return replace(state, lines=lines), [*refused]
    return _command_clock(state, act, signed, toe_us)


def _delegation_fact(state: RoomState, fact: DelegationFact, room_us: int) -> tuple[RoomState, list[Fact]]:
    """Facts that follow from acts and time are taken as recorded; what rules answer may suspend."""
    board, facts = state.board, list[DelegationFact | ActRefused]()
    if isinstance(fact, UseJudged):
        board, facts = delegating.take_judgement(board, fact, room_us)
    elif isinstance(fact, DelegationSuspended):
        board = delegating.take_suspension(board, fact)
    elif isinstance(fact, ReviewOverdue):
        board = delegating.take_overdue(board, fact)
    elif isinstance(fact, RulesCompared):
        board = rule_change.take_comparison(board, fact)
    elif isinstance(fact, RuleChangeAgreed):
        board = rule_change.take_agreement(board, fact)
    return replace(state, board=board), [*facts]


def _acknowledge(state: RoomState, act: AlertAcknowledged, signed: SignedAct) -> tuple[RoomState, list[Fact]]:
    view = state.alerts.get(act.alert_id)
    if view is None or not knows(signed.actor, view.raised.label):
        return state, [ActRefused(act.act_id, "unknown", f"no alert `{act.alert_id}`", signed.label)]
    if "acknowledge" not in signed.actor.powers:
        sentence = "this seat does not hold the power `acknowledge`"
        return state, [ActRefused(act.act_id, "refused", sentence, signed.label)]
    if view.acknowledged_by is not None:
        return state, []
    seen = replace(view, acknowledged_by=signed.actor)
    return replace(state, alerts={**state.alerts, act.alert_id: seen}), []


def _explain(state: RoomState, act: MissingExplained, signed: SignedAct, seq: int) -> tuple[RoomState, list[Fact]]:
    """Why a medium is missing, in a person's words."""
    held = state.media.get(act.digest)
    refusal = None
    if held is None:
        refusal = "the record knows no such medium"
    elif signed.actor.kind is not SeatKind.PERSON or not {"review", "control"} & set(signed.actor.powers):
        refusal = "this seat holds neither the power `review` nor `control`"
    elif held.status not in (MediaStatus.MISSING, MediaStatus.EXPLAINED, MediaStatus.REOPENED):
        refusal = "this medium is not missed"
    if refusal is not None:
        return state, [ActRefused(act.act_id, "refused", refusal, signed.label)]
    return replace(state, media=media_after(state.media, act, seq)), []


def _command_clock(
    state: RoomState, act: ClockCommanded, signed: SignedAct, toe_us: int
) -> tuple[RoomState, list[Fact]]:
    if "control" not in signed.actor.powers or state.clock is None:
        sentence = "this seat does not hold the power `control`"
        return state, [ActRefused(act.act_id, "refused", sentence, signed.label)]
    now_us = room_time_us(state.clock, toe_us)
    if act.jump_to_us is not None and abs(act.jump_to_us - now_us) > MAX_JUMP_US:
        return state, [ActRefused(act.act_id, "refused", "a jump is at most 24 hours", signed.label)]
    setting = ClockSet(
        epoch_toe_us=toe_us,
        epoch_room_us=now_us if act.jump_to_us is None else act.jump_to_us,
        rate_permille=act.rate_permille,
        paused=act.paused,
        jumped=act.jump_to_us is not None,
        label=signed.label,
    )
    state, ended = _set_clock(state, setting)
    state, stopped = pass_time(state, setting.epoch_room_us)
    return state, [setting, *ended, *stopped]


def _set_clock(state: RoomState, setting: ClockSet) -> tuple[RoomState, list[Fact]]:
    """A jump begins a new time context: alerts of the old one end with it.

    A room that was started again where it ended has not jumped for its lines: what was due then is due still.
    """
    state = replace(state, clock=setting)
    if setting.jumped:
        board = rule_change.take_jump(state.board, setting.epoch_room_us)
        goes_on = 0 <= setting.epoch_room_us - state.taped_us <= GOES_ON_US
        lines = state.lines if goes_on else lines_jumped(state.lines, setting.epoch_room_us)
        state = replace(state, board=board, lines=lines)
    ended: list[Fact] = []
    for view in state.alerts.values() if setting.jumped else ():
        if view.ended is None:
            raised = view.raised
            closest_m = min(raised.encounter.now_m, view.encounter.now_m)
            fact = AlertEnded(raised.alert_id, EndCause.CLOCK_JUMPED, closest_m, setting.epoch_room_us, raised.label)
            state = replace(state, alerts=alerts_after(state.alerts, fact))
            ended.append(fact)
    return state, ended


def _stop_recorded(state: RoomState, stopped: RequestStopped) -> RoomState:
    """Stops that followed from no act (time, a record that failed) are taken as recorded."""
    request = state.board.requests.get(stopped.request_id)
    if request is None or request.is_over():
        return state
    requests = {**state.board.requests, stopped.request_id: replace(request, stopped=stopped)}
    return replace(state, board=replace(state.board, requests=requests))


def _sits_after(
    state: RoomState, fact: SeatTaken | LinksIssued | WatchAwaited | WallOpened | WallsClosed, room_us: int
) -> RoomState:
    """Who sits where, which watch awaits whom, and which seats' walls are open."""
    if isinstance(fact, SeatTaken):
        return _seated(state, fact)
    if isinstance(fact, LinksIssued):
        return replace(state, seats={}, walls={})
    if isinstance(fact, WatchAwaited):
        return replace(state, watches=take_awaited(state.watches, fact, room_us))
    if isinstance(fact, WallOpened):
        return replace(state, walls={**state.walls, fact.wall_id: fact})
    return replace(state, walls={key: wall for key, wall in state.walls.items() if wall.seat_id != fact.seat_id})


def _seated(state: RoomState, fact: SeatTaken) -> RoomState:
    board = state.board
    if fact.kind is SeatKind.PERSON:
        board = replace(board, sat={**board.sat, fact.seat_id: fact.person_id})
    return replace(
        state,
        board=board,
        seats={**state.seats, fact.seat_id: fact},
        keys={**state.keys, f"{fact.key_id}/{fact.seat_id}": fact},
        watches=take_seat(state.watches, fact),
    )


def stop_everything(state: RoomState, sentence: str, room_us: int) -> tuple[RoomState, list[RequestStopped]]:
    """The state when the record cannot be written: every open request shows STOPPED."""
    board, stopped = decisions.stop_all(state.board, StopCause.RECORD, sentence, room_us)
    return replace(state, board=board), stopped
