"""A line's state: in whatever order two parties hear each other, both come to hold the same of every notice."""

from collections import deque
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from watchfloor.base.growing import Growing
from watchfloor.base.labels import label_for
from watchfloor.line import session
from watchfloor.line.agenda import agenda_of
from watchfloor.line.chain import Reader, Refusal
from watchfloor.line.overdue import overdue
from watchfloor.line.session import Line
from watchfloor.line.speaking import objection_to
from watchfloor.line.standing import Standing, fields_of
from watchfloor.messages.acts import LogHead
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.line import (
    AgendaProposed,
    AnyLineBody,
    CallOpened,
    CommentMade,
    LineMessage,
    LineParty,
    LinePlace,
    LineResumed,
    LineRole,
    LineSuspended,
    LineVolume,
    MatchAccepted,
    MatchProposed,
    MatchTerms,
    MinutesSigned,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    ReadBackField,
    RollCalled,
    SignedLine,
    UrgentCause,
    UrgentWarning,
    VolumeNotified,
)
from watchfloor.messages.line_record import (
    CallMissed,
    LineCountersigned,
    LineHeard,
    LineKind,
    LineOpened,
    LineRota,
    LineSaid,
    LineSpoken,
)
from watchfloor.messages.matching import LineMatched, MatchOutcome
from watchfloor.messages.room import Context

KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in ("N1", "S2")}
PARTIES = tuple(LineParty(name, key.public_key().public_bytes_raw().hex()) for name, key in KEYS.items())
S = 1_000_000
LABEL = label_for(("ALD",))
ALL_POWERS = ("call", "read_back", "run_watch", "interpret")


def square(lat: int, lon: int, side: int = 1_000_000) -> tuple[LinePlace, ...]:
    corners = ((lat, lon), (lat, lon + side), (lat + side, lon + side), (lat + side, lon))
    return tuple(LinePlace(*corner) for corner in corners)


def volume(number: int, **changes: Any) -> LineVolume:
    fields = {"outline": square(0, number), "floor_ft": 0, "ceiling_ft": 9_000, "from_us": S, "until_us": 100 * S}
    return LineVolume(**fields | changes)  # type: ignore[arg-type]


class End:
    """One room's line without a room: what is said is signed here, what comes is checked and countersigned."""

    def __init__(self, party: str) -> None:
        fields = {"line": LineKind.AIR, "party": party, "parties": PARTIES, "rota": None, "members": (), "label": LABEL}
        opened = LineOpened(context=Context.EXERCISE, line_id="air", **fields)  # type: ignore[arg-type]
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
            AgendaProposed(about=about),
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
    assert agenda_of(one, count) == agenda_of(other, count)
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


def held_call() -> tuple[End, End, str]:
    one, other = End("N1"), End("S2")
    pass_on(one, other, CallOpened(due_us=0, urgent=False))
    (call,) = one.line.calls
    for here, there in ((one, other), (other, one)):
        pass_on(here, there, RollCalled(about=call, present=(LineRole.LINE_OFFICER,)))
    return one, other, call


def pass_on(here: End, there: End, body: AnyLineBody) -> None:
    signed = here.say(body, S)
    assert isinstance(signed, SignedLine), signed
    here.receipt(there.hear(signed))


def test_minutes_cover_what_was_there_when_they_were_signed_and_stand_once_both_signed_them() -> None:
    one, other, call = held_call()
    pass_on(one, other, VolumeNotified(volume=volume(1)))
    notice = next(iter(one.line.notices))
    pass_on(one, other, AgendaProposed(about=notice))
    heads = one.line.heads()
    pass_on(one, other, MinutesSigned(about=call, heads=heads))
    pass_on(one, other, VolumeNotified(volume=volume(2)))
    later = list(one.line.notices)[-1]
    pass_on(other, one, AgendaProposed(about=later))
    assert [item.about for item in other.line.agenda] == [notice, later], "one signature ends no agenda"
    assert other.say(MinutesSigned(about=call, heads=(heads[0],)), S) != ""
    pass_on(other, one, MinutesSigned(about=call, heads=heads))
    for end in (one, other):
        assert end.line.calls[call].is_minuted()
        assert [item.about for item in end.line.agenda] == [later], "what came behind the minutes is still to be said"
        assert end.say(MinutesSigned(about=call, heads=end.line.heads()), S) == "our minutes of that call are signed"


def test_a_party_can_neither_unsign_minutes_nor_end_a_call_that_was_not_held() -> None:
    one, other, call = held_call()
    heads = one.line.heads()
    pass_on(one, other, MinutesSigned(about=call, heads=heads))
    pass_on(other, one, MinutesSigned(about=call, heads=heads))
    spoken(other, one, MinutesSigned(about=call, heads=other.line.heads()))
    assert one.line.calls[call].state() == "minuted"
    pass_on(one, other, CallOpened(due_us=0, urgent=False))
    ringing = list(one.line.calls)[-1]
    spoken(other, one, MinutesSigned(about=ringing, heads=other.line.heads()))
    assert one.line.calls[ringing].state() == "open"


def spoken(here: End, there: End, body: AnyLineBody) -> None:
    """What a room of ours would not say, said by a stranger's with the same key."""
    document = canonical_bytes(
        LineMessage(
            context=Context.EXERCISE, line_id="air", party=here.party, number=len(here.line.ours.taken),
            previous=here.line.ours.head(), seen=here.line.theirs.head(), sent_us=S, body=body,
        )
    ).decode()  # fmt: skip
    signed = SignedLine(document, KEYS[here.party].sign(document.encode()).hex())
    fact = LineSaid(line_id="air", act_id="f" * 32, signed=signed, label=LABEL)
    here.line = session.fold(here.line, fact, S)
    here.receipt(there.hear(signed))


def test_a_wrong_read_back_undoes_a_right_one_and_a_field_said_twice_is_none() -> None:
    one, other = End("N1"), End("S2")
    pass_on(one, other, VolumeNotified(volume=volume(1)))
    (about,) = one.line.notices
    right = tuple(ReadBackField(name, str(value)) for name, value in fields_of(volume(1)).items())
    pass_on(other, one, NoticeReadBack(about=about, fields=right))
    assert one.line.notices[about].standing is Standing.READ_BACK
    for wrong, names in (
        ((ReadBackField("floor_ft", "7"), *right[1:]), ("floor_ft",)),
        ((*right, right[0]), (right[0].name,)),
    ):
        pass_on(other, one, NoticeReadBack(about=about, fields=right))
        pass_on(other, one, NoticeReadBack(about=about, fields=wrong))
        assert (one.line.notices[about].standing, one.line.notices[about].wrong) == (Standing.SEEN, names)
    pass_on(other, one, NoticeDisputed(about=about))
    assert one.line.notices[about].wrong == ()


def test_a_notice_that_cannot_be_so_is_not_read_back() -> None:
    one, other = End("N1"), End("S2")
    spoken(one, other, VolumeNotified(volume=volume(1, floor_ft=9_000)))
    (about,) = other.line.notices
    right = tuple(ReadBackField(name, str(value)) for name, value in fields_of(volume(1, floor_ft=9_000)).items())
    assert other.say(NoticeReadBack(about=about, fields=right), S) == "that notice cannot be so; dispute it"


def test_what_a_party_says_without_end_crowds_out_neither_the_room_nor_the_other_party() -> None:
    one, other = End("N1"), End("S2")
    pass_on(other, one, UrgentWarning(cause=UrgentCause.MEDICAL, volume=volume(1)))
    pass_on(other, one, VolumeNotified(volume=volume(1)))
    for number in range(session.URGENTS_KEPT + 10):
        pass_on(one, other, UrgentWarning(cause=UrgentCause.MEDICAL, volume=volume(number)))
        pass_on(one, other, CommentMade(words="again", language="en"))
    for end in (one, other):
        assert len(end.line.urgents) == session.URGENTS_KEPT + 1
        assert len(end.line.waits_us) <= session.URGENTS_KEPT + 1
        assert len(end.line.notices) == 1


def test_a_call_counts_as_the_daily_one_by_when_it_was_held() -> None:
    rota = LineRota(due_of_day_s=100, utc_offset_s=0, grace_s=10, answer=("line-officer",), step_s=60, urgent_step_s=10)
    end = End("N1")
    end.line = replace(end.line, opened=replace(end.line.opened, rota=rota))
    peer = End("S2")
    day_us = 86_400 * S
    pass_on(peer, end, CallOpened(due_us=day_us + 100 * S, urgent=False))
    (call,) = end.line.calls
    for here, there in ((peer, end), (end, peer)):
        pass_on(here, there, RollCalled(about=call, present=(LineRole.LINE_OFFICER,)))
    due = [fact for fact in overdue(end.line, day_us + 111 * S) if isinstance(fact, CallMissed)]
    assert [fact.due_us for fact in due] == [day_us + 100 * S], "what a call says of itself excuses nobody a day later"


def test_of_two_matches_that_are_agreed_at_once_both_rooms_keep_the_same_one() -> None:
    terms = MatchTerms(
        from_us=0, until_us=7_200 * S, horizontal_m=9_260, vertical_ft=1_000, coarse_count=64, fine_count=64,
        most_of_flight_count=64, most_shown_permille=300, always_shown_count=50,
    )  # fmt: skip
    later = replace(terms, from_us=7_200 * S, until_us=14_400 * S)
    one, other = End("N1"), End("S2")
    proposals = [
        here.say(MatchProposed(terms=held, commitment="1" * 64), S) for here, held in ((one, terms), (other, later))
    ]
    for here, there, signed in ((one, other, proposals[0]), (other, one, proposals[1])):
        assert isinstance(signed, SignedLine)
        here.receipt(there.hear(signed))
    digests = {match.party: digest for digest, match in one.line.matches.items()}
    accepts = [
        here.say(MatchAccepted(about=digests[theirs], commitment="2" * 64), S)
        for here, theirs in ((one, "S2"), (other, "N1"))
    ]
    for here, there, signed in ((one, other, accepts[0]), (other, one, accepts[1])):
        assert isinstance(signed, SignedLine)
        here.receipt(there.hear(signed))
    for end in (one, other):
        states = {digest: match.state() for digest, match in end.line.matches.items()}
        assert states == {min(digests.values()): "agreed", max(digests.values()): "replaced"}
    assert one.say(MatchProposed(terms=replace(terms), commitment="3" * 64), S) == "a match is under way"


def test_a_proposal_replaces_the_one_before_it_and_no_time_is_matched_without_end() -> None:
    terms = MatchTerms(
        from_us=0, until_us=7_200 * S, horizontal_m=9_260, vertical_ft=1_000, coarse_count=64, fine_count=64,
        most_of_flight_count=64, most_shown_permille=300, always_shown_count=50,
    )  # fmt: skip
    one, other = End("N1"), End("S2")
    for number in range(6):
        pass_on(one, other, MatchProposed(terms=terms, commitment=f"{number:064x}"))
    states = [match.state() for match in other.line.matches.values()]
    assert states == ["replaced"] * 5 + ["proposed"]
    first, *_, last = other.line.matches
    assert other.say(MatchAccepted(about=first, commitment="1" * 64), S) == "that match is replaced already"
    loose = replace(terms, from_us=7_200 * S, until_us=14_400 * S, most_shown_permille=1_000)
    pass_on(one, other, MatchProposed(terms=loose, commitment="5" * 64))
    refused = other.say(MatchAccepted(about=list(other.line.matches)[-1], commitment="1" * 64), S)
    assert refused == "its terms would show more of our plans than this room allows"
    for _ in range(3):
        pass_on(other, one, MatchAccepted(about=last, commitment="1" * 64))
        for end in (one, other):
            ended = LineMatched(
                line_id="air", match=last, outcome=MatchOutcome.FAILED, reason="", coarse_count=0, fine_count=0,
                transcript="0" * 64, result="0" * 64, clashes=(), more_count=0, label=LABEL,
            )  # fmt: skip
            end.line = session.fold(end.line, ended, S)
        again = one.say(MatchProposed(terms=terms, commitment="6" * 64), S)
        if isinstance(again, str):
            break
        one.receipt(other.hear(again))
        last = list(other.line.matches)[-1]
    assert again == "that time was matched 3 times already"
