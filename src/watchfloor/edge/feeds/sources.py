"""Where a connected feed comes from: its address, and over TLS whom we believe and as whom we come."""

import ssl
from pathlib import Path

from msgspec import Struct

from watchfloor.app.settings import FeedTable, FeedTls
from watchfloor.base.errors import InputError


class Source(Struct, frozen=True):
    """A server that a feed connects to; `tls` None is plain TCP. `server_name`: in its certificate."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str = ""


def source_of(feed: FeedTable, folder: Path, where: str) -> Source:
    """The source of a feed's settings. Files are named from `folder`.

    **Raises**: InputError, saying which file cannot be read.
    """
    host, _, port_text = feed.connect.rpartition(":")
    if feed.tls is None:
        return Source(host, int(port_text))
    return Source(host, int(port_text), _context(feed.tls, folder, where), feed.tls.server_name or host)


def _context(asked: FeedTls, folder: Path, where: str) -> ssl.SSLContext:
    """What a connection needs: the source's certificate is of the authority in `ca` (without one, of those that the
    machine trusts) and for its name; nothing turns that off.
    """
    try:
        context = ssl.create_default_context(cafile=str(folder / asked.ca) if asked.ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if asked.cert:
            context.load_cert_chain(folder / asked.cert, folder / asked.key if asked.key else None, password="")
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(f"`{folder / name}`" for name in (asked.ca, asked.cert, asked.key) if name)
        raise InputError(f"{where}: {named} cannot be used: {error.strerror or error}", field="tls") from error
    return context
