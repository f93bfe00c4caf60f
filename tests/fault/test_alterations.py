"""Every alteration of a folder is found: each flipped byte, each removed or added file, each changed entry named."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import RunningRoom
from watchfloor.edge.stores.folder import read_folder
from watchfloor.record.folder_layout import log_file
from watchfloor.record.log import LogFile
from watchfloor.verify.folder import check_folder

LOG = log_file(1)


def entries_of(files: dict[str, bytes]) -> list[bytes]:
    return [raw for batch in LogFile(files[LOG]).batches() for raw in batch.entries]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same room closed in good order, and killed a moment before."""
    home = tmp_path_factory.mktemp("folders")
    room = RunningRoom(home / "closed", ("--from", "08:05:00"))
    try:
        watch = room.sit("Watch officer, DNM")
        assert watch.request("R-1").status_code == 200
        assert watch.doubt("R-1", words="The word likely belongs to the move.").status_code == 200
        room.until(lambda: check_folder(read_folder(room.data)).frame_count >= 3, "three frames")
        room.process.kill()
        room.process.wait()
        shutil.copytree(room.data, home / "killed")
        again = RunningRoom(home / "closed")
        assert again.stop() == 0
    finally:
        room.kill()
    return {"closed": home / "closed", "killed": home / "killed"}


def test_both_folders_hold(folders: dict[str, Path]) -> None:
    for path in folders.values():
        report = check_folder(read_folder(path))
        assert report.holds(), report.problems
    assert check_folder(read_folder(folders["closed"])).sealed


def flipped(files: dict[str, bytes], name: str, place: int, mask: int) -> dict[str, bytes]:
    changed = bytearray(files[name])
    changed[place] ^= mask
    return files | {name: bytes(changed)}


def sample_of(files: dict[str, bytes], count: int, leave: frozenset[str]) -> list[tuple[str, int, int]]:
    """Places in all files, some in each."""
    rng = random.Random(11)
    picked = []
    for name, raw in files.items():
        if name not in leave and raw:
            places = rng.sample(range(len(raw)), min(count, len(raw)))
            picked += [(name, place, 1 << rng.randrange(8)) for place in places]
    return picked


def test_every_flipped_byte_of_a_closed_folder_is_found(folders: dict[str, Path]) -> None:
    files = read_folder(folders["closed"])
    for name, place, mask in sample_of(files, 40, frozenset()):
        report = check_folder(flipped(files, name, place, mask))
        assert not report.holds(), f"{name} byte {place} changed unnoticed"


def test_every_flipped_byte_of_a_killed_folder_is_found(folders: dict[str, Path]) -> None:
    files = read_folder(folders["killed"])
    behind = {
        note.partition(": ")[0]: int(note.split(" frames recorded, ")[1].split(" bytes")[0])
        for note in check_folder(files).notes
        if "frames recorded" in note
    }
    assert behind.keys() == {"tape/tracks-000001.wfj", "tape/observations-000001.wfj"}
    for name, place, mask in sample_of(files, 40, frozenset()):
        if name in behind and place >= len(files[name]) - behind[name]:
            continue
        report = check_folder(flipped(files, name, place, mask))
        assert not report.holds(), f"{name} byte {place} changed unnoticed"


@pytest.mark.long
@pytest.mark.parametrize("kind", ["closed", "killed"])
def test_two_thousand_flipped_bytes_are_found(folders: dict[str, Path], kind: str) -> None:
    files = read_folder(folders[kind])
    for name, place, mask in sample_of(files, 2000 if kind == "closed" else 600, frozenset()):
        if kind == "killed" and name.endswith(".wfj"):
            continue
        assert not check_folder(flipped(files, name, place, mask)).holds(), f"{name} byte {place}"


def test_a_changed_entry_is_named(folders: dict[str, Path]) -> None:
    files = read_folder(folders["closed"])
    for seq, raw in enumerate(entries_of(files)[:-1]):
        place = files[LOG].find(raw) + raw.find(b'"toe_us":') + 12
        assert files[LOG].count(raw) == 1
        report = check_folder(flipped(files, LOG, place, 1))
        assert report.first_bad_entry() == seq, seq


def test_words_changed_inside_a_signed_document_are_named(folders: dict[str, Path]) -> None:
    files = read_folder(folders["closed"])
    seq, raw = next(
        (seq, raw)
        for seq, raw in enumerate(entries_of(files))
        if b"DoubtRaised" in raw and b'"type":"SignedAct"' in raw
    )
    place = files[LOG].find(raw) + raw.find(b"The word likely") + 9
    changed = flipped(files, LOG, place, 2)
    assert b"The word nikely" in changed[LOG]
    assert check_folder(changed).first_bad_entry() == seq


@pytest.mark.parametrize("kind", ["closed", "killed"])
def test_removed_cut_and_added_files_are_found(folders: dict[str, Path], kind: str) -> None:
    files = read_folder(folders[kind])
    for name in files:
        if name in ("lock", "roster.json", "seal.note", "FORMAT", "keys/room.key") and kind == "killed":
            continue
        without = {other: raw for other, raw in files.items() if other != name}
        report = check_folder(without)
        if name == "keys/room.key":
            assert report.holds(), "who passes a folder on takes the key out"
            assert any("private key" in note for note in report.notes)
            continue
        assert not report.holds() or (name in ("seal.note", "roster.json") and not report.sealed), name
    tape = next(name for name in files if name.startswith("tape/tracks-"))
    assert not check_folder(files | {tape: files[tape][:100]}).holds()
    assert not check_folder(files | {tape: files[tape] + b"\0" * 9}).holds() or kind == "killed"
    assert not check_folder(files | {tape: files[tape] + b"\0" * 5_000_000}).holds()
    assert not check_folder(files | {"extra.bin": b"x"}).holds()
    assert not check_folder(files | {"tape/tracks-000777.wft": b"WFBLOCK\n" + b"x" * 50}).holds()
    assert not check_folder(files | {"lock": b"x"}).holds()


def test_a_log_cut_back_after_a_kill_is_found_by_its_tape(folders: dict[str, Path]) -> None:
    files = read_folder(folders["killed"])
    batches = list(LogFile(files[LOG]).batches())
    with_tape = [place for place, batch in enumerate(batches) if b'"block":"tracks-' in batch.entries[0]]
    cut = files[LOG][: batches[with_tape[-2]].start]
    assert not check_folder(files | {LOG: cut}).holds()


def test_a_room_does_not_start_on_a_folder_that_does_not_hold(
    folders: dict[str, Path], tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folders["closed"], copy)
    raw = bytearray((copy / LOG).read_bytes())
    raw[bytes(raw).find(b"The word likely") + 3] ^= 1
    (copy / LOG).write_bytes(raw)
    with pytest.raises(AssertionError, match="does not verify"):
        start_room(data=copy)
    assert (copy / LOG).read_bytes() == bytes(raw)


def test_an_empty_folder_verifies_and_says_so(tmp_path: Path) -> None:
    for files in ({}, {"FORMAT": b"watchfloor data folder 2\n", "lock": b""}):
        report = check_folder(files)
        assert report.holds()
        assert "nothing was written yet" in report.notes
