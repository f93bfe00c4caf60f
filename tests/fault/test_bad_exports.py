"""Exports that nobody should get: a sentence that says what to do, and nothing is written."""

from pathlib import Path

import pytest

from tests.support.records import LABEL, feed_fact, opening, write_record
from tests.support.running import run_words
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.keeping import MediaKept, MediaKind, MediaRetired
from watchfloor.verify.export import check_export


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "room"
    write_record(path, [opening(), *(feed_fact(number) for number in range(5))])
    return path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--withhold=-3", "--words", "w"), "there is no entry -3; the record has 6"),
        (("--withhold", "6", "--words", "w"), "there is no entry 6; the record has 6"),
        (("--withhold", "0", "--words", "w"), "says what the record is"),
        (("--withhold", "2"), "say with `--words` why"),
        (("--releasable-to", "ZZZ"), "it names ALD, FNY"),
        (("--parquet", "--mcap"), "either Parquet or MCAP"),
        (("--parquet", "--withhold", "2", "--words", "w"), "by `--releasable-to` only"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(words: tuple[str, ...], sentence: str, room: Path, tmp_path: Path) -> None:
    done = run_words("record", "export", str(room), str(tmp_path / "out"), *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [(), ("--parquet",), ("--mcap",)])
def test_nothing_is_exported_into_the_record_itself(words: tuple[str, ...], room: Path) -> None:
    before = read_folder(room)
    done = run_words("record", "export", str(room), str(room / "out"), *words)
    assert done.returncode == 2
    assert "lies inside" in done.stderr
    assert read_folder(room) == before


def test_an_export_is_no_data_folder_and_a_data_folder_no_export(room: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run_words("record", "export", str(room), str(out)).returncode == 0
    again = run_words("record", "export", str(room), str(out))
    assert (again.returncode, "choose a new folder" in again.stderr) == (3, True)
    of_export = run_words("record", "export", str(out), str(tmp_path / "second"))
    assert (of_export.returncode, "is an export" in of_export.stderr) == (2, True)
    of_folder = run_words("record", "restore", str(room), str(tmp_path / "third"))
    assert (of_folder.returncode, "is no export" in of_folder.stderr) == (2, True)
    over = run_words("record", "restore", str(out), str(room))
    assert (over.returncode, "choose a new folder" in over.stderr) == (3, True)


def test_a_medium_whose_reason_is_withheld_is_withheld_too(tmp_path: Path) -> None:
    """Else an honest export would say that a medium is missing and nobody has said why."""
    digest = "ab" * 32
    kept = MediaKept(digest, 5, MediaKind.VIDEO, "camera", 1, 2, LABEL)
    write_record(tmp_path / "room", [opening(), kept, MediaRetired(digest, "older than a year", LABEL)])
    words = ("--withhold", "2", "--words", "names a person")
    done = run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "out"), *words)
    assert done.returncode == 0, done.stderr
    report = check_export(read_folder(tmp_path / "out"))
    assert report.holds(), report.problems
    assert any(digest in note and "names a person" in note for note in report.notes)
