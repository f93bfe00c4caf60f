"""A track after a report about it, and what it is called.

**Doubt**: only what the report carries changes. **Source**: own reasoning.
"""

from zlib import crc32

from msgspec.structs import replace

from watchfloor.base.labels import Label, combine
from watchfloor.base.units import US_PER_S
from watchfloor.messages.air import Observation, ObservationBatch, Party, SourceAge, Track
from watchfloor.picture.state import Block, Climb, Gap, Partial, Picture

_FIRST_MADE, _NUMBERS = 1 << 24, (1 << 32) - 1
CLIMB_WINDOW_US = 5 * US_PER_S
GAP_LASTS_US = 60 * US_PER_S


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


def begin(picture: Picture, seen: Observation, batch: ObservationBatch) -> None:
    """Note a first report in a picture that is being made; with a place it makes a track."""
    known = picture.partials.get(seen.identity, Partial())
    if seen.geo_minus_pressure_ft is not None:
        picture.gaps[seen.identity] = Gap(seen.toa_us, seen.geo_minus_pressure_ft)
    has_velocity = seen.gs_kt is not None
    partial = Partial(
        seen.toa_us,
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
        party=party_of(picture.blocks, seen.identity),
    )
    picture.tracks[seen.identity] = moved(picture, track, seen, batch)


def party_of(blocks: tuple[Block, ...], identity: str) -> Party:
    """Whose aircraft an address is, by the blocks that name a party."""
    scheme, _, name = identity.partition(":")
    if scheme == "icao":
        address = int(name, 16)
        for block in blocks:
            if block.first <= address <= block.last:
                return block.party
    return Party.UNKNOWN


def moved(
    picture: Picture, track: Track, seen: Observation, batch: ObservationBatch, *, said_us: int | None = None
) -> Track:
    """The track after a report about it; only what that carries changes. `said_us`: its feed's time, if another."""
    toa_us = seen.toa_us if said_us is None else said_us
    changes: dict[str, object] = {"sources": _merged(track.sources, batch.feed_id, toa_us)}
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


def joined(track: Track, feed_id: str, toa_us: int, label: Label) -> Track:
    """The track as seen by one source more, which moves nothing of it."""
    known_us = max((source.toa_us for source in track.sources if source.feed_id == feed_id), default=toa_us)
    sources = _merged(track.sources, feed_id, max(known_us, toa_us))
    return replace(track, sources=sources, label=track.label if label == track.label else combine((track.label, label)))


def _merged(sources: tuple[SourceAge, ...], feed_id: str, toa_us: int) -> tuple[SourceAge, ...]:
    if len(sources) == 1 and sources[0].feed_id == feed_id:
        return (SourceAge(feed_id, toa_us),)
    others = tuple(source for source in sources if source.feed_id != feed_id)
    return tuple(sorted((*others, SourceAge(feed_id, toa_us)), key=lambda source: source.feed_id))


def _levels(picture: Picture, track: Track, seen: Observation, changes: dict[str, object]) -> None:
    if seen.geo_minus_pressure_ft is not None:
        picture.gaps[seen.identity] = Gap(seen.toa_us, seen.geo_minus_pressure_ft)
    if seen.alt_ft is not None:
        changes["alt_ft"] = seen.alt_ft
        gap = picture.gaps.get(seen.identity)
        if gap is not None and seen.toa_us - gap.toa_us > GAP_LASTS_US:
            del picture.gaps[seen.identity]
            changes["geo_alt_ft"] = None
        elif gap is not None:
            changes["geo_alt_ft"] = seen.alt_ft + gap.ft
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
