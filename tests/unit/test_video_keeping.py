"""Kept video of real feeds: it goes in its time, by the record's word, and no other medium with it."""

import asyncio
from pathlib import Path

from tests.support.records import LABEL, opening, writing
from watchfloor.app.inventory import MediaStatus
from watchfloor.app.media import MediaKeeper
from watchfloor.app.video_keeping import VideoKeeping
from watchfloor.app.writer import Input
from watchfloor.edge.stores.media_files import MediaFiles
from watchfloor.messages.keeping import MediaKind
from watchfloor.messages.room import Context
from watchfloor.messages.video import VideoPiece

HOUR_US = 3_600_000_000


def test_only_what_is_of_these_feeds_and_old_enough_goes_and_the_record_says_why(tmp_path: Path) -> None:
    async def live() -> None:
        async with writing(tmp_path) as writer:
            await writer.enter(Input("room", "open", opening(Context.LIVE_CIVIL)))
            keeper = MediaKeeper(MediaFiles(tmp_path), writer, LABEL)
            keeping = VideoKeeping({"CAM": LABEL}, lambda _: keeper)
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
