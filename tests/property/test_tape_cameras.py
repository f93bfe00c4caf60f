"""Where cameras looked, on tape: what is written comes back, in a journal and a sealed block, with whom it is for."""

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.labels import Level, label_for
from watchfloor.messages.video import CameraView, Corner
from watchfloor.record.tape import CAMERAS, MAGIC, RunningDigest, TapedName, decode_frame, encode_frame, frames_of
from watchfloor.record.tape_block import decode_block, encode_block
from watchfloor.record.tape_cameras import CameraRows, TapedView, views_of

BEGIN_US = 1_931_270_400_000_000
LABELS = {"HV": label_for(("ALD", "BVY")), "PV": label_for(("ALD",), Level.SECRET, ("SOURCES",))}
LAT, LON = (st.integers(-most, most).map(lambda steps: steps / 1e6) for most in (90_000_000, 180_000_000))
PLACES = st.tuples(LAT, LON) | st.just((None, None))
CORNERS = st.just(()) | st.tuples(*[st.builds(Corner, LAT, LON)] * 4)


@st.composite
def seconds(draw: st.DrawFn) -> list[list[tuple[str, CameraView]]]:
    """What two cameras tell in each second, in order of time."""
    found = []
    for second in range(draw(st.integers(1, 6))):
        told = []
        for tick in range(draw(st.integers(0, 5))):
            (lat, lon), (frame_lat, frame_lon) = draw(PLACES), draw(PLACES)
            view = CameraView(
                toa_us=BEGIN_US + second * 1_000_000 + tick * 200_000,
                lat_deg=lat,
                lon_deg=lon,
                geo_alt_ft=draw(st.none() | st.integers(-1_000, 60_000)),
                frame_lat_deg=frame_lat,
                frame_lon_deg=frame_lon,
                corners=draw(CORNERS),
            )
            told.append((draw(st.sampled_from(tuple(LABELS))), view))
        found.append(told)
    return found


@given(seconds())
def test_views_come_back_as_they_were_told(life: list[list[tuple[str, CameraView]]]) -> None:
    rows, frames, wanted = CameraRows(), [], []
    for second, told in enumerate(life):
        for feed_id, view in told:
            rows.add(feed_id, LABELS[feed_id], view)
        frame = rows.take(BEGIN_US + second * 1_000_000)
        assert (frame is None) == (not told), "a second in which no camera spoke is no frame"
        if frame is not None:
            frames.append(frame)
            wanted.append([TapedView(feed_id, LABELS[feed_id], view) for feed_id, view in told])
    if not frames:
        return
    raws = [encode_frame(CAMERAS, frame) for frame in frames]
    digest = RunningDigest()
    for raw in raws:
        digest = digest.with_added(raw)
    plain = [decode_frame(CAMERAS, one) for _, one in frames_of(MAGIC + b"".join(raws))]
    sealed = decode_block(encode_block(CAMERAS, frames, digest.hex())).frames()
    for held in (plain, sealed):
        names: dict[int, TapedName] = {}
        for frame, told in zip(held, wanted, strict=True):
            names |= {name.number: name for name in frame.head.names}
            assert sorted(views_of(frame, names), key=repr) == sorted(told, key=repr)
