"""One picture from many feeds: cooperative tracks keyed by identity, with sources, age and staleness.

**Doubt**: a value nobody reported stays unknown; an old position is never carried forward here; a report
from far off the room's time is refused; a place that cannot be reached in the time between is refused.
**Source**: own reasoning; speed gate as in `wire.cpr`.
"""

from collections.abc import Mapping
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.geodesy import within_m
from watchfloor.base.labels import combine
from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import (
    Observation,
    ObservationBatch,
    Party,
    Rejected,
    SourceAge,
    Track,
    TrackPicture,
)
from watchfloor.messages.room import FeedState

FAR_OFF_US = 15 * US_PER_S
GATE_MPS = 345.0
GATE_SLACK_M = 150.0
GATE_LOST_US = 60 * US_PER_S
_FIRST_MADE, _NUMBERS = 1 << 24, (1 << 32) - 1
CLIMB_WINDOW_US = 5 * US_PER_S


class FeedLimits(Struct, frozen=True):
    """When data of a feed is stale, and when it is lost, by room time."""

    stale_us: int
    lost_us: int


class Partial(Struct, frozen=True, gc=False):
    """What an aircraft has said before its first position."""

    callsign: str = ""
    squawk: str = ""
    gs_kt: float | None = None
    trk_deg: float | None = None
    vs_fpm: int | None = None
    velocity_toa_us: int = 0


class Climb(Struct, frozen=True, gc=False):
    """The level from which a vertical rate is reckoned, for feeds that report none."""

    toa_us: int
    geo_alt_ft: int


class Block(Struct, frozen=True):
    """A block of 24-bit addresses that names a party."""

    first: int
    last: int
    party: Party


class Picture(Struct, frozen=True):
    """All tracks by identity, and what is not yet one."""

    limits: Mapping[str, FeedLimits]
    blocks: tuple[Block, ...] = ()
    tracks: dict[str, Track] = {}
    partials: dict[str, Partial] = {}
    gaps_ft: dict[str, int] = {}
    climbs: dict[str, Climb] = {}


def step(picture: Picture, batch: ObservationBatch, room_us: int) -> tuple[Picture, list[Rejected]]:
    """The picture after a batch, and what of the batch was refused.

    **Args**: `room_us`: the room's time now, against which "far off" is judged.
    """
    now = Picture(
        picture.limits,
        picture.blocks,
        dict(picture.tracks),
        dict(picture.partials),
        dict(picture.gaps_ft),
        dict(picture.climbs),
    )
    refused: list[Rejected] = []
    for seen in batch.observations:
        if abs(seen.toa_us - room_us) > FAR_OFF_US:
            refused.append(_refusal("time is over 15 s off the room's clock", seen))
            continue
        track = now.tracks.get(seen.identity)
        if track is None:
            _begin(now, seen, batch)
            continue
        if seen.lat_deg is not None and not _reachable(track, seen):
            refused.append(_refusal("position out of reach since the last one", seen))
            continue
        now.tracks[seen.identity] = _moved(now, track, seen, batch)
    return now, refused


def _refusal(reason: str, seen: Observation) -> Rejected:
    return Rejected(reason=reason, sample=seen.identity.encode())


def number_of(identity: str) -> int:
    """A track's number, 32 bits: an aircraft's own address, or a number made of another identity.

    It depends on nothing else, so that it is the same in every viewer's picture and after every start, and tells nobody
    how many tracks there are that they do not see. Two identities that are no addresses may share one, once in four
    billion pairs.
    """
    scheme, _, name = identity.partition(":")
    if scheme == "icao":
        return int(name, 16)
    return _FIRST_MADE + crc32(identity.encode()) % (_NUMBERS - _FIRST_MADE)


def _begin(picture: Picture, seen: Observation, batch: ObservationBatch) -> None:
    """Note a first report; with a place it makes a track."""
    known = picture.partials.get(seen.identity, Partial())
    if seen.geo_minus_pressure_ft is not None:
        picture.gaps_ft[seen.identity] = seen.geo_minus_pressure_ft
    has_velocity = seen.gs_kt is not None
    partial = Partial(
        seen.callsign or known.callsign,
        seen.squawk or known.squawk,
        seen.gs_kt if has_velocity else known.gs_kt,
        seen.trk_deg if has_velocity else known.trk_deg,
        seen.vs_fpm if seen.vs_fpm is not None else known.vs_fpm,
        seen.toa_us if has_velocity else known.velocity_toa_us,
    )
    if seen.lat_deg is None or seen.lon_deg is None:
        picture.partials[seen.identity] = partial
        return
    picture.partials.pop(seen.identity, None)
    track = Track(
        identity=seen.identity,
        number=number_of(seen.identity),
        label=batch.label,
        sources=(SourceAge(batch.feed_id, seen.toa_us),),
        toa_us=seen.toa_us,
        lat_deg=seen.lat_deg,
        lon_deg=seen.lon_deg,
        gs_kt=partial.gs_kt,
        trk_deg=partial.trk_deg,
        vs_fpm=partial.vs_fpm,
        velocity_toa_us=partial.velocity_toa_us,
        callsign=partial.callsign,
        squawk=partial.squawk,
        party=_party_of(picture.blocks, seen.identity),
    )
    picture.tracks[seen.identity] = _moved(picture, track, seen, batch)


def _party_of(blocks: tuple[Block, ...], identity: str) -> Party:
    scheme, _, name = identity.partition(":")
    if scheme == "icao":
        address = int(name, 16)
        for block in blocks:
            if block.first <= address <= block.last:
                return block.party
    return Party.UNKNOWN


def _reachable(track: Track, seen: Observation) -> bool:
    if seen.lat_deg is None or seen.lon_deg is None:
        return True
    gap_us = seen.toa_us - track.toa_us
    if gap_us < 0:
        return False
    if gap_us > GATE_LOST_US:
        return True
    allowed_m = GATE_MPS * gap_us / US_PER_S + GATE_SLACK_M
    return within_m(track.lat_deg, track.lon_deg, seen.lat_deg, seen.lon_deg, allowed_m)


def _moved(picture: Picture, track: Track, seen: Observation, batch: ObservationBatch) -> Track:
    """The track after a report about it; only what the report carries changes."""
    changes: dict[str, object] = {"sources": _sources(track.sources, batch.feed_id, seen.toa_us)}
    if batch.label != track.label:
        changes["label"] = combine((track.label, batch.label))
    if seen.lat_deg is not None:
        changes.update(toa_us=seen.toa_us, lat_deg=seen.lat_deg, lon_deg=seen.lon_deg)
    if seen.gs_kt is not None:
        changes.update(gs_kt=seen.gs_kt, trk_deg=seen.trk_deg, velocity_toa_us=seen.toa_us)
    if seen.vs_fpm is not None:
        changes["vs_fpm"] = seen.vs_fpm
    if seen.selected_ft is not None:
        changes.update(selected_ft=seen.selected_ft, selected_toa_us=seen.toa_us)
    if seen.callsign:
        changes["callsign"] = seen.callsign
    if seen.squawk:
        changes["squawk"] = seen.squawk
    if seen.on_ground is not None:
        changes["on_ground"] = seen.on_ground
    if seen.party is not None:
        changes["party"] = seen.party
    _levels(picture, track, seen, changes)
    return replace(track, **changes)


def _sources(sources: tuple[SourceAge, ...], feed_id: str, toa_us: int) -> tuple[SourceAge, ...]:
    if len(sources) == 1 and sources[0].feed_id == feed_id:
        return (SourceAge(feed_id, toa_us),)
    others = tuple(source for source in sources if source.feed_id != feed_id)
    return tuple(sorted((*others, SourceAge(feed_id, toa_us)), key=lambda source: source.feed_id))


def _levels(picture: Picture, track: Track, seen: Observation, changes: dict[str, object]) -> None:
    if seen.geo_minus_pressure_ft is not None:
        picture.gaps_ft[seen.identity] = seen.geo_minus_pressure_ft
    if seen.alt_ft is not None:
        changes["alt_ft"] = seen.alt_ft
        gap_ft = picture.gaps_ft.get(seen.identity)
        if gap_ft is not None:
            changes["geo_alt_ft"] = seen.alt_ft + gap_ft
    if seen.geo_alt_ft is None:
        return
    changes["geo_alt_ft"] = seen.geo_alt_ft
    if seen.vs_fpm is not None or track.alt_ft is not None:
        return
    start = picture.climbs.get(seen.identity)
    if start is None or seen.toa_us < start.toa_us:
        picture.climbs[seen.identity] = Climb(seen.toa_us, seen.geo_alt_ft)
    elif seen.toa_us - start.toa_us >= CLIMB_WINDOW_US:
        minutes = (seen.toa_us - start.toa_us) / (60 * US_PER_S)
        changes["vs_fpm"] = round((seen.geo_alt_ft - start.geo_alt_ft) / minutes)
        picture.climbs[seen.identity] = Climb(seen.toa_us, seen.geo_alt_ft)


def state_of(track: Track, limits: Mapping[str, FeedLimits], room_us: int) -> FeedState:
    """How old the track's position is, by the most patient of its feeds."""
    known = [limits[source.feed_id] for source in track.sources if source.feed_id in limits]
    age_us = room_us - track.toa_us
    if not known or age_us > max(limit.lost_us for limit in known):
        return FeedState.LOST
    return FeedState.STALE if age_us > max(limit.stale_us for limit in known) else FeedState.FRESH


def snapshot(picture: Picture, room_us: int) -> TrackPicture:
    """All tracks now, with the age state of each."""
    tracks = sorted(picture.tracks.values(), key=lambda track: track.number)
    return TrackPicture(
        room_us=room_us,
        tracks=tuple(tracks),
        states=tuple(state_of(track, picture.limits, room_us) for track in tracks),
    )


def without_lost(picture: Picture, room_us: int, keep_us: int) -> Picture:
    """The picture without tracks whose last position is older than `keep_us`."""
    gone = [name for name, track in picture.tracks.items() if room_us - track.toa_us > keep_us]
    if not gone:
        return picture
    tracks = {name: track for name, track in picture.tracks.items() if name not in gone}
    climbs = {name: climb for name, climb in picture.climbs.items() if name in tracks}
    return replace(picture, tracks=tracks, climbs=climbs)
