"""What cannot be so in a volume as it was said on a line, beside shapely's reading of its outline."""

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from tests.property.test_line_session import S, square, volume
from watchfloor.line.volumes import faults_of
from watchfloor.messages.line import LinePlace


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
    assert faults_of(volume(0, until_us=S)) == ("it ends before it begins",)
    assert faults_of(volume(0, until_us=2 * S + 48 * 3_600_000_000)) == ("it lasts over 48 hours",)
    assert faults_of(volume(0, outline=square(0, 0, 40_000_000))) == ("it is over 100,000 km² large",)
    assert faults_of(volume(0, outline=square(0, 0, 400_000))) == ("it is smaller than a 5 km cell (25 km²)",)
    assert faults_of(volume(0, outline=square(900_000_000, 0))) == ("a corner is beyond a pole",)
    late = "its times are not on whole seconds, as they are read back"
    assert faults_of(volume(0, from_us=S + 1)) == (late,)
    far_east = square(-375_000_000, 1_140_000_000)
    assert faults_of(volume(0, outline=far_east)) == ()
    wide = square(-375_000_000, 1_140_000_000, 40_000_000)
    assert faults_of(volume(0, outline=wide)) == ("it is over 100,000 km² large",)
    across = [(-400_000_000, 1_799_500_000), (-400_000_000, -1_799_500_000), (-390_000_000, -1_799_500_000)]
    assert faults_of(volume(0, outline=tuple(LinePlace(*corner) for corner in across))) == ()
