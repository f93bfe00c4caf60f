"""No finer point than an area is reachable from a request that uses force, nor from a delegation (SCOPE limit 6)."""

import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from watchfloor.decisions.duties import objection_to_point
from watchfloor.line.volumes import faults_of
from watchfloor.messages.acts import AdviceGiven, Kind, LogHead, RequestWritten, Verdict
from watchfloor.messages.delegation import UseReported
from watchfloor.messages.line import LinePlace, LineVolume
from watchfloor.messages.line_record import LineSpoken
from watchfloor.messages.notification import FollowUpOpened, NotificationGiven, NotificationPlaced
from watchfloor.messages.signed import AnyAct

COMMON = {
    "act_id": "0" * 32,
    "room_id": "r",
    "person_id": "p",
    "seat_id": "s",
    "at_us": 0,
    "head": LogHead(0, "0" * 64),
}
ADVICE = AdviceGiven(**COMMON, request_id="R-1", version=1, verdict=Verdict.CONCUR, words="w")
LATS = st.floats(-89.9, 89.9).filter(lambda degrees: abs(degrees) > 0.01)
LONS = st.floats(-179.9, 179.9).filter(lambda degrees: abs(degrees) > 0.01)


def halves(degrees: float, positive: str, negative: str) -> tuple[int, int, int, str]:
    whole = abs(degrees)
    minutes = (whole - int(whole)) * 60
    return int(whole), int(minutes), int((minutes - int(minutes)) * 60), positive if degrees > 0 else negative


def spellings(lat: float, lon: float) -> list[str]:
    """One place as people write it."""
    (d1, m1, s1, ns), (d2, m2, s2, ew) = halves(lat, "N", "S"), halves(lon, "E", "W")
    return [
        f"{lat:.4f}, {lon:.4f}",
        f"{lat:.3f} {lon:.3f}",
        f"{d1}°{m1}'{s1}\"{ns} {d2}°{m2}'{s2}\"{ew}",
        f"{d1}° {m1}\u2032 {ns}, {d2}° {m2}\u2032 {ew}",
        f"{d1:02}{m1:02}{s1:02}{ns}{d2:03}{m2:02}{s2:02}{ew}",
        f"{d1:02}{m1:02}{ns} {d2:03}{m2:02}{ew}",
        f"lat {lat:.1f} lon {lon:.1f}",
    ]


@given(LATS, LONS, st.integers(0, 6), st.text(alphabet="abc ,.", max_size=8), st.text(alphabet="abc ,.", max_size=8))
def test_words_about_force_that_name_a_point_are_refused(
    lat: float, lon: float, which: int, lead: str, tail: str
) -> None:
    words = f"{lead} {spellings(lat, lon)[which]} {tail}"
    objection = objection_to_point(Kind.FORCE_EXERCISE_ONLY, replace(ADVICE, words=words))
    assert objection is not None, words
    assert "coordinates" in objection
    assert objection_to_point(Kind.ESCORT, replace(ADVICE, words=words)) is None


@pytest.mark.parametrize("words", ["11S MS 12345 67890", "11SMS1234567890", "MGRS 11S", "utm 11"])
def test_grid_references_are_refused(words: str) -> None:
    assert objection_to_point(Kind.FORCE_EXERCISE_ONLY, replace(ADVICE, words=words)) is not None


@pytest.mark.parametrize(
    "words",
    [
        "By 08:46, within 4 min; 31,000 people.",
        "In Canal Side, on 14 March 2031.",
        "75 % of D09, as of 08:44:10.",
        "Tiller 21.",
    ],
)
def test_times_numbers_and_names_are_taken(words: str) -> None:
    assert objection_to_point(Kind.FORCE_EXERCISE_ONLY, replace(ADVICE, words=words)) is None


def reachable(kind: typing.Any, seen: set[typing.Any]) -> set[typing.Any]:
    """Every type that a type holds, at any depth."""
    if kind in seen:
        return seen
    seen.add(kind)
    for inner in typing.get_args(kind):
        reachable(inner, seen)
    if isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or hasattr(kind, "__dataclass_fields__")):
        for inner in typing.get_type_hints(kind, include_extras=True).values():
            reachable(inner, seen)
    return seen


WITH_PLACES = (LineSpoken, NotificationGiven)
ABOUT_REQUESTS = [kind for kind in typing.get_args(AnyAct) if kind not in WITH_PLACES]


@pytest.mark.parametrize(
    "kind",
    [RequestWritten, UseReported, NotificationPlaced, FollowUpOpened, *ABOUT_REQUESTS],
    ids=lambda kind: kind.__name__,
)
def test_no_act_holds_a_fraction_a_shape_or_a_place_finer_than_an_area(kind: type) -> None:
    held = reachable(kind, set())
    assert float not in held
    names = {name for one in held if isinstance(one, type) for name in getattr(one, "__struct_fields__", ())}
    assert not {
        name for name in names if any(part in name for part in ("lat", "lon", "point", "coord", "ring", "e7deg"))
    } - {"late"}


def test_a_notified_place_is_tied_to_no_request_and_what_follows_from_it_names_areas_alone() -> None:
    """A place to be spared is what a notification is for (SCOPE limit 7): whole numbers, nothing of a request."""
    held = reachable(NotificationGiven, set())
    assert float not in held
    names = {name for one in held if isinstance(one, type) for name in getattr(one, "__struct_fields__", ())}
    assert not {name for name in names if "request" in name or "area" in name or "use" in name}
    assert "area_ids" in NotificationPlaced.__struct_fields__


def test_a_volume_on_the_line_is_tied_to_no_request_and_is_no_finer_than_an_area() -> None:
    """Air to keep clear of is what a line is for: whole numbers, no point, nothing of a request beside them."""
    held = reachable(LineSpoken, set())
    assert float not in held
    names = {name for one in held if isinstance(one, type) for name in getattr(one, "__struct_fields__", ())}
    assert not {name for name in names if "request" in name or "area" in name or "kind" in name or "use" in name} - {
        "cause"
    }
    corner = LinePlace(-375_000_000, 1_140_000_000)
    near = (corner, replace(corner, lon_e7deg=1_140_300_000), replace(corner, lat_e7deg=-374_700_000))
    small = LineVolume(outline=near, floor_ft=0, ceiling_ft=1, from_us=0, until_us=1_000_000)
    assert faults_of(small) == ("it is smaller than a 5 km cell (25 km²)",)
