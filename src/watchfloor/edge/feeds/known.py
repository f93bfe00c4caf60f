"""Feeds that can be named: those that come with watchfloor, and those that installed packages offer.

A package offers one as an entry point of the group `watchfloor.feeds`: an object, or a class without arguments, that
holds to `watchfloor.messages.feeds.Feed`. What it may give is closed there.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from watchfloor.base.errors import InputError, WatchfloorError
from watchfloor.messages.feeds import Configurable, Feed
from watchfloor.wire.feeds import BUILT_IN

GROUP, ASTERIX = "watchfloor.feeds", "asterix"


def known_feeds() -> Mapping[str, Feed]:
    """All of them, by name; ASTERIX, where the extra `asterix` is installed.

    **Raises**: InputError, when a package offers what is no feed, or one of a name that is taken.
    """
    found = dict(BUILT_IN)
    try:
        from watchfloor.wire.asterix import AsterixFeed  # noqa: PLC0415  # an extra
    except ImportError:
        pass
    else:
        found[ASTERIX] = AsterixFeed()
    for point in entry_points(group=GROUP):
        where = f"the feed `{point.name}` of `{point.dist.name if point.dist else point.module}`"
        try:
            offered = point.load()
            feed = offered() if isinstance(offered, type) else offered
        except Exception as error:
            raise InputError(f"{where} cannot be loaded: {error!r}; remove the package", field="format") from error
        if not isinstance(feed, Feed) or feed.name != point.name:
            raise InputError(f"{where} is no feed of that name", field="format")
        if point.name in found:
            raise InputError(f"{where} has a name that is taken", field="format")
        found[point.name] = feed
    return found


def with_options(feed: Feed, options: Mapping[str, Any], where: str) -> Feed:
    """A feed as a serve file wants it.

    **Raises**: InputError, when it takes no options, or not these.
    """
    if not options:
        return feed
    if not isinstance(feed, Configurable):
        raise InputError(f"{where}: `{feed.name}` takes no options", field="options")
    try:
        return feed.with_options(options)
    except WatchfloorError as error:
        raise InputError(f"{where}: {error}", field="options") from error
