"""From a signature to a decision: the rules are asked, witnesses see it, words are owed, the ground may shift.

A yes is published only after the rules in force answered "no objection" to this version at that moment; a stop ends the
request, an ask refuses the signature. Until it is carried out, whatever the rules object to later opens it again.
**Source**: requirements 20-29; own reasoning.
"""

from msgspec.structs import replace

from watchfloor.decisions import duties
from watchfloor.decisions.board import Board, Decided, Doubt, Request, is_person, when
from watchfloor.decisions.holding import hold
from watchfloor.decisions.outcomes import about, put, refused, stopped
from watchfloor.decisions.stages import pressure_at
from watchfloor.messages.acts import Actor, Answer, CarriedOut, DecisionSigned, WordsGiven
from watchfloor.messages.findings import RuleAnswer, RulesAnswered
from watchfloor.messages.outcomes import (
    AnyOutcome,
    DecisionAskedAgain,
    DecisionAwaited,
    DecisionWitnessed,
    RequestCarriedOut,
    RequestDecided,
    RequestStopped,
    StopCause,
)
from watchfloor.messages.signed import SignedAct


def decide(
    board: Board, request: Request, act: DecisionSigned, entered: SignedAct, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """A decider signs. A yes waits for the rules' answer, which the room enters beside it."""
    actor = entered.actor
    objection = duties.objection_to_decision(board, request, act, actor)
    if objection is not None:
        return board, [refused(act, "refused", objection, request.act.label)]
    if act.answer is Answer.UNSURE:
        return hold(board, request, Doubt(act.act_id, request.version, act.remaining_doubt, actor, room_us), room_us)
    at_us = when(act, actor, room_us)
    pressure = pressure_at(board, request, at_us)
    signed = Decided(act, actor, at_us, confirmed=entered.assertion is not None, pressure=pressure)
    if act.answer is Answer.YES and board.has_rules_as_code():
        return put(board, replace(request, signed=signed)), []
    return _conclude(board, request, signed, room_us)


def _conclude(board: Board, request: Request, signed: Decided, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """A signature that stands: published, or pending until witnesses saw it."""
    if board.awaits_witnesses and is_person(signed.actor):
        awaited = DecisionAwaited(**about(request, room_us), answer=signed.act.answer, decision_id=signed.act.act_id)
        return put(board, replace(request, signed=None, pending=signed)), [awaited]
    return put(board, replace(request, signed=None, decided=signed)), [_published(request, signed, room_us)]


def take_ruling(board: Board, ruled: RulesAnswered, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board after the rules answered about a request.

    **Doubt**: an answer about another version, or by rules that are not in force, changes nothing.
    """
    request = board.requests.get(ruled.request_id)
    if request is None or request.stopped is not None or ruled.version != request.version:
        return board, []
    if board.doctrine is None or ruled.rules_digest != board.doctrine.rules_digest:
        return board, []
    asked = tuple(role for role in ruled.asked if role not in request.advisers)
    asks = tuple(one for one in ruled.behind if one.asks and one not in request.asks)
    request = replace(request, finding=ruled, advisers=(*request.advisers, *asked), asks=(*request.asks, *asks))
    board = put(board, request)
    clear = ruled.answer is RuleAnswer.NO_OBJECTION
    if request.signed is not None:
        return _rule_on_signature(board, request, request.signed, ruled, room_us)
    standing = request.pending or (request.decided if request.may_shift(room_us) else None)
    if standing is None or clear:
        return board, []
    return _ask_again(board, request, standing, ruled, room_us)


def _rule_on_signature(
    board: Board, request: Request, signed: Decided, ruled: RulesAnswered, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    if ruled.answer is RuleAnswer.NO_OBJECTION and not request.absent() and not request.open_doubts():
        return _conclude(board, request, signed, room_us)
    if ruled.answer is RuleAnswer.STOP:
        ended = stopped(request, StopCause.RULE, "the rules in force stop it; its page says by which", room_us)
        return put(board, replace(request, signed=None, stopped=ended)), [ended]
    sentence = "the rules ask somebody first; the request's page says whom"
    return put(board, replace(request, signed=None)), [refused(signed.act, "asked", sentence, request.act.label)]


def _ask_again(
    board: Board, request: Request, standing: Decided, ruled: RulesAnswered, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """The ground shifted: the request is open again in a new version, and every adviser is asked again."""
    again = replace(
        request,
        version=request.version + 1,
        pending=None,
        decided=None,
        finding=None,
        superseded=(*request.superseded, standing),
    )
    verb = "ask" if ruled.answer is RuleAnswer.ASK else "stop"
    shifted = DecisionAskedAgain(
        **about(again, room_us),
        decision_id=standing.act.act_id,
        answer=ruled.answer,
        sentence=f"signed, not carried out, and now the rules {verb}; its page says by which",
    )
    return put(board, again), [shifted]


def take_witnessed(board: Board, fact: DecisionWitnessed, room_us: int) -> tuple[Board, list[AnyOutcome]]:
    """The board after witnesses saw a decision: it is published, unless something stopped or held it meanwhile."""
    request = board.requests.get(fact.request_id)
    if request is None or request.is_over() or request.pending is None:
        return board, []
    if request.pending.act.act_id != fact.decision_id or room_us >= request.act.until_us:
        return board, []
    decided = replace(request, pending=None, decided=request.pending)
    return put(board, decided), [_published(request, request.pending, room_us)]


def stop_unwitnessed(board: Board, decision_id: str, sentence: str, room_us: int) -> tuple[Board, list[RequestStopped]]:
    """The board when witnesses did not see a decision in time: its request is stopped, if it still awaits them."""
    for request in board.requests.values():
        if request.pending is not None and request.pending.act.act_id == decision_id and not request.is_over():
            ended = stopped(request, StopCause.WITNESS, sentence, room_us)
            return put(board, replace(request, stopped=ended)), [ended]
    return board, []


def give_words(
    board: Board, request: Request, act: WordsGiven, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """The written answers that were owed; late ones are taken too, and stay late."""
    objection = duties.objection_to_words(request, act, actor)
    if objection is not None:
        return board, [refused(act, "refused", objection, request.act.label)]

    def given(one: Decided) -> Decided:
        return replace(one, words=act, words_us=room_us) if one.act.act_id == act.decision_id else one

    past = tuple(given(one) for one in request.superseded)
    standing = None if request.decided is None else given(request.decided)
    return put(board, replace(request, decided=standing, superseded=past)), []


def carry_out(
    board: Board, request: Request, act: CarriedOut, actor: Actor, room_us: int
) -> tuple[Board, list[AnyOutcome]]:
    """What was decided has been done; from then on nothing opens it again."""
    objection = duties.objection_to_carrying_out(request, actor, room_us)
    if objection is not None:
        return board, [refused(act, "refused", objection, request.act.label)]
    done = RequestCarriedOut(**about(request, room_us), role=actor.role, nation=actor.nation)
    return put(board, replace(request, carried_out=done)), [done]


def _published(request: Request, signed: Decided, room_us: int) -> RequestDecided:
    return RequestDecided(
        **about(request, room_us),
        answer=signed.act.answer,
        decision_id=signed.act.act_id,
        pressure=signed.pressure,
    )
