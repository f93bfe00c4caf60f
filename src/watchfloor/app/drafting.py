"""Writing rules in the room: a version is checked as it is typed, and enters the record only when nothing is wrong.

A draft is no proposal of what would pass: nobody asks it a question but the pack's own cases, and it takes effect only
when it was compared and two persons signed.
"""

import re
from typing import Any

import msgspec
from msgspec import Struct

from watchfloor.app.rulebook import CaseResult, RulesInUse, read_version, rule_set_of, version_text
from watchfloor.base.errors import InputError
from watchfloor.decisions.board import Board
from watchfloor.messages.acts import Actor
from watchfloor.messages.delegation import MAX_DRAFT_CHARS, RulesProposed
from watchfloor.messages.pack import Pack
from watchfloor.messages.rulebook import RuleVersion
from watchfloor.rules.fault import RuleFaultError

_CAVEATS = re.compile(r"rules/caveats/([a-z]{3})\.cedar")


class RuleFault(Struct, frozen=True):
    """What is wrong with a version: where, and why; `column` is 0 where only the line is known."""

    file: str
    line: int
    column: int
    part: str
    sentence: str


class CheckedVersion(Struct, frozen=True):
    """A version as it was typed: its text and digest when nothing is wrong, its faults, and the pack's cases."""

    text: str
    digest: str
    faults: tuple[RuleFault, ...]
    cases: tuple[CaseResult, ...]


class DraftWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A version as an editor holds it; `like` names the one whose cases it is held against."""

    like: str
    version: RuleVersion


def check_version(pack: Pack, wish: DraftWish) -> CheckedVersion:
    """What is wrong with a version, and how the cases of another come out under it."""
    text = version_text(wish.version)
    if len(text) > MAX_DRAFT_CHARS:
        return _faulty(RuleFault("", 0, 0, "", f"{len(text)} characters are over {MAX_DRAFT_CHARS}"))
    names = [file.name for file in wish.version.files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return _faulty(RuleFault(twice, 0, 0, "", "the file stands twice"))
    try:
        rules = RulesInUse(wish.version, [nation.id for nation in pack.header.nations], pack.areas)
    except RuleFaultError as error:
        where = error.fields
        return _faulty(RuleFault(str(where["file"]), int(where["line"]), int(where["column"]), "", error.bare))
    faults = [RuleFault(one.file, one.line, 0, one.part, one.sentence) for one in rules.remarks(pack)]
    if faults:
        return _faulty(*faults)
    cases = tuple(rules.run_case(case) for case in pack.rulebook.cases if case.version == wish.like)
    return CheckedVersion(text, rules.rules.digest(), (), cases)


def _faulty(*faults: RuleFault) -> CheckedVersion:
    return CheckedVersion("", "", faults, ())


def require_sound(pack: Pack, board: Board, act: RulesProposed, actor: Actor) -> None:
    """A draft is of somebody who may write it, its text holds, and it is what its digest says.

    **Raises**: InputError, naming file and line.
    """
    if "change_rules" not in actor.powers:
        raise InputError("this seat does not hold the power `change_rules`", field="seat_id")
    try:
        version = read_version(act.rules_text)
    except msgspec.MsgspecError as error:
        raise InputError(f"the text is no version of rules: {error}", field="rules_text") from error
    if version_text(version) != act.rules_text or version.version != act.to_version:
        raise InputError("the text is not spelled as the room spells it, or of another version", field="rules_text")
    if pack.rulebook.version(act.to_version) is not None:
        raise InputError(f"the pack has a version `{act.to_version}`; take another name", field="to_version")
    _require_own_caveats(board, version, actor)
    checked = check_version(pack, DraftWish("", version))
    if checked.faults:
        first = checked.faults[0]
        raise InputError(f"{first.file}:{first.line}: {first.part} {first.sentence}", field="rules_text")
    if checked.digest != act.to_digest:
        raise InputError("the digest is not that of the text", field="to_digest")
    twin = next((one.version for one in pack.rulebook.versions if rule_set_of(one).digest() == act.to_digest), None)
    if twin is not None:
        raise InputError(f"version `{twin}` of the pack holds the same policies; sign that one", field="to_digest")


def _require_own_caveats(board: Board, version: RuleVersion, actor: Actor) -> None:
    """A nation's caveats are changed by that nation's people only, and never left out."""
    if board.doctrine is None:
        return
    before = {file.name: file.text for file in read_version(board.doctrine.rules_text).files}
    after = {file.name: file.text for file in version.files}
    for name in before.keys() | after.keys():
        nation = _CAVEATS.fullmatch(name)
        if nation is not None and before.get(name) != after.get(name) and nation[1].upper() != actor.nation:
            raise InputError(
                f"`{name}` holds the caveats of {nation[1].upper()}; only its people change it", field=name
            )


def version_named(pack: Pack, board: Board, name: str) -> RuleVersion:
    """A version that could take effect: the pack's, or one that somebody wrote here.

    **Raises**: InputError, when there is none, or it is retired.
    """
    if name in pack.rulebook.retired:
        raise InputError(f"version `{name}` is retired", field="version")
    found = pack.rulebook.version(name)
    for draft in board.authority.drafts.values():
        if draft.act.to_version == name:
            found = read_version(draft.act.rules_text)
    if found is None:
        raise InputError(f"there are no rules of version `{name}`", field="version")
    return found


def told(checked: CheckedVersion) -> dict[str, Any]:
    """A checked version as screens are told."""
    return {
        "text": checked.text,
        "digest": checked.digest,
        "faults": [msgspec.to_builtins(fault) for fault in checked.faults],
        "cases": [
            {
                "name": one.case.name,
                "holds": one.holds,
                "due": one.case.answer.value,
                "came": one.finding.answer.value,
                "by": list(one.finding.rules),
            }
            for one in checked.cases
        ],
    }
