"""Whether a notified way comes within reach of an area: never missed, by geodesics tried point by point."""

from random import Random

from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon

from watchfloor.app.notifying import _within
from watchfloor.messages.line import LinePlace

EARTH = Geodesic.WGS84


def near_by_trying(way: list[tuple[float, float]], ring: list[tuple[float, float]], near_m: int) -> bool:
    """Points along the way and along the border, each against each; or one of the way inside. Written for this test."""

    def along(path: list[tuple[float, float]], count: int) -> list[tuple[float, float]]:
        return [
            (x1 + (x2 - x1) * step / count, y1 + (y2 - y1) * step / count)
            for (x1, y1), (x2, y2) in zip(path, path[1:], strict=False)
            for step in range(count + 1)
        ]

    here, border = along([*way, way[-1]], 8), along(ring, 8)
    if any(Polygon(ring).contains(Point(place)) for place in here):
        return True
    return any(EARTH.Inverse(y1, x1, y2, x2)["s12"] <= near_m for x1, y1 in here for x2, y2 in border)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), lat=st.sampled_from((0.0, -37.9, 55.0)), lon=st.sampled_from((-114.0, 0.0, 179.99)))
def test_what_is_near_is_found(seed: int, lat: float, lon: float) -> None:
    dice = Random(seed)
    west, south = lon + dice.uniform(-0.3, 0.3), lat + dice.uniform(-0.3, 0.3)
    wide, high = dice.uniform(0.05, 0.4), dice.uniform(0.05, 0.4)
    ring = [(west, south), (west + wide, south), (west + wide, south + high), (west, south + high), (west, south)]
    way = [(lon + dice.uniform(-0.5, 0.5), lat + dice.uniform(-0.5, 0.5)) for _ in range(dice.choice((1, 2, 3)))]
    near_m = dice.choice((500, 2_000, 20_000))
    places = [LinePlace(round(y * 1e7), round(((x + 180) % 360 - 180) * 1e7)) for x, y in way]
    found = _within(places, tuple(ring), near_m)
    assert found or not near_by_trying(way, ring, near_m)
    if found:
        assert near_by_trying(way, ring, round(near_m * 1.1) + 6_000), "and what is far off is not called near"
