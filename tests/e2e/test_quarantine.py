"""What feeds send that is refused lies in a bounded file beside the record, which holds without it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.test_video import Source
from tests.support.running import RunningRoom, run_words
from watchfloor.app.intake import Quarantined
from watchfloor.edge.stores.quarantine_files import LINES_PER_S, MOST_BYTES, QuarantineFiles


@pytest.fixture
def source() -> Iterator[Source]:
    opened = Source()
    yield opened
    opened.close()


def test_refused_bytes_are_kept_with_their_offset_and_reason_and_may_be_removed(
    source: Source, tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    config = tmp_path / "w.toml"
    config.write_text(f'[[feeds]]\nid = "COT"\nformat = "cot"\nconnect = "127.0.0.1:{source.port}"\n')
    room = start_room("--config", str(config), command="serve", data=tmp_path / "room")
    room.until(source.is_heard, "the room at the source")
    file = tmp_path / "room" / "quarantine" / "COT.jsonl"

    def refused(count: int) -> bool:
        return room.get("/api/pulse")["feeds"][0]["bad_count"] >= count

    source.send(b"junk outside any event <event/>")
    room.until(lambda: refused(1), "the first refusal")
    source.send(b"more of it <event/>")
    room.until(lambda: refused(3), "the second refusal")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["reason"] == "bytes outside any event"
    assert bytes.fromhex(lines[0]["sample"]).startswith(b"junk outside")
    assert lines[0]["offset_bytes"] == 0
    sent = b"junk outside any event <event/>more of it <event/>"
    for line in lines:
        sample = bytes.fromhex(line["sample"])
        assert sent[line["offset_bytes"] :].startswith(sample), "what was refused lies where the line says"
    assert [line["offset_bytes"] for line in lines] == [0, 23, 31, 42]
    assert room.stop() == 0
    assert run_words("record", "verify", str(tmp_path / "room")).returncode == 0
    shutil.rmtree(tmp_path / "room" / "quarantine")
    done = run_words("record", "verify", str(tmp_path / "room"))
    assert done.returncode == 0
    assert "quarantine/COT.jsonl was removed" in done.stdout


def test_a_flood_of_junk_writes_little_and_a_long_life_never_more_than_its_bound(tmp_path: Path) -> None:
    files = QuarantineFiles(tmp_path)
    for _ in range(10_000):
        files.keep("RX", Quarantined(1, 2, "junk", "00" * 64))
    lines = (tmp_path / "quarantine" / "RX.jsonl").read_text().splitlines()
    assert LINES_PER_S <= len(lines) < 10 * LINES_PER_S
    whole = tmp_path / "quarantine" / "RX.jsonl"
    whole.write_bytes(b"x" * (MOST_BYTES - 10))
    fresh = QuarantineFiles(tmp_path)
    fresh.keep("RX", Quarantined(1, 2, "the last line of a full file", ""))
    assert not whole.exists()
    fresh.keep("RX", Quarantined(1, 2, "the first of another", ""))
    assert sum(path.stat().st_size for path in whole.parent.iterdir()) < 2 * MOST_BYTES
    assert b"the last line" in (whole.parent / "RX.old.jsonl").read_bytes()


def test_a_quarantine_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "quarantine").write_text("a file is in the way")
    QuarantineFiles(tmp_path).keep("RX", Quarantined(1, 2, "junk", ""))


def test_what_was_refused_of_real_feeds_goes_in_its_time(tmp_path: Path) -> None:
    files = QuarantineFiles(tmp_path)
    for feed_id, times in (("RX", (10, 20, 30)), ("TX", (10, 11))):
        for room_us in times:
            files.keep(feed_id, Quarantined(room_us, 2, "junk", "00"))
    folder = tmp_path / "quarantine"
    with (folder / "RX.jsonl").open("ab") as cut_off:
        cut_off.write(b'{"room_us":40,"off')
    files.expire(20)
    assert [json.loads(line)["room_us"] for line in (folder / "RX.jsonl").read_text().splitlines()] == [20, 30]
    assert [path.name for path in folder.iterdir()] == ["RX.jsonl"]
    files.keep("RX", Quarantined(50, 2, "junk", "00"))
    files.expire(40)
    assert [json.loads(line)["room_us"] for line in (folder / "RX.jsonl").read_text().splitlines()] == [50]
