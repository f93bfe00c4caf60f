"""What was known at an instant, from the record and the tape alone.

TIME is room time (`HH:MM:SS`, or RFC 3339 within the room's days) or real time (RFC 3339 within the record's).
Where room time was there twice, because it jumped back, the last visit counts and the others are named.
"""

from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct

from watchfloor.app.state import RoomState, fold
from watchfloor.base.errors import InputError
from watchfloor.base.instants import hms_from_us, us_from_hms, us_from_rfc3339
from watchfloor.messages.air import TrackPicture
from watchfloor.messages.entry import Entry
from watchfloor.messages.room import ClockSet, Context, RoomOpened
from watchfloor.record.tape_index import TapedPictures

DAY_US = 86_400_000_000


class Moment(Struct, frozen=True):
    """A replayed instant: the state, and the last picture taped by then (None: none was)."""

    context: Context
    room_us: int
    utc_offset_s: int
    seq: int
    state: RoomState
    picture: TrackPicture | None
    other_visits_us: tuple[int, ...] = ()


def moment_at(entries: list[Entry], files: Mapping[str, bytes], text: str) -> Moment:
    """The room at an instant.

    **Raises**: InputError, when the record does not hold that instant, with what it holds.
    """
    if not entries:
        raise InputError("nothing was written yet", field="at")
    segments = stretches(entries)
    last, room_us, others = _find(entries, segments, text)
    state = RoomState()
    for entry in entries[: last + 1]:
        state = fold(state, entry)
    opened = state.opened or _first_opening(entries)
    start = max(first for first, _ in segments if first <= last)
    taped = TapedPictures(entries, files)
    picture = taped.newest(start, last + 1, start_us_of(entries[start]), room_us)
    return Moment(context_of(opened), room_us, opened.utc_offset_s, last, state, picture, others)


def context_of(opened: RoomOpened) -> Context:
    """What a replay of a room says that it is."""
    return Context.EXERCISE_REPLAY if opened.context is Context.EXERCISE else Context.REPLAY


def _first_opening(entries: list[Entry]) -> RoomOpened:
    for entry in entries:
        if isinstance(entry.body, RoomOpened):
            return entry.body
    raise InputError("the record holds no opening", field="at")


def stretches(entries: list[Entry]) -> list[tuple[int, int]]:
    """First and last entry of each stretch of room time that runs without a jump."""
    starts = [0]
    for place, entry in enumerate(entries):
        if isinstance(entry.body, ClockSet) and entry.body.jumped and place:
            starts.append(place)
    ends = [start - 1 for start in starts[1:]] + [len(entries) - 1]
    return list(zip(starts, ends, strict=True))


def _find(entries: list[Entry], segments: list[tuple[int, int]], text: str) -> tuple[int, int, tuple[int, ...]]:
    """The last entry that counts at the instant, its room time, and entry times of earlier visits to it."""
    opened = _first_opening(entries)
    if "T" in text.upper() or " " in text:
        wanted_us = us_from_rfc3339(text)
        if entries[0].toe_us <= wanted_us <= entries[-1].toe_us:
            last = bisect_right([entry.toe_us for entry in entries], wanted_us) - 1
            return last, entries[last].room_us, ()
        candidates = [int(wanted_us)]
    else:
        time_of_day_us = us_from_hms(text) - opened.utc_offset_s * 1_000_000
        days = {entry.room_us // DAY_US for entry in entries}
        candidates = [day * DAY_US + time_of_day_us + shift for day in days for shift in (-DAY_US, 0, DAY_US)]
    visits: list[tuple[int, int]] = []
    for start, end in reversed(segments):
        for instant_us in candidates:
            low_us = start_us_of(entries[start])
            if low_us <= instant_us <= entries[end].room_us:
                within = [place for place in range(start, end + 1) if entries[place].room_us <= instant_us]
                visits.append((within[-1] if within else start, instant_us))
    if visits:
        return *visits[0], tuple(entries[place].toe_us for place, _ in visits[1:])
    held = ", ".join(
        f"{hms_from_us(start_us_of(entries[start]), opened.utc_offset_s)} to "
        f"{hms_from_us(entries[end].room_us, opened.utc_offset_s)}"
        for start, end in segments
        if isinstance(entries[start].body, ClockSet)
    )
    raise InputError(f"the record does not hold `{text}`; it holds {held}", field="at")


def start_us_of(entry: Entry) -> int:
    """Room time at which an entry's stretch begins to count."""
    return entry.body.epoch_room_us if isinstance(entry.body, ClockSet) else entry.room_us
