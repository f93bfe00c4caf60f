"""What a viewer's screen shows, as one document: the same live and in replay, and hashable.

Only what is releasable to the viewer is in it; the shared wall shows roles and nations, never persons' names.
"""

from collections.abc import Iterable
from hashlib import sha256

from watchfloor.app.line_screen import lines_shown
from watchfloor.app.notification_screen import notifications_shown
from watchfloor.app.sight import audience_of_seat, may_see
from watchfloor.app.standing_alerts import AlertView
from watchfloor.app.state import RoomState
from watchfloor.app.watches import watches_shown
from watchfloor.base.labels import Audience, label_for
from watchfloor.decisions.authority import Harm, Use
from watchfloor.decisions.board import Advice, Board, Decided, Doubt, Request, Standing
from watchfloor.decisions.delegating import delegation_state
from watchfloor.decisions.stages import stages_of, state_word
from watchfloor.messages.acts import Actor, SeatKind, Verdict
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.keeping import SampledScreen, ScreensSampled
from watchfloor.messages.screen import (
    AdviceShown,
    AlertShown,
    DecidedShown,
    DoubtShown,
    FindingShown,
    HarmShown,
    RequestShown,
    ReviewShown,
    ScreenDocument,
    SeatShown,
    StageShown,
    StoppedShown,
    UseShown,
    Who,
)

SHOWN_ENDED_US = 60 * 1_000_000


def screen_document(state: RoomState, audience: Audience, room_us: int) -> ScreenDocument:
    """Board and alerts as this audience may see them at a room time."""
    requests, held = state.board.requests.values(), state.board.authority
    return ScreenDocument(
        board=tuple(
            _request(state.board, request, audience, room_us)
            for request in requests
            if may_see(request.act.label, audience)
        ),
        uses=tuple(_use(use, audience) for use in held.uses.values() if may_see(use.act.label, audience)),
        harm=tuple(_harm(harm) for harm in held.harm.values() if may_see(harm.act.label, audience)),
        alerts=tuple(
            _alert(view)
            for view in state.alerts.values()
            if may_see(view.raised.label, audience) and _is_shown(view, room_us)
        ),
        seats=tuple(
            SeatShown(seat.seat_id, seat.role, seat.nation)
            for seat in state.seats.values()
            if seat.kind is SeatKind.PERSON
        ),
        lines=lines_shown(state.lines, audience, room_us),
        notified=notifications_shown(state.board, audience, room_us),
        watches=watches_shown(state.watches, audience),
        walls=tuple(
            SeatShown(*seat) for seat in sorted({(one.seat_id, one.role, one.nation) for one in state.walls.values()})
        ),
    )


def screen_digest(document: ScreenDocument) -> str:
    """The hash of a screen's canonical document."""
    return sha256(canonical_bytes(document)).hexdigest()


def sampled_screens(
    state: RoomState, size: int, everyone: Audience, room_us: int, walls: Iterable[Audience] = ()
) -> list[ScreensSampled]:
    """The hash of every audience's screen now: the open wall's, each class that has a seat taken, and these walls'.

    Each is for its own class alone: that two hashes differ would tell that one of them sees more.
    """
    seen = {audience_of_seat(seat) for seat in state.seats.values()} | set(walls)
    audiences = [everyone, *sorted(seen, key=lambda one: (one.nations, one.level, one.need_to_know))]
    found = []
    for one in audiences:
        digest = screen_digest(screen_document(state, one, room_us))
        shown = SampledScreen(one.nations, int(one.level), digest, one.need_to_know)
        found.append(ScreensSampled(size, room_us, (shown,), label_for(one.nations, one.level, one.need_to_know)))
    return found


def _is_shown(view: AlertView, room_us: int) -> bool:
    return view.ended is None or 0 <= room_us - view.ended.at_us < SHOWN_ENDED_US


def who(actor: Actor) -> Who:
    """Somebody as screens show them: by role and nation."""
    return Who(actor.role, actor.nation, actor.seat_id, actor.kind is SeatKind.SIMULATED)


def _request(board: Board, request: Request, audience: Audience, room_us: int) -> RequestShown:
    act, stopped = request.act, request.stopped
    finding = _finding(request, audience)
    return RequestShown(
        request_id=act.request_id,
        version=request.version,
        state=state_word(request),
        kind=act.kind,
        acting_nation=act.acting_nation,
        what=act.what,
        why=act.why,
        hoped_for=act.hoped_for,
        could_go_wrong=act.could_go_wrong,
        alternatives=act.alternatives,
        area_id=act.area_id,
        from_us=act.from_us,
        until_us=act.until_us,
        written_us=act.at_us,
        label=act.label,
        author=who(request.author),
        advisers=_advisers(request, audience),
        absent=_absent(request, finding),
        advice=(
            *(_beforehand(standing) for standing in request.standing),
            *(_advice(advice) for advice in request.advice),
        ),
        doubts=tuple(_doubt(doubt) for doubt in request.doubts),
        finding=finding,
        earlier=_earlier(board, request, audience, room_us),
        past_decisions=tuple(_decided(past) for past in request.superseded),
        stages=tuple(StageShown(stage.name.value, stage.at_us) for stage in stages_of(request)),
        carried_out_us=request.carried_out.at_us if request.carried_out is not None else 0,
        holder=act.holder or "",
        delegation=delegation_state(board, request, room_us) if act.holder is not None else "",
        decided=None if request.decided is None else _decided(request.decided),
        stopped=None if stopped is None else StoppedShown(stopped.cause, stopped.sentence, stopped.at_us),
    )


def _advice(advice: Advice) -> AdviceShown:
    act = advice.act
    return AdviceShown(
        act.act_id,
        act.version,
        act.verdict,
        act.words,
        advice.at_us,
        advice.counts,
        beforehand=False,
        who=who(advice.actor),
    )


def _beforehand(standing: Standing) -> AdviceShown:
    act, shown = standing.act, who(standing.actor)
    return AdviceShown(
        act.act_id, 1, Verdict.CONCUR, act.conditions, act.at_us, counts=True, beforehand=True, who=shown
    )


def _finding(request: Request, audience: Audience) -> FindingShown | None:
    """The rules' answer, without policies that speak of facts which this audience may not know."""
    found = request.finding
    if found is None or found.version != request.version:
        return None
    shown = [one for one in found.behind if may_see(one.label, audience)]
    asked = sorted({role for one in shown for role in one.asks})
    withheld = len(shown) < len(found.behind)
    return FindingShown(found.answer, tuple(one.part for one in shown), tuple(asked), withheld)


def _advisers(request: Request, audience: Audience) -> tuple[str, ...]:
    """Who was asked so far, by policies of which this audience may know."""
    if not request.asks:
        return request.advisers
    return tuple(dict.fromkeys(role for one in request.asks if may_see(one.label, audience) for role in one.asks))


def _absent(request: Request, finding: FindingShown | None) -> tuple[str, ...]:
    return request.absent() if finding is None else finding.asked


def _earlier(board: Board, request: Request, audience: Audience, room_us: int) -> tuple[str, ...]:
    """Refusals that whoever still decides or reviews a request must know.

    What is over and not under review names none: a screen of n requests would hold n squared names.
    """
    is_over = request.is_over() and not request.may_shift(room_us)
    if is_over and not _is_under_review(board, request):
        return ()
    return tuple(
        other.act.request_id for other in board.earlier_refusals(request) if may_see(other.act.label, audience)
    )


def _is_under_review(board: Board, request: Request) -> bool:
    """Whether somebody still has to close a review of a use of it, or of harm about it, such a use or its area."""
    held, request_id = board.authority, request.act.request_id
    uses = {name for name, use in held.uses.items() if use.act.request_id == request_id}
    about = {request_id, request.act.area_id, *uses}
    return any(held.uses[name].closed is None for name in uses) or any(
        harm.closed is None and harm.act.about in about for harm in held.harm.values()
    )


def _doubt(doubt: Doubt) -> DoubtShown:
    return DoubtShown(
        doubt.doubt_id,
        doubt.version,
        doubt.words,
        doubt.at_us,
        doubt.resolved_by is None,
        doubt.resolution,
        who(doubt.actor),
        doubt.heard_from,
    )


def _decided(decided: Decided) -> DecidedShown:
    act = decided.act
    words = decided.words or act
    return DecidedShown(
        act.act_id,
        act.answer,
        words.lawful_and_valid,
        words.expected_advantage,
        words.remaining_doubt,
        decided.at_us,
        decided.words_due_us() if decided.owes_words() else 0,
        decided.confirmed,
        decided.pressure,
        who(decided.actor),
    )


def _review(one: Use | Harm) -> ReviewShown:
    closer = None if one.closed_by is None else who(one.closed_by)
    words = one.closed.words if one.closed is not None else ""
    return ReviewShown(one.received.due_us, one.overdue, one.closed_us, words, closer)


def _use(use: Use, audience: Audience) -> UseShown:
    act, judged = use.act, use.judged
    behind = () if judged is None else judged.behind
    shown = tuple(one.part for one in behind if may_see(one.label, audience))
    return UseShown(
        use_id=act.use_id,
        request_id=act.request_id,
        kind=act.kind,
        area_id=act.area_id,
        event_us=act.event_us,
        received_us=use.received.received_us,
        outside=use.received.outside,
        answer=None if judged is None else judged.answer,
        parts=shown,
        withheld=len(shown) < len(behind),
        necessity=act.necessity,
        who=who(use.actor),
        review=_review(use),
    )


def _harm(harm: Harm) -> HarmShown:
    act = harm.act
    return HarmShown(
        harm_id=act.harm_id,
        about=act.about,
        said_by=act.said_by,
        words=act.words,
        as_of_us=act.as_of_us,
        received_us=harm.received.received_us,
        who=who(harm.actor),
        review=_review(harm),
    )


def _alert(view: AlertView) -> AlertShown:
    raised, encounter = view.raised, view.encounter
    return AlertShown(
        alert_id=raised.alert_id,
        first=raised.first.track_id,
        second=raised.second.track_id,
        raised_us=raised.at_us,
        between_parties=raised.between_parties,
        minimum_m=raised.minima.horizontal_m,
        minimum_ft=raised.minima.vertical_ft,
        regime=raised.regime,
        breaks_first=encounter.breaks_first,
        loss_us=encounter.loss_us,
        cpa_us=encounter.cpa_us,
        cpa_m=encounter.cpa_m,
        vertical_ft=encounter.vertical_at_cpa_ft,
        basis=encounter.basis,
        acknowledged_by=None if view.acknowledged_by is None else who(view.acknowledged_by),
        escalated_us=view.escalated_us,
        ended=None if view.ended is None else view.ended.cause,
    )
