"""One picture from many feeds: tracks keyed by what aircraft call themselves, and those made of radar plots alone.

What an aircraft says of itself is shown as it was said; what a radar measures is estimated (`plots`, `echoes`,
`estimating`).

**Doubt**: a value nobody reported stays unknown; an old position is never carried forward here; a report
from far off the room's time is refused; a place that cannot be reached in the time between is refused, and its track is
marked as doubted for a minute: as having jumped, or, when such places fit together, as being in two places.
**Source**: own reasoning; speed gate as in `wire.cpr`.
"""

from collections.abc import Mapping
from operator import attrgetter

from msgspec.structs import replace

from watchfloor.base.geodesy import Floats, within_m
from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import (
    Accuracy,
    Entered,
    Observation,
    ObservationBatch,
    Oddity,
    Rejected,
    Track,
    TrackPicture,
)
from watchfloor.messages.room import FeedState
from watchfloor.picture import echoes, estimating, plots
from watchfloor.picture.moving import begin, moved
from watchfloor.picture.state import FeedLimits, Picture, Rival, Tie

FAR_OFF_US = 15 * US_PER_S
OTHER_SYSTEMS = Accuracy(0.0, 150.0, 150.0)
OUT_OF_REACH = "position out of reach since the last one"
GATE_MPS = 345.0
GATE_SLACK_M = 150.0
GATE_LOST_US = 60 * US_PER_S
BEHIND_OTHERS_US = 5 * US_PER_S
DOUBTED_US = 60 * US_PER_S
RIVALS_MAKE_TWO = 3


def step(picture: Picture, batch: ObservationBatch, room_us: int) -> tuple[Picture, list[Entered | Rejected]]:
    """The picture after a batch, and what of the batch entered it, or was refused.

    **Args**: `room_us`: the room's time now, against which "far off" is judged.
    """
    now = picture.copied()
    told: list[Entered | Rejected] = []
    plotted: list[Observation] = []
    measured: list[Observation] = []
    nameless: list[Observation] = []
    for seen in batch.observations:
        if abs(seen.toa_us - room_us) > FAR_OFF_US:
            told.append(_refusal("time is over 15 s off the room's clock", seen))
        elif seen.is_plot():
            if seen.lat_deg is not None:
                plotted.append(seen)
        elif seen.accuracy is not None and seen.lat_deg is not None:
            measured.append(seen)
        elif now.ties and (entered := _tied(now, seen, batch)) is not None:
            told.append(entered)
        elif seen.identity in now.tracks:
            told.append(_report(now, seen, batch))
            if seen.identity.startswith(plots.MADE) and seen.lat_deg is not None:
                nameless.append(seen)
        else:
            told += _begun(now, seen, batch)
    for seen, entered in echoes.take(now, measured, batch) if measured else ():
        track = now.tracks[seen.identity]
        if entered is None:
            now.tracks[seen.identity] = _doubted(now, track, seen)
        elif track.oddity is not Oddity.NONE:
            now.tracks[seen.identity] = _cleared(now, track, seen.toa_us)
        told.append(entered or _refusal(OUT_OF_REACH, seen))
    if plotted:
        told += plots.take(now, plotted, batch)
    if nameless and (others := [one for one in nameless if plots.is_of_another_system(one.identity)]):
        plots.unite(now, others)
    return now, told


def _begun(now: Picture, seen: Observation, batch: ObservationBatch) -> list[Entered | Rejected]:
    """Take in what somebody says of an aircraft first; without a place it tells nothing yet."""
    begin(now, seen, batch)
    return [Entered(seen.toa_us, seen.identity, has_place=True)] if seen.identity in now.tracks else []


def _tied(now: Picture, seen: Observation, batch: ObservationBatch) -> Entered | None:
    """Take in what another system says of a track that is tied to one here; None, when it is not, or no longer fits."""
    tie = now.ties.get(seen.identity)
    if tie is None:
        return None
    if seen.lat_deg is None:
        return Entered(seen.toa_us, tie.identity)
    measured = replace(seen, identity=tie.identity, accuracy=OTHER_SYSTEMS, callsign=None, squawk=None)
    entered = next(echoes.take(now, (measured,), batch))[1] if tie.identity in now.tracks else None
    if entered is None:
        del now.ties[seen.identity]
    else:
        now.ties[seen.identity] = Tie(tie.identity, seen.toa_us)
    return entered


def _refusal(reason: str, seen: Observation) -> Rejected:
    return Rejected(reason=reason, sample=seen.identity.encode())


def _report(now: Picture, seen: Observation, batch: ObservationBatch) -> Entered | Rejected:
    """Take in what an aircraft says of itself."""
    track = now.tracks[seen.identity]
    if seen.lat_deg is None:
        now.tracks[seen.identity] = moved(now, track, seen, batch)
        return Entered(seen.toa_us, seen.identity)
    if seen.toa_us < track.toa_us and _is_only_behind(track, seen, batch.feed_id):
        now.tracks[seen.identity] = _told_late(now, track, seen, batch)
        return Entered(seen.toa_us, seen.identity)
    if not _reachable(track, seen):
        now.tracks[seen.identity] = _doubted(now, track, seen)
        return _refusal(OUT_OF_REACH, seen)
    if now.estimates and seen.identity in now.estimates:
        _estimate_anew(now, track, seen)
    if track.oddity is not Oddity.NONE:
        track = _cleared(now, track, seen.toa_us)
    now.tracks[seen.identity] = moved(now, track, seen, batch)
    return Entered(seen.toa_us, seen.identity, has_place=True)


def _is_only_behind(track: Track, seen: Observation, feed_id: str) -> bool:
    """Whether a report is older than its track only because another source has told of the aircraft since."""
    behind_us = track.toa_us - seen.toa_us
    said_us = max((source.toa_us for source in track.sources if source.feed_id == feed_id), default=0)
    return said_us < seen.toa_us and 0 < behind_us <= BEHIND_OTHERS_US and _in_reach(track, seen, behind_us)


def _told_late(now: Picture, track: Track, seen: Observation, batch: ObservationBatch) -> Track:
    """The track with a report that is older than it: an estimate takes it in, a newer word stands."""
    row = now.estimates.get(seen.identity)
    if row is None:
        lasting = Observation(
            identity=seen.identity, toa_us=seen.toa_us, callsign=seen.callsign, squawk=seen.squawk, party=seen.party
        )
        return moved(now, track, lasting, batch)
    row = now.estimates[seen.identity] = _with(row, seen)
    ((lat_deg, lon_deg, _, _),) = estimating.told(row[None])
    said = replace(seen, toa_us=track.toa_us, lat_deg=lat_deg, lon_deg=lon_deg)
    return moved(now, track, said, batch, said_us=seen.toa_us)


def _with(row: Floats, seen: Observation) -> Floats:
    """An estimate with a report taken in."""
    scan = plots.scan_of((seen,))
    after: Floats = estimating.update(row[None], scan.toa_us, scan.places, scan.errors)[0]
    return after


def _estimate_anew(now: Picture, track: Track, seen: Observation) -> None:
    """What is thought of an aircraft that has told its place: nothing more, if it tells its velocity too."""
    if seen.gs_kt is not None or (
        track.gs_kt is not None and seen.toa_us - track.velocity_toa_us <= plots.OLD_VELOCITY_US
    ):
        del now.estimates[seen.identity]
    else:
        now.estimates[seen.identity] = _with(now.estimates[seen.identity], seen)


def _reachable(track: Track, seen: Observation) -> bool:
    gap_us = seen.toa_us - track.toa_us
    return gap_us >= 0 and (gap_us > GATE_LOST_US or _in_reach(track, seen, gap_us))


def _in_reach(place: Track | Rival, seen: Observation, gap_us: int) -> bool:
    if seen.lat_deg is None or seen.lon_deg is None:
        return True
    allowed_m = GATE_MPS * gap_us / US_PER_S + GATE_SLACK_M
    return within_m(place.lat_deg, place.lon_deg, seen.lat_deg, seen.lon_deg, allowed_m)


def _doubted(now: Picture, track: Track, seen: Observation) -> Track:
    """The track, when a place was refused: a jump, or a second aircraft of its name, if such places fit together."""
    if seen.lat_deg is None or seen.lon_deg is None or seen.toa_us < track.toa_us:
        return track
    rival = now.rivals.get(seen.identity)
    goes_on = rival is not None and 0 <= seen.toa_us - rival.toa_us <= GATE_LOST_US
    if rival is not None and goes_on and _in_reach(rival, seen, seen.toa_us - rival.toa_us):
        rival = Rival(seen.toa_us, seen.lat_deg, seen.lon_deg, rival.count + 1)
    else:
        rival = Rival(seen.toa_us, seen.lat_deg, seen.lon_deg, 1)
    now.rivals[seen.identity] = rival
    is_two = rival.count >= RIVALS_MAKE_TWO or track.oddity is Oddity.DOUBLED
    return replace(track, oddity=Oddity.DOUBLED if is_two else Oddity.JUMPED)


def _cleared(now: Picture, track: Track, toa_us: int) -> Track:
    """The track without its doubt, when nothing has spoken against it for long enough."""
    rival = now.rivals.get(track.identity)
    if rival is None or toa_us - rival.toa_us <= DOUBTED_US:
        return track
    del now.rivals[track.identity]
    return replace(track, oddity=Oddity.NONE)


def limits_of(track: Track, limits: Mapping[str, FeedLimits], room_us: int) -> FeedLimits | None:
    """The limits of the most patient feed that still tells of the track; None, when none does."""
    found: FeedLimits | None = None
    for source in track.sources:
        one = limits.get(source.feed_id)
        if one and room_us - source.toa_us <= one.lost_us and (found is None or one.lost_us > found.lost_us):
            found = one
    return found


def state_of(track: Track, limits: Mapping[str, FeedLimits], room_us: int) -> FeedState:
    """How old the track's position is, by the most patient feed that still tells of it."""
    limit, age_us = limits_of(track, limits, room_us), room_us - track.toa_us
    if limit is None or age_us > limit.lost_us:
        return FeedState.LOST
    return FeedState.STALE if age_us > limit.stale_us else FeedState.FRESH


def snapshot(picture: Picture, room_us: int) -> TrackPicture:
    """All tracks now, with the age state of each."""
    tracks = sorted(picture.tracks.values(), key=attrgetter("number"))
    return TrackPicture(
        room_us=room_us,
        tracks=tuple(tracks),
        states=tuple(state_of(track, picture.limits, room_us) for track in tracks),
    )


def without_lost(picture: Picture, room_us: int, keep_us: int) -> Picture:
    """The picture without tracks whose last position is older than `keep_us`, and without what was thought of them.

    What was said as long ago by those that never told a place goes too.
    """
    gone = [name for name, track in picture.tracks.items() if room_us - track.toa_us > keep_us]
    old = [name for name, partial in picture.partials.items() if room_us - partial.toa_us > keep_us]
    if not gone and not old and not any(room_us - tie.toa_us > keep_us for tie in picture.ties.values()):
        return picture
    after = picture.copied()
    for part in (after.tracks, after.climbs, after.estimates, after.unnamed, after.rivals, after.gaps):
        for name in gone:
            part.pop(name, None)
    for name in old:
        del after.partials[name]
        after.gaps.pop(name, None)
    for name in [name for name, tie in after.ties.items() if room_us - tie.toa_us > keep_us]:
        del after.ties[name]
    return after
