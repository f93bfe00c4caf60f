"""ASTERIX reports to observations, beside the bare library that reads them, on the same blocks in the same run."""

import argparse
import sys
import time
from typing import Any

from _figures import paired, tell
from aviconv_asterix import Cat021Record, Cat048Record, Cat062Record, encode_records, iter_records

from watchfloor.base.geodesy import radar_at
from watchfloor.messages.air import Observation
from watchfloor.messages.feeds import Arrival
from watchfloor.wire.asterix import AsterixFeed, Site

RECORDS, PER_BLOCK, ROUNDS, GOAL = 6_000, 20, 5, 0.7
NOW_US = 1_931_270_400_000_000


def blocks(category: int) -> list[bytes]:
    """Datagrams of many reports, each with what such reports mostly carry."""
    found = []
    for block in range(RECORDS // PER_BLOCK):
        records: list[Any] = []
        for place in range(PER_BLOCK):
            number = block * PER_BLOCK + place
            where = {"lat": 45 + number % 900 / 100, "lon": 5 + number % 700 / 100}
            address, callsign, level = f"{0x3C0000 + number:06X}", f"TEST{number % 1000}", 300.0 + number % 80
            if category == 21:
                records.append(
                    Cat021Record(
                        sac=25, sic=1, icao_address=address, callsign=callsign, flight_level=level,
                        ground_speed_kt=430.0, track_angle_deg=120.0, time_of_applicability_s=3600.5,
                        mode3a="1000", **where,
                    )
                )  # fmt: skip
            elif category == 48:
                records.append(
                    Cat048Record(
                        sac=25, sic=1, aircraft_address=address, callsign=callsign, flight_level=level, rho_nm=60.0,
                        theta_deg=number % 360, ground_speed_kt=430.0, heading_deg=120.0, time_of_day_s=3600.5,
                    )
                )  # fmt: skip
            else:
                records.append(
                    Cat062Record(
                        sac=25, sic=1, time_of_track_s=3600.5, vx_ms=100.0, vy_ms=50.0, measured_flight_level=level,
                        target_address=address, target_identification=callsign, **where,
                    )
                )  # fmt: skip
        found.append(encode_records(records))
    return found


def main() -> int:
    """Print the figures; exit code 1, when a report is lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    feed, arrival = AsterixFeed({(25, 1): Site(radar_at(50.0, 14.0, 300.0))}), Arrival(NOW_US, is_datagram=True)
    holds, nothing = True, feed.begin()
    for category in (21, 48, 62):
        given, ours, peer = blocks(category), [], []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            seen = sum(isinstance(one, Observation) for raw in given for one in feed.step(nothing, raw, arrival)[1])
            between = time.perf_counter()
            read = sum(1 for raw in given for _ in iter_records(raw))
            peer.append(read / (time.perf_counter() - between))
            ours.append(seen / (between - begin))
            if not seen == read == RECORDS:
                print(f"CAT {category:03d}: {seen} seen, {read} read of {RECORDS}", file=sys.stderr)
                return 1
        load = f"{RECORDS:,} reports in blocks of {PER_BLOCK}"
        words = {"unit": "1/s", "better": "higher", "goal": GOAL, "load": load}
        figure = paired(f"CAT {category:03d} to observations beside the bare library", ours, peer, **words)
        tell(figure, as_json=as_json)
        holds &= figure.holds()
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
