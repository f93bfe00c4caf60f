"""Echoes that name their aircraft (Mode S radars): whose they are is known, where it is they only measure.

Such a place is no word of the aircraft. It goes to the estimate of its track, as a plot does that was given to it, and
moves the track only when it is newer than what the aircraft said last.

**Doubt**: an echo is out of reach only where the errors of its radar, and a turn of the aircraft, do not explain it.
**Source**: own reasoning over `estimating` and `plots`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from watchfloor.base.geodesy import Floats
from watchfloor.messages.air import Entered, Observation, ObservationBatch
from watchfloor.picture import estimating
from watchfloor.picture.estimating import TURNING_M2PS3, Surprise, predict
from watchfloor.picture.moving import begin, moved
from watchfloor.picture.plots import FOLLOWED_US, as_said, give, scan_of
from watchfloor.picture.state import Picture

GATE = 25.0  # squared Mahalanobis distance, 2 degrees of freedom: 1 in 270,000 of its own echoes are outside


def take(
    now: Picture, seen: Sequence[Observation], batch: ObservationBatch
) -> Iterator[tuple[Observation, Entered | None]]:
    """Take echoes into a picture that is being made; answers for each what it did, None where it is out of reach."""
    left = list(seen)
    while left:
        names: set[str] = set()
        turn: list[Observation] = []
        rest: list[Observation] = []
        for one in left:
            (rest if one.identity in names else turn).append(one)
            names.add(one.identity)
        yield from _take_one_each(now, turn, batch)
        left = rest


def _take_one_each(
    now: Picture, seen: Sequence[Observation], batch: ObservationBatch
) -> Iterator[tuple[Observation, Entered | None]]:
    known = [one for one in seen if _is_followed(now, one)]
    for one in [one for one in seen if not _is_followed(now, one)]:
        if one.identity in now.tracks:  # where it is told after a long time, nothing is thought of its way
            now.tracks[one.identity] = moved(
                now, now.tracks[one.identity], replace(one, gs_kt=None, trk_deg=None), batch
            )
        else:
            begin(now, one, batch)
        now.estimates[one.identity] = _begun(one)
        yield one, Entered(one.toa_us, one.identity, has_place=True)
    if not known:
        return
    rows = np.concatenate([_thought_of(now, one)[None] for one in known])
    scan = scan_of(known)
    turning = Surprise(predict(rows, scan.toa_us, TURNING_M2PS3), scan.toa_us, scan.places, scan.errors)
    fits = turning.squared <= GATE
    after = estimating.update(rows[fits], scan.toa_us[fits], scan.places[fits], scan.errors[fits])
    taken = iter(zip(after, estimating.told(after), strict=True))
    for one, is_one in zip(known, fits.tolist(), strict=True):
        if not is_one:
            yield one, None
            continue
        row, flown = next(taken)
        has_moved = give(now, now.tracks[one.identity], row, flown, one, batch)
        yield one, Entered(one.toa_us, one.identity, has_moved)


def _is_followed(now: Picture, seen: Observation) -> bool:
    """Whether there is a track of this aircraft that was not lost since."""
    track = now.tracks.get(seen.identity)
    return track is not None and seen.toa_us - track.toa_us <= FOLLOWED_US


def _thought_of(now: Picture, seen: Observation) -> Floats:
    """What is thought of an aircraft before this echo."""
    track = now.tracks[seen.identity]
    row = now.estimates.get(seen.identity)
    row_of_said: Floats = as_said([track])[0]
    return row_of_said if row is None else row


def _begun(seen: Observation) -> Floats:
    scan = scan_of((seen,))
    row: Floats = estimating.begin(scan.toa_us, scan.places, scan.errors)[0]
    return row
