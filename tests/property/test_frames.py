"""What a wall knows after news is what a whole frame would tell it, whatever it missed."""

import struct
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.labels import label_for
from watchfloor.edge.api.frames import NO_TRACKS, Turns, View
from watchfloor.messages.air import Track, TrackPicture
from watchfloor.messages.room import FeedState

START_US = 1_931_270_400_000_000
WIDTHS = (("I", 4), ("i", 4), ("i", 4), ("H", 2), ("h", 2), ("H", 2), ("H", 2), ("h", 2), ("B", 1), ("B", 1))


Life = list[tuple[dict[int, tuple[float, int]], int, bool]]


def rows_of(raw: bytes, place: int, count: int) -> dict[int, tuple[int, ...]]:
    columns = []
    for kind, width in WIDTHS:
        columns.append(struct.unpack_from(f"<{count}{kind}", raw, place))
        place += width * count
    assert place == len(raw)
    return {row[0]: row[1:] for row in zip(*columns, strict=True)}


class Wall:
    """Reads frames by their table alone."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[int, ...]] = {}
        self.turn, self.room_us = -1, 0

    def take(self, raw: bytes) -> bytes:
        magic, count, room_us, _, turn = struct.unpack_from("<4sIqII", raw)
        if magic == b"WFT1":
            self.rows = rows_of(raw, 24, count)
        else:
            assert turn == self.turn + 1
            (gone,) = struct.unpack_from("<I", raw, 24)
            leaving = struct.unpack_from(f"<{gone}I", raw, 28)
            assert set(leaving) <= self.rows.keys()
            older = (room_us - self.room_us) // 100_000
            kept = {n: (*row[:2], row[2] + older, *row[3:]) for n, row in self.rows.items() if n not in leaving}
            self.rows = kept | rows_of(raw, 28 + 4 * gone, count)
        self.turn, self.room_us = turn, room_us
        return magic


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Ticks: which tracks there are, each with its place and when it was heard; the generation; whether it is read."""
    found, tracks, generation = [], dict[int, tuple[float, int]](), 0
    for tick in range(draw(st.integers(1, 12))):
        for number in draw(st.lists(st.integers(1, 6), max_size=4)):
            if number in tracks and draw(st.booleans()):
                del tracks[number]
            else:
                tracks[number] = (draw(st.sampled_from((1.0, 2.0, 3.0))), tick)
        generation += draw(st.integers(0, 9)) == 0
        found.append((dict(tracks), generation, draw(st.integers(0, 3)) > 0))
    return found


def looks(life: Life) -> Iterator[TrackPicture]:
    """The picture at each tick; a track that was not heard anew is the same object."""
    held: dict[tuple[int, float, int], Track] = {}
    for tick, (there, _, _) in enumerate(life):
        for number, (lat, heard) in there.items():
            held.setdefault((number, lat, heard), track(number, lat, START_US + heard * 500_000))
        tracks = tuple(held[number, *there[number]] for number in sorted(there))
        states = (FeedState.FRESH,) * len(tracks)
        yield TrackPicture(room_us=START_US + tick * 500_000, tracks=tracks, states=states)


@given(lives())
def test_news_and_whole_frames_come_to_the_same(life: Life) -> None:
    turns, wall, read_turn = Turns(), Wall(), -1
    for look, (_, generation, is_read) in zip(looks(life), life, strict=True):
        turns.look(look, generation)
        if is_read:
            wall.take(turns.frame_after(read_turn))
            read_turn = turns.turn
            fresh = Wall()
            assert fresh.take(turns.frame_after(-1)) == b"WFT1"
            assert wall.rows == fresh.rows


@given(
    life=lives(),
    view=st.sampled_from(
        (
            View(-180, -90, 180, 90), View(0, 0, 5, 2.0), View(3, 1.5, -170, 3), View(1, 1.5, -170, 3),
            View(2.0, 2.0, 2.0, 2.0), View(5, -3, 6, -1),
        )
    ),
    moves=st.booleans(),
)  # fmt: skip
def test_a_part_of_the_world_is_what_is_in_it(life: Life, view: View, moves: bool) -> None:
    """By a filter written for this test; 2 degrees east is where all tracks are."""
    turns, wall, turn, here = Turns(), Wall(), -1, NO_TRACKS
    for tick, (look, (there, generation, is_read)) in enumerate(zip(looks(life), life, strict=True)):
        turns.look(look, generation)
        if moves and tick == 4:
            view, turn, here = View(0, 0, 5, 1.5), -1, NO_TRACKS
        if is_read:
            raw, here = turns.frame_in(view, here, turn)
            wall.take(raw)
            turn = turns.turn
            fresh = Wall()
            fresh.take(turns.frame_after(-1))
            across = view.west_deg <= 2 <= view.east_deg or (view.west_deg > view.east_deg and not view.west_deg > 2)
            wanted = {n for n, (lat, _) in there.items() if across and view.south_deg <= lat <= view.north_deg}
            assert wall.rows == {n: row for n, row in fresh.rows.items() if n in wanted}


def track(number: int, lat_deg: float, toa_us: int) -> Track:
    return Track(
        identity=f"icao:{number:06x}", number=number, label=label_for(("OWN",)), sources=(), toa_us=toa_us,
        lat_deg=lat_deg, lon_deg=2.0,
    )  # fmt: skip


def test_what_has_not_changed_is_not_sent_again() -> None:
    turns = Turns()
    tracks = tuple(track(number, 1.0, START_US) for number in range(1, 1001))
    states = (FeedState.FRESH,) * 1000
    turns.look(TrackPicture(room_us=START_US, tracks=tracks, states=states), 0)
    assert len(turns.frame_after(-1)) == 24 + 24 * 1000
    moved = (*tracks[:-1], track(1000, 2.0, START_US + 1))
    changed = turns.look(TrackPicture(room_us=START_US, tracks=moved, states=states), 0)
    assert [one.number for one in changed] == [1000]
    assert len(turns.frame_after(1)) == 24 + 4 + 24
    turns.look(TrackPicture(room_us=START_US, tracks=moved, states=(FeedState.STALE, *states[1:])), 0)
    assert len(turns.frame_after(2)) == 24 + 4 + 24, "a track that grew old is news too"
    assert len(turns.frame_after(1)) == 24 + 24 * 1000, "who missed a turn is sent the whole picture"
