"""Live video: pieces of a stream that screens may have, and where its camera looks. Software looks at no picture."""

from msgspec import Struct

MOST_PIECE_BYTES = 4 << 20


class VideoPiece(Struct, frozen=True, gc=False):
    """Bytes of a stream, whole packets; `tables` go before them for who begins to look at a piece that `begins_key`."""

    raw: bytes
    begins_key: bool = False
    tables: bytes = b""


class Corner(Struct, frozen=True, gc=False):
    """A corner of what a camera sees."""

    lat_deg: float
    lon_deg: float


class CameraView(Struct, frozen=True, kw_only=True):
    """Where a camera is and what part of the map it sees, as its own metadata says; what it does not say is None."""

    toa_us: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    geo_alt_ft: int | None = None
    frame_lat_deg: float | None = None
    frame_lon_deg: float | None = None
    corners: tuple[Corner, ...] = ()
