"""The two clocks: entry time always advances; room time is what its setting says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.app.clock import EntryClock, room_time_us
from watchfloor.base.errors import UnavailableError
from watchfloor.base.labels import label_for
from watchfloor.messages.room import ClockSet

LABEL = label_for(("ALD",))
SETTINGS = st.builds(
    ClockSet,
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.integers(100, 60_000),
    st.booleans(),
    st.booleans(),
    st.just(LABEL),
)


def test_entry_times_strictly_advance_however_quickly_they_are_asked() -> None:
    clock = EntryClock()
    times = [clock.next_us() for _ in range(20_000)]
    assert all(one < other for one, other in zip(times, times[1:], strict=False))


def test_a_machine_whose_clock_is_behind_the_record_is_refused_with_both_times() -> None:
    with pytest.raises(UnavailableError, match="2200"):
        EntryClock(not_before_us=7_260_000_000_000_000)


@given(SETTINGS, st.integers(0, 10**13), st.integers(0, 10**13))
def test_room_time_never_runs_back_between_settings(setting: ClockSet, early_us: int, later_us: int) -> None:
    first = room_time_us(setting, setting.epoch_toe_us + early_us)
    second = room_time_us(setting, setting.epoch_toe_us + early_us + later_us)
    assert setting.epoch_room_us <= first <= second
    if setting.paused:
        assert first == second == setting.epoch_room_us


def test_at_ten_times_a_second_is_ten() -> None:
    setting = ClockSet(1_000, 5_000_000, 10_000, False, False, LABEL)
    assert room_time_us(setting, 1_001_000) == 15_000_000
    assert room_time_us(setting, 0) == 5_000_000
