"""The Go project's own transparency-log packages read our exports and proofs, and refuse a bad leaf."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.records import feed_fact, opening, write_record
from tests.support.running import run_words

PACKAGES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
SOURCE = Path(__file__).parents[1] / "oracles" / "tlog" / "main.go"

pytestmark = pytest.mark.skipif(
    not shutil.which("go") or not PACKAGES.is_dir(),
    reason="Debian's golang-go and golang-golang-x-mod-dev are not installed",
)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("oracle")
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(home / "cache")}
    subprocess.run(["go", "build", "-o", str(home / "oracle"), str(SOURCE)], env=environment, check=True)
    return home / "oracle"


def asked(oracle: Path, *words: Path) -> tuple[int, str]:
    done = subprocess.run([oracle, *words], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 700, pytest.param(70_000, marks=pytest.mark.long)])
def test_exports_of_any_size_hold_by_an_outside_reader(count: int, oracle: Path, tmp_path: Path) -> None:
    write_record(tmp_path / "room", [opening(), *(feed_fact(n) for n in range(count - 1))])
    assert run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "out")).returncode == 0
    assert asked(oracle, tmp_path / "out") == (0, f"holds {count}")


def test_a_changed_leaf_a_changed_tile_and_a_foreign_signature_are_refused(oracle: Path, tmp_path: Path) -> None:
    write_record(tmp_path / "room", [opening(), *(feed_fact(n) for n in range(300))])
    assert run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "out")).returncode == 0
    for name in ("tile/entries/000", "tile/0/000", "checkpoint"):
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(tmp_path / "out", copy)
        raw = bytearray((copy / name).read_bytes())
        raw[-40] ^= 1
        (copy / name).write_bytes(raw)
        code, said = asked(oracle, copy)
        assert code == 1, said
        assert said.startswith("BAD")
        assert run_words("record", "verify", str(copy)).returncode == 1, "and ours says the same"


def test_a_single_proof_holds_for_its_entry_only(oracle: Path, tmp_path: Path) -> None:
    room, keys = tmp_path / "room", tmp_path / "out" / "keys.txt"
    write_record(room, [opening(), *(feed_fact(n) for n in range(40))])
    assert run_words("record", "export", str(room), str(tmp_path / "out")).returncode == 0
    for seq in (0, 17, 40):
        assert run_words("record", "prove", str(room), str(seq), "--out", str(tmp_path)).returncode == 0
    proof, entry, other = (tmp_path / name for name in ("entry-17.tlog-proof", "entry-17.json", "entry-0.json"))
    assert asked(oracle, proof, entry, keys) == (0, "holds 17")
    assert asked(oracle, proof, other, keys)[0] == 1
    words = ("record", "verify", str(proof), "--keys", str(keys), "--entry")
    assert run_words(*words, str(entry)).returncode == 0
    done = run_words(*words, str(other))
    assert done.returncode == 1
    assert "does not show this entry" in done.stdout
