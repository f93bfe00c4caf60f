"""The tape of real feeds is let go in its time, on record; else every verifier says so."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from mcap.reader import make_reader
from playwright.sync_api import Page, sync_playwright

from tests.fault.test_attacks import VERIFIER, asked_of_one_file, asked_of_page
from tests.support.records import LABEL, opening, writing
from tests.support.running import run_words
from tests.unit.test_taping import picture
from watchfloor.app.exporting import ExportRules, export_files
from watchfloor.app.taping import Taping
from watchfloor.app.writer import Input
from watchfloor.base.errors import UnavailableError
from watchfloor.edge.recovery import recover_tape
from watchfloor.edge.stores.folder import read_folder
from watchfloor.edge.stores.tape_files import TapeFiles
from watchfloor.messages.room import ClockSet, Context, TapeBlockExpired
from watchfloor.verify.export import check_export
from watchfloor.verify.folder import check_folder
from watchfloor.verify.walk import NO_TRUST

BLOCK = "tape/tracks-000001.wft"


def run(work: Coroutine[Any, Any, None]) -> None:
    """Do it in a thread of its own: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def lived(path: Path, context: Context, keep_s: int | None, told_s: int | None = None) -> None:
    """Two blocks of tape; then what is older than `keep_s` is let go, or said to have been kept for `told_s`."""
    async with writing(path) as writer:
        await writer.enter(Input("room", "open", opening(context)))
        setting = ClockSet(time.time_ns() // 1000, 1_000_000_000, 1000, paused=True, jumped=True, label=LABEL)
        await writer.enter(Input("room", "clock", setting))
        taped = Taping(TapeFiles(path), writer, LABEL, {})
        for second in (1001, 1002):
            await taped.frame(picture(second))
        await taped.seal()
        if keep_s is not None:
            await taped.expire(keep_s * 1_000_000)
        if told_s is not None:
            await writer.enter(Input("room", "told", TapeBlockExpired("tracks-000001", told_s, LABEL)))
            (path / BLOCK).unlink()
        await taped.frame(picture(1003))
        await taped.close()


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto((VERIFIER / "verify.html").as_uri())
        yield opened
        browser.close()


def all_say(path: Path, home: Path, page: Page) -> list[str]:
    """What all four verifiers object to in a folder and its export, which is the same; nothing, when all holds."""
    folder = read_folder(path)
    files = dict(export_files(folder, ExportRules()))
    of_folder = {problem.sentence for problem in check_folder(folder).problems}
    of_export = {problem.sentence for problem in check_export(files, NO_TRUST).problems}
    of_file = {one["sentence"] for one in asked_of_one_file(files, [], None, home)["problems"]}
    of_page = {one["sentence"] for one in asked_of_page(files, [], None, page)["problems"]}
    assert of_folder == of_export == of_file == of_page
    return sorted(of_folder)


class Stubborn(TapeFiles):
    """A disk that keeps a file the first time."""

    refused = 0

    def let_go(self, block: str) -> None:
        if not self.refused:
            self.refused += 1
            raise UnavailableError(f"tape block `{block}` cannot be removed: a fault of the disk")
        super().let_go(block)


def test_what_the_disk_keeps_is_removed_the_next_time(tmp_path: Path) -> None:
    async def work() -> None:
        async with writing(tmp_path / "room") as writer:
            await writer.enter(Input("room", "open", opening(Context.LIVE_CIVIL)))
            setting = ClockSet(time.time_ns() // 1000, 1_000_000_000, 1000, paused=True, jumped=True, label=LABEL)
            await writer.enter(Input("room", "clock", setting))
            taped = Taping(Stubborn(tmp_path / "room"), writer, LABEL, {})
            await taped.frame(picture(1001))
            await taped.seal()
            with pytest.raises(UnavailableError):
                await taped.expire(0)
            assert (tmp_path / "room" / BLOCK).exists()
            await taped.expire(0)
            assert not list((tmp_path / "room" / "tape").iterdir())
            await taped.close()

    run(work())
    assert not check_folder(read_folder(tmp_path / "room")).problems


def test_blocks_go_in_their_time_and_the_record_holds_without_them(tmp_path: Path) -> None:
    run(lived(tmp_path / "room", Context.LIVE_CIVIL, 0))
    assert sorted(path.name for path in (tmp_path / "room" / "tape").iterdir()) == [
        "observations-000002.wft",
        "tracks-000002.wft",
    ]
    report = check_folder(read_folder(tmp_path / "room"))
    assert not report.problems
    assert "2 blocks of the tape were let go in their time" in report.notes


def test_what_is_let_go_holds_for_every_verifier_and_what_is_not_said_does_not(tmp_path: Path, page: Page) -> None:
    run(lived(tmp_path / "in-time", Context.LIVE_CIVIL, 0))
    assert all_say(tmp_path / "in-time", tmp_path / "a", page) == []
    run(lived(tmp_path / "early", Context.LIVE_CIVIL, None, told_s=3600))
    assert all_say(tmp_path / "early", tmp_path / "b", page) == ["was let go before its time"]
    run(lived(tmp_path / "exercise", Context.EXERCISE, None, told_s=0))
    assert all_say(tmp_path / "exercise", tmp_path / "c", page) == ["was let go, though this tape does not expire"]
    run(lived(tmp_path / "silent", Context.LIVE_CIVIL, None))
    (tmp_path / "silent" / BLOCK).unlink()
    (tmp_path / "silent" / "seal.note").unlink()
    assert all_say(tmp_path / "silent", tmp_path / "d", page) == ["the block is missing"]


def test_a_block_that_a_crash_left_behind_its_last_word_goes_with_the_next_start(tmp_path: Path) -> None:
    run(lived(tmp_path / "room", Context.LIVE_CIVIL, None))
    left = (tmp_path / "room" / BLOCK).read_bytes()
    run(lived_on(tmp_path / "room"))
    assert not (tmp_path / "room" / BLOCK).exists()
    (tmp_path / "room" / BLOCK).write_bytes(left)
    run(restarted(tmp_path / "room"))
    assert not (tmp_path / "room" / BLOCK).exists()
    assert not check_folder(read_folder(tmp_path / "room")).problems


async def lived_on(path: Path) -> None:
    async with writing(path) as writer:
        taped = Taping(TapeFiles(path), writer, LABEL, {"tracks": 9, "observations": 9})
        await taped.expire(0)
        await taped.close()


async def restarted(path: Path) -> None:
    async with writing(path) as writer:
        await recover_tape(path, writer, LABEL)


def test_only_what_is_old_enough_is_let_go(tmp_path: Path) -> None:
    run(lived(tmp_path / "room", Context.LIVE_CIVIL, 3600))
    assert (tmp_path / "room" / BLOCK).exists()


def test_what_leaves_a_room_of_real_feeds_names_no_aircraft(tmp_path: Path) -> None:
    run(lived(tmp_path / "room", Context.LIVE_CIVIL, None))
    named = [track.identity.removeprefix("icao:") for track in picture(1001).tracks]
    callsigns = [track.callsign for track in picture(1001).tracks]
    done = run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "out"))
    assert done.returncode == 0
    assert not list((tmp_path / "out").rglob("*.wft"))
    assert "names aircraft" in (tmp_path / "out" / "withheld.json").read_text()
    assert run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "q"), "--parquet").returncode == 0
    tables = [pq.read_table(path) for path in sorted((tmp_path / "q").glob("tracks-*.parquet"))]
    (table,) = tables
    assert table.schema.metadata[b"watchfloor.names"] == b"pseudonyms of this view alone"
    told = set(table["identity"].to_pylist())
    assert len(told) == len(named)
    assert all(one.startswith("pseudonym:") for one in told)
    assert set(table["callsign"].to_pylist()) == {""}
    assert not set(table["number"].to_pylist()) & {track.number for track in picture(1001).tracks}
    assert run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "v.mcap"), "--mcap").returncode == 0
    raw = (tmp_path / "v.mcap").read_bytes()
    with (tmp_path / "v.mcap").open("rb") as file:
        said = b"".join(message.data for _, _, message in make_reader(file).iter_messages(topics=["/tracks"]))
    assert said
    assert not [name for name in named if name.encode() in said + raw]
    assert not [name for name in callsigns if name.encode() in said], "two letters may be in compressed bytes by chance"
    whole = run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "all"), "--with-tape")
    assert whole.returncode == 0
    assert len(list((tmp_path / "all").rglob("*.wft"))) == 4
