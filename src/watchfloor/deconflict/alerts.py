"""Alerts about predicted losses: raised when a loss is seen twice running, ended after it is gone for a while.

Hysteresis keeps noise from ringing; numbers are quantised before they are compared, so that a replay of the
same pictures gives the same alerts.
**Source**: own reasoning.
"""

from collections.abc import Mapping, Sequence
from math import inf, nan

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.geodesy import Floats, destination, distance_m
from watchfloor.base.labels import combine
from watchfloor.base.units import MPS_PER_KT, US_PER_S
from watchfloor.deconflict.probe import NO_ALTITUDE_FT, Candidate, Columns, levels_ft
from watchfloor.deconflict.regimes import Flying, Judged, Regime, in_force, judge_columns
from watchfloor.messages.air import Party, Track, TrackPicture
from watchfloor.messages.alerts import (
    AlertEnded,
    AlertRaised,
    AlertUpdated,
    Encounter,
    EndCause,
    Minima,
    ProbedState,
)
from watchfloor.messages.pack import Airfield
from watchfloor.messages.room import FeedState

RAISE_AFTER = 2
END_AFTER = 5
TOLD_STEP_US = 5 * US_PER_S
TOLD_STEP_M = 400
OLD_VELOCITY_US = 15 * US_PER_S
OLD_SELECTION_US = 30 * US_PER_S
ESCALATE_AFTER_US = 30 * US_PER_S

Pair = tuple[str, str]


class Rings(Struct, frozen=True):
    """Around these airfields, below a level, separation is the tower's business."""

    airfields: tuple[Airfield, ...]
    radius_m: int
    below_ft: int


class Standing(Struct, frozen=True):
    """An alert that was raised and has not ended."""

    alert_id: str
    told: Encounter
    closest_seen_m: int
    misses: int
    tracks: tuple[Track, Track]


class Watch(Struct, frozen=True):
    """What the live probe remembers between two looks."""

    minima: Minima
    rings: Rings
    standing: Mapping[Pair, Standing] = {}
    seen_once: Mapping[Pair, int] = {}
    next_number: int = 1
    regimes: tuple[Regime, ...] = ()


def candidate_of(track: Track) -> Candidate | None:
    """A track as the probe wants it; None when it cannot be carried forward.

    **Doubt**: no or old velocity, or an aircraft on the ground, is not probed; an old selected level is not believed.
    """
    if not is_usable(track) or track.gs_kt is None or track.trk_deg is None:
        return None
    level = track.alt_ft if track.alt_ft is not None else track.geo_alt_ft
    state = ProbedState(
        track_id=f"T{track.number}",
        toa_us=track.toa_us,
        lat_e7deg=round(track.lat_deg * 1e7),
        lon_e7deg=round(track.lon_deg * 1e7),
        alt_ft=NO_ALTITUDE_FT if level is None else level,
        gs_dkt=round(track.gs_kt * 10),
        trk_cdeg=round(track.trk_deg * 100) % 36_000,
        vs_fpm=track.vs_fpm or 0,
        cleared_ft=track.selected_ft if track.toa_us - track.selected_toa_us <= OLD_SELECTION_US else None,
    )
    return Candidate(
        state,
        NO_ALTITUDE_FT if track.alt_ft is None else track.alt_ft,
        NO_ALTITUDE_FT if track.geo_alt_ft is None else track.geo_alt_ft,
    )


def is_usable(track: Track) -> bool:
    """Whether a track can be carried forward."""
    return (
        track.gs_kt is not None
        and track.trk_deg is not None
        and not track.on_ground
        and track.toa_us - track.velocity_toa_us <= OLD_VELOCITY_US
    )


def columns_of_tracks(tracks: Sequence[Track]) -> Columns:
    """Usable tracks as the probe wants them, all at once: the numbers that `candidate_of` gives for each."""

    def column(values: Sequence[float | None]) -> Floats:
        return np.array(values, np.float64)

    selected = [
        nan if t.selected_ft is None or t.toa_us - t.selected_toa_us > OLD_SELECTION_US else t.selected_ft
        for t in tracks
    ]
    return Columns(
        toa_us=column([t.toa_us for t in tracks]),
        lat_e7deg=np.rint(column([t.lat_deg for t in tracks]) * 1e7),
        lon_e7deg=np.rint(column([t.lon_deg for t in tracks]) * 1e7),
        gs_dkt=np.rint(column([t.gs_kt for t in tracks]) * 10),
        trk_cdeg=np.rint(column([t.trk_deg for t in tracks]) * 100) % 36_000,
        vs_fpm=column([t.vs_fpm or 0 for t in tracks]),
        cleared_ft=column(selected),
        pressure_ft=column([NO_ALTITUDE_FT if t.alt_ft is None else t.alt_ft for t in tracks]),
        geometric_ft=column([NO_ALTITUDE_FT if t.geo_alt_ft is None else t.geo_alt_ft for t in tracks]),
    )


def step(
    watch: Watch, picture: TrackPicture, line: str = ""
) -> tuple[Watch, list[AlertRaised | AlertUpdated | AlertEnded]]:
    """The watch after a look at the picture, and what changed about alerts.

    **Args**: `line`: the state in which the line was last stated to be; regimes may ask for it.
    """
    usable = [
        track
        for track, state in zip(picture.tracks, picture.states, strict=True)
        if state is FeedState.FRESH and is_usable(track)
    ]
    candidates = _Candidates(usable)
    regimes = in_force(watch.regimes, line)
    found = judge_columns(columns_of_tracks(usable), candidates.flying, regimes, watch.minima, picture.room_us)
    now: dict[Pair, tuple[Judged, Track, Track]] = {}
    for hit in found:
        first, second = usable[hit.first], usable[hit.second]
        if not _towers_business(watch.rings, (candidates.of(first), candidates.of(second)), hit.encounter):
            now[(first.identity, second.identity)] = (hit, first, second)
    seen_once = {pair: watch.seen_once.get(pair, 0) + 1 for pair in now if pair not in watch.standing}
    changes: list[AlertRaised | AlertUpdated | AlertEnded] = []
    present = frozenset(track.identity for track in usable)
    standing = _carry_on(watch, now, present, picture.room_us, changes)
    number = watch.next_number
    for pair, count in seen_once.items():
        if count >= RAISE_AFTER:
            hit, one, other = now[pair]
            states = candidates.of(one).state, candidates.of(other).state
            alert = _raise(f"AL-{number}", hit, (one, other), states, picture.room_us)
            standing[pair] = Standing(alert.alert_id, hit.encounter, hit.encounter.now_m, 0, (one, other))
            changes.append(alert)
            number += 1
    waiting = {pair: count for pair, count in seen_once.items() if pair not in standing}
    return replace(watch, standing=standing, seen_once=waiting, next_number=number), changes


class _Candidates:
    """Tracks as the probe wants them, each made when it is first asked for."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._known: dict[str, Candidate] = {}

    def of(self, track: Track) -> Candidate:
        """A usable track's."""
        known = self._known.get(track.identity) or candidate_of(track)
        if known is None:
            raise ValueError(f"`{track.identity}` cannot be carried forward")
        self._known[track.identity] = known
        return known

    def flying(self, place: int) -> Flying:
        """One as regimes tell them apart, by its place among the tracks."""
        track = self._tracks[place]
        return Flying(self.of(track), track.party, track.callsign)


def _raise(
    alert_id: str,
    judged: Judged,
    tracks: tuple[Track, Track],
    states: tuple[ProbedState, ProbedState],
    room_us: int,
) -> AlertRaised:
    one, other = tracks
    parties = {one.party, other.party}
    return AlertRaised(
        alert_id=alert_id,
        first=states[0],
        second=states[1],
        encounter=judged.encounter,
        minima=judged.minima,
        regime=judged.regime,
        between_parties=Party.OTHER in parties and parties != {Party.OTHER},
        at_us=room_us,
        label=combine((one.label, other.label)),
    )


def _carry_on(
    watch: Watch,
    now: Mapping[Pair, tuple[Judged, Track, Track]],
    present: frozenset[str],
    room_us: int,
    changes: list[AlertRaised | AlertUpdated | AlertEnded],
) -> dict[Pair, Standing]:
    """Alerts that stand on, told again where they moved; those that are over are ended."""
    standing: dict[Pair, Standing] = {}
    for pair, known in watch.standing.items():
        label = combine(tuple(track.label for track in known.tracks))
        if pair in now:
            encounter = now[pair][0].encounter
            told = known.told
            if _moved(told, encounter):
                told = encounter
                changes.append(AlertUpdated(known.alert_id, encounter, room_us, label))
            closest_m = min(known.closest_seen_m, encounter.now_m)
            standing[pair] = Standing(known.alert_id, told, closest_m, 0, known.tracks)
        elif known.misses + 1 < END_AFTER:
            standing[pair] = Standing(known.alert_id, known.told, known.closest_seen_m, known.misses + 1, known.tracks)
        else:
            cause = EndCause.DIVERGED if set(pair) <= present else EndCause.TRACK_LOST
            changes.append(AlertEnded(known.alert_id, cause, known.closest_seen_m, room_us, label))
    return standing


def _moved(told: Encounter, now: Encounter) -> bool:
    return abs(told.loss_us - now.loss_us) >= TOLD_STEP_US or abs(told.cpa_m - now.cpa_m) >= TOLD_STEP_M


def forget(watch: Watch) -> Watch:
    """The watch of a new time context: nothing stands, because the picture of the old one is gone."""
    return replace(watch, standing={}, seen_once={})


def _towers_business(rings: Rings, pair: tuple[Candidate, Candidate], encounter: Encounter) -> bool:
    """Whether at the predicted loss both are near one airfield and below its level."""
    then = [_carried(candidate.state, encounter.loss_us) for candidate in pair]
    if any(level_ft >= rings.below_ft for _, _, level_ft in then):
        return False
    return any(
        all(distance_m(lat, lon, field.lat_deg, field.lon_deg) < rings.radius_m for lat, lon, _ in then)
        for field in rings.airfields
    )


def _carried(state: ProbedState, then_us: int) -> tuple[float, float, float]:
    ahead_s = (then_us - state.toa_us) / US_PER_S
    lat_deg, lon_deg = destination(
        state.lat_e7deg * 1e-7,
        state.lon_e7deg * 1e-7,
        state.trk_cdeg * 0.01,
        state.gs_dkt * 0.1 * MPS_PER_KT * ahead_s,
    )
    level_ft = float(levels_ft(state, np.array([ahead_s]))[0]) if state.alt_ft != NO_ALTITUDE_FT else inf
    return lat_deg, lon_deg, level_ft
