"""The auditor's check of follow-ups: an answer by whoever took part, or may not review, is named."""

from typing import Any

import pytest
from msgspec.structs import replace

from watchfloor.base.labels import label_for
from watchfloor.messages.acts import Actor, LogHead, SeatKind
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry
from watchfloor.messages.notification import EventKind, FollowUpClosed, FollowUpOpened
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.notified import NotifiedCheck
from watchfloor.verify.report import Report

LABEL = label_for(("ALD",))
OPENED = FollowUpOpened(
    follow_id="F-1", notification_id="N-1", event=EventKind.HARM, about="H-1", at_us=1, took_part=("p-1",), label=LABEL
)
REVIEWER = Actor("p-2", "s", "legal-adviser", "ALD", SeatKind.PERSON, ("review",))


def closed(actor: Actor = REVIEWER, act_id: str = "a" * 32, follow_id: str = "F-1") -> SignedAct:
    act = FollowUpClosed(
        act_id=act_id, room_id="r", person_id=actor.person_id, seat_id="s", at_us=1, head=LogHead(0, "0" * 64),
        follow_id=follow_id, words="Looked.",
    )  # fmt: skip
    return SignedAct(canonical_bytes(act).decode(), "0" * 128, "0" * 16, actor, LABEL)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ([OPENED, closed()], ""),
        ([OPENED, closed(replace(REVIEWER, person_id="p-1"))], "that its person took part in"),
        ([OPENED, closed(replace(REVIEWER, person_id="p-1")), ActRefused("a" * 32, "refused", "no", LABEL)], ""),
        ([OPENED, closed(replace(REVIEWER, powers=("advise",)))], "from a seat that may not"),
        ([OPENED, closed(replace(REVIEWER, kind=SeatKind.SIMULATED))], "from a seat that may not"),
        ([OPENED, closed(), closed(act_id="b" * 32)], "that was answered"),
        ([closed()], "never opened"),
    ],
)
def test_an_answer_that_does_not_stand_is_named(facts: list[Any], fault: str) -> None:
    report = Report()
    check = NotifiedCheck(report)
    for seq, fact in enumerate(facts):
        check.take(Entry(seq, "0" * 64, seq, seq, "line", f"k-{seq}", 1, fact))
    check.finish()
    found = "; ".join(str(problem) for problem in report.problems)
    assert (fault in found) if fault else not found, found
