"""The tape's frames: bit-exact on quantised values, and no bytes raise anything but a fault of the format."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import WireError
from watchfloor.base.labels import label_for
from watchfloor.messages.air import Party, SourceAge, Track, TrackPicture
from watchfloor.messages.room import FeedState
from watchfloor.record.tape import MAGIC, RunningDigest, decode_frame, encode_frame, frames_of, name_of, tracks_of

TRACKS = st.builds(
    Track,
    identity=st.from_regex(r"icao:[0-9a-f]{6}", fullmatch=True),
    number=st.integers(1, 2**32 - 1),
    label=st.just(label_for(("ALD", "BVY"))),
    sources=st.just((SourceAge("TX", 0),)),
    toa_us=st.integers(0, 2**53),
    lat_deg=st.integers(-900_000_000, 900_000_000).map(lambda value: value * 1e-7),
    lon_deg=st.integers(-1_800_000_000, 1_800_000_000).map(lambda value: value * 1e-7),
    alt_ft=st.none() | st.integers(-2000, 60_000),
    geo_alt_ft=st.none() | st.integers(-2000, 60_000),
    gs_kt=st.none() | st.integers(0, 12_000).map(lambda value: value * 0.1),
    trk_deg=st.none() | st.integers(0, 35_999).map(lambda value: value * 0.01),
    vs_fpm=st.none() | st.integers(-30_000, 30_000),
    callsign=st.text("ABC123", max_size=8),
    squawk=st.sampled_from(["", "1234"]),
    party=st.sampled_from(Party),
)
PICTURES = st.lists(
    st.tuples(TRACKS, st.sampled_from(FeedState)), max_size=6, unique_by=lambda pair: pair[0].number
).map(
    lambda pairs: TrackPicture(
        room_us=1_931_270_400_000_000,
        tracks=tuple(track for track, _ in pairs),
        states=tuple(state for _, state in pairs),
    )
)


@given(st.lists(PICTURES, max_size=4))
def test_a_block_gives_back_its_pictures_bit_for_bit(pictures: list[TrackPicture]) -> None:
    block, digest = MAGIC, RunningDigest()
    for picture in pictures:
        raw = encode_frame(picture, tuple(name_of(track) for track in picture.tracks))
        block += raw
        digest.add(raw)
    assert digest.stored_bytes == len(block)
    read = [decode_frame(payload) for _, payload in frames_of(block)]
    for frame, picture in zip(read, pictures, strict=True):
        again = tracks_of(frame, {name.number: name for name in frame.head.names})
        assert again.states == picture.states
        assert encode_frame(again, frame.head.names) == encode_frame(picture, frame.head.names)


@given(PICTURES, st.data())
def test_damage_to_a_frame_is_a_fault_or_harmless_and_nothing_else(picture: TrackPicture, data: st.DataObject) -> None:
    raw = bytearray(encode_frame(picture, ())[4:])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        decode_frame(bytes(raw))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_fault(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        for _, payload in frames_of(MAGIC + raw):
            decode_frame(payload)
    with contextlib.suppress(WireError):
        decode_frame(raw)
