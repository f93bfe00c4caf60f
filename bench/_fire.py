"""An hour of a dozen aircraft at one fire and a visitor: who is told of whom, by the room's minima and the ring's."""

from collections.abc import Iterator
from math import cos, hypot, pi, radians, sin
from typing import NamedTuple

from watchfloor.base.labels import label_for
from watchfloor.deconflict.alerts import Rings, Watch, step
from watchfloor.deconflict.regimes import Regime
from watchfloor.messages.air import Track, TrackPicture
from watchfloor.messages.alerts import AlertEnded, AlertRaised, Minima
from watchfloor.messages.room import FeedState

HOUR_S, LOOK_S = 3600, 1
START_US = 1_931_270_400_000_000
ROOM = Minima(9260, 1000, 300_000_000)
RING = Regime(
    name="the fire", horizontal_m=926, vertical_ft=500, lookahead_us=30_000_000, around=(0.0, 0.0), radius_m=18_520,
    below_ft=9_500,
)  # fmt: skip
M_PER_NM, DEGREE_M = 1852, 111_195


class Loop(NamedTuple):
    """Round and round: a circle, or two straights `long_nm` apart; middle [NM], radius [NM], speed [kt], level [ft]."""

    east_nm: float
    north_nm: float
    radius_nm: float
    long_nm: float
    gs_kt: float
    level_ft: int
    begins: float


DOZEN = (
    *(Loop(-3, 0, 0.8, 5.0, 160, 4_200 + 600 * (n % 2), n / 4) for n in range(4)),  # tankers between lake and line
    *(Loop(2 + 3 * (n % 2), -2 + 3 * (n // 2), 0.3, 1.5, 90, 3_300, n / 4) for n in range(4)),  # helicopters
    Loop(0, 0, 2.5, 0.0, 130, 6_500, 0.0),  # air attack overhead
    Loop(0, 0, 2.5, 0.0, 140, 7_500, 0.5),  # its relief
    Loop(-1, 1, 1.0, 3.0, 170, 5_400, 0.2),  # lead plane
    Loop(0, 0, 4.0, 0.0, 110, 8_500, 0.3),  # infrared mapper
    Loop(0, -20, 20.8, 60.0, 140, 4_200, 0.0),  # a visitor, straight through the tankers' level
)


def place(loop: Loop, then_s: float) -> tuple[float, float, float]:
    """Where it is [NM east, NM north], and its track [deg true]."""
    around_nm = 2 * pi * loop.radius_nm + 2 * loop.long_nm
    along = (loop.begins * around_nm + loop.gs_kt * then_s / 3600) % around_nm
    half = loop.long_nm / 2
    for west, east, turn in ((-half, half, 0), (half, -half, 180)):
        if along < loop.long_nm:
            side = loop.radius_nm if turn == 0 else -loop.radius_nm
            return loop.east_nm + west + (1 if turn == 0 else -1) * along, loop.north_nm + side, 90.0 + turn
        along -= loop.long_nm
        if along < pi * loop.radius_nm:
            angle = 90 + turn - along / loop.radius_nm * 180 / pi  # from the east, against the clock
            x, y = loop.radius_nm * cos(radians(angle)), loop.radius_nm * sin(radians(angle))
            return loop.east_nm + east + x, loop.north_nm + y, (180.0 - angle) % 360
        along -= pi * loop.radius_nm
    return place(loop._replace(begins=0.0), 0.0)


def pictures() -> Iterator[TrackPicture]:
    """The hour, look by look."""
    label = label_for(("OWN",))
    for then_s in range(0, HOUR_S, LOOK_S):
        now_us, tracks = START_US + then_s * 1_000_000, []
        for number, loop in enumerate(DOZEN, 1):
            east_nm, north_nm, trk_deg = place(loop, then_s)
            lat, lon = north_nm * M_PER_NM / DEGREE_M, east_nm * M_PER_NM / DEGREE_M
            tracks.append(
                Track(
                    identity=f"icao:{number:06x}", number=number, label=label, sources=(), toa_us=now_us,
                    velocity_toa_us=now_us, lat_deg=lat, lon_deg=lon, alt_ft=loop.level_ft, gs_kt=loop.gs_kt,
                    trk_deg=trk_deg, vs_fpm=0,
                )
            )  # fmt: skip
        yield TrackPicture(room_us=now_us, tracks=tuple(tracks), states=(FeedState.FRESH,) * len(tracks))


def alerts_in_an_hour(regimes: tuple[Regime, ...]) -> tuple[int, int]:
    """How many alerts are raised, and behind how many of them no loss of their own minima comes while they stand."""
    watch, standing, raised, false = Watch(ROOM, Rings((), 0, 0), regimes=regimes), dict[str, AlertRaised](), 0, 0
    lost: set[str] = set()
    for picture in pictures():
        watch, changes = step(watch, picture)
        for change in changes:
            if isinstance(change, AlertRaised):
                standing[change.alert_id], raised = change, raised + 1
            elif isinstance(change, AlertEnded):
                del standing[change.alert_id]
                false += change.alert_id not in lost
        there = {f"T{track.number}": track for track in picture.tracks}
        for alert in standing.values():
            one, other = there[alert.first.track_id], there[alert.second.track_id]
            apart_m = hypot(one.lat_deg - other.lat_deg, one.lon_deg - other.lon_deg) * DEGREE_M
            up_ft = abs((one.alt_ft or 0) - (other.alt_ft or 0))
            if (
                "beyond" not in alert.regime
                and apart_m < alert.minima.horizontal_m
                and up_ft < alert.minima.vertical_ft
            ):
                lost.add(alert.alert_id)
    return raised, false + sum(alert_id not in lost for alert_id in standing)
