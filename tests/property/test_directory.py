"""The directory against a plain model of it, written apart: what may be set, who must be known, who is told."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from watchfloor.base.labels import label_for
from watchfloor.deconflict.directory.entering import Caller, WantedEntity, remove_entity, set_entity
from watchfloor.deconflict.directory.standing import Cause, Directory, Refused, fold
from watchfloor.deconflict.directory.subscribing import remove_subscription, set_subscription
from watchfloor.messages.airspace import EntityKind, HeldVolume, IntentState, Subscription

LABEL = label_for(("OWN",))
NOW_US = 1_931_270_400_000_000
HOUR_US = 3_600_000_000
IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(5)]
SUBS = [f"00000000-0000-4000-9000-00000000000{n}" for n in range(3)]
MANAGERS = ["uss1", "uss2"]
Cell = tuple[int, int, int]


def held(cell: Cell) -> HeldVolume:
    """A cell of a coarse grid: its longitude, level and hour; cells meet when all three are the same."""
    west, level, hour = cell
    corners = ((0, 0), (900_000, 0), (900_000, 900_000), (0, 900_000))
    ring = tuple((west * 1_000_000 + lng, 470_000_000 + lat) for lng, lat in corners)
    begin_us = NOW_US + hour * HOUR_US
    return HeldVolume(begin_us=begin_us, end_us=begin_us + HOUR_US - 1, ring_e7deg=ring,
                      low_mm=level * 100_000, high_mm=level * 100_000 + 90_000)  # fmt: skip


CELLS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=2, unique=True
)


class Model(RuleBasedStateMachine):
    """Both sides by side. An entity of the model: manager, ovn, state, cells, version."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Directory()
        self.entities: dict[tuple[EntityKind, str], dict[str, Any]] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"ovn-{self.count:020}"

    def told(self, kind: EntityKind, cells: set[Cell]) -> dict[str, int]:
        found = {}
        for name, one in self.subscriptions.items():
            if one[kind] and one["cell"] in cells:
                one["count"] += 1
                found[name] = one["count"]
        return found

    @rule(
        kind=st.sampled_from(EntityKind), name=st.sampled_from(IDS), manager=st.sampled_from(MANAGERS), cells=CELLS,
        knows=st.booleans(), current=st.booleans(), state=st.sampled_from(IntentState), sub=st.sampled_from(SUBS),
    )  # fmt: skip
    def put(self, kind: EntityKind, name: str, manager: str, cells: list[Cell], knows: bool, current: bool,
            state: IntentState, sub: str) -> None:  # fmt: skip
        known = self.entities.get((kind, name))
        ovn = known["ovn"] if known and current else None if current else "another"
        met = {key: one for key, one in self.entities.items() if key[0] is EntityKind.INTENT and key[1] != name
               and set(cells) & one["cells"]}  # fmt: skip
        is_intent = kind is EntityKind.INTENT
        needs_sub = is_intent and state is not IntentState.ACCEPTED
        fresh = self.fresh()
        key = frozenset(one["ovn"] for one in met.values()) if knows else frozenset()
        wanted = WantedEntity(
            kind=kind, entity_id=name, ovn=ovn, base_url="https://x", volumes=tuple(held(cell) for cell in cells),
            state=state if is_intent else None, key=key,
            subscription_id=sub if needs_sub else "",
        )  # fmt: skip
        answer = set_entity(self.directory, wanted, Caller(manager, True, fresh), NOW_US, LABEL)
        expected = self._expected(known, manager, ovn, state if is_intent else None, sub if needs_sub else "", cells)
        if expected is None and is_intent and state.value in ("Accepted", "Activated") and met and not knows:
            assert isinstance(answer, Refused)
            assert {one.entity_id for one in answer.missing} == {key[1] for key in met}
            return
        if expected is not None:
            assert isinstance(answer, Refused), expected
            assert answer.cause in expected
            return
        assert not isinstance(answer, Refused), answer
        touched = set(cells) | (known["cells"] if known else set())
        assert {one.subscription_id: one.told_count for one in answer.subscribers} == self.told(kind, touched)
        version = known["version"] + 1 if known else 1
        assert answer.entity.version_count == version
        self.entities[kind, name] = {"manager": manager, "ovn": fresh, "cells": set(cells), "version": version,
                                     "state": state, "sub": sub if needs_sub else ""}  # fmt: skip
        self.directory = fold(self.directory, answer)

    def _expected(self, known: dict[str, Any] | None, manager: str, ovn: str | None, state: IntentState | None,
                  sub: str, cells: list[Cell]) -> set[Cause] | None:  # fmt: skip
        """Why it must be refused, beside a key that lacks something; None, when it need not."""
        if known is None and state not in (None, IntentState.ACCEPTED) and ovn is None:
            return {Cause.INPUT}
        if known and known["manager"] != manager:
            return {Cause.FORBIDDEN}
        if known and known["ovn"] != ovn:
            return {Cause.CONFLICT}
        if not known and ovn is not None:
            return {Cause.INPUT, Cause.CONFLICT}
        order = list(IntentState)
        if known and state is not None:
            before = known["state"]
            if before is IntentState.CONTINGENT and state is not before:
                return {Cause.INPUT}
            if state is IntentState.ACCEPTED and order.index(before) > 0:
                return {Cause.INPUT}
        if sub:
            held_sub = self.subscriptions.get(sub)
            if held_sub is None:
                return {Cause.INPUT}
            if held_sub["manager"] != manager:
                return {Cause.FORBIDDEN}
            if any((cell[0], cell[2]) != (held_sub["cell"][0], held_sub["cell"][2]) for cell in cells):
                return {Cause.INPUT}
        return None

    @rule(kind=st.sampled_from(EntityKind), name=st.sampled_from(IDS), manager=st.sampled_from(MANAGERS),
          current=st.booleans())  # fmt: skip
    def remove(self, kind: EntityKind, name: str, manager: str, current: bool) -> None:
        known = self.entities.get((kind, name))
        ovn = known["ovn"] if known and current else "another"
        answer = remove_entity(self.directory, kind, name, ovn, Caller(manager, True, self.fresh()), NOW_US, LABEL)
        if known is None or known["manager"] != manager or not current:
            assert isinstance(answer, Refused)
            return
        assert not isinstance(answer, Refused)
        told = {one.subscription_id: one.told_count for one in answer.subscribers}
        assert told == self.told(kind, known["cells"])
        del self.entities[kind, name]
        self.directory = fold(self.directory, answer)

    @rule(name=st.sampled_from(SUBS), manager=st.sampled_from(MANAGERS), cell=CELLS, intents=st.booleans(),
          constraints=st.booleans(), current=st.booleans())  # fmt: skip
    def subscribe(self, name: str, manager: str, cell: list[Cell], intents: bool, constraints: bool,
                  current: bool) -> None:  # fmt: skip
        known = self.subscriptions.get(name)
        version = known["version"] if known and current else None if current else "another"
        fresh = self.fresh()
        wanted = Subscription(subscription_id=name, manager=manager, base_url="https://y", version=fresh,
                              of_intents=intents, of_constraints=constraints, implicit=False, told_count=0,
                              volumes=(held(cell[0]),))  # fmt: skip
        answer = set_subscription(self.directory, wanted, version, NOW_US, LABEL)
        hanging = [one for key, one in self.entities.items() if one["sub"] == name]
        covers = all((c[0], c[2]) == (cell[0][0], cell[0][2]) for one in hanging for c in one["cells"])
        is_own = known is None or known["manager"] == manager
        if not (intents or constraints) or not current or not is_own or not covers:
            assert isinstance(answer, Refused)
            return
        assert not isinstance(answer, Refused), answer
        self.subscriptions[name] = {
            "manager": manager, "version": fresh, "cell": cell[0], "count": known["count"] if known else 0,
            EntityKind.INTENT: intents, EntityKind.CONSTRAINT: constraints,
        }  # fmt: skip
        self.directory = fold(self.directory, answer)

    @rule(name=st.sampled_from(SUBS), manager=st.sampled_from(MANAGERS))
    def unsubscribe(self, name: str, manager: str) -> None:
        known = self.subscriptions.get(name)
        version = known["version"] if known else ""
        answer = remove_subscription(self.directory, name, version, manager, NOW_US, LABEL)
        hangs = any(one["sub"] == name for one in self.entities.values())
        if known is None or known["manager"] != manager or hangs:
            assert isinstance(answer, Refused)
            return
        assert not isinstance(answer, Refused)
        del self.subscriptions[name]
        self.directory = fold(self.directory, answer)

    @rule(kind=st.sampled_from(EntityKind), cells=CELLS)
    def query(self, kind: EntityKind, cells: list[Cell]) -> None:
        found = {one.entity_id for one in self.directory.meeting(kind, tuple(held(cell) for cell in cells))}
        assert found == {key[1] for key, one in self.entities.items() if key[0] is kind and set(cells) & one["cells"]}

    @invariant()
    def both_hold_the_same(self) -> None:
        assert {(kind, name) for kind in EntityKind for name in self.directory.of_kind(kind)} == set(self.entities)
        counts = {name: one.told_count for name, one in self.directory.subscriptions.items()}
        assert counts == {name: one["count"] for name, one in self.subscriptions.items()}
        hanging: dict[str, frozenset[str]] = {}
        for (_, name), one in self.entities.items():
            if one["sub"]:
                hanging[one["sub"]] = hanging.get(one["sub"], frozenset()) | {name}
        assert dict(self.directory.dependents) == hanging


Model.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestDirectory = Model.TestCase
