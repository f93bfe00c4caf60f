"""Climbs that end at a cleared level: sweep and probe against a reference written apart that cuts time to bits."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.property.test_probe import candidate
from tests.property.test_sweep import MINIMA, seen_from, spans
from watchfloor.deconflict import probe as probing
from watchfloor.deconflict.probe import Candidate, probe
from watchfloor.deconflict.sweep import Traffic, losses
from watchfloor.messages.alerts import Minima

LAST_S = 900.0
NOW_US = 1_931_270_400_000_000
Craft = tuple[float, ...]


def level_ft(craft: Craft, cleared: float, then_s: float) -> float:
    """A level at an instant, held once it is reached."""
    level, climb = round(craft[2]), craft[5] / 60
    flown = level + climb * then_s
    if not math.isnan(cleared) and (cleared - level) * climb > 0:
        return min(flown, cleared) if climb > 0 else max(flown, cleared)
    return flown


def first_loss_s(one: Craft, other: Craft, cleared: tuple[float, float], minima: Minima) -> tuple[float, float] | None:
    """The first bits of time in whose middle both minima are broken; bits end where anything may change."""
    gap, drift = seen_from(one, other)
    ahead_s = minima.lookahead_us / 1e6
    across = spans(abs(drift) ** 2, 2 * (gap * drift.conjugate()).real, abs(gap) ** 2 - minima.horizontal_m**2)
    cuts = {0.0, LAST_S, *across}
    for craft, level in zip((one, other), cleared, strict=True):
        if craft[5] and not math.isnan(level):
            cuts.add((level - round(craft[2])) / (craft[5] / 60))
    for climb in {(other[5] - one[5]) / 60, -one[5] / 60, other[5] / 60} - {0.0}:
        for apart in {round(other[2]) - round(one[2]), *(level - round(one[2]) for level in cleared),
                      *(round(other[2]) - level for level in cleared), cleared[1] - cleared[0]}:  # fmt: skip
            cuts |= {(side * minima.vertical_ft - apart) / climb for side in (1, -1)}
        for held, mover, sign in ((cleared[0], other, 1), (cleared[1], one, -1)):
            cuts |= {(side * minima.vertical_ft - sign * (round(mover[2]) - held)) / climb for side in (1, -1)}
    moments = sorted(cut for cut in cuts if 0 <= cut <= LAST_S)
    lost: tuple[float, float] | None = None
    for begin, end in zip(moments, moments[1:], strict=False):
        then_s = (begin + end) / 2
        apart_ft = abs(level_ft(other, cleared[1], then_s) - level_ft(one, cleared[0], then_s))
        if end - begin < 1e-5:
            continue
        if across[0] < then_s < across[1] and apart_ft < minima.vertical_ft - 1e-6:
            lost = (begin if lost is None else lost[0], end)
        elif lost is not None:
            break
    return lost if lost is not None and lost[0] <= ahead_s else None


def crafts(seed: int, count: int) -> tuple[list[Craft], np.ndarray]:
    """Aircraft near each other, most of them climbing or descending, to levels or on."""
    random = np.random.default_rng(seed)
    levels, climbs = random.integers(50, 90, count) * 100.0, random.integers(-25, 25, count) * 100.0
    cleared = np.where(random.random(count) < 0.3, math.nan, levels + np.sign(climbs) * random.integers(-5, 30) * 100)
    lat, lon = random.uniform(39.5, 40.5, count), random.uniform(4.5, 5.5, count)
    rows = zip(lat, lon, levels, random.uniform(60, 500, count), random.uniform(0, 360, count), climbs, strict=True)
    return [tuple(float(value) for value in row) for row in rows], cleared


SCENES = st.tuples(st.integers(0, 10**6), st.sampled_from([2, 9, 30]))


@settings(max_examples=60, deadline=None)
@given(SCENES)
@example((703_634, 30))
def test_the_sweep_finds_who_levels_off_near_whom(scene: tuple[int, int]) -> None:
    rows, cleared = crafts(*scene)
    found = losses(Traffic(*np.array(rows).T.copy()), MINIMA, cleared)
    columns = (found.first, found.second, found.in_s, found.out_s)
    told = {(int(a), int(b)): (float(begin), float(end)) for a, b, begin, end in zip(*columns, strict=True)}
    tight = Minima(MINIMA.horizontal_m - 1, MINIMA.vertical_ft, MINIMA.lookahead_us - 1000)
    loose = Minima(MINIMA.horizontal_m + 1, MINIMA.vertical_ft, MINIMA.lookahead_us + 1000)
    for a in range(len(rows)):
        for b in range(a + 1, len(rows)):
            pair = rows[a], rows[b], (float(cleared[a]), float(cleared[b]))
            if first_loss_s(*pair, tight) is not None:
                assert (a, b) in told
            if (a, b) in told:
                assert first_loss_s(*pair, loose) is not None
                exact = first_loss_s(*pair, MINIMA)
                if exact is not None:
                    assert abs(exact[0] - told[a, b][0]) < 1e-3
                    end_s = min(told[a, b][1], LAST_S)
                    assert abs(exact[1] - end_s) < 1e-3 or (end_s < exact[1] and only_touches(*pair, end_s))


def only_touches(one: Craft, other: Craft, cleared: tuple[float, float], then_s: float) -> bool:
    """Whether a pair is exactly at the vertical minimum in a moment, which is no loss: one ends there, another begins.

    The reckoning by bits of time looks at their middles only, and takes both as one.
    """
    apart_ft = abs(level_ft(other, cleared[1], then_s) - level_ft(one, cleared[0], then_s))
    return abs(apart_ft - MINIMA.vertical_ft) < 1e-6


def probed(rows: list[Craft], cleared: np.ndarray) -> list[Candidate]:
    many = []
    for number, (row, level) in enumerate(zip(rows, cleared.tolist(), strict=True)):
        lat, lon, alt, gs, trk, climb = row
        plain = candidate(f"T{number}", lat, lon, int(alt), gs, trk, int(climb))
        state = probing.ProbedState(*(getattr(plain.state, name) for name in plain.state.__struct_fields__[:-1]),
                                    None if math.isnan(level) else int(level))  # fmt: skip
        many.append(Candidate(state, int(alt)))
    return many


@settings(max_examples=40, deadline=None)
@given(SCENES)
def test_the_probe_finds_them_too_in_space_and_however_many_there_are(scene: tuple[int, int]) -> None:
    rows, cleared = crafts(*scene)
    many = probed(rows, cleared)
    found = {(hit.first, hit.second): hit.encounter for hit in probe(many, MINIMA, NOW_US)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probing, "FEW", 1)
        assert {(hit.first, hit.second): hit.encounter for hit in probe(many, MINIMA, NOW_US)} == found
    tight = Minima(MINIMA.horizontal_m - 1500, MINIMA.vertical_ft - 20, MINIMA.lookahead_us - 5_000_000)
    loose = Minima(MINIMA.horizontal_m + 1500, MINIMA.vertical_ft + 20, MINIMA.lookahead_us + 5_000_000)
    for a in range(len(rows)):
        for b in range(a + 1, len(rows)):
            pair = rows[a], rows[b], (float(cleared[a]), float(cleared[b]))
            if first_loss_s(*pair, tight) is not None:
                assert (a, b) in found
            if (a, b) in found:
                assert first_loss_s(*pair, loose) is not None


def test_later_looks_carry_a_climb_no_further_than_its_level() -> None:
    """Ten seconds after its report an aircraft has levelled off under another, exactly at the minimum."""
    pair = [(0.0, 0.0, 8000.0, 300.0, 90.0, 0.0), (0.0, 0.02, 6900.0, 300.0, 90.0, 2000.0)]
    assert probe(probed(pair, np.array([math.nan, 7000.0])), MINIMA, NOW_US + 10_000_000) == []
    assert len(probe(probed(pair, np.array([math.nan, 7100.0])), MINIMA, NOW_US + 10_000_000)) == 1
