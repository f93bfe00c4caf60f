"""`watchfloor.toml`: what `serve` listens to. Unknown keys are refused, with their place."""

import re
import tomllib
from collections.abc import Collection
from ipaddress import IPv4Address
from typing import Any

import msgspec
from msgspec import Struct

from watchfloor.base.errors import InputError
from watchfloor.base.labels import LEVEL_NAMES
from watchfloor.messages.separation import SeparationRule
from watchfloor.wire.feeds import BUILT_IN

_LONGEST_NAME = 200
_NATION, _GROUP = re.compile(r"[A-Z]{3}"), re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")
SHORTEST_KEEP_H, LONGEST_KEEP_H = 0.01, 24 * 366
RECORDED = ("asterix", "csv", "geojson", "modes-csv", "modes-jsonl", "parquet", "stanag4609")
LONGEST_LOST_S = 86_400
CAPTURES = (".pcap", ".pcapng")
CLIENTS = "TAK"  # the id under which TAK clients are counted
OWN = "OWN"


class RoomTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[room]`. `nations`: who looks in; the open wall shows what all of them may see."""

    title: str = "watchfloor"
    utc_offset_s: int = 0
    nations: tuple[str, ...] = (OWN,)


class ViewersTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cot]`, or one of `[[viewers]]`: a class of viewers. `id` is what a TAK client's certificate is given to.

    Without `nations` they are all nations of the room: what every one of them may see.
    """

    id: str = ""
    nations: tuple[str, ...] = ()
    level: str = LEVEL_NAMES[0]
    need_to_know: tuple[str, ...] = ()


class FeedTls(Struct, frozen=True, forbid_unknown_fields=True):
    """`[feeds.tls]`: `ca` the authority of the source's certificate; `cert` and `key` our own, PEM files.

    `server_name`: the name in the source's certificate, where it is not that of `connect`.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""
    server_name: str = ""


class PortsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[ports]`; 0 takes a free port. Only loopback is bound."""

    http: int = 8300
    cot: int = 8087


class MinimaTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[minima]`."""

    horizontal_nm: float = 5.0
    vertical_ft: int = 1000
    lookahead_s: int = 300


class FeedTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[feeds]]`: a recorded file (`path`, `speed`), a server to connect to (`connect`), or a UDP port (`listen`).

    A multicast group is listened to only on the `interface` that is named beside it, by its address. `options` are the
    feed's own. `keep`: a video is kept in the record's media, a minute each. Datagrams from other machines are heard
    only where `beyond_this_machine` says so. Without `nations` all of the room may see what the feed tells.
    """

    id: str
    format: str
    name: str = ""
    path: str = ""
    connect: str = ""
    listen: str = ""
    interface: str = ""
    beyond_this_machine: bool = False
    tls: FeedTls | None = None
    nations: tuple[str, ...] = ()
    level: str = LEVEL_NAMES[0]
    need_to_know: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    speed: float = 1.0
    stale_s: float = 15.0
    lost_s: float = 60.0
    keep: bool = False


class TapeTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tape]`: for how many hours the tape of connected feeds is kept; recordings that are played do not expire."""

    keep_h: float = 24.0


class SystemTracksTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[system_tracks]`: where the picture is sent as ASTERIX CAT 062 over UDP, and as which source (`SAC/SIC`).

    Another machine is sent to only where `beyond_this_machine` says so too.
    """

    to: str = ""
    source: str = "0/1"
    beyond_this_machine: bool = False


class F3548Table(Struct, frozen=True, forbid_unknown_fields=True):
    """`[f3548]`: whose tokens are taken, and what the room itself plans and reserves, under `name`.

    `base_url` is how other services reach the room, through a proxy; empty: only from this machine. Files are named
    from where the settings are. `plans` is JSON as `deconflict plans` reads it, `reservations` GeoJSON.
    """

    public_keys: tuple[str, ...] = ()
    audience: tuple[str, ...] = ("localhost",)
    name: str = "watchfloor"
    base_url: str = ""
    plans: str = ""
    reservations: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    feeds: tuple[FeedTable, ...] = ()
    room: RoomTable = RoomTable()
    ports: PortsTable = PortsTable()
    minima: MinimaTable = MinimaTable()
    separation: tuple[SeparationRule, ...] = ()
    f3548: F3548Table = F3548Table()
    system_tracks: SystemTracksTable = SystemTracksTable()
    tape: TapeTable = TapeTable()
    cot: ViewersTable = ViewersTable()
    viewers: tuple[ViewersTable, ...] = ()

    def is_recorded(self) -> bool:
        """Whether there are feeds, and every one is a recorded file."""
        return bool(self.feeds) and all(feed.path for feed in self.feeds)


def parse_settings(name: str, raw: bytes, formats: Collection[str] = tuple(BUILT_IN)) -> Settings:
    """The settings of a file.

    **Args**: `formats`: feeds that may be connected to.

    **Raises**: InputError, naming file and field, at the first fault.
    """
    try:
        settings = msgspec.convert(tomllib.loads(raw.decode()), Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: {error}", field="config") from error
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {error}", field="config") from error
    if not settings.feeds and not settings.f3548.public_keys:
        raise InputError(f"{name}: no `[[feeds]]` and no `[f3548] public_keys`; a room needs one", field="feeds")
    if len({feed.id for feed in settings.feeds}) != len(settings.feeds):
        raise InputError(f"{name}: two feeds have one id", field="feeds")
    if len({feed.speed for feed in settings.feeds}) > 1:
        raise InputError(f"{name}: the feeds of a room share one clock; give all the same `speed`", field="speed")
    if not settings.room.nations or not all(_NATION.fullmatch(one) for one in settings.room.nations):
        raise InputError(f"{name}: room.nations are three capital letters each", field="nations")
    for place, feed in enumerate(settings.feeds):
        _check_feed(name, place, feed, formats)
        _check_marks(f"{name}: feeds[{place}]", feed, settings.room)
    _check_viewers(name, settings)
    if not 0 < len(settings.f3548.name) <= _LONGEST_NAME:
        raise InputError(f"{name}: f3548.name has 1 to {_LONGEST_NAME} characters", field="f3548")
    if not SHORTEST_KEEP_H <= settings.tape.keep_h <= LONGEST_KEEP_H:
        raise InputError(f"{name}: tape.keep_h is from {SHORTEST_KEEP_H:g} to {LONGEST_KEEP_H:,}", field="tape")
    for place, rule in enumerate(settings.separation):
        if objection := rule.objection():
            raise InputError(f"{name}: separation[{place}]: {objection}", field="separation")
    if len({bool(feed.path) for feed in settings.feeds}) > 1:
        raise InputError(f"{name}: recorded and connected feeds have different clocks; use one kind", field="feeds")
    return settings


def _check_feed(name: str, place: int, feed: FeedTable, formats: Collection[str]) -> None:
    where = f"{name}: feeds[{place}]"
    if feed.id == CLIENTS or not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", feed.id):
        raise InputError(f"{where}: `{feed.id}` cannot be a feed's id", field="id")
    if sum(map(bool, (feed.path, feed.connect, feed.listen))) != 1:
        raise InputError(f"{where}: give one of `path`, `connect` and `listen`", field="feeds")
    is_capture = feed.path.lower().endswith(CAPTURES)
    allowed = RECORDED if feed.path and not is_capture else sorted(formats)
    if feed.format not in allowed:
        raise InputError(f"{where}: `format` is one of {', '.join(allowed)}", field="format")
    if feed.keep and feed.format != "stanag4609":
        raise InputError(f"{where}: `keep` is for video; everything else is on the tape", field="keep")
    if not 0 < feed.stale_s < feed.lost_s <= LONGEST_LOST_S:
        raise InputError(f"{where}: `stale_s` is over 0, and `lost_s` over that, to {LONGEST_LOST_S:,}", field="lost_s")
    if not 0.1 <= feed.speed <= 3600:
        raise InputError(f"{where}: `speed` is from 0.1 to 3600", field="speed")
    for field, address in (("connect", feed.connect), ("listen", feed.listen)):
        if address and not re.fullmatch(r"[^\s:]+:[0-9]{1,5}", address):
            raise InputError(f"{where}: `{field}` is `host:port`", field=field)
        if address and not 1 <= int(address.rpartition(":")[2]) <= 65_535:
            raise InputError(f"{where}: a port is from 1 to 65535", field=field)
    if feed.listen:
        _check_listening(where, feed)
    elif feed.beyond_this_machine:
        raise InputError(f"{where}: `beyond_this_machine` is for `listen`", field="listen")
    if feed.tls is not None and not feed.connect:
        raise InputError(f"{where}: `tls` is for `connect`", field="tls")
    if feed.tls is not None and feed.tls.key and not feed.tls.cert:
        raise InputError(f"{where}: `key` is that of `cert`; give both, or neither", field="tls")


def _check_marks(where: str, marked: FeedTable | ViewersTable, room: RoomTable) -> None:
    """Nations are those of the room, and the level is one that there is."""
    strangers = sorted(set(marked.nations) - set(room.nations))
    if strangers:
        raise InputError(f"{where}: `{strangers[0]}` is none of room.nations", field="nations")
    if marked.level not in LEVEL_NAMES:
        raise InputError(f"{where}: `level` is one of {', '.join(LEVEL_NAMES)}", field="level")
    if not all(_GROUP.fullmatch(one) for one in marked.need_to_know):
        raise InputError(f"{where}: `need_to_know` are words of capital letters, digits and dashes", field="level")


def _check_viewers(name: str, settings: Settings) -> None:
    if settings.cot.id:
        raise InputError(f"{name}: cot: the plain port has no `id`", field="cot")
    _check_marks(f"{name}: cot", settings.cot, settings.room)
    for place, one in enumerate(settings.viewers):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", one.id):
            raise InputError(f"{name}: viewers[{place}]: `{one.id}` cannot be an id", field="id")
        _check_marks(f"{name}: viewers[{place}]", one, settings.room)
    if len({one.id for one in settings.viewers}) != len(settings.viewers):
        raise InputError(f"{name}: two of `[[viewers]]` have one id", field="viewers")


def _check_listening(where: str, feed: FeedTable) -> None:
    host = feed.listen.rpartition(":")[0]
    if is_multicast(host):
        try:
            IPv4Address(feed.interface)
        except ValueError as error:
            sentence = f"{where}: `{host}` is a multicast group; name the address of the `interface` to hear it on"
            raise InputError(sentence, field="interface") from error
    elif host not in ("127.0.0.1", "localhost") and not feed.beyond_this_machine:
        sentence = f"{where}: `{host}` hears other machines; say `beyond_this_machine = true` too, or relay to loopback"
        raise InputError(sentence, field="listen")
    elif feed.interface:
        raise InputError(f"{where}: `interface` is for multicast groups", field="interface")


def is_multicast(host: str) -> bool:
    """Whether a host is the address of an IPv4 multicast group."""
    try:
        return IPv4Address(host).is_multicast
    except ValueError:
        return False
