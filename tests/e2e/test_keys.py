"""Key rotation, key loss and a second signer, by the command line; each change shows in the record."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.records import LABEL, ORIGIN, feed_fact, opening, write_record
from tests.support.running import run_words, verified
from watchfloor.base.errors import IntegrityError
from watchfloor.edge.keeping import enter_alone
from watchfloor.edge.stores.folder import make_key
from watchfloor.messages.keeping import KeyCause, LogKeyChanged
from watchfloor.record.folder_layout import NEXT_KEY


@pytest.fixture
def room(tmp_path: Path) -> Path:
    write_record(tmp_path / "room", [opening(), feed_fact(1)])
    return tmp_path / "room"


def key(*words: str) -> str:
    done = run_words("record", "key", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_rotated_key_goes_on_and_the_one_before_vouches_for_it(room: Path) -> None:
    before = (room / "keys" / "room.key").read_text()
    key("rotate", str(room), "--words", "once a year")
    assert (room / "keys" / "room.key").read_text() != before
    report = verified(room)
    assert report["holds"], report["problems"]
    assert report["entry_count"] == 3
    assert any("another key" in note for note in report["notes"])


def test_a_rotation_that_a_crash_cut_off_is_ended_at_the_next_start(room: Path) -> None:
    def change(folder, past):  # type: ignore[no-untyped-def]
        old = folder.begin_key(ORIGIN)
        fresh = make_key(folder.path / NEXT_KEY, ORIGIN)
        return LogKeyChanged(fresh.key.line(), KeyCause.ROTATED, "w", LABEL), (fresh, old), (fresh,)

    before = (room / "keys" / "room.key").read_text()
    asyncio.run(enter_alone(room, change))
    after = (room / "keys" / "room.key").read_text()
    (room / "keys" / "room.key.next").write_text(after)
    (room / "keys" / "room.key").write_text(before)
    (room / "seal.note").unlink()
    assert verified(room)["holds"]
    key("rotate", str(room), "--words", "again")
    assert not (room / "keys" / "room.key.next").exists()
    assert verified(room)["holds"]


def test_a_lost_key_is_replaced_with_the_second_signers_word_and_not_without(room: Path, tmp_path: Path) -> None:
    second = tmp_path / "stick" / "second.key"
    second.parent.mkdir()
    refused = tmp_path / "alone"
    shutil.copytree(room, refused)
    (refused / "keys" / "room.key").unlink()
    make_key(second, "x")
    done = run_words("record", "key", "replace", str(refused), "--second-key", str(second), "--words", "lost")
    assert done.returncode == 2
    assert "no second signer" in done.stderr
    second.unlink()
    key("second", str(room), str(second), "--words", "two sign from now on")
    (room / "keys" / "room.key").unlink()
    key("replace", str(room), "--second-key", str(second), "--words", "the disk broke")
    report = verified(room)
    assert report["holds"], report["problems"]
    assert any("was lost" in note for note in report["notes"])
    key("second", str(room), str(second), "--end", "--words", "one signs again")
    assert verified(room)["holds"]


def test_a_thief_of_the_logs_key_cannot_go_on_without_the_second_signer(room: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.key"
    key("second", str(room), str(second), "--words", "two sign")
    done = run_words("record", "key", "rotate", str(room), "--words", "mine now")
    assert done.returncode == 3
    assert "--second-key" in done.stderr
    make_key(tmp_path / "false.key", "x")
    done = run_words("record", "key", "rotate", str(room), "--words", "m", "--second-key", str(tmp_path / "false.key"))
    assert done.returncode == 3
    with pytest.raises(IntegrityError, match="no second signer"):
        lost_without_vouching(tmp_path)


def lost_without_vouching(tmp_path: Path) -> None:
    """What an insider would write who replaces the key alone."""
    write_record(tmp_path / "other", [opening()])

    def change(folder, past):  # type: ignore[no-untyped-def]
        fresh = make_key(folder.path / NEXT_KEY, ORIGIN)
        fact = LogKeyChanged(fresh.key.line(), KeyCause.LOST, "w", LABEL)
        past.signers.after(fact)
        return fact, (fresh,), (fresh,)

    asyncio.run(enter_alone(tmp_path / "other", change))


@pytest.mark.parametrize("words", [(), ("--words", " ")])
def test_a_change_of_keys_needs_its_reason(words: tuple[str, ...], room: Path) -> None:
    assert run_words("record", "key", "rotate", str(room), *words).returncode == 2
