"""Radar plots that name nobody: given to the tracks that they are likeliest of, or to new ones, made of plots alone.

A track made of plots has to be seen `CONFIRMED_BY` times before it is one; when an aircraft that names itself turns out
to be the same, it becomes part of that one. A named aircraft's own newest report stands as it was said: a plot moves
its track only when it is newer, and then to the estimate that takes both in.

**Doubt**: plots at another level than the track's are never its own; a plot that belongs to nobody moves nothing. In a
storm of plots only the newest `MOST_TENTATIVE` may become aircraft.
**Source**: own reasoning over `associating` and `estimating`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.geodesy import Floats, ecef_from_wgs84, ecef_velocity
from watchfloor.base.units import MPS_PER_KT, US_PER_S
from watchfloor.messages.air import Accuracy, Entered, Observation, ObservationBatch, Track
from watchfloor.picture import estimating
from watchfloor.picture.associating import FASTEST_MPS, assign, weigh, within_reach
from watchfloor.picture.estimating import PLACE, TIME
from watchfloor.picture.moving import begin, joined, moved
from watchfloor.picture.state import Picture, Tentative, Tie, Unnamed

MADE = "radar:"  # begins identities that an aircraft did not give itself
CONFIRMED_BY = 3
TENTATIVE_US, MOST_TENTATIVE = 13 * US_PER_S, 2_000
FOLLOWED_US = 60 * US_PER_S
TURN_OF_RADAR_US = 1_500_000
SAME_WITHIN, SAME_MPS, SAME_FOR_US = 9.0, 30.0, 3 * US_PER_S
SAID_ERROR_M, SAID_ERROR_MPS = 30.0, 3.0
PLOT_ACCURACY = Accuracy(0.0, 100.0, 300.0)
OLD_VELOCITY_US = 15 * US_PER_S
TOLD_APART_US = 15 * US_PER_S
_LEVELS_FT, _CLIMB_FTPS = 700.0, 100.0
_MARGIN_DEG, _NEAR_M = 0.5, 5_000.0

Flown = tuple[float, float, float, float]


class Scan(Struct, frozen=True):
    """Plots of one chunk, as arrays."""

    plots: Sequence[Observation]
    toa_us: Floats
    places: Floats
    errors: Floats


def scan_of(seen: Sequence[Observation]) -> Scan:
    """Reports with places as arrays, in their order."""
    lat_deg, lon_deg = np.array([(one.lat_deg, one.lon_deg) for one in seen], dtype=np.float64).reshape(-1, 2).T
    known = [one.accuracy or _usual(one) for one in seen]
    bearing_deg, along_m, across_m = np.array([(one.bearing_deg, one.along_m, one.across_m) for one in known]).T
    errors = estimating.error_vectors(lat_deg, lon_deg, bearing_deg, along_m, across_m)
    toa_us = np.array([one.toa_us for one in seen], dtype=np.float64)
    return Scan(seen, toa_us, ecef_from_wgs84(lat_deg, lon_deg), errors)


def _usual(seen: Observation) -> Accuracy:
    return PLOT_ACCURACY if seen.is_plot() else Accuracy(0.0, SAID_ERROR_M, SAID_ERROR_M)


def is_of_another_system(identity: str) -> bool:
    """Whether this names a track of another system (CAT 062) that told no address: `radar:SAC.SIC.NUMBER`."""
    return identity.startswith(MADE) and "/" not in identity


def take(now: Picture, seen: Sequence[Observation], batch: ObservationBatch) -> list[Entered]:
    """Take plots into a picture that is being made; answers which tracks they moved."""
    scan = scan_of(seen)
    entered = [Entered(one.toa_us) for one in seen]
    names, rows = _near(now, scan)
    suited = [_suited(now.tracks[name], batch.feed_id) for name in names]
    left = set(range(len(seen)))
    for place, plot, row, flown in _taken_in(rows, scan, _paired(rows, scan, suited, left)):
        has_moved = give(now, now.tracks[names[place]], row, flown, seen[plot], batch)
        entered[plot] = Entered(seen[plot].toa_us, names[place], has_moved)
        left.discard(plot)
    thought = {name: now.estimates.get(name, row) for name, row in zip(names, rows, strict=True)}
    for plot, name in _begin_or_go_on(now, scan, sorted(left), batch):
        entered[plot] = Entered(seen[plot].toa_us, name, has_place=True)
        thought[name] = now.estimates[name]
    _unite(now, thought, float(scan.toa_us.max()))
    return entered


def _taken_in(rows: Floats, scan: Scan, pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, Floats, Flown]]:
    """Each pair of estimate and plot, the estimate with the plot taken in, and how it is told."""
    if pairs:
        places, plots = (list(part) for part in zip(*pairs, strict=True))
        after = estimating.update(rows[places], scan.toa_us[plots], scan.places[plots], scan.errors[plots])
        yield from zip(places, plots, after, estimating.told(after), strict=True)


def _near(now: Picture, scan: Scan) -> tuple[list[str], Floats]:
    """Tracks that a plot of the scan may be of, by name, and what is thought of each."""
    lats = [plot.lat_deg or 0.0 for plot in scan.plots]
    low_deg, high_deg = min(lats) - _MARGIN_DEG, max(lats) + _MARGIN_DEG
    first_us, last_us = scan.toa_us.min() - FOLLOWED_US, scan.toa_us.max() + FOLLOWED_US
    tracks = [
        track
        for track in now.tracks.values()
        if low_deg <= track.lat_deg <= high_deg and first_us <= track.toa_us <= last_us and not track.on_ground
    ]
    said = [track for track in tracks if track.identity not in now.estimates]
    kept = [track.identity for track in tracks if track.identity in now.estimates]
    parts = [as_said(said)] if said else []
    if kept:
        parts.append(np.stack([now.estimates[name] for name in kept]))
    names = [track.identity for track in said] + kept
    return names, np.concatenate(parts) if parts else np.zeros((0, estimating.WIDTH))


def as_said(tracks: Sequence[Track]) -> Floats:
    """What aircraft say of themselves, as estimates; who told no velocity lately may fly any."""
    lat_deg, lon_deg, gs_kt, trk_deg = np.array(
        [(track.lat_deg, track.lon_deg, track.gs_kt or 0.0, track.trk_deg or 0.0) for track in tracks]
    ).T
    is_old = np.array([_is_old(track, track.toa_us) for track in tracks])
    velocities = ecef_velocity(lat_deg, lon_deg, np.where(is_old, 0.0, gs_kt * MPS_PER_KT), trk_deg)
    return estimating.believe(
        np.array([track.toa_us for track in tracks], dtype=np.float64),
        ecef_from_wgs84(lat_deg, lon_deg),
        velocities,
        np.full(len(tracks), SAID_ERROR_M),
        np.where(is_old, estimating.UNKNOWN_MPS, SAID_ERROR_MPS),
    )


def _is_old(track: Track, then_us: int) -> bool:
    """Whether an aircraft has told no velocity lately."""
    return track.gs_kt is None or then_us - track.velocity_toa_us > OLD_VELOCITY_US


class _Suited(Struct, frozen=True):
    """What a plot must have to be of a track: its level then, and that its radar has turned since."""

    alt_ft: int | None
    toa_us: float
    radar_us: float


def _suited(track: Track, feed_id: str) -> _Suited:
    seen_us = max((source.toa_us for source in track.sources if source.feed_id == feed_id), default=0)
    return _Suited(track.alt_ft, track.toa_us, seen_us)


def _paired(rows: Floats, scan: Scan, suited: Sequence[_Suited], plots: Iterable[int]) -> list[tuple[int, int]]:
    """Estimates and plots that belong together, by their places among rows and in the scan."""
    open_plots = np.array(sorted(plots), dtype=np.int64)
    if not len(rows) or not len(open_plots):
        return []
    near, found = within_reach(rows, scan.toa_us[open_plots], scan.places[open_plots])
    marks = open_plots[found]
    fits = [_fits(suited[row], scan.plots[mark]) for row, mark in zip(near.tolist(), marks.tolist(), strict=True)]
    near, marks = near[fits], marks[fits]
    if not len(near):
        return []
    return assign(near, marks, weigh(rows[near], scan.toa_us[marks], scan.places[marks], scan.errors[marks]))


def _fits(track: _Suited, plot: Observation) -> bool:
    if abs(plot.toa_us - track.radar_us) < TURN_OF_RADAR_US:
        return False
    return _same_level(track.alt_ft, plot.alt_ft, abs(plot.toa_us - track.toa_us))


def _same_level(one_ft: int | None, other_ft: int | None, apart_us: float) -> bool:
    if one_ft is None or other_ft is None:
        return True
    return abs(one_ft - other_ft) <= _LEVELS_FT + _CLIMB_FTPS * apart_us / US_PER_S


def give(now: Picture, track: Track, row: Floats, flown: Flown, seen: Observation, batch: ObservationBatch) -> bool:
    """A plot to its track, whose estimate with it is `row`; answers whether that moved it."""
    name = track.identity
    if seen.toa_us < track.toa_us and name not in now.estimates:
        now.tracks[name] = joined(track, batch.feed_id, seen.toa_us, batch.label)
        return False
    known = now.estimates.get(name)
    is_own = known is None or track.velocity_toa_us != round(known[TIME])
    says_how = name not in now.unnamed and is_own and not _is_old(track, seen.toa_us)
    report = _estimated(name, round(row[TIME]), flown, seen)
    if says_how:
        report = replace(report, gs_kt=None, trk_deg=None)
    now.estimates[name] = row
    now.tracks[name] = moved(now, track, report, batch, said_us=seen.toa_us)
    return True


def _estimated(name: str, toa_us: int, flown: Flown, seen: Observation) -> Observation:
    """What is thought of a track after a plot, as a report about it."""
    lat_deg, lon_deg, gs_mps, trk_deg = flown
    return Observation(
        identity=name,
        toa_us=toa_us,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_ft=seen.alt_ft,
        gs_kt=gs_mps / MPS_PER_KT,
        trk_deg=trk_deg,
        callsign=seen.callsign,
        squawk=seen.squawk,
    )


def _begin_or_go_on(now: Picture, scan: Scan, plots: Sequence[int], batch: ObservationBatch) -> list[tuple[int, str]]:
    """Plots of no track: each goes on with what may be an aircraft, or begins to be one. Answers which made a track."""
    oldest_us = scan.toa_us.max() - TENTATIVE_US
    for name in [name for name, one in now.tentative.items() if one.row[TIME] < oldest_us]:
        del now.tentative[name]
    names = list(now.tentative)
    rows = np.stack([now.tentative[name].row for name in names]) if names else np.zeros((0, estimating.WIDTH))
    suited = [_Suited(now.tentative[name].alt_ft, row[TIME], 0.0) for name, row in zip(names, rows, strict=True)]
    new: list[tuple[int, str]] = []
    fresh = list(plots)
    for place, plot, row, flown in _taken_in(rows, scan, _paired(rows, scan, suited, plots)):
        seen, name = scan.plots[plot], names[place]
        held = now.tentative.pop(name)
        fresh.remove(plot)
        if flown[2] > FASTEST_MPS:
            continue
        if held.plot_count + 1 < CONFIRMED_BY:
            level_ft = held.alt_ft if seen.alt_ft is None else seen.alt_ft
            now.tentative[name] = Tentative(row, held.plot_count + 1, level_ft)
            continue
        begin(now, _estimated(name, seen.toa_us, flown, seen), batch)
        now.estimates[name], now.unnamed[name] = row, Unnamed(seen.toa_us)
        new.append((plot, name))
    if fresh:
        began = estimating.begin(scan.toa_us[fresh], scan.places[fresh], scan.errors[fresh])
        for row, plot in zip(began, fresh, strict=True):
            now.tentative[_name(batch.feed_id, scan.plots[plot])] = Tentative(row, 1, scan.plots[plot].alt_ft)
    for name in list(now.tentative)[: max(len(now.tentative) - MOST_TENTATIVE, 0)]:
        del now.tentative[name]
    return new


def _name(feed_id: str, plot: Observation) -> str:
    """An identity of its first plot alone, so that it is the same in every picture that has this plot."""
    digest = sha256(f"{plot.identity} {plot.toa_us} {plot.lat_deg!r} {plot.lon_deg!r}".encode()).hexdigest()
    return f"{MADE}{feed_id[:32]}/{digest[:8]}"


def unite(now: Picture, seen: Sequence[Observation]) -> None:
    """See whether tracks of which another system told just now, without an address, are of aircraft with a name.

    Such a track becomes part of that one as a track of plots does, and is tied to it.
    """
    for one in seen:
        now.unnamed.setdefault(one.identity, Unnamed(one.toa_us))
    scan = scan_of(seen)
    names, rows = _near(now, scan)
    _unite(now, dict(zip(names, rows, strict=True)), float(scan.toa_us.max()))


def _unite(now: Picture, thought: Mapping[str, Floats], then_us: float) -> None:
    """Make tracks of plots part of others, when they have long been where those are, and fly as they do."""
    names = list(thought)
    likest = (
        _likest(now, names, np.stack(list(thought.values())), then_us) if now.unnamed.keys() & thought.keys() else {}
    )
    for name in [name for name in names if name in now.unnamed]:
        known, like = now.unnamed[name], likest.get(name, "")
        if like != known.like or not like:
            now.unnamed[name] = Unnamed(known.begun_us, like, round(then_us))
        elif then_us - known.like_us >= SAME_FOR_US and like in now.tracks:
            track = now.tracks.pop(name)
            for source in track.sources:
                now.tracks[like] = joined(now.tracks[like], source.feed_id, source.toa_us, track.label)
            now.estimates.pop(name, None)
            del now.unnamed[name]
            if is_of_another_system(name):
                now.ties[name] = Tie(like, track.toa_us)


def _likest(now: Picture, names: Sequence[str], rows: Floats, then_us: float) -> dict[str, str]:
    """For each track of plots the named, or older, one that is where it is and flies as it does, if there is any."""
    rows = estimating.predict(rows, np.full(len(rows), then_us))
    places = rows[:, PLACE]
    one = np.array([place for place, name in enumerate(names) if name in now.unnamed], dtype=np.int64)
    close = np.linalg.norm(places[one, None] - places[None], axis=2) < _NEAR_M
    pairs = [
        (int(one[row]), int(column))
        for row, column in np.argwhere(close)
        if _goes_before(now, names[column], names[one[row]])
        and not _are_told_apart(now.tracks[names[column]], now.tracks[names[one[row]]])
        and _same_level(now.tracks[names[column]].alt_ft, now.tracks[names[one[row]]].alt_ft, 0)
    ]
    found: dict[str, tuple[float, str]] = {}
    if pairs:
        firsts, others = (list(part) for part in zip(*pairs, strict=True))
        squared, differing_mps = estimating.apart(rows[firsts], rows[others])
        for (first, other), far, differs_mps in zip(pairs, squared.tolist(), differing_mps.tolist(), strict=True):
            if far < SAME_WITHIN and differs_mps < SAME_MPS:
                found[names[first]] = min(found.get(names[first], (far, names[other])), (far, names[other]))
    return {name: like for name, (_, like) in found.items()}


def _are_told_apart(other: Track, track: Track) -> bool:
    """Whether the system that tells of a track told of the other just now too: it says that they are two."""
    if not is_of_another_system(track.identity):
        return False
    told_us = {source.feed_id: source.toa_us for source in other.sources}
    return any(
        abs(source.toa_us - told_us.get(source.feed_id, -TOLD_APART_US)) < TOLD_APART_US for source in track.sources
    )


def _goes_before(now: Picture, other: str, name: str) -> bool:
    """Whether `name` would become part of `other`, were they the same."""
    known = now.unnamed.get(other)
    return known is None or (known.begun_us, other) < (now.unnamed[name].begun_us, name)
