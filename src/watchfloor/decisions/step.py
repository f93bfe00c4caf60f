"""The decision board as one pure step: an act or a moment in, outcomes out.

There is no way from written to decided without every required advice on the same version, with an open doubt,
by the author, or after the window; and time can only stop.
**Source**: requirements 19-29; own reasoning.
"""

from msgspec.structs import replace

from watchfloor.base.errors import InvariantError
from watchfloor.base.labels import Label
from watchfloor.decisions import duties
from watchfloor.decisions.board import Advice, Board, Decided, Doubt, Request
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    Answer,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    RequestWritten,
    SignedAct,
    Verdict,
    act_of,
)
from watchfloor.messages.outcomes import (
    ActRefused,
    AdviceNoted,
    AnyOutcome,
    DecisionAwaited,
    DecisionWitnessed,
    DoubtAnswered,
    RequestDecided,
    RequestHeld,
    RequestOpened,
    RequestReopened,
    RequestStopped,
    StopCause,
)

BoardAct = RequestWritten | AdviceGiven | DoubtRaised | DoubtResolved | DecisionSigned


def step(board: Board, signed: SignedAct, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board after a person's act, by room time `room_us`.

    **Doubt**: an act that may not stand gives `ActRefused` and changes nothing.
    """
    act, actor = act_of(signed), signed.actor
    if isinstance(act, RequestWritten):
        return _write(board, act, actor, room_us)
    if not isinstance(act, BoardAct):
        raise InvariantError(f"`{type(act).__name__}` is no act for the board")
    request = board.requests.get(act.request_id)
    if request is None or actor.nation not in request.act.label.nations:
        return board, [_refused(act, "unknown", f"no request `{act.request_id}`", signed.label)]
    label = request.act.label
    if isinstance(act, DoubtRaised) and _was_stopped_by_the_record(request):
        return _hold(board, request, (act.act_id, act.words), actor, room_us)
    if request.is_over():
        return board, [_refused(act, "over", f"`{act.request_id}` is over; nothing changes it", label)]
    if act.version != request.version and not isinstance(act, DoubtRaised):
        sentence = f"`{act.request_id}` is at version {request.version}; the act was about {act.version}"
        return board, [_refused(act, "stale", sentence, label)]
    if room_us >= request.act.until_us:
        stopped = _expired(request, room_us)
        return _put(board, replace(request, stopped=stopped)), [stopped]
    if request.pending is not None and not isinstance(act, DoubtRaised):
        return board, [_refused(act, "over", "a signed decision awaits its witnesses; only a doubt is heard", label)]
    if isinstance(act, AdviceGiven):
        return _advise(board, request, act, actor, room_us)
    if isinstance(act, DoubtRaised):
        return _hold(board, request, (act.act_id, act.words), actor, room_us)
    if isinstance(act, DoubtResolved):
        return _resolve(board, request, act, actor, room_us)
    return _decide(board, request, act, actor, room_us)


def pass_time(board: Board, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board at a later moment: requests whose window is over are stopped, and nothing else happens."""
    outcomes: list[AnyOutcome] = []
    for request in board.requests.values():
        if not request.is_over() and room_us >= request.act.until_us:
            stopped = _expired(request, room_us)
            board = _put(board, replace(request, stopped=stopped))
            outcomes.append(stopped)
    return board, outcomes


def stop_all(board: Board, cause: StopCause, sentence: str, room_us: int) -> tuple[Board, list[RequestStopped]]:
    """The board with every request that was not over stopped for one cause."""
    outcomes = []
    for request in board.requests.values():
        if not request.is_over():
            stopped = _stopped(request, cause, sentence, room_us)
            board = _put(board, replace(request, stopped=stopped))
            outcomes.append(stopped)
    return board, outcomes


def _write(board: Board, act: RequestWritten, actor: Actor, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_request(board, act, actor)
    if objection is None and room_us >= act.until_us:
        objection = "the window is over already"
    if objection is not None or board.doctrine is None:
        return board, [_refused(act, "refused", objection or "no rules are in force", act.label)]
    rule = board.doctrine.advice
    advisers = duties.advisers_for(rule, act.kind, act.area_id)
    request = Request(act=act, author=actor, version=1, advisers=advisers)
    opened = RequestOpened(
        request_id=act.request_id,
        version=1,
        at_us=room_us,
        label=act.label,
        advisers=advisers,
        rule_id=rule.rule_id,
    )
    return _put(board, request), [opened]


def _advise(
    board: Board, request: Request, act: AdviceGiven, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_advice(request, actor)
    if objection is not None:
        return board, [_refused(act, "refused", objection, request.act.label)]
    counts = duties.counts_as_required(request, actor)
    advised = replace(request, advice=(*request.advice, Advice(act, actor, counts)))
    noted = AdviceNoted(
        request_id=act.request_id,
        version=request.version,
        at_us=room_us,
        label=request.act.label,
        role=actor.role,
        counts=counts,
    )
    board = _put(board, advised)
    if act.verdict is Verdict.CONCUR:
        return board, [noted]
    board, held = _hold(board, advised, (act.act_id, act.words), actor, room_us)
    return board, [noted, *held]


def _hold(
    board: Board, request: Request, doubt: tuple[str, str], actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """Any seat's doubt stops it at once; the power to doubt is not asked for."""
    doubt_id, words = doubt
    raised = Doubt(doubt_id, request.version, words, actor, room_us)
    held = RequestHeld(
        request_id=request.act.request_id,
        version=request.version,
        at_us=room_us,
        label=request.act.label,
        doubt_id=doubt_id,
        role=actor.role,
        nation=actor.nation,
        words=words,
    )
    return _put(board, replace(request, doubts=(*request.doubts, raised), pending=None)), [held]


def _resolve(
    board: Board, request: Request, act: DoubtResolved, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_resolution(request, act, actor)
    if objection is not None:
        return board, [_refused(act, "refused", objection, request.act.label)]
    doubts = tuple(
        replace(doubt, resolved_by=actor.person_id, resolution=act.words) if doubt.doubt_id == act.doubt_id else doubt
        for doubt in request.doubts
    )
    answered = replace(request, doubts=doubts)
    label = request.act.label
    if answered.open_doubts():
        note = DoubtAnswered(
            request_id=act.request_id,
            version=request.version,
            at_us=room_us,
            label=label,
            doubt_id=act.doubt_id,
        )
        return _put(board, answered), [note]
    reopened = RequestReopened(
        request_id=act.request_id, version=request.version + 1, at_us=room_us, label=label, words=act.words
    )
    return _put(board, replace(answered, version=request.version + 1)), [reopened]


def _decide(
    board: Board, request: Request, act: DecisionSigned, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    objection = duties.objection_to_decision(request, act, actor)
    if objection is not None:
        return board, [_refused(act, "refused", objection, request.act.label)]
    if act.answer is Answer.UNSURE:
        return _hold(board, request, (act.act_id, act.remaining_doubt), actor, room_us)
    signed = Decided(act, actor)
    if board.awaits_witnesses:
        awaited = DecisionAwaited(
            request_id=act.request_id,
            version=request.version,
            at_us=room_us,
            label=request.act.label,
            answer=act.answer,
            decision_id=act.act_id,
        )
        return _put(board, replace(request, pending=signed)), [awaited]
    return _put(board, replace(request, decided=signed)), [_published(request, signed, room_us)]


def take_witnessed(board: Board, fact: DecisionWitnessed, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board after witnesses saw a decision: it is published, unless something stopped or held it meanwhile."""
    request = board.requests.get(fact.request_id)
    if request is None or request.is_over() or request.pending is None:
        return board, []
    if request.pending.act.act_id != fact.decision_id or room_us >= request.act.until_us:
        return board, []
    decided = replace(request, pending=None, decided=request.pending)
    return _put(board, decided), [_published(request, request.pending, room_us)]


def stop_unwitnessed(board: Board, decision_id: str, sentence: str, room_us: int) -> tuple[Board, list[RequestStopped]]:
    """The board when witnesses did not see a decision in time: its request is stopped, if it still awaits them."""
    for request in board.requests.values():
        if request.pending is not None and request.pending.act.act_id == decision_id and not request.is_over():
            stopped = _stopped(request, StopCause.WITNESS, sentence, room_us)
            return _put(board, replace(request, stopped=stopped)), [stopped]
    return board, []


def _published(request: Request, signed: Decided, room_us: int) -> RequestDecided:
    return RequestDecided(
        request_id=request.act.request_id,
        version=request.version,
        at_us=room_us,
        label=request.act.label,
        answer=signed.act.answer,
        decision_id=signed.act.act_id,
    )


def _was_stopped_by_the_record(request: Request) -> bool:
    """A full record stops every request; who doubts then is still heard, though nothing reopens it."""
    return request.stopped is not None and request.stopped.cause is StopCause.RECORD


def _put(board: Board, request: Request) -> Board:
    return replace(board, requests={**board.requests, request.act.request_id: request})


def _expired(request: Request, room_us: int) -> RequestStopped:
    return _stopped(request, StopCause.EXPIRY, "its window is over", room_us)


def _stopped(request: Request, cause: StopCause, sentence: str, room_us: int) -> RequestStopped:
    return RequestStopped(
        request_id=request.act.request_id,
        version=request.version,
        at_us=room_us,
        label=request.act.label,
        cause=cause,
        sentence=sentence,
    )


def _refused(act: RequestWritten | BoardAct, code: str, sentence: str, label: Label) -> ActRefused:
    return ActRefused(act.act_id, code, sentence, label)
