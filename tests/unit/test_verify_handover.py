"""The auditor's check of handovers: a watch taken from nobody, or handed on unread, is named."""

from typing import Any

import pytest
from msgspec.structs import replace

from watchfloor.base.labels import label_for
from watchfloor.messages.acts import Actor, LogHead, SeatKind
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry
from watchfloor.messages.handover import WatchAwaited, WatchHandedOver, WatchTakenOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.handover import HandoverCheck
from watchfloor.verify.report import Report

LABEL = label_for(("DNM",))


def sat(person_id: str) -> SeatTaken:
    powers = ("doubt", "run_watch")
    return SeatTaken("watch", person_id, "officer", "DNM", SeatKind.PERSON, powers, f"k-{person_id}", "0" * 64, LABEL)


def signed(act_type: type, person_id: str, act_id: str = "a" * 32, **changes: Any) -> SignedAct:
    act = act_type(
        act_id=act_id, room_id="r", person_id=person_id, seat_id="watch", at_us=1, head=LogHead(0, "0" * 64),
        brief="0" * 64, words="",
    )  # fmt: skip
    actor = replace(Actor(person_id, "watch", "officer", "DNM", SeatKind.PERSON, ("run_watch",)), **changes)
    return SignedAct(canonical_bytes(act).decode(), "0" * 128, "0" * 16, actor, LABEL)


def awaits(person_id: str) -> WatchAwaited:
    return WatchAwaited("watch", person_id, "officer", "DNM", LABEL)


HANDED = [sat("p-1"), signed(WatchHandedOver, "p-1"), sat("p-2"), awaits("p-2")]


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ([*HANDED, signed(WatchTakenOver, "p-2", "b" * 32)], ""),
        ([*HANDED, signed(WatchTakenOver, "p-2", "b" * 32), signed(WatchHandedOver, "p-2", "c" * 32)], ""),
        ([sat("p-1"), sat("p-1"), signed(WatchHandedOver, "p-1")], ""),
        ([sat("p-1"), signed(WatchHandedOver, "p-1"), signed(WatchTakenOver, "p-1", "b" * 32)], ""),
        ([sat("p-1"), sat("p-2"), sat("p-1"), signed(WatchHandedOver, "p-1")], ""),
        ([sat("p-1"), signed(WatchTakenOver, "p-1")], "from nobody"),
        ([sat("p-1"), signed(WatchTakenOver, "p-1"), ActRefused("a" * 32, "refused", "no", LABEL)], ""),
        ([sat("p-1"), sat("p-2"), signed(WatchTakenOver, "p-2")], "from nobody"),
        ([*HANDED, signed(WatchHandedOver, "p-2", "b" * 32)], "never acknowledged"),
        ([*HANDED, *(signed(WatchTakenOver, "p-2", letter * 32) for letter in "bc")], "from nobody"),
        ([*HANDED, sat("p-1"), signed(WatchTakenOver, "p-2", "b" * 32)], "from nobody"),
        ([*HANDED, signed(WatchTakenOver, "p-2", "b" * 32, powers=("doubt",))], "from a seat that may not"),
        ([*HANDED, signed(WatchTakenOver, "p-2", "b" * 32, kind=SeatKind.SIMULATED)], "from a seat that may not"),
        ([sat("p-1"), awaits("p-1")], "does not sit there, or keeps it"),
        ([sat("p-1"), awaits("p-2")], "does not sit there, or keeps it"),
    ],
)
def test_a_handover_that_does_not_stand_is_named(facts: list[Any], fault: str) -> None:
    report = Report()
    check = HandoverCheck(report)
    for seq, fact in enumerate(facts):
        check.take(Entry(seq, "0" * 64, seq, seq, "seat", f"k-{seq}", 1, fact))
    check.finish()
    found = "; ".join(str(problem) for problem in report.problems)
    assert (fault in found) if fault else not found, found
