"""Blocks of the tape follow each other without losing a row or a name, also what comes in while one is sealed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.records import LABEL, opening, writing
from watchfloor.app import taping
from watchfloor.app.recording import Recording
from watchfloor.app.taping import Taping
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.folder import read_folder
from watchfloor.edge.stores.tape_files import TapeFiles
from watchfloor.messages.air import Observation, ObservationBatch, SourceAge, Track, TrackPicture
from watchfloor.messages.room import ClockSet, FeedState, TapeFrameWritten
from watchfloor.record.log import entries_of
from watchfloor.record.tape_files import frames_in
from watchfloor.verify.folder import check_folder

AIRCRAFT, SECONDS = 5, 12


def batch(second: int, part: int) -> ObservationBatch:
    seen = tuple(
        Observation(
            identity=f"icao:a0000{number}",
            toa_us=second * 1_000_000 + part * 1000,
            lat_deg=number + second * 1e-3,
            lon_deg=10.0 + number,
        )
        for number in range(AIRCRAFT)
    )
    return ObservationBatch(feed_id="TX", tor_us=second, label=LABEL, observations=seen)


def picture(second: int) -> TrackPicture:
    tracks = tuple(
        Track(
            identity=f"icao:a0000{number}",
            number=number + 1,
            label=LABEL,
            sources=(SourceAge("TX", second),),
            toa_us=second * 1_000_000,
            lat_deg=number + second * 1e-3,
            lon_deg=10.0 + number,
            callsign=f"C{number}",
        )
        for number in range(AIRCRAFT)
    )
    return TrackPicture(room_us=second * 1_000_000, tracks=tracks, states=(FeedState.FRESH,) * AIRCRAFT)


@contextlib.asynccontextmanager
async def taping_in(path: Path) -> AsyncIterator[tuple[Writer, Taping]]:
    async with writing(path) as writer:
        await writer.enter(Input("room", "open", opening()))
        yield writer, Taping(TapeFiles(path), writer, LABEL, {})


async def tape_over_a_jump(path: Path) -> None:
    """Four frames, one every second of room time: two, a jump back, one that was under way before it, one more."""
    async with taping_in(path) as (writer, taped):
        for number, (epoch_s, seconds) in enumerate(((1000, (1001, 1002)), (500, (1003, 501)))):
            setting = ClockSet(time.time_ns() // 1000, epoch_s * 1_000_000, 1000, paused=True, jumped=True, label=LABEL)
            await writer.enter(Input("room", f"clock-{number}", setting))
            for second in seconds:
                await taped.frame(picture(second))
        await taped.close()


def test_a_picture_after_a_jump_is_found_though_its_block_began_before(tmp_path: Path) -> None:
    asyncio.run(tape_over_a_jump(tmp_path / "room"))
    files = read_folder(tmp_path / "room")
    entries = entries_of(files)
    recording = Recording(entries, files)
    blocks = {entry.body.block for entry in entries if isinstance(entry.body, TapeFrameWritten)}
    assert len([block for block in blocks if block.startswith("tracks-")]) == 1
    (_, last), (jump, end) = recording.stretches[-2:]

    def shown_s(stretch: int, size: int) -> float | None:
        shown = recording.picture(size, stretch, 10**12)
        return None if shown is None else shown.room_us / 1e6

    assert shown_s(len(recording.stretches) - 2, last + 1) == 1002
    frames = [entry.seq for entry in entries[jump : end + 1] if isinstance(entry.body, TapeFrameWritten)]
    stale, fresh = frames[0], frames[-1]
    moment_us = 600 * 1_000_000
    assert recording.picture(stale + 1, len(recording.stretches) - 1, moment_us) is None, "of before the jump"
    found = recording.picture(fresh + 1, len(recording.stretches) - 1, moment_us)
    assert found is not None
    assert found.room_us == 501 * 1_000_000


async def tape_behind_a_stone(path: Path, *, heals: bool) -> None:
    """A stone lies where the first block of tracks would be sealed: a folder of that name, which the disk refuses."""
    stone = path / "tape" / "tracks-000001.wft"
    async with taping_in(path) as (writer, taped):
        (stone / "x").mkdir(parents=True)
        for second in range(1, SECONDS + 1):
            if heals and second == SECONDS // 2:
                (stone / "x").rmdir()
                stone.rmdir()
            taped.observed(batch(second, 0))
            with contextlib.suppress(UnavailableError):
                await taped.frame(picture(second))
        with contextlib.suppress(UnavailableError):
            await taped.close()
        assert bool(writer.state.open_blocks) is not heals, "what could not be sealed is still open"
    if not heals:
        (stone / "x").rmdir()
        stone.rmdir()


@pytest.mark.parametrize("heals", [True, False])
def test_a_block_that_the_disk_will_not_seal_stays_open_and_loses_nothing(
    heals: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taping, "BLOCK_S", 1)
    asyncio.run(tape_behind_a_stone(tmp_path / "room", heals=heals))
    report = check_folder(read_folder(tmp_path / "room"))
    assert report.holds(), report.problems
    assert report.frame_count > 0
    assert any("open" in note for note in report.notes) is not heals


async def tape(path: Path) -> None:
    async with taping_in(path) as (_, taped):
        for second in range(1, SECONDS + 1):
            taped.observed(batch(second, 0))
            framing = asyncio.create_task(taped.frame(picture(second)))
            for part in range(1, 4):  # feeds go on speaking while a frame is written and a block is sealed
                await asyncio.sleep(0)
                taped.observed(batch(second, part))
            await framing
        await taped.frame(picture(SECONDS + 1))
        await taped.close()


@pytest.mark.parametrize("block_s", [1, 60])
def test_every_row_is_taped_once_and_named_in_its_block(
    block_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taping, "BLOCK_S", block_s)
    asyncio.run(tape(tmp_path / "room"))
    files = read_folder(tmp_path / "room")
    report = check_folder(files)
    assert report.holds(), report.problems
    rows = []
    blocks = sorted(name for name in files if name.startswith("tape/observations-"))
    assert (len(blocks) > SECONDS // 2) if block_s == 1 else (len(blocks) == 1)
    for name in blocks:
        told: dict[int, str] = {}
        for frame in frames_in(name.removeprefix("tape/").removesuffix(".wft"), files[name]):
            told.update({one.number: one.identity for one in frame.head.names})
            rows += [
                (told[number], toa)
                for number, toa in zip(*(frame.columns[column].tolist() for column in ("number", "toa")), strict=True)
            ]
    assert len(rows) == len(set(rows)) == AIRCRAFT * SECONDS * 4
