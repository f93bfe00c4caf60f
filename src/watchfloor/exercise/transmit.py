"""What each simulated aircraft sends, and when: squitters by transponder, reports by the coalition's gateway.

| sent | every (room time) | with |
|---|---|---|
| airborne position, even and odd in turn | 0.5 s | noise of 15 m |
| velocity | 0.5 s | noise of 0.5 kt and 0.1 degrees; vertical rate as flown |
| identification | 5 s | callsign |
| squawk | 3 s | four octal digits |
| CoT report | 1 s | noise of 15 m, 0.5 kt, 0.1 degrees; `opex` says exercise |

Instants jitter by a tenth of a period. A level aircraft reports a steady altitude and no vertical rate.
**Source**: rates after RTCA DO-260B, 2.2.3.3; noise: own choice, a good GNSS receiver.
"""

import heapq
from collections.abc import Iterator
from math import cos, radians
from random import Random

from msgspec import Struct

from watchfloor.base.units import M_PER_FT, MPS_PER_KT, US_PER_S
from watchfloor.exercise.flights import Flight, Truth, flights_of, truth_at
from watchfloor.messages.air import Party
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import Context
from watchfloor.wire import adsb_encode, beast, cot

NOISE_M, NOISE_KT, NOISE_DEG = 15.0, 0.5, 0.1
COT_STALE_US = 15 * US_PER_S
_M_PER_DEG = 111_320.0
_TICKS_PER_US = beast.COUNTER_HZ // US_PER_S
_PERIODS_US = {
    "position": US_PER_S // 2,
    "velocity": US_PER_S // 2,
    "identity": 5 * US_PER_S,
    "squawk": 3 * US_PER_S,
    "report": US_PER_S,
}


class Due(Struct, frozen=True, order=True):
    """The next message of one aircraft."""

    at_us: int
    place: int
    what: str
    turn: int


class Transmitters:
    """Every aircraft's messages in order of time. Deterministic for a pack and a start."""

    def __init__(self, pack: Pack, start_us: int) -> None:
        self._pack = pack
        self._flights = flights_of(pack)
        self._addresses = _addresses(pack, self._flights)
        self._random = Random(f"{pack.digest}/{start_us}")
        self._queue: list[Due] = []
        for place, flight in enumerate(self._flights):
            kinds = ("report",) if flight.route.feed == "COT" else ("position", "velocity", "identity", "squawk")
            for what in kinds:
                first = start_us + self._random.randrange(_PERIODS_US[what])
                self._queue.append(Due(first, place, what, 0))
        heapq.heapify(self._queue)

    def until(self, room_us: int) -> Iterator[tuple[str, bytes]]:
        """Feed id and bytes of all that is sent up to an instant."""
        while self._queue[0].at_us <= room_us:
            due = self._queue[0]
            period_us = _PERIODS_US[due.what]
            jitter_us = self._random.randrange(-period_us // 10, period_us // 10)
            following = Due(due.at_us + period_us + jitter_us, due.place, due.what, due.turn + 1)
            heapq.heapreplace(self._queue, following)
            flight = self._flights[due.place]
            truth = truth_at(flight, due.at_us)
            if truth is not None:
                yield flight.route.feed, self._message(due, truth)

    def _message(self, due: Due, truth: Truth) -> bytes:
        if due.what == "report":
            return self._report(due, truth)
        address = self._addresses[due.place]
        if due.what == "position":
            lat, lon = self._noisy_place(truth)
            frame = adsb_encode.position(address, lat, lon, truth.alt_ft, odd=bool(due.turn & 1))
        elif due.what == "velocity":
            gs_kt, trk_deg = self._noisy_motion(truth)
            frame = adsb_encode.velocity(address, gs_kt, trk_deg, truth.vs_fpm, 0)
        elif due.what == "identity":
            frame = adsb_encode.identification(address, truth.callsign)
        else:
            frame = adsb_encode.status(address, squawk_of(due.place))
        counter = (due.at_us - self._pack.epoch_us) * _TICKS_PER_US
        return beast.encode(counter, frame, signal=self._random.randrange(40, 220))

    def _report(self, due: Due, truth: Truth) -> bytes:
        lat, lon = self._noisy_place(truth)
        gs_kt, trk_deg = self._noisy_motion(truth)
        return cot.encode(
            cot.Outgoing(
                uid=f"{self._pack.header.id}-{truth.callsign}",
                type=cot.OUT_TYPES[Party.COALITION],
                time_us=due.at_us,
                stale_us=due.at_us + COT_STALE_US,
                lat_deg=lat,
                lon_deg=lon,
                hae_m=truth.alt_ft * M_PER_FT,
                callsign=truth.callsign,
                speed_mps=gs_kt * MPS_PER_KT,
                course_deg=trk_deg,
                mark=cot.mark_of(Context.EXERCISE, self._pack.header.id),
            )
        )

    def _noisy_place(self, truth: Truth) -> tuple[float, float]:
        north_m, east_m = self._random.gauss(0, NOISE_M), self._random.gauss(0, NOISE_M)
        lat = truth.lat_deg + north_m / _M_PER_DEG
        return lat, truth.lon_deg + east_m / (_M_PER_DEG * cos(radians(lat)))

    def _noisy_motion(self, truth: Truth) -> tuple[float, float]:
        gs_kt = max(truth.gs_kt + self._random.gauss(0, NOISE_KT), 0.0)
        return gs_kt, (truth.trk_deg + self._random.gauss(0, NOISE_DEG)) % 360.0


def squawk_of(place: int) -> str:
    """The Mode 3/A code of the aircraft at this place in the pack; never an emergency code."""
    return f"{0o1000 + place:04o}"


def _addresses(pack: Pack, flights: tuple[Flight, ...]) -> list[int]:
    """A 24-bit address for each aircraft, from the block of its party."""
    next_free: dict[Party, int] = {block.party: int(block.first, 16) for block in pack.header.address_blocks}
    found = []
    for flight in flights:
        address = next_free.get(flight.route.party, 0)
        next_free[flight.route.party] = address + 1
        found.append(address)
    return found
