"""Files of plans: whatever is in one, it is read, or refused with the plan and the reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.app.line_plans import line_plans_of
from watchfloor.base.errors import InputError, WireError
from watchfloor.wire.line_plans import read_plans

POINTS: list[dict[str, Any]] = [
    {"lat_deg": 1.0, "lon_deg": 179.9, "level_ft": 10_000, "at": "2031-03-14T16:00:00Z"},
    {"lat_deg": 1.5, "lon_deg": -179.9, "level_ft": 12_000, "at": "2031-03-14T16:20:00Z"},
]
PLAN = {"id": "A-1", "points": POINTS}


def volumes_of(lat_e7deg: int = 0, **changes: int) -> dict[str, Any]:
    outline = [{"lat_e7deg": lat_e7deg, "lon_e7deg": lon} for lon in (0, 10**6, 2 * 10**6)]
    return {
        "id": "V",
        "volumes": [{"outline": outline, "floor_ft": 0, "ceiling_ft": 1, "from_us": 0, "until_us": 9} | changes],
    }


def raw(*plans: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"plans": list(plans)} | more).encode()


def test_a_flight_becomes_volumes_that_hold_it() -> None:
    (plan,) = line_plans_of(read_plans(raw({**PLAN, "half_level_ft": 300, "half_time_s": 60})))
    assert plan.plan_id == "A-1"
    assert min(volume.floor_ft for volume in plan.volumes) == 9_700
    assert max(volume.ceiling_ft for volume in plan.volumes) == 12_300
    assert plan.volumes[0].from_us % 60_000_000 == 0
    assert all(abs(corner.lon_e7deg) > 1_798_000_000 for volume in plan.volumes for corner in volume.outline)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"{", "no plans"),
        (b"[" * 40_000, "no plans"),
        (b'{"plans":[{"id":"\xff"}]}', "no plans"),
        (raw(PLAN, PLAN), "plan `A-1` stands twice"),
        (raw({"id": "A-1"}), "either two `points` or more"),
        (raw({"id": "A-1", "points": POINTS[:1]}), "either two `points` or more"),
        (raw({**PLAN, "purpose": "x"}), "unknown field `purpose`"),
        (raw({"id": "A-1", "points": POINTS[::-1]}), "plan `A-1`, point 2: it is not after the point before"),
        (raw({"id": "A-1", "points": [POINTS[0], {**POINTS[1], "at": "16:20"}]}), "plan `A-1`, point 2"),
        (raw({"id": "A-1", "points": [POINTS[0], {**POINTS[1], "lat_deg": 85.1}]}), "$.plans[0].points[1].lat_deg"),
        (raw({"id": "A-1", "points": [POINTS[0], {**POINTS[1], "at": "2031-03-17T16:20:00Z"}]}), "over 48 hours"),
        (raw({**PLAN, "half_width_m": -1}), "half_width_m"),
        (raw(volumes_of(floor_ft=2)), "plan `V`, volume 1: its floor is above its ceiling"),
        (raw(volumes_of(until_us=0)), "it ends before it begins"),
        (raw(volumes_of(lat_e7deg=860_000_000)), "beyond 85 degrees"),
        (b'{"plans":[{"id":"A-1","half_width_m":NaN}]}', "no plans"),
        (b" " * ((32 << 20) + 1), "over 32 MiB"),
    ],
)
def test_what_is_no_file_of_plans_is_refused_with_the_place(sent: bytes, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        read_plans(sent)
    assert reason in refused.value.sentence


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda child: (
            st.lists(child)
            | st.dictionaries(st.sampled_from(["plans", "id", "points", "lat_deg", "at", "volumes"]), child)
        ),
    )
)
def test_no_file_raises_anything_else(tree: Any) -> None:
    sent = json.dumps(tree).encode(errors="surrogatepass")
    try:
        line_plans_of(read_plans(sent))
    except (WireError, InputError):
        return
    assert isinstance(tree, dict)


def test_a_way_over_a_pole_is_refused() -> None:
    over = [{**POINTS[0], "lat_deg": 84.0, "lon_deg": 0.0}, {**POINTS[1], "lat_deg": 84.0, "lon_deg": 180.0}]
    with pytest.raises(InputError) as refused:
        line_plans_of(read_plans(raw({"id": "A-1", "points": over})))
    assert "leads beyond 86 degrees" in refused.value.sentence
