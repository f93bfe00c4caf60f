"""The auditor's check of lines: a message that no person said, that was changed, left out or not signed, is named."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from watchfloor.base.labels import label_for
from watchfloor.messages.acts import Actor, LogHead, SeatKind
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry
from watchfloor.messages.line import CommentMade, LineMessage, LineParty, SignedLine
from watchfloor.messages.line_record import (
    LineCountersigned,
    LineHeard,
    LineKind,
    LineOpened,
    LineSaid,
    LineSpoken,
)
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import Context
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.lines import LinesCheck
from watchfloor.verify.report import Report

LABEL = label_for(("ALD",))
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in ("N1", "S2")}
PARTIES = tuple(LineParty(name, key.public_key().public_bytes_raw().hex()) for name, key in KEYS.items())
ACT = "a" * 32


def act(words: str = "hello", act_id: str = ACT) -> SignedAct:
    spoken = LineSpoken(
        act_id=act_id, room_id="r", person_id="p", seat_id="s", at_us=1, head=LogHead(0, "0" * 64), line_id="air-1",
        body=CommentMade(words=words, language="en"),
    )  # fmt: skip
    actor = Actor("p", "s", "line-officer", "ALD", SeatKind.PERSON, ("call",))
    return SignedAct(canonical_bytes(spoken).decode(), "0" * 128, "0" * 16, actor, LABEL)


def signed(party: str, by: str = "", countersigned: str = "", **changes: Any) -> SignedLine:
    fields: dict[str, Any] = {
        "context": Context.EXERCISE, "line_id": "air-1", "party": party, "number": 0, "previous": "0" * 64,
        "seen": "0" * 64, "sent_us": 1, "body": CommentMade(words="hello", language="en"),
    }  # fmt: skip
    document = canonical_bytes(LineMessage(**fields | changes)).decode()
    mark = KEYS[countersigned].sign(document.encode()).hex() if countersigned else ""
    return SignedLine(document, KEYS[by or party].sign(document.encode()).hex(), mark)


def said(one: SignedLine, act_id: str = ACT) -> LineSaid:
    return LineSaid(line_id="air-1", act_id=act_id, signed=one, label=LABEL)


def heard(one: SignedLine) -> LineHeard:
    return LineHeard(line_id="air-1", signed=one, label=LABEL)


FIELDS = {"line": LineKind.AIR, "party": "N1", "parties": PARTIES, "rota": None, "members": (), "label": LABEL}
OPENED = LineOpened(context=Context.EXERCISE, line_id="air-1", **FIELDS)  # type: ignore[arg-type]
GOOD = signed("N1")
RECEIPT = LineCountersigned(
    line_id="air-1", number=0, countersignature=KEYS["S2"].sign(GOOD.document.encode()).hex(), label=LABEL
)
REFUSED = ActRefused(ACT, "refused", "no", LABEL)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ([OPENED, act(), said(GOOD), heard(signed("S2", countersigned="N1")), RECEIPT], ""),
        ([OPENED, said(GOOD)], "no person said"),
        ([OPENED, act(), REFUSED, said(GOOD)], "no person said"),
        ([OPENED, act(), said(GOOD), said(GOOD)], "does not follow"),
        ([OPENED, act("good bye"), said(GOOD)], "says something else than its person did"),
        ([OPENED, act(), said(signed("N1", by="S2"))], "the key of N1 did not sign"),
        ([OPENED, act(), said(signed("N1", number=1))], "does not follow"),
        ([OPENED, act(), said(signed("N1", previous="1" * 64))], "does not follow"),
        ([OPENED, act(), said(signed("N1", line_id="air-2"))], "does not follow"),
        ([OPENED, heard(signed("S2"))], "a receipt that our key did not sign"),
        ([OPENED, heard(signed("S2", by="N1", countersigned="N1"))], "the key of S2 did not sign"),
        ([OPENED, RECEIPT], "a message that was not said"),
        ([OPENED, act(), said(GOOD), replace(RECEIPT, countersignature="0" * 128)], "the other party's key did not"),
        ([act(), said(GOOD)], "before it was opened"),
        ([OPENED, act(), said(SignedLine("{}", "0" * 128))], "no message of a line"),
    ],
)
def test_what_was_said_on_a_line_is_held_against_who_said_it(facts: list[Any], fault: str) -> None:
    report = Report()
    check = LinesCheck(report, is_export=False)
    for seq, fact in enumerate(facts):
        if type(fact) in check.kinds:
            check.take(Entry(seq, "0" * 64, seq, seq, "line", f"k-{seq}", 1, fact))
    found = "; ".join(str(problem) for problem in report.problems)
    assert (fault in found) if fault else not found, found
