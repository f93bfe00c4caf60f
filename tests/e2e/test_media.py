"""Media by hash: kept within a bound, missed with a reason, reopened when they come back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.property.test_st0601 import packet as metadata
from tests.property.test_st0601 import stream as drone_stream
from tests.support.records import feed_fact, opening, write_record
from tests.support.running import RunningRoom, run_words, verified
from watchfloor.base.errors import WireError
from watchfloor.wire.mpegts import PACKET_BYTES, stream_types

TIMES = ("--from", "2031-03-11T16:05:00Z", "--until", "2031-03-11T16:06:00Z")


def section(table: int, body: bytes) -> bytes:
    length = 5 + len(body) + 4
    return bytes((table, 0xB0 | length >> 8, length & 0xFF, 0, 1, 0xC1, 0, 0)) + body + bytes(4)


def packet(pid: int, payload: bytes, *, start: bool = True) -> bytes:
    head = bytes((0x47, (0x40 if start else 0) | pid >> 8, pid & 0xFF, 0x10))
    return (head + (b"\0" if start else b"") + payload).ljust(PACKET_BYTES, b"\xff")


def stream(*types: int, filler: bytes = b"v") -> bytes:
    """A transport stream whose one program carries elementary streams of these types."""
    entries = b"".join(bytes((kind, 0xE1, number, 0xF0, 0)) for number, kind in enumerate(types, 1))
    program = packet(0x100, section(2, bytes((0xE1, 0, 0xF0, 0)) + entries))
    return packet(0, section(0, bytes((0, 1, 0xE1, 0)))) + program + packet(0x101, filler * 100, start=False)


def test_a_stream_with_anything_but_pictures_and_sound_is_told() -> None:
    assert stream_types(stream(0x1B, 0x0F)) == {0x1B, 0x0F}


@pytest.mark.parametrize("raw", [b"", b"x" * 188, stream(0x1B)[:-1], packet(5, b""), b"\x47" * 188])
def test_what_is_no_transport_stream_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        stream_types(raw)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    write_record(tmp_path / "room", [opening(), feed_fact(1)])
    return tmp_path / "room"


def keep(room: Path, raw: bytes, *words: str) -> str:
    clip = room.parent / "clip.ts"
    clip.write_bytes(raw)
    done = run_words("record", "media", "keep", str(room), str(clip), "--source", "heron", *TIMES, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


def test_a_kept_video_is_verified_exported_and_withheld_by_hash(room: Path, tmp_path: Path) -> None:
    digest = keep(room, stream(0x1B))
    assert keep(room, stream(0x1B)) == digest, "the same bytes once"
    report = verified(room)
    assert report["holds"], report["problems"]
    assert report["media_count"] == 1
    assert run_words("record", "export", str(room), str(tmp_path / "out")).returncode == 0
    assert verified(tmp_path / "out")["media_count"] == 1
    for folder in (room, tmp_path / "out"):
        path = folder / "media" / digest
        honest = path.read_bytes()
        path.write_bytes(honest[:-1] + b"x")
        report = verified(folder)
        assert "is not what was kept" in report["problems"][0]["sentence"]
        path.write_bytes(honest)
    assert run_words("record", "restore", str(tmp_path / "out"), str(tmp_path / "again")).returncode == 0
    assert verified(tmp_path / "again")["media_count"] == 1


def test_data_streams_and_bad_words_are_refused(room: Path) -> None:
    clip = room.parent / "clip.ts"
    clip.write_bytes(drone_stream([metadata({2: bytes(8), 65: b"\x13"}, (40, 41))]))
    words = ("record", "media", "keep", str(room), str(clip), "--source", "heron")
    done = run_words(*words, *TIMES)
    assert done.returncode == 2
    assert "more than may be kept" in done.stderr
    cleaned = room.parent / "cleaned.ts"
    assert run_words("video", "clean", str(clip), str(cleaned)).returncode == 0
    clip.write_bytes(stream(0x1B))
    assert run_words(*words, "--from", TIMES[3], "--until", TIMES[1]).returncode == 2
    assert run_words(*words[:-1], "he ron", *TIMES).returncode == 2
    assert verified(room)["entry_count"] == 2, "nothing was written"
    assert run_words(*words[:4], str(cleaned), *words[5:], *TIMES).returncode == 0, "what is clean may stay"
    assert verified(room)["media_count"] == 1


def test_the_oldest_go_when_the_bound_is_reached_and_the_record_says_so(room: Path) -> None:
    size = len(stream(0x1B))
    digests = [keep(room, stream(0x1B, filler=bytes((65 + n,))), "--bound-bytes", str(2 * size)) for n in range(3)]
    assert sorted(path.name for path in (room / "media").iterdir()) == sorted(digests[1:])
    report = verified(room)
    assert report["holds"], report["problems"]
    assert report["media_count"] == 2
    listed = run_words("record", "media", "list", str(room))
    assert listed.returncode == 0
    assert listed.stdout.count("retired") == 1
    assert "the oldest goes first" in listed.stdout


def test_missing_needs_a_reason_and_reappearance_reopens(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    data = tmp_path / "room"
    assert start_room("--from", "08:05:00", data=data).stop() == 0
    digest = keep(data, stream(0x1B))
    aside = tmp_path / "aside"
    shutil.move(data / "media" / digest, aside)
    report = verified(data)
    assert not report["holds"]
    assert "nobody has said why" in report["problems"][0]["sentence"]
    assert run_words("record", "media", "list", str(data)).returncode == 1
    room = start_room(data=data)
    assert any("is missing; somebody must say why" in note for note in room.started["notes"])
    legal, crew = room.sit("Legal adviser, FNY"), room.sit("Aircrew, ALD (Tiller 21)")
    assert crew.act(type="MissingExplained", digest=digest, words="?").status_code == 403
    assert legal.act(type="MissingExplained", digest="0" * 64, words="?").status_code == 403
    assert legal.act(type="MissingExplained", digest=digest, words="The store was moved.").status_code == 200
    assert room.stop() == 0
    report = verified(data)
    assert report["holds"], report["problems"]
    assert any("The store was moved." in note for note in report["notes"])
    shutil.move(aside, data / "media" / digest)
    room = start_room(data=data)
    assert any("is there again" in note for note in room.started["notes"])
    assert '"reopened"' in run_words("record", "media", "list", str(data), "--json").stdout
    legal = room.sit("Legal adviser, FNY")
    assert legal.act(type="MissingExplained", digest=digest, words="Found on the old disk.").status_code == 200
    assert legal.act(type="MissingExplained", digest=digest, words="Again.").status_code == 403
    assert room.stop() == 0
    assert verified(data)["holds"]
