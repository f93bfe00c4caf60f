"""Watches as a state machine beside a plain model; and briefs that tell what an audience may know, and no more."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from watchfloor.app.brief import brief_digest, brief_of
from watchfloor.app.screens import screen_document
from watchfloor.app.signed_documents import actor_of
from watchfloor.app.state import RoomState, step
from watchfloor.app.watch_desk import WatchDesk
from watchfloor.base.labels import Audience, Label, Level, label_for
from watchfloor.messages.acts import LogHead, SeatKind
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.handover import WatchHandedOver, WatchTakenOver
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.room import FeedState, FeedStateChanged, LinksIssued, SeatTaken
from watchfloor.messages.signed import SignedAct

ALL = label_for(("ALD", "DNM"))
OWN = label_for(("DNM",), Level.SECRET)
PERSONS = st.sampled_from(("p-1", "p-2", "p-3"))


def seat_of(person_id: str, powers: tuple[str, ...] = ("doubt", "run_watch")) -> SeatTaken:
    return SeatTaken(
        "watch", person_id, "watch-officer", "DNM", SeatKind.PERSON, powers, f"k-{person_id}", "0" * 64, ALL,
        level=Level.SECRET,
    )  # fmt: skip


class Watches(RuleBasedStateMachine):
    """One seat, those who sit on it, and a feed that comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now_us, self.seq = RoomState(), 1_000_000, 0
        self.sitter, self.keeper, self.was_handed, self.is_unread = "", "", False, False

    def enter(self, fact: object) -> list[object]:
        before = self.state
        self.now_us, self.seq = self.now_us + 1_000_000, self.seq + 1
        self.state, outputs = step(self.state, fact, self.now_us, self.now_us, self.seq)
        for followed in WatchDesk().follow(before, self.state, self.now_us):
            self.state, more = step(self.state, followed, self.now_us, self.now_us, self.seq)
            assert not more
        return [*outputs]

    def sign(self, kind: type, digest: str) -> str:
        seat = self.state.seats["watch"]
        act = kind(
            act_id=f"{self.seq:032x}", room_id="room-1", person_id=self.sitter, seat_id="watch", at_us=self.now_us,
            head=LogHead(0, "0" * 64), brief=digest, words="as said",
        )  # fmt: skip
        before = self.state.watches
        outputs = self.enter(SignedAct(canonical_bytes(act).decode(), "0" * 128, seat.key_id, actor_of(seat), OWN))
        if not outputs:
            return ""
        (refused,) = outputs
        assert isinstance(refused, ActRefused)
        assert self.state.watches == before
        return refused.code

    def digest(self) -> str:
        return brief_digest(brief_of(self.state, Audience(("DNM",), Level.SECRET), self.now_us))

    @rule(person=PERSONS)
    def sits_down(self, person: str) -> None:
        assert self.enter(seat_of(person)) == []
        self.sitter, self.keeper = person, self.keeper or person
        self.is_unread = person != self.keeper

    @precondition(lambda self: self.sitter)
    @rule()
    def the_room_starts_again(self) -> None:
        self.enter(LinksIssued(("watch",), ALL))
        self.sitter = ""

    @rule(state=st.sampled_from(FeedState))
    def a_feed_changes(self, state: FeedState) -> None:
        self.enter(FeedStateChanged("TX", state, 0, ALL))

    @precondition(lambda self: self.sitter)
    @rule()
    def hands_over(self) -> None:
        keeps = self.sitter == self.keeper
        assert self.sign(WatchHandedOver, self.digest()) == ("" if keeps else "refused")
        self.was_handed = self.was_handed or keeps

    @precondition(lambda self: self.sitter)
    @rule()
    def takes_over(self) -> None:
        may_take = self.sitter != self.keeper or self.was_handed
        assert self.sign(WatchTakenOver, self.digest()) == ("" if may_take else "refused")
        if may_take:
            self.keeper, self.was_handed, self.is_unread = self.sitter, False, False

    @precondition(lambda self: self.sitter)
    @rule(kind=st.sampled_from((WatchHandedOver, WatchTakenOver)))
    def signs_what_was_not_read(self, kind: type) -> None:
        assert self.sign(kind, "f" * 64) in ("refused", "stale")

    @invariant()
    def every_screen_says_so(self) -> None:
        shown = screen_document(self.state, Audience(("ALD",)), self.now_us).watches
        expected = "not acknowledged" if self.is_unread else "handed over" if self.was_handed else "kept"
        assert [one.state for one in shown] == [expected] or (not shown and expected == "kept")
        assert all(not one.words for one in shown), "the words are for the seat's own class"


TestWatches = Watches.TestCase

LABELS = st.builds(
    label_for,
    st.sets(st.sampled_from(("ALD", "DNM", "FNY")), min_size=1),
    st.sampled_from(Level),
    st.sets(st.sampled_from(("alpha", "beta"))),
)
FEEDS = st.lists(
    st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from(FeedState), LABELS), max_size=8, unique_by=lambda one: one[0]
)


def fed(feeds: list[tuple[str, FeedState, Label]]) -> RoomState:
    state = RoomState()
    for feed_id, told, label in feeds:
        state, _ = step(state, FeedStateChanged(feed_id, told, 0, label), 1, 1, 0)
    return state


@given(FEEDS, st.sampled_from(("ALD", "DNM")), st.sampled_from(Level), st.sets(st.sampled_from(("alpha", "beta"))))
def test_what_an_audience_may_not_see_changes_nothing_of_its_brief(
    feeds: list[tuple[str, FeedState, Label]], nation: str, level: Level, groups: set[str]
) -> None:
    audience = Audience((nation,), level, tuple(sorted(groups)))
    may_know = [
        (feed_id, told, label)
        for feed_id, told, label in feeds
        if nation in label.nations and label.level <= level and set(label.need_to_know) <= groups
    ]
    brief = brief_of(fed(feeds), audience, 1)
    assert brief_digest(brief) == brief_digest(brief_of(fed(may_know), audience, 2))
    assert {item.about for item in brief} == {
        feed_id for feed_id, told, _ in may_know if told in (FeedState.STALE, FeedState.LOST)
    }


def test_a_room_in_which_no_watch_changed_hands_shows_what_it_showed_before_there_were_any() -> None:
    state, _ = step(RoomState(), seat_of("p-1"), 1, 1, 0)
    document = screen_document(state, Audience(("ALD",)), 1)
    assert b"watches" not in canonical_bytes(document)


def test_a_seat_that_runs_no_watch_has_none_to_hand_over() -> None:
    state, before = RoomState(), RoomState()
    for person in ("p-1", "p-2"):
        before = state
        state, _ = step(state, seat_of(person, ("doubt",)), 1, 1, 0)
    assert WatchDesk().follow(before, state, 1) == []
