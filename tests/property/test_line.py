"""The line: whatever two parties say and lose on the way, both come to one log; who lies about it is named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.running import run_words
from watchfloor.edge.cli.line_verify import read_copy
from watchfloor.line.chain import NOTHING, Chain, Reader, Refusal, Taken, digest_of
from watchfloor.line.joint import Copy, Finding, chains_of, compare, merge
from watchfloor.line.standing import Notice, Standing, as_of, fields_of, notices_with
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.line import (
    AnyLineBody,
    CommentMade,
    LineCopyHead,
    LineMessage,
    LineParty,
    LinePlace,
    LineVolume,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    ReadBackField,
    SignedLine,
    VolumeNotified,
)
from watchfloor.messages.room import Context

PRIVATE = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in ("N1", "S2")}
PARTIES = tuple(LineParty(name, key.public_key().public_bytes_raw().hex()) for name, key in PRIVATE.items())
LINE = "air"
CORNERS = ((-375_000_000, 1_140_000_000), (-375_000_000, 1_141_000_000), (-374_000_000, 1_140_000_000))
VOLUME = LineVolume(
    outline=tuple(LinePlace(*corner) for corner in CORNERS),
    floor_ft=10_000, ceiling_ft=14_000, from_us=1_000, until_us=9_000,
)  # fmt: skip


@dataclass
class Side:
    """One party at its end of the line, written for this test: it says, hears, countersigns, and keeps all of it."""

    name: str
    held: list[SignedLine] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def say(self, body: AnyLineBody, sent_us: int) -> SignedLine:
        message = LineMessage(
            context=Context.EXERCISE, line_id=LINE, party=self.name, number=len(self.own),
            previous=self.own[-1] if self.own else NOTHING, seen=self.heard[-1] if self.heard else NOTHING,
            sent_us=sent_us, body=body,
        )  # fmt: skip
        signed = signed_by(self.name, message)
        self.own.append(digest_of(signed.document))
        self.held.append(signed)
        return signed

    def hear(self, signed: SignedLine) -> str:
        """Answers the countersignature, which the sender then holds too, if it comes back."""
        self.heard.append(digest_of(signed.document))
        mark = PRIVATE[self.name].sign(signed.document.encode()).hex()
        self.held.append(SignedLine(signed.document, signed.signature, mark))
        return mark

    def gets(self, signed: SignedLine, mark: str) -> None:
        self.held = [SignedLine(one.document, one.signature, mark) if one == signed else one for one in self.held]

    def copy(self) -> Copy:
        head = LineCopyHead(context=Context.EXERCISE, line_id=LINE, copy_of=self.name, parties=PARTIES)  # type: ignore[arg-type]
        return Copy(head, tuple(self.held))


def signed_by(name: str, message: LineMessage) -> SignedLine:
    document = canonical_bytes(message).decode()
    return SignedLine(document, PRIVATE[name].sign(document.encode()).hex())


def words(number: int) -> CommentMade:
    return CommentMade(words=f"word {number}", language="en")


def talked(seed: int, count: int) -> tuple[Side, Side]:
    """Two sides that talk across each other; each message comes in order, but late; all arrive, and all receipts."""
    dice, sides, under_way = Random(seed), (Side("N1"), Side("S2")), ([], [])  # type: ignore[var-annotated]
    for number in range(count):
        who = dice.randrange(2)
        under_way[who].append(sides[who].say(words(number), 1_000 + dice.randrange(3) * number))
        for direction in (0, 1):
            while under_way[direction] and dice.random() < 0.5:
                deliver(sides[direction], sides[1 - direction], under_way[direction].pop(0))
    for direction in (0, 1):
        for signed in under_way[direction]:
            deliver(sides[direction], sides[1 - direction], signed)
    return sides


def deliver(sender: Side, receiver: Side, signed: SignedLine) -> None:
    sender.gets(signed, receiver.hear(signed))


def order_of(copy: Copy) -> list[str]:
    chains = chains_of(copy, Reader())
    assert not isinstance(chains, str), chains
    return [taken.digest for taken in merge(*chains)]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 30))
def test_both_sides_come_to_one_log_in_one_order(seed: int, count: int) -> None:
    one, other = talked(seed, count)
    assert compare(one.copy(), other.copy()).finding is Finding.HOLDS
    order = order_of(one.copy())
    assert order == order_of(other.copy())
    shuffled = list(other.held)
    Random(seed).shuffle(shuffled)
    assert order == order_of(Copy(other.copy().head, tuple(shuffled)))
    places = {digest: place for place, digest in enumerate(order)}
    for chain in chains_of(one.copy(), Reader()):
        assert isinstance(chain, Chain)
        for taken in chain.taken:
            assert taken.message.seen == NOTHING or places[taken.message.seen] < places[taken.digest]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_a_changed_letter_anywhere_is_found(seed: int, data: st.DataObject) -> None:
    one, other = talked(seed, 8)
    place = data.draw(st.integers(0, len(other.held) - 1))
    signed = other.held[place]
    part = data.draw(st.sampled_from(("document", "signature", "countersignature")))
    text: str = getattr(signed, part)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("0123456789abcdef"))
    if letter == text[at]:
        return
    spoilt = SignedLine(
        **{name: getattr(signed, name) for name in ("document", "signature", "countersignature")}
        | {part: text[:at] + letter + text[at + 1 :]}
    )
    held = (*other.held[:place], spoilt, *other.held[place + 1 :])
    verdict = compare(one.copy(), Copy(other.copy().head, held))
    assert verdict.finding in (Finding.BROKEN, Finding.FORKED)
    assert verdict.finding is Finding.BROKEN, "nobody's key signed the changed text"


def test_what_one_copy_lacks_speaks_against_nobody_and_who_signed_for_it_is_named() -> None:
    one, other = talked(1, 6)
    late = one.say(words(99), 2_000)
    verdict = compare(one.copy(), other.copy())
    assert (verdict.finding, verdict.against) == (Finding.BEHIND, "")
    one.gets(late, other.hear(late))
    other.held = [held for held in other.held if held.document != late.document]
    verdict = compare(one.copy(), other.copy())
    assert (verdict.finding, verdict.against) == (Finding.BEHIND, ""), "an older or cut file is no lie of its party"
    assert verdict.words.endswith("which S2 countersigned")
    other.hear(late)
    one.held = [held for held in one.held if held.document != late.document]
    verdict = compare(one.copy(), other.copy())
    assert (verdict.finding, verdict.against) == (Finding.BEHIND, "")
    assert verdict.words.endswith("which N1 signed")


def test_two_copies_of_one_side_prove_nothing() -> None:
    one, _ = talked(1, 6)
    assert compare(one.copy(), one.copy()).finding is Finding.STRANGERS


def test_two_people_who_send_at_once_are_no_fork_and_two_texts_of_one_number_are() -> None:
    one, other = Side("N1"), Side("S2")
    first, second = one.say(words(1), 1_000), other.say(words(2), 1_000)
    deliver(one, other, first)
    deliver(other, one, second)
    assert compare(one.copy(), other.copy()).finding is Finding.HOLDS
    liar = Side("N1")
    liar.say(words(3), 1_000)
    for copies in ((liar.copy(), other.copy()), (other.copy(), liar.copy())):
        verdict = compare(*copies)
        assert (verdict.finding, verdict.against) == (Finding.FORKED, "N1")
        assert "number 0" in verdict.words


def test_a_message_that_does_not_follow_is_refused_with_its_reason() -> None:
    one, _ = talked(3, 10)
    chains = chains_of(one.copy(), Reader())
    assert not isinstance(chains, str)
    mine, theirs = chains
    good = LineMessage(
        context=Context.EXERCISE, line_id=LINE, party="N1", number=len(mine.taken), previous=mine.head(),
        seen=theirs.head(), sent_us=1, body=words(0),
    )  # fmt: skip

    def told(name: str = "N1", **changes: Any) -> Taken | Refusal:
        fields = {part: getattr(good, part) for part in good.__struct_fields__} | changes
        answer = mine.take(signed_by(name, LineMessage(**fields)), theirs, Reader())
        return answer if isinstance(answer, Refusal) else answer[1]

    assert told(name="S2") is Refusal.WRONG_KEY
    assert told(line_id="ground") is Refusal.OTHER_LINE
    assert told(number=good.number + 1) is Refusal.GAP
    assert told(number=0, previous=NOTHING) is Refusal.FORK
    assert told(previous="1" * 64) is Refusal.OTHER_PAST
    assert told(seen="1" * 64) is Refusal.UNSEEN
    assert told(seen=NOTHING) is Refusal.SEEN_BACKWARDS
    unknown = SignedLine(canonical_bytes(good).decode().replace('"comment"', '"attachment"'), "0" * 128)
    assert mine.take(unknown, theirs, Reader()) is Refusal.NO_MESSAGE
    assert mine.take(SignedLine("x" * 70_000, "0" * 128), theirs, Reader()) is Refusal.TOO_LONG
    assert mine.take(SignedLine("\ud800", "0" * 128), theirs, Reader()) is Refusal.NO_MESSAGE
    taken = mine.take(signed_by("N1", good), theirs, Reader())
    assert not isinstance(taken, Refusal)
    longer, held = taken
    assert (len(longer.taken), len(mine.taken)) == (good.number + 1, good.number), "the chain before stays as it was"
    assert longer.take(signed_by("N1", good), theirs, Reader()) == (longer, held), "the same again stands as it stood"


def read_back(of: str, **changes: int) -> NoticeReadBack:
    fields = fields_of(VOLUME) | changes
    return NoticeReadBack(about=of, fields=tuple(ReadBackField(name, str(value)) for name, value in fields.items()))


def standing(one: Side, now_us: int = 2_000) -> tuple[Standing, tuple[str, ...]]:
    chains = chains_of(one.copy(), Reader())
    assert not isinstance(chains, str)
    first = as_of(notices_of(merge(*chains))[one.own[0]], now_us)
    return first.standing, first.wrong


def notices_of(order: Iterable[Taken]) -> Mapping[str, Notice]:
    found: Mapping[str, Notice] = {}
    for taken in order:
        found = notices_with(found, taken)
    return found


def test_received_is_not_agreed_and_only_every_field_said_rightly_is_read_back() -> None:
    one, other = Side("N1"), Side("S2")
    notice = one.say(VolumeNotified(volume=VOLUME), 1)
    assert standing(one) == (Standing.SENT, ())
    deliver(one, other, notice)
    assert standing(one) == (Standing.RECEIVED, ())
    of = one.own[0]
    deliver(other, one, other.say(NoticeAcknowledged(about=of), 2))
    assert standing(one) == (Standing.SEEN, ())
    deliver(other, one, other.say(read_back(of, floor_ft=1_000), 3))
    assert standing(one) == (Standing.SEEN, ("floor_ft",))
    deliver(other, one, other.say(NoticeReadBack(about=of, fields=(ReadBackField("floor_ft", "10000"),)), 4))
    assert standing(one)[0] is Standing.SEEN
    deliver(one, other, one.say(read_back(of), 5))
    assert standing(one)[0] is Standing.SEEN, "nobody reads back to themselves"
    deliver(other, one, other.say(read_back(of), 6))
    assert standing(one) == (Standing.READ_BACK, ())
    deliver(other, one, other.say(NoticeDisputed(about=of, name="until_us"), 7))
    assert standing(one)[0] is Standing.DISPUTED
    deliver(other, one, other.say(NoticeExpired(about=of), 8))
    assert standing(one)[0] is Standing.DISPUTED, "nobody ends the other's notice"
    assert standing(one, now_us=9_000)[0] is Standing.EXPIRED
    deliver(one, other, one.say(NoticeCorrected(about=of, volume=VOLUME), 9))
    assert standing(one)[0] is Standing.CORRECTED


def test_two_copies_are_compared_on_the_command_line(tmp_path: Path) -> None:
    one, other = talked(5, 20)
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file, side in zip(files, (one, other), strict=True):
        held = side.copy()
        file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in (held.head, *held.lines)))
        assert read_copy(file) == held
    done = run_words("line", "log", "verify", *map(str, files))
    last = merge(*chains_of(one.copy(), Reader()))[-1].digest
    assert (done.returncode, f"one log: 20 messages; the last is {last}" in done.stdout) == (0, True)
    files[1].write_bytes(b"\n".join(files[1].read_bytes().splitlines()[:-1]) + b"\n")
    done = run_words("line", "log", "verify", *map(str, files), "--json")
    assert done.returncode == 1
    assert '"finding": "behind"' in done.stdout
    files[1].write_bytes(files[1].read_bytes() + b'{"document":7}\n')
    done = run_words("line", "log", "verify", *map(str, files))
    assert done.returncode == 2
    assert "b.jsonl:21:" in done.stderr


@pytest.mark.parametrize("raw", [b"", b"\n", b"{}\n", b"[" * 5_000, b"\xff\n"])
def test_a_file_that_is_no_copy_is_refused_with_its_line(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(raw)
    done = run_words("line", "log", "verify", str(tmp_path / "a"), str(tmp_path / "a"))
    assert done.returncode == 2
    assert f"{tmp_path / 'a'}:1:" in done.stderr
