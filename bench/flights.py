"""Every loss of separation in recorded flights, and whether the room's alerts told it in time; and what for nothing.

In time is half a minute before it begins, or more; late is later, or only while it lasts.

The recording is the sample `switzerland` of the `traffic` wheel: one day above 30,000 ft, at steps of ten seconds.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _figures import peer_python

from watchfloor.base.labels import label_for
from watchfloor.deconflict.alerts import Rings, Watch
from watchfloor.deconflict.alerts import step as look_again
from watchfloor.deconflict.sweep import Traffic
from watchfloor.messages.air import Track, TrackPicture
from watchfloor.messages.alerts import Minima
from watchfloor.messages.room import FeedState

MINIMA = Minima(horizontal_m=9260, vertical_ft=1000, lookahead_us=300_000_000)
STEP_S, LONGEST_GAP_STEPS, LEAST_LEAD_S = 10, 5, 30
LABEL = label_for(("OWN",))
EARTH_M = 6_371_008.8
TURN_DEG, CLIMB_FPM = 5.0, 300.0
ROWS = ("in time", "late", "missed because one manoeuvred", "missed")
Pair = tuple[str, str]


class Look(NamedTuple):
    """Everybody at one step: names, and their states in the same order."""

    step: int
    names: list[str]
    traffic: Traffic


class Loss(NamedTuple):
    """One loss as it was: the pair, its first and last step, its row, and how long before it was told [s]."""

    pair: Pair
    begin: int
    end: int
    row: str
    lead_s: int


def recording() -> Path:
    """The file in the peer's throwaway environment."""
    home = peer_python("traffic").parents[1]
    (found,) = home.glob("lib/python3*/site-packages/traffic/data/samples/collections/switzerland.json.gz")
    return found


def looks(path: Path) -> Iterator[Look]:
    """The recording, step by step."""
    records = json.loads(gzip.decompress(path.read_bytes()))
    by_step: dict[int, dict[str, dict[str, Any]]] = {}
    for record in records:
        step = record["timestamp"] // (1000 * STEP_S)
        by_step.setdefault(step, {})[f"{record['callsign']}/{record['icao24']}"] = record
    columns = ("latitude", "longitude", "altitude", "groundspeed", "track", "vertical_rate")
    for step, held in sorted(by_step.items()):
        names = sorted(held)
        rows = [[float(held[name][column]) for column in columns] for name in names]
        yield Look(step, names, Traffic(*np.array(rows).T.copy()))


def lost(look: Look) -> set[Pair]:
    """Pairs that are closer than both minima at this step: every pair measured, on great circles."""
    lat, lon, level_ft = np.radians(look.traffic.lat_deg), np.radians(look.traffic.lon_deg), look.traffic.alt_ft
    one, other = np.triu_indices(len(lat), 1)
    half = np.sin((lat[other] - lat[one]) / 2) ** 2
    half += np.cos(lat[one]) * np.cos(lat[other]) * np.sin((lon[other] - lon[one]) / 2) ** 2
    near = 2 * EARTH_M * np.arcsin(np.sqrt(half)) < MINIMA.horizontal_m
    near &= np.abs(level_ft[other] - level_ft[one]) < MINIMA.vertical_ft
    return {(look.names[a], look.names[b]) for a, b in zip(one[near], other[near], strict=True)}


class Alerts:
    """The room's own alerts over the recording: looks come twice a second, so that each step is seen twice running."""

    def __init__(self) -> None:
        self._watch = Watch(MINIMA, Rings((), 0, 0))
        self._numbers: dict[str, int] = {}

    def standing(self, look: Look) -> set[Pair]:
        """Pairs with an alert that stands after a step."""
        for half_us in (0, 500_000):
            self._watch, _ = look_again(self._watch, self._picture(look, half_us))
        return {pair for pair, held in self._watch.standing.items() if held.misses == 0}

    def _picture(self, look: Look, half_us: int) -> TrackPicture:
        now_us = look.step * STEP_S * 1_000_000
        tracks = []
        for name, lat, lon, level, speed, trk, climb in zip(
            look.names, *(part.tolist() for part in look.traffic), strict=True
        ):
            number = self._numbers.setdefault(name, len(self._numbers) + 1)
            tracks.append(
                Track(
                    identity=name, number=number, label=LABEL, sources=(), toa_us=now_us, velocity_toa_us=now_us,
                    lat_deg=lat, lon_deg=lon, alt_ft=round(level), gs_kt=speed, trk_deg=trk, vs_fpm=round(climb),
                )
            )  # fmt: skip
        return TrackPicture(room_us=now_us + half_us, tracks=tuple(tracks), states=(FeedState.FRESH,) * len(tracks))


def runs(steps: list[int]) -> list[tuple[int, int]]:
    """Steps in order as spans; a span ends where a pair is not there for as long as an alert takes to end."""
    spans: list[tuple[int, int]] = []
    for step in steps:
        if spans and step - spans[-1][1] <= LONGEST_GAP_STEPS:
            spans[-1] = (spans[-1][0], step)
        else:
            spans.append((step, step))
    return spans


def judge(seen: list[Look]) -> tuple[list[Loss], list[tuple[Pair, int, int]]]:
    """All losses of the recording, each in its row; and the alerts behind which no loss came."""
    actual: dict[Pair, list[int]] = {}
    alerted: dict[Pair, list[int]] = {}
    states: dict[tuple[str, int], tuple[float, float]] = {}
    alerts = Alerts()
    for look in seen:
        for pair in lost(look):
            actual.setdefault(pair, []).append(look.step)
        for pair in alerts.standing(look):
            alerted.setdefault(pair, []).append(look.step)
        for place, name in enumerate(look.names):
            states[name, look.step] = float(look.traffic.trk_deg[place]), float(look.traffic.vs_fpm[place])
    found = [
        _loss(pair, span, runs(alerted.get(pair, [])), states)
        for pair, steps in sorted(actual.items())
        for span in runs(steps)
    ]
    ever = {pair: runs(steps) for pair, steps in actual.items()}
    ahead = MINIMA.lookahead_us // (1_000_000 * STEP_S)
    false = [
        (pair, begin, end)
        for pair, steps in sorted(alerted.items())
        for begin, end in runs(steps)
        if not any(begin <= last and first <= end + ahead for first, last in ever.get(pair, []))
    ]
    return found, false


def _loss(
    pair: Pair,
    span: tuple[int, int],
    alerts: list[tuple[int, int]],
    states: dict[tuple[str, int], tuple[float, float]],
) -> Loss:
    begin, end = span
    standing = [first for first, last in alerts if first <= end and begin <= last + 1]
    lead_s = (begin - standing[0]) * STEP_S if standing else 0
    if lead_s >= LEAST_LEAD_S:
        return Loss(pair, begin, end, ROWS[0], lead_s)
    if any(_manoeuvred(states, name, begin) for name in pair):
        return Loss(pair, begin, end, ROWS[2], 0)
    return Loss(pair, begin, end, ROWS[1] if standing else ROWS[3], lead_s)


def _manoeuvred(states: dict[tuple[str, int], tuple[float, float]], name: str, begin: int) -> bool:
    """Whether it turned or climbed otherwise than at the last look before the loss; who was not there is no excuse."""
    before, then = states.get((name, begin - 1)), states[name, begin]
    if before is None:
        return False
    turn = abs((then[0] - before[0] + 180) % 360 - 180)
    return turn > TURN_DEG or abs(then[1] - before[1]) > CLIMB_FPM


def main() -> int:
    """Print the table; exit code 1, when a loss was missed without one having manoeuvred."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    seen = list(looks(recording()))
    found, false = judge(seen)
    counts = Counter(loss.row for loss in found)
    hours = sum(len(look.names) for look in seen) * STEP_S / 3600
    leads = [loss.lead_s for loss in found if loss.row == ROWS[0]]
    document = {
        "name": "losses of separation in recorded flights",
        "pairs": len({loss.pair for loss in found}),
        "rows": {row: counts[row] for row in ROWS},
        "all": len(found),
        "median_lead_s": float(np.median(leads)) if leads else None,
        "flight_hours": round(hours, 1),
        "false_alerts": len(false),
        "false_alerts_per_flight_hour": round(len(false) / hours, 3),
        "pass": counts[ROWS[3]] == 0,
    }
    if as_json:
        print(json.dumps(document))
    else:
        print(f"{document['all']} losses of {document['pairs']} pairs in {hours:,.0f} flight hours")
        for row in ROWS:
            print(f"  {row:30} {counts[row]:5}")
        print(f"  {'all':30} {len(found):5}")
        print(f"told {document['median_lead_s']} s before, in the median of those in time")
        print(f"{len(false)} alerts without a loss: {document['false_alerts_per_flight_hour']} per flight hour")
    return 0 if document["pass"] else 1


if __name__ == "__main__":
    sys.exit(main())
