"""The decision board as one pure step: an act or a moment in, outcomes out.

There is no way from written to decided without every required advice on the same version, with an open doubt,
by the author, past what the rules answer, or after the window; and time can only stop.
**Source**: requirements 19-29; own reasoning.
"""

from msgspec.structs import replace

from watchfloor.base.errors import InvariantError
from watchfloor.base.labels import Label
from watchfloor.decisions import deciding, duties, stating
from watchfloor.decisions.board import Advice, Board, Doubt, Request, Standing, Stated, is_person, when
from watchfloor.decisions.holding import hold
from watchfloor.decisions.knowing import knows
from watchfloor.decisions.outcomes import about, put, refused, stopped
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    Answer,
    CarriedOut,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    FactStated,
    Kind,
    RequestWritten,
    StandingAdviceGiven,
    Verdict,
    WordsGiven,
)
from watchfloor.messages.outcomes import (
    ActRefused,
    AdviceNoted,
    AnyOutcome,
    DoubtAnswered,
    RequestOpened,
    RequestReopened,
    RequestStopped,
    StopCause,
)
from watchfloor.messages.signed import SignedAct, act_of

RequestAct = AdviceGiven | DoubtRaised | DoubtResolved | DecisionSigned | WordsGiven | CarriedOut
BoardAct = RequestWritten | RequestAct | FactStated | StandingAdviceGiven


def step(board: Board, signed: SignedAct, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board after a person's act, by room time `room_us`.

    **Doubt**: an act that may not stand gives `ActRefused` and changes nothing.
    """
    act, actor = act_of(signed), signed.actor
    if isinstance(act, RequestWritten):
        return _write(board, act, actor, room_us)
    if isinstance(act, FactStated):
        return _state(board, act, actor, signed.label, room_us)
    if isinstance(act, StandingAdviceGiven):
        return _advise_beforehand(board, act, actor, signed.label, room_us)
    if not isinstance(act, RequestAct):
        raise InvariantError(f"`{type(act).__name__}` is no act for the board")
    request = board.requests.get(act.request_id)
    if request is None or not knows(actor, request.act.label):
        return board, [refused(act, "unknown", f"no request `{act.request_id}`", signed.label)]
    point = None if isinstance(act, DoubtRaised) else duties.objection_to_point(request.act.kind, act)
    if point is not None and not _is_doubt(act):
        return board, [refused(act, "refused", point, request.act.label)]
    if isinstance(act, AdviceGiven | DecisionSigned) and _is_doubt(act) and _comes_late(request, act):
        return _doubt(board, request, act, actor, room_us)
    if isinstance(act, WordsGiven):
        return deciding.give_words(board, request, act, actor, room_us)
    if isinstance(act, DoubtRaised):
        return _doubt(board, request, act, actor, room_us)
    if isinstance(act, DecisionSigned):
        return _decide(board, request, act, signed, room_us)
    return _step_open(board, request, act, actor, room_us)


def _is_doubt(act: RequestAct) -> bool:
    if isinstance(act, AdviceGiven):
        return act.verdict is Verdict.DOUBT
    return isinstance(act, DecisionSigned) and act.answer is Answer.UNSURE


def _comes_late(request: Request, act: AdviceGiven | DecisionSigned) -> bool:
    waits = request.pending is not None or request.signed is not None
    return waits or request.is_over() or act.version != request.version


def _decide(
    board: Board, request: Request, act: DecisionSigned, signed: SignedAct, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    after = _not_open(board, request, act, room_us)
    if after is not None:
        return after
    return deciding.decide(board, request, act, signed, room_us)


def _step_open(
    board: Board,
    request: Request,
    act: AdviceGiven | DoubtResolved | CarriedOut,
    actor: Actor,
    room_us: int,
) -> tuple[Board, list[AnyOutcome]]:
    """Acts that need the newest version of a request."""
    if isinstance(act, CarriedOut):
        stale = _stale(request, act)
        return (board, [stale]) if stale else deciding.carry_out(board, request, act, actor, room_us)
    after = _not_open(board, request, act, room_us)
    if after is not None:
        return after
    if isinstance(act, AdviceGiven):
        return _advise(board, request, act, actor, room_us)
    return _resolve(board, request, act, actor, room_us)


def _stale(request: Request, act: AdviceGiven | DoubtResolved | DecisionSigned | CarriedOut) -> ActRefused | None:
    if act.version == request.version:
        return None
    changed = "; ".join(_changes_since(request, act.version)) or "read it again"
    sentence = f"`{act.request_id}` is at version {request.version}, the act is about {act.version}: {changed}"
    return refused(act, "stale", sentence, request.act.label)


def _changes_since(request: Request, version: int) -> list[str]:
    """Why a request has a newer version: doubts that were answered, decisions that no longer stand."""
    answered = [
        f"the doubt of {doubt.actor.role}, {doubt.actor.nation} was answered: {doubt.resolution}"
        for doubt in request.doubts
        if doubt.version >= version and doubt.resolved_by is not None
    ]
    again = [
        f"what {past.actor.role}, {past.actor.nation} signed no longer stands"
        for past in request.superseded
        if past.act.version >= version
    ]
    return [*answered, *again]


def _not_open(
    board: Board, request: Request, act: AdviceGiven | DoubtResolved | DecisionSigned, room_us: int
) -> tuple[Board, list[AnyOutcome]] | None:
    """What becomes of an act that a request no longer takes; None, when it takes it."""
    stale, label = _stale(request, act), request.act.label
    if stale is not None:
        return board, [stale]
    if request.is_over():
        return board, [refused(act, "over", f"`{act.request_id}` is over; nothing changes it", label)]
    if room_us >= request.act.until_us:
        return _expire(board, request, room_us)
    if request.pending is not None or request.signed is not None:
        sentence = "a signed decision awaits its witnesses or the rules; only a doubt is heard"
        return board, [refused(act, "over", sentence, label)]
    return None


def pass_time(board: Board, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board at a later moment: requests whose window is over are stopped, and nothing else happens."""
    outcomes: list[AnyOutcome] = []
    for request in board.requests.values():
        if not request.is_over() and room_us >= request.act.until_us:
            board, expired = _expire(board, request, room_us)
            outcomes.extend(expired)
    return board, outcomes


def stop_all(board: Board, cause: StopCause, sentence: str, room_us: int) -> tuple[Board, list[RequestStopped]]:
    """The board with every request that was not over stopped for one cause."""
    outcomes = []
    for request in board.requests.values():
        if not request.is_over():
            ended = stopped(request, cause, sentence, room_us)
            board = put(board, replace(request, stopped=ended))
            outcomes.append(ended)
    return board, outcomes


def _expire(board: Board, request: Request, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    ended = stopped(request, StopCause.EXPIRY, "its window is over", room_us)
    return put(board, replace(request, stopped=ended)), [ended]


def _write(board: Board, act: RequestWritten, actor: Actor, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_request(board, act, actor)
    if objection is None and room_us >= act.until_us:
        objection = "the window is over already"
    if objection is not None or board.doctrine is None:
        return board, [refused(act, "refused", objection or "no rules are in force", act.label)]
    rule = board.doctrine.advice
    advisers = () if rule is None else duties.advisers_for(rule, act.kind, act.area_id)
    standing = duties.standing_for(board, act, actor, room_us)
    request = Request(
        act=act,
        author=actor,
        version=1,
        advisers=advisers,
        standing=standing,
        opened_us=when(act, actor, room_us),
    )
    rule_id = f"v{board.doctrine.rules_version}" if rule is None else rule.rule_id
    opened = RequestOpened(**about(request, room_us), advisers=advisers, rule_id=rule_id)
    return put(board, request), [opened]


def _state(board: Board, act: FactStated, actor: Actor, label: Label, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    objection = stating.objection_to_fact(board, act, actor, room_us)
    if objection is None:
        objection = duties.objection_to_point(Kind.FORCE_EXERCISE_ONLY, act)
    if objection is not None:
        return board, [ActRefused(act.act_id, "refused", objection, label)]
    return replace(board, facts=(*board.facts, Stated(act, actor))), []


def _advise_beforehand(
    board: Board, act: StandingAdviceGiven, actor: Actor, label: Label, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = None
    if "advise" not in actor.powers or not is_person(actor):
        objection = "advice is given by persons whose seats hold the power `advise`"
    elif board.doctrine is None or board.doctrine.area(act.area_id) is None:
        objection = f"the map has no area `{act.area_id}`"
    elif act.until_us <= room_us or act.until_us - room_us > duties.MAX_WINDOW_US:
        objection = "advice given beforehand ends, within 24 hours"
    else:
        objection = duties.objection_to_point(act.kind, act)
    if objection is not None:
        return board, [ActRefused(act.act_id, "refused", objection, label)]
    return replace(board, standing=(*board.standing, Standing(act, actor))), []


def _advise(
    board: Board, request: Request, act: AdviceGiven, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_advice(request, actor)
    if objection is not None:
        return board, [refused(act, "refused", objection, request.act.label)]
    counts = duties.counts_as_required(board, request, actor)
    advised = replace(request, advice=(*request.advice, Advice(act, actor, counts, when(act, actor, room_us))))
    noted = AdviceNoted(**about(request, room_us), role=actor.role, counts=counts)
    board = put(board, advised)
    if act.verdict is Verdict.CONCUR:
        return board, [noted]
    board, held = hold(board, advised, Doubt(act.act_id, request.version, act.words, actor, room_us), room_us)
    return board, [noted, *held]


def _doubt(
    board: Board, request: Request, act: DoubtRaised | AdviceGiven | DecisionSigned, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """Any seat's doubt stops it at once, about whichever version; after the signature it still counts.

    An adviser's or decider's doubt that comes too late to be advice or an answer is heard as what it is.
    """
    label = request.act.label
    heard_from = (act.heard_from or "") if isinstance(act, DoubtRaised) else ""
    words = act.remaining_doubt if isinstance(act, DecisionSigned) else act.words
    if heard_from and "run_watch" not in actor.powers:
        return board, [refused(act, "refused", "a radioed doubt is entered by who runs the watch", label)]
    may_shift = board.has_rules_as_code() and request.may_shift(room_us)
    if request.is_over() and not may_shift and not _was_stopped_by_the_record(request):
        return board, [refused(act, "over", f"`{act.request_id}` is over; nothing changes it", label)]
    if not request.is_over() and room_us >= request.act.until_us:
        return _expire(board, request, room_us)
    heard_person = board.sat.get(heard_from, "")
    doubt = Doubt(act.act_id, request.version, words, actor, room_us, heard_from=heard_from, heard_person=heard_person)
    return hold(board, request, doubt, room_us)


def _resolve(
    board: Board, request: Request, act: DoubtResolved, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_resolution(board, request, act, actor)
    if objection is not None:
        return board, [refused(act, "refused", objection, request.act.label)]
    doubts = tuple(
        replace(doubt, resolved_by=actor.person_id, resolution=act.words, resolved_us=room_us)
        if doubt.doubt_id == act.doubt_id
        else doubt
        for doubt in request.doubts
    )
    answered = replace(request, doubts=doubts)
    if answered.open_doubts():
        return put(board, answered), [DoubtAnswered(**about(request, room_us), doubt_id=act.doubt_id)]
    again = replace(answered, version=request.version + 1, finding=None)
    return put(board, again), [RequestReopened(**about(again, room_us), words=act.words)]


def _was_stopped_by_the_record(request: Request) -> bool:
    """A full record stops every request; who doubts then is still heard, though nothing reopens it."""
    return request.stopped is not None and request.stopped.cause is StopCause.RECORD
