"""Kept video of real feeds: it goes in its time, by the record's word, and no other medium with it."""

import asyncio
from hashlib import sha256
from pathlib import Path

from tests.support.records import LABEL, opening, writing
from watchfloor.app.inventory import MediaStatus
from watchfloor.app.media import MediaKeeper
from watchfloor.app.video_keeping import VideoKeeping
from watchfloor.app.writer import Input
from watchfloor.edge.stores.folder import read_folder
from watchfloor.edge.stores.media_files import MediaFiles
from watchfloor.messages.keeping import MediaKept, MediaKind, MediaRetired, VideoTold
from watchfloor.messages.room import Context
from watchfloor.messages.video import VideoPiece
from watchfloor.record.log import entries_of

HOUR_US = 3_600_000_000


def test_only_what_is_of_these_feeds_and_old_enough_goes_and_the_record_says_why(tmp_path: Path) -> None:
    async def live() -> None:
        async with writing(tmp_path) as writer:
            await writer.enter(Input("room", "open", opening(Context.LIVE_CIVIL)))
            keeper = MediaKeeper(MediaFiles(tmp_path), writer, LABEL)
            keeping = VideoKeeping(writer, {"CAM": LABEL})
            keeping.keep_whole({"CAM": keeper}, keeper)
            for hour in (1, 5):
                keeping.take("CAM", VideoPiece(bytes((hour,)) * 188, begins_key=True), hour * HOUR_US)
                keeping.end("CAM")
            await keeping.keep_ended()
            brought = await keeper.keep(b"a clip that somebody brought", MediaKind.VIDEO, "clip", 0, HOUR_US)
            await keeping.expire(3 * HOUR_US, "kept for 24 h, as the room's settings say")
            media = {one.kept.until_us: one for one in writer.state.media.values() if one.kept.source == "CAM"}
            assert [media[hour * HOUR_US].status for hour in (1, 5)] == [MediaStatus.RETIRED, MediaStatus.KEPT]
            assert media[HOUR_US].words == "kept for 24 h, as the room's settings say"
            assert writer.state.media[brought].status is MediaStatus.KEPT
            held = {path.name for path in (tmp_path / "media").iterdir()}
            assert held == {brought, media[5 * HOUR_US].kept.digest}

    asyncio.run(live())


def test_segments_begin_with_a_key_picture_last_about_a_minute_and_are_in_the_record_by_hash(tmp_path: Path) -> None:
    key, other = VideoPiece(b"K", begins_key=True, tables=b"T"), VideoPiece(b"P")

    async def lived(*, keeps: bool) -> list[object]:
        folder = tmp_path / str(keeps)
        async with writing(folder) as writer:
            await writer.enter(Input("room", "open", opening(Context.EXERCISE)))
            keeping = VideoKeeping(writer, {"CAM": LABEL})
            if keeps:
                keeper = MediaKeeper(MediaFiles(folder), writer, LABEL)
                keeping.keep_whole({"CAM": keeper}, keeper)
            keeping.take("CAM", other, 0)
            for second in range(130):
                keeping.take("CAM", key if second else VideoPiece(b"F", begins_key=True), second * 1_000_000)
                keeping.take("CAM", other, second * 1_000_000 + 500_000)
            await keeping.close()
        bodies = [entry.body for entry in entries_of(read_folder(folder))]
        return [body for body in bodies if isinstance(body, VideoTold | MediaKept)]

    told, kept = (asyncio.run(lived(keeps=keeps)) for keeps in (False, True))
    assert [type(one) for one in told] == [VideoTold] * 3
    assert [type(one) for one in kept] == [MediaKept] * 3
    spans = [(one.from_us // 1_000_000, one.until_us // 1_000_000) for one in told if isinstance(one, VideoTold)]
    assert spans == [(0, 59), (60, 119), (120, 129)]
    for one, whole in zip(told, kept, strict=True):
        assert isinstance(one, VideoTold)
        assert isinstance(whole, MediaKept)
        raw = (tmp_path / "True" / "media" / whole.digest).read_bytes()
        assert (one.digest, one.size_bytes) == (sha256(raw).hexdigest(), len(raw)), "the file that it would have been"


def test_a_file_that_outlived_the_word_that_it_went_goes_with_the_next_start(tmp_path: Path) -> None:
    async def lived() -> None:
        async with writing(tmp_path) as writer:
            await writer.enter(Input("room", "open", opening(Context.LIVE_CIVIL)))
            keeper = MediaKeeper(MediaFiles(tmp_path), writer, LABEL)
            digest = await keeper.keep(b"filmed", MediaKind.VIDEO, "CAM", 0, HOUR_US)
            await writer.enter(Input("room", "gone", MediaRetired(digest, "kept for 1 h", LABEL)))
            assert (tmp_path / "media" / digest).exists(), "the room died between its word and its deed"
            assert await keeper.take_inventory() == ()
            assert not (tmp_path / "media" / digest).exists()
            (tmp_path / "media").rmdir()
            await keeper.expire("CAM", 9 * HOUR_US, "nothing is left to go")

    asyncio.run(lived())
