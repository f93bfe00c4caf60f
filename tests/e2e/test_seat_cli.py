"""A seat without a browser: taken and used by command line, confirmed with a security key, checked offline."""

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.passkeys import SecurityKey
from tests.support.running import RunningRoom, run_words, verified

SIGNER = """#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.support.passkeys import SecurityKey
assert sys.argv[1:5] == ["-Y", "sign", "-n", "watchfloor"]
flags = int(open({flags!r}).read())
sys.stdout.write(SecurityKey(seed=bytes(range(32))).armoured(sys.stdin.buffer.read(), flags=flags))
"""


@pytest.fixture
def token(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A security key's file, a program that signs with it as `ssh-keygen` would, and what the token says of people."""
    key, signer, flags = (tmp_path / name for name in ("id_ed25519_sk", "signer", "flags"))
    key.with_name("id_ed25519_sk.pub").write_text(SecurityKey(seed=bytes(range(32))).public_line())
    signer.write_text(SIGNER.format(python=sys.executable, root=str(Path(__file__).parents[2]), flags=str(flags)))
    signer.chmod(0o755)
    return key, signer, flags


@pytest.fixture
def room(start_room: Callable[..., RunningRoom]) -> RunningRoom:
    return start_room("--from", "08:05:00")


def test_an_adviser_without_a_browser_sits_down_concurs_and_verifies(
    room: RunningRoom, token: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    key, signer, flags = token
    watch, me = room.sit("Watch officer, DNM"), tmp_path / "me.json"
    assert watch.request("R-1").status_code == 200
    link = f"{room.http.base_url}/#seat={room.link('Analyst, CVL')}".replace("//#", "/#")
    take = ("seat", "take", link, "--file", str(me), "--ssh-key", str(key), "--ssh-keygen", str(signer))
    flags.write_text("1")
    refused = run_words(*take)
    assert (refused.returncode, "not verified" in refused.stderr) == (2, True), refused.stderr
    flags.write_text("5")
    taken = run_words(*take)
    assert taken.returncode == 0, taken.stderr
    assert "analyst, CVL: you sit here as p-" in taken.stdout
    assert stat.S_IMODE(me.stat().st_mode) == 0o600
    again = run_words(*take)
    assert "exists already" in again.stderr
    board = run_words("seat", "board", str(me))
    assert "R-1 v1 OPEN: Escort of two relief transports" in board.stdout
    assert "to be asked: analyst, legal-adviser" in board.stdout
    concur = ("seat", "act", str(me), "AdviceGiven", "request_id=R-1", "version=1", "verdict=concur", "words=Likely.")
    flags.write_text("1")
    assert "not verified" in run_words(*concur).stderr
    flags.write_text("5")
    done = run_words(*concur)
    assert done.returncode == 0, done.stderr
    assert "verdict: concur" in done.stdout
    assert watch.board("R-1")["advice"][0]["words"] == "Likely."
    doubt = ("seat", "act", str(me), "DoubtRaised", "request_id=R-1", "version=1", "words=", "--json")
    flags.write_text("0")
    assert json.loads(run_words(*doubt).stdout)["entries"], "a doubt needs no touch"
    assert watch.board("R-1")["state"] == "held"
    for words, said in ((["verdict=maybe"], "no act"), (["nonsense"], "neither"), (["version:={"], "not JSON")):
        assert said in run_words(*concur, *words).stderr
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_watch_is_taken_over_without_a_browser(
    room: RunningRoom, token: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    key, signer, flags = token
    flags.write_text("5")
    first, me = room.sit("Watch officer, DNM"), tmp_path / "me.json"
    assert first.request("R-1").status_code == 200
    link = f"{room.http.base_url}/#seat={room.link('Watch officer, DNM')}".replace("//#", "/#")
    taken = run_words("seat", "take", link, "--file", str(me), "--ssh-key", str(key), "--ssh-keygen", str(signer))
    assert taken.returncode == 0, taken.stderr
    read = run_words("seat", "brief", str(me))
    assert read.returncode == 0, read.stderr
    assert "request R-1: open, since 08:05:" in read.stdout
    assert "SUSPENDED: nothing that this seat may see" in read.stdout
    digest = json.loads(run_words("seat", "brief", str(me), "--json").stdout)["digest"]
    assert digest in read.stdout
    unread = run_words("seat", "act", str(me), "WatchTakenOver", "words=Read.")
    assert (unread.returncode, "brief" in unread.stderr) == (2, True), "nobody signs what they did not read"
    signed = run_words("seat", "act", str(me), "WatchTakenOver", f"brief={digest}", "words=Read.")
    assert signed.returncode == 0, signed.stderr
    assert f"brief: {digest}" in signed.stdout
    twice = run_words("seat", "act", str(me), "WatchTakenOver", f"brief={digest}", "words=")
    assert "it is yours already" in twice.stderr
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_a_key_that_is_no_security_key_is_refused(room: RunningRoom, tmp_path: Path) -> None:
    key = tmp_path / "id_ed25519"
    plain = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    key.with_name("id_ed25519.pub").write_text(f"ssh-ed25519 {plain} me@desk\n")
    link = f"{room.http.base_url}/#seat={room.link('Analyst, CVL')}".replace("//#", "/#")
    done = run_words("seat", "take", link, "--file", str(tmp_path / "me.json"), "--ssh-key", str(key))
    assert (done.returncode, "no key of a security token" in done.stderr) == (2, True), done.stderr
    wrong = run_words("seat", "take", "http://localhost:1/", "--file", str(tmp_path / "me.json"))
    assert "a seat's link looks like" in wrong.stderr
