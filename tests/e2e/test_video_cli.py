"""`watchfloor video`: a stream is cleaned and shown; what is none is refused."""

import json
from pathlib import Path

from tests.property.test_st0601 import BEGIN_US, SECRET_TAGS, packet, stream
from tests.support.running import run_words

PLACE = {2: BEGIN_US.to_bytes(8), 13: bytes.fromhex("20000000"), 14: bytes.fromhex("10000000"), 65: b"\x13"}


def test_a_recording_is_cleaned_and_shown(tmp_path: Path) -> None:
    (tmp_path / "in.ts").write_bytes(stream([packet(PLACE, SECRET_TAGS)] * 3, strange=True))
    names = (str(tmp_path / "in.ts"), str(tmp_path / "out.ts"))
    told = json.loads(run_words("video", "clean", *names, "--json").stdout)
    assert told["kept"] == 6
    assert told["dropped_tags"] == {str(tag): 6 for tag in SECRET_TAGS}
    assert b"SECRET" not in (tmp_path / "out.ts").read_bytes()
    again = run_words("video", "clean", *names)
    assert (again.returncode, "exists" in again.stderr) == (2, True)
    shown = run_words("video", "show", names[1]).stdout.splitlines()
    assert len(shown) == 6
    assert shown[0] == "2031-03-14T16:00:00.000Z  sensor 22.50000 22.50000  frame -"
    values = json.loads(run_words("video", "show", names[1], "--json").stdout.splitlines()[0])
    assert values["time_us"] == BEGIN_US
    plain = run_words("video", "clean", names[0], str(tmp_path / "plain.ts")).stdout
    assert "6 packets of metadata kept" in plain
    assert "dropped 6 of tag 40" in plain


def test_what_is_no_stream_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "in.ts").write_bytes(b"G" * 400)
    done = run_words("video", "clean", str(tmp_path / "in.ts"), str(tmp_path / "out.ts"))
    assert done.returncode == 2
    assert "not an MPEG transport stream" in done.stderr
    missing = run_words("video", "show", str(tmp_path / "none.ts"))
    assert (missing.returncode, "cannot be read" in missing.stderr) == (2, True)
    assert not (tmp_path / "out.ts").exists()
