"""The tape: bit-exact on quantised values through journal and seal, and no bytes raise anything but a format fault."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import WireError
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Observation, ObservationBatch, Party, SourceAge, Track, TrackPicture
from watchfloor.messages.room import FeedState
from watchfloor.record.tape import (
    MAGIC,
    NOTHING,
    OBSERVATIONS,
    STREAMS,
    TRACKS,
    Frame,
    FrameHead,
    RunningDigest,
    decode_frame,
    encode_frame,
    frames_of,
)
from watchfloor.record.tape_block import decode_block, encode_block, read_head
from watchfloor.record.tape_pictures import ObservationRows, frame_of_picture, name_of, picture_of

LABEL = label_for(("ALD", "BVY"))
TRACK = st.builds(
    Track,
    identity=st.from_regex(r"icao:[0-9a-f]{6}", fullmatch=True),
    number=st.integers(1, 2**32 - 1),
    label=st.just(LABEL),
    sources=st.just((SourceAge("TX", 0),)),
    toa_us=st.integers(0, 2**50).map(lambda value: value * 1000),
    lat_deg=st.integers(-90_000_000, 90_000_000).map(lambda value: value / 1e6),
    lon_deg=st.integers(-180_000_000, 180_000_000).map(lambda value: value / 1e6),
    alt_ft=st.none() | st.integers(-2000, 60_000),
    geo_alt_ft=st.none() | st.integers(-2000, 60_000),
    gs_kt=st.none() | st.integers(0, 12_000).map(lambda value: value / 10),
    trk_deg=st.none() | st.integers(0, 35_999).map(lambda value: value / 100),
    vs_fpm=st.none() | st.integers(-30_000, 30_000),
    callsign=st.text("ABC123", max_size=8),
    squawk=st.sampled_from(["", "1234"]),
    party=st.sampled_from(Party),
)
PICTURE = st.lists(st.tuples(TRACK, st.sampled_from(FeedState)), max_size=6, unique_by=lambda pair: pair[0].number).map(
    lambda pairs: TrackPicture(
        room_us=1_931_270_400_000_000,
        tracks=tuple(track for track, _ in sorted(pairs, key=lambda pair: pair[0].number)),
        states=tuple(state for _, state in sorted(pairs, key=lambda pair: pair[0].number)),
    )
)
SEEN = st.builds(
    Observation,
    identity=st.sampled_from(["icao:a00001", "icao:a00002", "cot:X"]),
    toa_us=st.integers(0, 2**40).map(lambda value: value * 1000),
    lat_deg=st.none() | st.integers(-90_000_000, 90_000_000).map(lambda value: value / 1e6),
    vs_fpm=st.none() | st.integers(-30_000, 30_000),
    geo_minus_pressure_ft=st.none() | st.integers(-3000, 3000),
    callsign=st.none() | st.just("TANKER1"),
    on_ground=st.sampled_from([None, True, False]),
)


EMPTY = frame_of_picture(TrackPicture(room_us=1, tracks=(), states=()), {})


TOLD = ("number", "toa", "lat", "vs", "geo_minus_pressure", "ground")


def block_of(stream: str, frames: list[Frame]) -> tuple[bytes, str]:
    """A sealed block, and the digest that ran while its frames were written."""
    digest = RunningDigest()
    for frame in frames:
        digest.add(encode_frame(stream, frame))
    return encode_block(stream, frames, digest.hex()), digest.hex()


@given(st.lists(PICTURE, min_size=1, max_size=5))
def test_pictures_come_back_bit_for_bit_from_journal_and_block(pictures: list[TrackPicture]) -> None:
    told: dict[int, object] = {}
    frames = []
    for picture in pictures:
        frames.append(frame_of_picture(picture, told))  # type: ignore[arg-type]
        told.update({name.number: name for name in frames[-1].head.names})
    journal = MAGIC + b"".join(encode_frame(TRACKS, frame) for frame in frames)
    assert [encode_frame(TRACKS, decode_frame(TRACKS, plain)) for _, plain in frames_of(journal)] == [
        encode_frame(TRACKS, frame) for frame in frames
    ]
    raw, digest = block_of(TRACKS, frames)
    block = decode_block(raw)
    assert MAGIC + b"".join(block.plain()) == journal
    assert block.head.plain_digest == digest
    names = {}
    for frame, picture in zip(block.frames(), pictures, strict=True):
        names.update({name.number: name for name in frame.head.names})
        again = picture_of(frame, names)
        assert [name_of(track) for track in again.tracks] == [name_of(track) for track in picture.tracks]
        for one, other in zip(again.tracks, picture.tracks, strict=True):
            for field in ("toa_us", "lat_deg", "lon_deg", "alt_ft", "geo_alt_ft", "gs_kt", "trk_deg", "vs_fpm"):
                assert getattr(one, field) == getattr(other, field), field
        assert again.states == picture.states


@given(st.lists(st.lists(SEEN, max_size=8), min_size=1, max_size=4))
def test_observations_come_back_with_all_that_was_said_and_nothing_else(seconds: list[list[Observation]]) -> None:
    rows = ObservationRows()
    frames = []
    for seen in seconds:
        rows.add(ObservationBatch(feed_id="TX", tor_us=1, label=LABEL, observations=tuple(seen)))
        frames.append(rows.take(5))
    block = decode_block(block_of(OBSERVATIONS, frames)[0])
    names = {}
    for frame, seen in zip(block.frames(), seconds, strict=True):
        names.update({name.number: name for name in frame.head.names})
        told = {
            (names[number].identity, toa, lat, vs, diff, ground)
            for number, toa, lat, vs, diff, ground in zip(
                *(
                    frame.columns[name].tolist()
                    for name in ("number", "toa", "lat", "vs", "geo_minus_pressure", "ground")
                ),
                strict=True,
            )
        }
        assert told == {
            (
                one.identity,
                one.toa_us // 1000,
                NOTHING if one.lat_deg is None else round(one.lat_deg * 1e6),
                NOTHING if one.vs_fpm is None else one.vs_fpm,
                NOTHING if one.geo_minus_pressure_ft is None else one.geo_minus_pressure_ft,
                {None: 0, False: 1, True: 2}[one.on_ground],
            )
            for one in seen
        }


@given(st.data())
def test_columns_of_any_integers_come_back(data: st.DataObject) -> None:
    """Extremes of every type, in any pattern of presence."""
    frames = []
    for _ in range(data.draw(st.integers(1, 4))):
        numbers = sorted(data.draw(st.sets(st.integers(0, 2**32 - 1), max_size=5)))
        columns = {"number": np.array(numbers, np.uint32)}
        for column in STREAMS[TRACKS][1:]:
            kind = np.dtype(column.kind)
            low, high = (0, 3) if column.name == "state" else (np.iinfo(kind).min, np.iinfo(kind).max)
            low = low + 1 if kind == np.int64 else low
            values = data.draw(
                st.lists(
                    st.sampled_from([low, high, 0]) | st.integers(int(low), int(high)),
                    min_size=len(numbers),
                    max_size=len(numbers),
                )
            )
            columns[column.name] = np.array(values, kind)
        frames.append(Frame(FrameHead(1, len(numbers), ()), columns))
    assert b"".join(decode_block(block_of(TRACKS, frames)[0]).plain()) == b"".join(
        encode_frame(TRACKS, frame) for frame in frames
    )


@given(PICTURE, st.data())
def test_damage_is_a_fault_or_changes_the_frames_and_nothing_else(picture: TrackPicture, data: st.DataObject) -> None:
    frame = frame_of_picture(picture, {})
    for whole, read in (
        (encode_frame(TRACKS, frame)[4:], lambda raw: decode_frame(TRACKS, raw)),
        (block_of(TRACKS, [frame])[0], lambda raw: list(decode_block(raw).plain())),
    ):
        raw = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        with contextlib.suppress(WireError):
            read(bytes(raw))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_fault(raw: bytes) -> None:
    for start in (b"", MAGIC, b"WFBLOCK\n", block_of(TRACKS, [EMPTY])[0][:60]):
        with contextlib.suppress(WireError):
            for _, plain in frames_of(start + raw):
                decode_frame(TRACKS, plain)
        with contextlib.suppress(WireError):
            decode_block(start + raw)
        with contextlib.suppress(WireError):
            read_head(start + raw)


def test_a_block_that_claims_to_unfold_without_end_is_refused() -> None:
    import zstandard  # noqa: PLC0415

    raw, _ = block_of(TRACKS, [EMPTY])
    _, start = read_head(raw)
    bomb = raw[:start] + zstandard.ZstdCompressor().compress(bytes(200 << 20))
    with pytest.raises(WireError, match="too large"):
        decode_block(bomb)
