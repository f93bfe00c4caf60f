"""A branch of a record: other rules, other advice, something left out; run in a copy and never mixed with the record.

A branch is computed in memory and marked WHAT IF wherever it is shown or written. Nothing signed is made: an act that
was changed has no valid signature, and a branch is no evidence of anything but the rules.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.rulebook import version_text
from watchfloor.app.ruling import RulesDesk
from watchfloor.app.state import RoomState, pass_time, step
from watchfloor.base.errors import InputError
from watchfloor.decisions.stages import state_word
from watchfloor.messages.acts import AdviceGiven, Verdict
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.findings import RulesAnswered
from watchfloor.messages.outcomes import AnyOutcome
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.rulebook import RuleVersion
from watchfloor.messages.signed import SignedAct, act_of

_OUTCOMES = AnyOutcome


class OtherAdvice(Struct, frozen=True, forbid_unknown_fields=True):
    """The advice in this entry had said something else."""

    entry: int
    verdict: Verdict
    words: str = ""


class WhatIf(Struct, frozen=True, forbid_unknown_fields=True):
    """What is different in a branch: the rules (a version of the pack), single advice, entries left out."""

    rules: str = ""
    advice: tuple[OtherAdvice, ...] = ()
    without: tuple[int, ...] = ()


class Branch(Struct, frozen=True):
    """The states after each entry of a branch, and what became of each request, as recorded and in the branch."""

    states: list[RoomState]
    outcomes: list[tuple[str, str, str]]


def what_if_of(plain: Any) -> WhatIf:
    """The changes that a file says.

    **Raises**: InputError, naming the field.
    """
    try:
        return msgspec.convert(plain, WhatIf)
    except msgspec.ValidationError as error:
        raise InputError(f"the branch's file: {error}", field="what-if") from error


def branch(entries: list[Entry], changes: WhatIf, rules: RuleVersion | None = None) -> Branch:
    """Run the record's inputs again with the changes; the rules are asked anew.

    **Args**: `rules`: the version that `changes.rules` names.

    **Raises**: InputError, when a change names no such entry, or something that is no advice.
    """
    _check(entries, changes)
    desk = RulesDesk()
    advice = {one.entry: one for one in changes.advice}
    left_out = frozenset(changes.without)
    recorded = RoomState()
    state = RoomState()
    states = []
    for entry in entries:
        recorded, _ = step(recorded, entry.body, entry.toe_us, entry.room_us, entry.seq)
        fact = _changed(entry, advice.get(entry.seq), rules)
        if entry.seq not in left_out and not isinstance(fact, _OUTCOMES | RulesAnswered):
            before = state
            state, _ = step(state, fact, entry.toe_us, entry.room_us, entry.seq)
            while answers := desk.follow(before, state, entry.room_us):
                before = state
                for answered in answers:
                    state, _ = step(state, answered, entry.toe_us, entry.room_us, entry.seq)
        state, _ = pass_time(state, entry.room_us)
        states.append(state)
    return Branch(states, _outcomes(recorded, state))


def _check(entries: list[Entry], changes: WhatIf) -> None:
    for seq in (*changes.without, *(one.entry for one in changes.advice)):
        if not 0 <= seq < len(entries):
            raise InputError(f"there is no entry {seq}; the record has {len(entries)}", field="what-if")
    for one in changes.advice:
        body = entries[one.entry].body
        if not isinstance(body, SignedAct) or not isinstance(act_of(body), AdviceGiven):
            raise InputError(f"entry {one.entry} is no advice", field="advice")


def _changed(entry: Entry, advice: OtherAdvice | None, rules: RuleVersion | None) -> Fact:
    body = entry.body
    if isinstance(body, DoctrineSet) and rules is not None:
        return replace(body, rules_text=version_text(rules), advice=None)  # requests are pinned to the digest
    if advice is not None and isinstance(body, SignedAct):
        act = act_of(body)
        if isinstance(act, AdviceGiven):
            other = replace(act, verdict=advice.verdict, words=advice.words)
            return replace(body, document=canonical_bytes(other).decode(), signature="0" * 128)
    return body


def _outcomes(recorded: RoomState, branched: RoomState) -> list[tuple[str, str, str]]:
    words: Mapping[str, str] = {name: state_word(request) for name, request in branched.board.requests.items()}
    return [
        (name, state_word(request), words.get(name, "never written"))
        for name, request in recorded.board.requests.items()
    ]
