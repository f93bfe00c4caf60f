"""Instants, labels, geodesy and canonical documents."""

import doctest
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base import geodesy, instants, labels
from watchfloor.base.errors import InputError, WireError
from watchfloor.base.labels import Audience, Label, Level, combine, label_for, releasable
from watchfloor.messages.canonical import canonical_bytes, decode_canonical
from watchfloor.messages.screen import StoppedShown

NATIONS = st.frozensets(st.sampled_from(["ALD", "BVY", "CVL", "DNM"]), max_size=4)
LABELS = st.builds(label_for, NATIONS, st.sampled_from(Level))


@pytest.mark.parametrize("module", [instants, labels, geodesy])
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@given(st.integers(0, 4_000_000_000_000_000))
def test_an_instant_written_in_utc_comes_back_to_the_millisecond(instant_us: int) -> None:
    assert instants.us_from_rfc3339(instants.rfc3339_from_us(instant_us)) == instant_us // 1000 * 1000


@pytest.mark.parametrize("text", ["2031-03-14T16:00:00", "2031-13-14T16:00:00Z", "now", "", "2031-03-14", "9" * 50])
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        instants.us_from_rfc3339(text)


@pytest.mark.parametrize("text", ["8:00:00", "24:00:00", "08:60:00", "08:00", "08:00:00.1234567", "x"])
def test_what_is_no_room_time_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        instants.us_from_hms(text)


@given(
    st.lists(LABELS, min_size=1, max_size=5).map(tuple),
    st.builds(Audience, st.tuples(st.sampled_from(["ALD", "BVY"])), st.sampled_from(Level)),
)
def test_who_sees_a_derived_item_may_see_each_part(parts: tuple[Label, ...], audience: Audience) -> None:
    if releasable(combine(parts), audience):
        assert all(releasable(part, audience) for part in parts)


def test_nothing_is_releasable_to_nobody_and_an_empty_making_to_no_one() -> None:
    assert not releasable(label_for(("ALD",)), Audience(()))
    assert not releasable(combine(()), Audience(("ALD",), Level.SECRET))


def test_earth_centred_distances_agree_with_geodesics_for_near_places() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        lat, lon = rng.uniform(-89, 89), rng.uniform(-180, 180)
        lat2, lon2 = geodesy.destination(lat, lon, rng.uniform(0, 360), rng.uniform(10, 60_000))
        both = geodesy.ecef_from_wgs84(np.array([lat, lat2]), np.array([lon, lon2]))
        chord_m = float(np.linalg.norm(both[0] - both[1]))
        assert abs(chord_m - geodesy.distance_m(lat, lon, lat2, lon2)) < 1.0
        rough_m = geodesy.rough_distance_m(lat, lon, lat2, lon2)
        assert abs(rough_m / geodesy.distance_m(lat, lon, lat2, lon2) - 1) < 0.006


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_canonical_bytes_are_the_same_for_equal_values(value: object) -> None:
    try:
        raw = canonical_bytes(value)
    except WireError:
        return
    assert canonical_bytes(json.loads(raw)) == raw


@pytest.mark.parametrize("value", [0.5, {"a": [1.0]}, 2**60, "\ud800"])
def test_fractions_huge_integers_and_half_characters_are_refused(value: object) -> None:
    with pytest.raises(WireError):
        canonical_bytes(value)


def test_another_spelling_of_a_document_is_refused() -> None:
    raw = canonical_bytes(StoppedShown("expiry", "x", 1))  # type: ignore[arg-type]
    assert decode_canonical(raw, StoppedShown).at_us == 1
    for other in (raw.replace(b":", b": "), b" " + raw, raw.replace(b"1", b"01"), raw[:-1] + b',"z":1}'):
        with pytest.raises(WireError):
            decode_canonical(other, StoppedShown)
