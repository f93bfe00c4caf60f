"""Simulated drones' video: what each sees of the pack's own map, as H.264 with ST 0601 metadata in a transport stream.

The extra `video` brings what draws, encodes and packs (Pillow, PyAV, tstrans); without it these feeds send nothing.

| sent | how often (real time) | with |
|---|---|---|
| a picture | 10 a second, fewer when it is late | EXERCISE SIMULATED and the time drawn into it; each tenth is a key |
| metadata | 5 a second | time, platform, sensor, frame centre and corners |

**Source**: MISB ST 0601.19 (items), ST 0604 (time in each picture), ST 1402 (synchronous metadata).
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from math import atan2, cos, degrees, radians, sin
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tstrans.codec import MispTimestamp
from tstrans.klv import UasDatalinkLs, encode_uas_datalink
from tstrans.mpegts import (
    KlvStreamType,
    Muxer,
    MuxerConfigBuilder,
    MuxerProgramConfigBuilder,
    Pts90khz,
    VideoCodec,
)

from watchfloor.base.geodesy import destination, track_and_length
from watchfloor.base.instants import hms_from_us
from watchfloor.base.units import M_PER_FT
from watchfloor.exercise.flights import Flight, Truth, flights_of, truth_at
from watchfloor.exercise.ground import METRES_PER_PIXEL, Ground
from watchfloor.messages.pack import Pack

WIDTH, HEIGHT, PICTURES_A_S = 640, 360, 10
METADATA_EVERY = 2
_MAP_PID, _VIDEO_PID, _METADATA_PID = 0x100, 0x101, 0x102
_TICKS_PER_S, _FIRST_PTS = 90_000, 900_000
_CLOCK_LEAD = 18_000  # ticks from a picture's clock to its showing
_VERSION = 19
_KLVA = bytes.fromhex("05044b4c5641")
_METADATA = bytes.fromhex("26090100ff4b4c5641000f")
_METADATA_STD = bytes((0x27, 9)) + b"".join((0xC00000 | value).to_bytes(3) for value in (100, 4, 0))
_X264 = {
    "preset": "superfast",
    "tune": "zerolatency",
    "profile": "baseline",
    "level": "3.0",
    "crf": "27",
    "forced-idr": "1",
    "aud": "1",
    "x264-params": f"keyint={PICTURES_A_S}:min-keyint={PICTURES_A_S}:scenecut=0:repeat-headers=1:threads=1",
}


class Cameras:
    """All cameras of a pack. To draw their ground takes seconds; nobody should wait for it."""

    def __init__(self, pack: Pack) -> None:
        features = json.loads(pack.map_geojson)["features"]
        flights = {flight.route.id: flight for flight in flights_of(pack)}
        self._cameras = {
            feed.id: Camera(pack, features, flights[feed.camera])
            for feed in pack.header.feeds
            if feed.camera in flights
        }

    def begin(self, start_us: int) -> None:
        """New streams, as from an instant on."""
        for camera in self._cameras.values():
            camera.begin(start_us)

    def at(self, room_us: int) -> Iterator[tuple[str, bytes]]:
        """Feed id and bytes of the picture that each camera takes now."""
        for feed_id, camera in self._cameras.items():
            yield feed_id, camera.at(room_us)


class Camera:
    """One camera, on one aircraft, that looks at the district or town nearest to where that flies."""

    def __init__(self, pack: Pack, features: list[dict[str, Any]], flight: Flight) -> None:
        self._flight, self._offset_s = flight, pack.utc_offset_s
        here = truth_at(flight, pack.start_us)
        lat_deg, lon_deg = _nearest(features, here) if here else (0.0, 0.0)
        self._ground = Ground(features, lat_deg, lon_deg, f"{pack.digest}/{flight.route.id}")
        self._font = ImageFont.load_default(18)
        self.begin(pack.start_us)

    def begin(self, start_us: int) -> None:
        """A new stream, as from an instant on."""
        self._start_us, self._number = start_us, 0
        self._codec, self._muxer = _encoder(), _muxer()
        self._video = self._muxer.video_handles()[0]

    def at(self, room_us: int) -> bytes:
        """The picture of this instant, with metadata where it is due; nothing while the aircraft does not fly."""
        truth = truth_at(self._flight, room_us)
        if truth is None:
            return b""
        look = self._look(truth, room_us)
        pts = _FIRST_PTS + (room_us - self._start_us) * 9 // 100
        picture = av.VideoFrame.from_ndarray(self._picture(look, room_us), format="gray")
        picture.pts, picture.time_base = pts, Fraction(1, _TICKS_PER_S)
        for packet in self._codec.encode(picture.reformat(format="yuv420p", dst_colorspace="ITU709")):
            self._muxer.push_video_misp_to(
                self._video,
                bytes(packet),
                pts=Pts90khz.from_raw(packet.pts),
                key_frame=packet.is_keyframe,
                misp=MispTimestamp.micros(room_us, 0x1F),
            )
        if self._number % METADATA_EVERY == 0:
            self._muxer.push_klv(encode_uas_datalink(_items(truth, look, room_us)), pts=Pts90khz.from_raw(pts))
        self._number += 1
        return _with_lead(_drained(self._muxer))

    def _look(self, truth: Truth, room_us: int) -> "Look":
        """It circles slowly around the middle of its ground, with up away from the aircraft."""
        turn = radians((room_us / 1e6 / 4) % 360)
        lat_deg, lon_deg = destination(self._ground.lat_deg, self._ground.lon_deg, degrees(turn), 900.0)
        trk_deg, away_m = track_and_length(truth.lat_deg, truth.lon_deg, lat_deg, lon_deg)
        return Look(lat_deg, lon_deg, trk_deg, away_m)

    def _picture(self, look: "Look", room_us: int) -> Any:
        x, y = self._ground.pixel(look.lat_deg, look.lon_deg)
        c, s = cos(radians(look.trk_deg)), sin(radians(look.trk_deg))
        back = (
            c, -s, x - c * WIDTH / 2 + s * HEIGHT / 2,
            s, c, y - s * WIDTH / 2 - c * HEIGHT / 2,
        )  # fmt: skip
        seen = self._ground.image.transform((WIDTH, HEIGHT), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
        draw = ImageDraw.Draw(seen)
        words = f"EXERCISE SIMULATED  {self._flight.route.id}  {hms_from_us(room_us, self._offset_s)}"
        draw.rectangle((0, HEIGHT - 26, WIDTH, HEIGHT), fill=14)
        draw.text((10, HEIGHT - 24), words, fill=226, font=self._font)
        return np.asarray(seen)


class Look:
    """Where a camera looks: the middle of its frame, and the direction to it from the aircraft, which is up."""

    def __init__(self, lat_deg: float, lon_deg: float, trk_deg: float, away_m: float) -> None:
        self.lat_deg, self.lon_deg, self.trk_deg, self.away_m = lat_deg, lon_deg, trk_deg, away_m

    def corners(self) -> list[tuple[float, float]]:
        """Upper left, then the way a clock goes."""
        across_m, up_m = WIDTH * METRES_PER_PIXEL / 2, HEIGHT * METRES_PER_PIXEL / 2
        found = []
        for right, up in ((-1, 1), (1, 1), (1, -1), (-1, -1)):
            turned = degrees(atan2(right * across_m, up * up_m))
            far_m = (across_m**2 + up_m**2) ** 0.5
            found.append(destination(self.lat_deg, self.lon_deg, (self.trk_deg + turned) % 360, far_m))
        return found


def _nearest(features: list[dict[str, Any]], truth: Truth) -> tuple[float, float]:
    """The middle of the district, or the place of the town, that is nearest to an aircraft."""
    middles = []
    for feature in features:
        kind, shape = feature["properties"]["feature"], feature["geometry"]
        if kind == "district":
            ring = shape["coordinates"][0][:-1]
            middles.append((sum(lat for _, lat in ring) / len(ring), sum(lon for lon, _ in ring) / len(ring)))
        elif kind == "town":
            middles.append((shape["coordinates"][1], shape["coordinates"][0]))
    here = truth.lat_deg, truth.lon_deg
    return min(middles, key=lambda middle: track_and_length(*here, *middle)[1], default=here)


def _items(truth: Truth, look: Look, room_us: int) -> UasDatalinkLs:
    height_m = truth.alt_ft * M_PER_FT
    corners: dict[str, Any] = {
        f"corner_{axis}_p{place}_deg": value
        for place, corner in enumerate(look.corners(), 1)
        for axis, value in zip(("lat", "lon"), corner, strict=True)
    }
    return UasDatalinkLs(
        timestamp_us=room_us,
        uas_ls_version=_VERSION,
        platform_heading_deg=truth.trk_deg,
        sensor_lat_deg=truth.lat_deg,
        sensor_lon_deg=truth.lon_deg,
        sensor_ellipsoid_height_m=height_m,
        sensor_rel_az_deg=(look.trk_deg - truth.trk_deg) % 360,
        sensor_rel_el_deg=-degrees(atan2(height_m, look.away_m)),
        frame_center_lat_deg=look.lat_deg,
        frame_center_lon_deg=look.lon_deg,
        **corners,
    )


def _encoder() -> Any:
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, _TICKS_PER_S), Fraction(PICTURES_A_S)
    codec.gop_size, codec.max_b_frames, codec.thread_count = PICTURES_A_S, 0, 1
    codec.color_primaries = codec.color_trc = codec.colorspace = codec.color_range = 1
    codec.options = _X264
    return codec


def _muxer() -> Muxer:
    program = MuxerProgramConfigBuilder(1, _MAP_PID).add_video(_VIDEO_PID, VideoCodec.H264)
    program = program.add_klv(_METADATA_PID, KlvStreamType.SYNCHRONOUS_METADATA, carries_pts=True).pcr_pid(_VIDEO_PID)
    program = program.stream_descriptors_for_klv(0, [_KLVA, _METADATA, _METADATA_STD])
    return Muxer(MuxerConfigBuilder().add_program(program.build()).pcr_interval_ms(40).psi_interval_ms(100).build())


def _drained(muxer: Muxer) -> bytes:
    out, box = b"", bytearray(188 * 512)
    while size := muxer.pull(box):
        out += box[:size]
    return out


def _with_lead(raw: bytes) -> bytes:
    """All clocks earlier than the pictures that they stand beside, so that nothing arrives after it should be shown."""
    out = bytearray(raw)
    for at in range(0, len(out), 188):
        if out[at + 3] & 0x20 and out[at + 4] and out[at + 5] & 0x10:
            clock = int.from_bytes(out[at + 6 : at + 12])
            out[at + 6 : at + 12] = (((clock >> 15) - _CLOCK_LEAD) % 2**33 << 15 | clock & 0x7FFF).to_bytes(6)
    return bytes(out)
