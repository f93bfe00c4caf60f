"""The beat to which feeds are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.edge.beat import BEAT_S, wait_s

MOMENTS = st.floats(0, 1e7)


@given(MOMENTS, st.floats(-0.4 * BEAT_S, 0.4 * BEAT_S))
def test_feeds_that_woke_early_or_late_are_read_again_at_the_same_moment(now_s: float, off_s: float) -> None:
    beat_s = now_s + wait_s(now_s)
    woken_s = max(beat_s + off_s, 0)
    assert woken_s + wait_s(woken_s) == pytest.approx(beat_s + BEAT_S, abs=1e-6)


@given(MOMENTS)
def test_nothing_waits_longer_than_a_beat_and_a_half_nor_is_read_twice_in_one(now_s: float) -> None:
    assert 0.499 * BEAT_S <= wait_s(now_s) <= 1.501 * BEAT_S
