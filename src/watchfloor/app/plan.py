"""From a pack or a serve file to what a room is made of."""

from collections.abc import Mapping

from watchfloor.app.doctrine import (
    cleared_of,
    everyone,
    label_all,
    members_of,
    minima_of,
    picture_of,
    plain_port_of,
    regimes_of,
    rings_of,
    rotas_of,
)
from watchfloor.app.intake import FeedSetup
from watchfloor.app.room import RoomSetup
from watchfloor.app.settings import CLIENTS, Settings, ViewersTable
from watchfloor.base.labels import Audience, label_for, level_named
from watchfloor.base.units import US_PER_S, metres_from_nm
from watchfloor.deconflict.alerts import Rings
from watchfloor.messages.alerts import Minima
from watchfloor.messages.feeds import Configurable, Feed
from watchfloor.messages.pack import Pack, PackFeed
from watchfloor.messages.room import Context
from watchfloor.picture.state import FeedLimits, Picture
from watchfloor.wire.feeds import BUILT_IN

_CLIENT_LIMITS = FeedLimits(60 * US_PER_S, 300 * US_PER_S)


def exercise_setup(pack: Pack, room_id: str) -> RoomSetup:
    """A room for an exercise."""
    feeds = [
        FeedSetup(
            feed_id=feed.id,
            name=feed.name,
            reads=_reader(pack, feed),
            label=label_for(feed.nations, level_named(feed.level), feed.need_to_know),
            limits=FeedLimits(round(feed.stale_s * US_PER_S), round(feed.lost_s * US_PER_S)),
            context=Context.EXERCISE,
            counter_epoch_us=pack.epoch_us,
        )
        for feed in pack.header.feeds
    ]
    label = label_all(pack)
    clients = FeedSetup(CLIENTS, "TAK clients", BUILT_IN["cot"], label, _CLIENT_LIMITS, Context.EXERCISE)
    return RoomSetup(
        room_id=room_id,
        title=pack.header.title,
        context=Context.EXERCISE,
        everyone=everyone(pack),
        plain_port=plain_port_of(pack),
        seats={seat.id: cleared_of(pack, seat) for seat in pack.header.seats},
        label=label,
        feeds=(*feeds, clients),
        minima=minima_of(pack),
        rings=rings_of(pack),
        regimes=regimes_of(pack.header.separation),
        picture=picture_of(pack),
        utc_offset_s=pack.utc_offset_s,
        exercise=pack.header.id,
        rotas=rotas_of(pack),
        members=members_of(pack),
    )


def _reader(pack: Pack, feed: PackFeed) -> Feed:
    """What reads a feed; a camera's aircraft is the one that reports itself under its route's name."""
    reads = BUILT_IN[feed.format]
    if feed.camera and isinstance(reads, Configurable):
        return reads.with_options({"platform": f"cot:{pack.header.id}-{feed.camera}"})
    return reads


def served_setup(settings: Settings, room_id: str, readers: Mapping[str, Feed]) -> RoomSetup:
    """A room for recorded files (REPLAY) or connected feeds (LIVE - CIVIL, NOT CERTIFIED). Nobody sits in it.

    **Args**: `readers`: what reads each connected feed, by its id.
    """
    context = Context.REPLAY if settings.is_recorded() else Context.LIVE_CIVIL
    nations = settings.room.nations
    label = label_for(nations)
    limits = {
        feed.id: FeedLimits(round(feed.stale_s * US_PER_S), round(feed.lost_s * US_PER_S)) for feed in settings.feeds
    }
    feeds = [
        FeedSetup(
            feed.id,
            feed.name or feed.id,
            readers.get(feed.id),
            label_for(feed.nations or nations, level_named(feed.level), feed.need_to_know),
            limits[feed.id],
            context,
            is_awaited=not feed.path,
        )
        for feed in settings.feeds
    ]
    clients = FeedSetup(CLIENTS, "TAK clients", BUILT_IN["cot"], label, _CLIENT_LIMITS, context)
    minima = settings.minima
    return RoomSetup(
        room_id=room_id,
        title=settings.room.title,
        context=context,
        everyone=Audience(nations),
        plain_port=_audience(settings.cot, nations),
        seats={one.id: _audience(one, nations) for one in settings.viewers},
        label=label,
        feeds=(*feeds, clients),
        minima=Minima(round(metres_from_nm(minima.horizontal_nm)), minima.vertical_ft, minima.lookahead_s * US_PER_S),
        rings=Rings((), 0, 0),
        regimes=regimes_of(settings.separation),
        picture=Picture(limits=limits),
        tape_keep_us=None if settings.is_recorded() else round(settings.tape.keep_h * 3600 * US_PER_S),
        utc_offset_s=settings.room.utc_offset_s,
        exercise="",
    )


def _audience(viewers: ViewersTable, nations: tuple[str, ...]) -> Audience:
    return Audience(viewers.nations or nations, level_named(viewers.level), viewers.need_to_know)
