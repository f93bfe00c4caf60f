"""A line's state: in whatever order two parties hear each other, both come to hold the same of every notice."""

from collections import deque
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from watchfloor.base.growing import Growing
from watchfloor.base.labels import label_for
from watchfloor.line import session
from watchfloor.line.chain import Reader, Refusal
from watchfloor.line.session import Line
from watchfloor.line.speaking import objection_to
from watchfloor.line.standing import Standing, fields_of
from watchfloor.line.volumes import faults_of
from watchfloor.messages.acts import LogHead
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.line import (
    AnyLineBody,
    LineParty,
    LinePlace,
    LineResumed,
    LineSuspended,
    LineVolume,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    ReadBackField,
    SignedLine,
    UrgentCause,
    UrgentWarning,
    VolumeNotified,
)
from watchfloor.messages.line_record import LineCountersigned, LineHeard, LineKind, LineOpened, LineSaid, LineSpoken

KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in ("N1", "S2")}
PARTIES = tuple(LineParty(name, key.public_key().public_bytes_raw().hex()) for name, key in KEYS.items())
LABEL = label_for(("ALD",))
ALL_POWERS = ("call", "read_back", "run_watch", "interpret")


def square(lat: int, lon: int, side: int = 1_000_000) -> tuple[LinePlace, ...]:
    corners = ((lat, lon), (lat, lon + side), (lat + side, lon + side), (lat + side, lon))
    return tuple(LinePlace(*corner) for corner in corners)


def volume(number: int, **changes: Any) -> LineVolume:
    fields = {"outline": square(0, number), "floor_ft": 0, "ceiling_ft": 9_000, "from_us": 10, "until_us": 1_000_000}
    return LineVolume(**fields | changes)  # type: ignore[arg-type]


class End:
    """One room's line without a room: what is said is signed here, what comes is checked and countersigned."""

    def __init__(self, party: str) -> None:
        opened = LineOpened(line_id="air", line=LineKind.AIR, party=party, parties=PARTIES, rota=None, label=LABEL)  # type: ignore[arg-type]
        self.party, self.count = party, 0
        self.line: Line = session.open_line(opened, None, 0)

    def say(self, body: AnyLineBody, now_us: int) -> SignedLine | str:
        objection = objection_to(self.line, body, ALL_POWERS, now_us)
        if objection is not None:
            return objection
        self.count += 1
        act = LineSpoken(
            act_id=f"{self.count:032x}", room_id="r", person_id="p", seat_id="s", at_us=now_us,
            head=LogHead(0, "0" * 64), line_id="air", body=body,
        )  # fmt: skip
        self.line = session.speak(self.line, act)
        document = canonical_bytes(session.next_message(self.line, now_us)).decode()
        signed = SignedLine(document, KEYS[self.party].sign(document.encode()).hex())
        said = LineSaid(line_id="air", act_id=act.act_id, signed=signed, label=LABEL)
        self.line = session.fold(self.line, said, now_us)
        assert self.line.owed == ()
        return signed

    def hear(self, signed: SignedLine) -> str:
        mark = KEYS[self.party].sign(signed.document.encode()).hex()
        told = session.hear(self.line, signed, Reader())
        assert not isinstance(told, Refusal), told
        if told.message.number == len(self.line.theirs.taken):
            held = SignedLine(signed.document, signed.signature, mark)
            self.line = session.fold(self.line, LineHeard(line_id="air", signed=held, label=LABEL), 0)
        return mark

    def receipt(self, mark: str) -> None:
        number = len(self.line.countersigned)
        fact = LineCountersigned(line_id="air", number=number, countersignature=mark, label=LABEL)
        self.line = session.fold(self.line, fact, 0)


def body_of(dice: Random, line: Line, number: int) -> AnyLineBody:
    known = [*line.notices, *line.urgents, "f" * 64]
    about = dice.choice(known)
    notice = line.notices.get(about)
    said = fields_of(notice.volume) if notice else {"floor_ft": 1}
    if dice.random() < 0.3:
        said = {**said, "floor_ft": 12}
    fields = tuple(ReadBackField(name, str(value)) for name, value in said.items())
    return dice.choice(
        (
            VolumeNotified(volume=volume(number)),
            NoticeAcknowledged(about=about),
            NoticeReadBack(about=about, fields=fields),
            NoticeDisputed(about=about),
            NoticeCorrected(about=about, volume=volume(number, ceiling_ft=8_000)),
            NoticeExpired(about=about),
            UrgentWarning(cause=UrgentCause.MEDICAL, volume=volume(number)),
            LineSuspended(),
            LineResumed(),
        )
    )


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 40))
def test_both_rooms_hold_the_same_once_all_has_arrived(seed: int, count: int) -> None:
    dice, ends = Random(seed), (End("N1"), End("S2"))
    under_way: tuple[deque[SignedLine], ...] = (deque(), deque())

    def deliver(direction: int) -> None:
        mark = ends[1 - direction].hear(under_way[direction].popleft())
        ends[direction].receipt(mark)

    for number in range(count):
        who = dice.randrange(2)
        signed = ends[who].say(body_of(dice, ends[who].line, number), number)
        if isinstance(signed, SignedLine):
            under_way[who].append(signed)
        for direction in (0, 1):
            while under_way[direction] and dice.random() < 0.4:
                deliver(direction)
    for direction in (0, 1):
        while under_way[direction]:
            deliver(direction)
    one, other = (end.line for end in ends)
    assert one.notices == other.notices
    assert (one.suspended, one.urgents) == (other.suspended, other.urgents)
    assert all(notice.standing is not Standing.SENT for notice in one.notices.values()), "every one was receipted"


@settings(max_examples=60, deadline=None)
@given(items=st.lists(st.integers(), max_size=300), place=st.integers(-310, 310), start=st.integers(-5, 310))
def test_a_growing_sequence_is_a_list_and_never_changes_what_was_looked_at(
    items: list[int], place: int, start: int
) -> None:
    grown = Growing[int]()
    looked: list[Growing[int]] = []
    for item in items:
        looked.append(grown)
        grown = grown.grown(item)
    assert list(grown) == items
    assert len(grown) == len(items)
    assert list(grown.after(start)) == items[max(start, 0) :]
    assert [list(one) for one in looked] == [items[:count] for count in range(len(items))]
    if -len(items) <= place < len(items):
        assert grown[place] == items[place]
    else:
        try:
            grown[place]
        except IndexError:
            return
        raise AssertionError(place)


@settings(max_examples=400, deadline=None)
@given(
    corners=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7),
    lon=st.sampled_from((0, 1_799_999_998)),
)
@example(corners=[(0, 0), (0, 2), (0, 1)], lon=0)
@example(corners=[(0, 0), (0, 4), (2, 4), (0, 2)], lon=0)
def test_an_outline_that_crosses_itself_is_found_as_shapely_finds_it(corners: list[tuple[int, int]], lon: int) -> None:
    assume(all(one != two for one, two in zip(corners, [*corners[1:], corners[0]], strict=True)))
    places = tuple(
        LinePlace(lat, (lon + east + 1_800_000_000) % 3_600_000_000 - 1_800_000_000) for lat, east in corners
    )
    faults = faults_of(volume(0, outline=places))
    assert ("its outline crosses or touches itself" in faults) == (not Polygon(corners).is_valid)


def test_impossible_volumes_are_named() -> None:
    assert faults_of(volume(0)) == ()
    assert faults_of(volume(0, floor_ft=9_000)) == ("its floor is not below its ceiling",)
    assert faults_of(volume(0, until_us=10)) == ("it ends before it begins",)
    assert faults_of(volume(0, until_us=11 + 48 * 3_600_000_000)) == ("it lasts over 48 hours",)
    assert faults_of(volume(0, outline=square(0, 0, 40_000_000))) == ("it is over 100,000 km² large",)
    assert faults_of(volume(0, outline=square(0, 0, 400_000))) == ("it is smaller than a 5 km cell (25 km²)",)
    assert faults_of(volume(0, outline=square(900_000_000, 0))) == ("a corner is beyond a pole",)
    far_east = square(-375_000_000, 1_140_000_000)
    assert faults_of(volume(0, outline=far_east)) == ()
    wide = square(-375_000_000, 1_140_000_000, 40_000_000)
    assert faults_of(volume(0, outline=wide)) == ("it is over 100,000 km² large",)
    across = [(-400_000_000, 1_799_500_000), (-400_000_000, -1_799_500_000), (-390_000_000, -1_799_500_000)]
    assert faults_of(volume(0, outline=tuple(LinePlace(*corner) for corner in across))) == ()
