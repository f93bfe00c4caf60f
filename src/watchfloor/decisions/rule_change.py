"""A change of rules: compared with what is in force, then signed by two persons; software makes none.

**Source**: requirement 24; own reasoning.
"""

from msgspec.structs import replace

from watchfloor.base.labels import Label
from watchfloor.decisions.authority import Draft, RuleSignature
from watchfloor.decisions.board import Board, is_person
from watchfloor.messages.acts import Actor
from watchfloor.messages.delegation import RuleChangeAgreed, RuleChangeSigned, RulesCompared, RulesProposed
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.pack import DoctrineSet


def sign(
    board: Board, act: RuleChangeSigned, actor: Actor, label: Label, room_us: int
) -> tuple[Board, list[RuleChangeAgreed | ActRefused]]:
    """The board after a person signed a change; agreed, when another person had signed the same."""
    objection = _objection(board, act, actor)
    if objection is not None:
        return board, [ActRefused(act.act_id, "refused", objection, label)]
    same = [one for one in board.authority.signatures if _terms(one.act) == _terms(act)]
    if any(one.actor.person_id == actor.person_id for one in same):
        return board, [ActRefused(act.act_id, "refused", "this person has signed it already", label)]
    signatures = (*board.authority.signatures, RuleSignature(act, actor))
    board = replace(board, authority=replace(board.authority, signatures=signatures))
    if not same:
        return board, []
    agreed = RuleChangeAgreed(
        to_version=act.to_version,
        to_digest=act.to_digest,
        first=same[0].act.act_id,
        second=act.act_id,
        at_us=room_us,
        label=label,
    )
    return take_agreement(board, agreed), [agreed]


def propose(board: Board, act: RulesProposed, actor: Actor, label: Label) -> tuple[Board, list[ActRefused]]:
    """The board with a version that a person wrote; whether its text holds was checked before it was entered."""
    drafts = board.authority.drafts
    objection = _objection_to_change(board, act.from_digest, actor)
    in_force = board.doctrine.rules_version if board.doctrine is not None else ""
    if objection is None and act.to_version in {in_force, *(draft.act.to_version for draft in drafts.values())}:
        objection = f"there is a version `{act.to_version}` already; take another name"
    if objection is None and act.to_digest in {act.from_digest, *drafts}:
        objection = "a version with the same policies is there already"
    if objection is not None:
        return board, [ActRefused(act.act_id, "refused", objection, label)]
    held = {**drafts, act.to_digest: Draft(act, actor)}
    return replace(board, authority=replace(board.authority, drafts=held)), []


def take_agreement(board: Board, agreed: RuleChangeAgreed) -> Board:
    """The board after two persons agreed; the room then enters the version's full text."""
    return replace(board, authority=replace(board.authority, agreed=agreed))


def take_comparison(board: Board, compared: RulesCompared) -> Board:
    """The board with a comparison that people can read and sign under."""
    known = {**board.authority.compared, compared.new_digest: compared}
    return replace(board, authority=replace(board.authority, compared=known))


def take_doctrine(board: Board, doctrine: DoctrineSet, room_us: int) -> Board:
    """The board with other rules in force from now on; signatures for a change from the old ones end."""
    since = (*board.authority.doctrines, (room_us, doctrine))
    authority = replace(board.authority, doctrines=since, signatures=(), agreed=None, compared={})
    return replace(board, doctrine=doctrine, authority=authority)


def doctrine_at(board: Board, room_us: int) -> DoctrineSet | None:
    """The rules that were in force at an instant; of the first ones, before any.

    After a jump back of room time an instant comes twice; the newest counts.
    """
    held = board.authority.doctrines
    first = held[0][1] if held else None
    return next((doctrine for since_us, doctrine in reversed(held) if since_us <= room_us), first)


def take_jump(board: Board, room_us: int) -> Board:
    """The board in a new time context: what is in force is so from its first instant on."""
    if board.doctrine is None:
        return board
    since = (*board.authority.doctrines, (room_us, board.doctrine))
    return replace(board, authority=replace(board.authority, doctrines=since))


def _objection_to_change(board: Board, from_digest: str, actor: Actor) -> str | None:
    if "change_rules" not in actor.powers or not is_person(actor):
        return "this seat does not hold the power `change_rules`"
    if board.doctrine is None or from_digest != board.doctrine.rules_digest:
        return "the rules in force are others; read the comparison again"
    return None


def _objection(board: Board, act: RuleChangeSigned, actor: Actor) -> str | None:
    doctrine = board.doctrine
    objection = _objection_to_change(board, act.from_digest, actor)
    if objection is not None or doctrine is None:
        return objection
    compared = board.authority.compared.get(act.to_digest)
    if compared is None or compared.old_digest != doctrine.rules_digest or compared.new_version != act.to_version:
        return f"version `{act.to_version}` was not compared with the rules in force; without that nothing changes"
    if compared.report_digest != act.report_digest:
        return "the comparison on record is another one; read it again"
    return None


def _terms(act: RuleChangeSigned) -> tuple[str, ...]:
    return (act.from_digest, act.to_version, act.to_digest, act.report_digest)
