"""Every attack on an export is caught, with one honest witness where the log alone cannot show it.

Three verifiers give the same verdicts: the command, the one file for people with Python, the page for people without.
Each attack first passes a naive check.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, sync_playwright

from tests.e2e.test_media import TIMES, stream
from tests.support.attacks import Attack, Files, Insider, attacks, lies
from tests.support.passkeys import SecurityKey
from tests.support.pictures import picture
from tests.support.running import RunningRoom, run_words
from watchfloor.edge.stores.folder import read_folder
from watchfloor.record.note import VerifierKey
from watchfloor.verify.export import check_export
from watchfloor.verify.witnesses import Trust

VERIFIER = Path(__file__).parents[2] / "verifier"
NAMES = (
    "edit", "delete", "delete and relink", "swap", "truncate", "roll back", "fork", "re-sign everything",
    "edit signed words and re-sign", "replace a tape block", "replace a video", "forge a witness",
)  # fmt: skip
LIES = (
    "advice gone behind a withheld file", "decided after it was stopped", "no context", "another context", "no keys",
    "an empty list of what is withheld", "more entries than can be", "no entries", "a key that is not the log's",
    "witnesses' keys and no head", "a block behind a withheld frame", "a block behind its withheld seal",
    "one more block", "one more medium", "the opening withheld", "one more key", "gone on with another key",
    "decided without asking the rules", "decided although the rules objected", "rules told of advice that nobody gave",
    "rules that were not in force", "a passkey's confirmation taken out", "other words under a confirmation",
    "other words under an SSH confirmation, ed25519", "other words under an SSH confirmation, ecdsa",
    "two persons with one key", "two persons with one passkey", "granted by the crew that holds it",
    "a doubt answered by the crew that radioed it", "decided after an answer that came too late",
)  # fmt: skip


@pytest.fixture(scope="module")
def insider(tmp_path_factory: pytest.TempPathFactory) -> Insider:
    """A room in which something was asked, doubted and decided, run twice for two tape blocks, with a video."""
    home = tmp_path_factory.mktemp("attacked")
    room = RunningRoom(home / "room", ("--from", "08:05:00"))
    try:
        watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
        analyst, policy = SecurityKey(), SecurityKey(ecdsa=True)
        others = [room.sit("Analyst, CVL", passkey=analyst), room.sit("Policy adviser, JLN", passkey=policy)]
        decider = room.sit("Red badge, ALD")
        assert watch.request("R-1").status_code == 200
        assert watch.request("R-2").status_code == 200
        assert legal.doubt("R-2", words="It has likely moved; we do not know.").status_code == 200
        assert others[1].resolve("R-2", watch.board("R-2")["doubts"][0]["doubt_id"]).status_code == 200
        for adviser in (legal, *others):
            assert adviser.advise("R-1").status_code == 200
        assert decider.decide("R-1", "yes").status_code == 200
        for adviser in (legal, *others):
            assert adviser.advise("R-2", version=2).status_code == 200
        assert decider.decide("R-2", "no", version=2).status_code == 200
        room.until(lambda: (home / "room" / "tape").exists() and room.get("/api/pulse"), "a pulse")
        room.until(lambda: len(room.get("/api/tracks")["features"]) > 50, "tracks")
        log = home / "room" / "record" / "000001.wfl"
        room.until(lambda: b'"frame_count":2' in log.read_bytes(), "a block of two frames")
        assert room.stop() == 0
        again = RunningRoom(home / "room", ())
        again.until(lambda: len(again.get("/api/tracks")["features"]) > 50, "tracks")
        assert again.stop() == 0
    finally:
        room.kill()
    (home / "clip.ts").write_bytes(stream(0x1B))
    words = ("record", "media", "keep", str(home / "room"), str(home / "clip.ts"), "--source", "camera", *TIMES)
    assert run_words(*words).returncode == 0
    assert run_words("record", "export", str(home / "room"), str(home / "out")).returncode == 0
    private = bytes.fromhex((home / "room" / "keys" / "room.key").read_text().strip())
    return Insider(read_folder(home / "out"), Ed25519PrivateKey.from_private_bytes(private))


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.goto((VERIFIER / "verify.html").as_uri())
        yield page
        browser.close()


Verdict = tuple[bool, int | None, str]


def by_command(files: Files, trusted: list[str], head: str | None) -> Verdict:
    heads = {"head": head} if head else {}
    report = check_export(files, Trust([VerifierKey.from_line(line) for line in trusted], heads))
    return report.holds(), report.first_bad_entry(), report.root


def asked_of_one_file(files: Files, trusted: list[str], head: str | None, home: Path) -> dict[str, Any]:
    out = home / "out"
    for name, raw in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    words = [sys.executable, str(VERIFIER / "watchfloor_verify.py"), str(out), "--json"]
    if trusted:
        (home / "keys").write_text("\n".join(trusted) + "\n")
        words += ["--keys", str(home / "keys")]
    if head:
        (home / "head").write_text(head)
        words += ["--head", str(home / "head")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    report: dict[str, Any] = json.loads(done.stdout or "{}")
    assert report, done.stderr
    assert done.returncode == (0 if report["holds"] else 1), done.stderr
    return report


ASK = """async ([files, keys, head]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const raw = new Map(files.map(([name, text]) => [name, bytes(text)]));
  return await verify(raw, keys, head ? [['head', head]] : []);
}"""


def asked_of_page(files: Files, trusted: list[str], head: str | None, page: Page) -> dict[str, Any]:
    told = [[name, base64.b64encode(raw).decode()] for name, raw in files.items()]
    report: dict[str, Any] = page.evaluate(ASK, [told, trusted, head])
    return report


def verdict(report: dict[str, Any]) -> Verdict:
    return report["holds"], report["first_bad_entry"], report["root"]


def verdicts(files: Files, trusted: list[str], head: str | None, home: Path, page: Page) -> list[Verdict]:
    return [
        by_command(files, trusted, head),
        verdict(asked_of_one_file(files, trusted, head, home)),
        verdict(asked_of_page(files, trusted, head, page)),
    ]


def test_the_honest_export_holds_for_all_three_with_and_without_the_witness(
    insider: Insider, tmp_path: Path, page: Page
) -> None:
    for trusted, head in (([], None), ([insider.log.line(), insider.witness_key().line()], insider.head())):
        found = verdicts(insider.honest, trusted, head, tmp_path, page)
        assert [holds for holds, _, _ in found] == [True] * 3
        assert len({root for _, _, root in found}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_passes_a_naive_check_and_is_caught_by_all_three(
    name: str, insider: Insider, tmp_path: Path, page: Page
) -> None:
    attack: Attack = next(one for one in attacks(insider) if one.name == name)
    assert attack.naive(attack.files), "the attack must first succeed somewhere"
    assert attack.files != insider.honest
    if attack.needs_witness:
        alone = verdicts(attack.files, [], None, tmp_path, page)
        assert [holds for holds, _, _ in alone] == [True] * 3, "a log alone cannot show this"
    found = verdicts(attack.files, attack.trusted, attack.head, tmp_path, page)
    assert [holds for holds, _, _ in found] == [False] * 3
    assert len({first for _, first, _ in found}) == 1, found


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_named_by_all_three(name: str, insider: Insider, tmp_path: Path, page: Page) -> None:
    lie = next(one for one in lies(insider) if one.name == name)
    heads = {"head": lie.head} if lie.head else {}
    report = check_export(lie.files, Trust([VerifierKey.from_line(line) for line in lie.trusted], heads))
    assert any(lie.sentence in problem.sentence for problem in report.problems), report
    others = (
        asked_of_one_file(lie.files, lie.trusted, lie.head, tmp_path),
        asked_of_page(lie.files, lie.trusted, lie.head, page),
    )
    for told in others:
        assert any(lie.sentence in problem["sentence"] for problem in told["problems"]), told


def test_each_flipped_byte_of_an_export_is_caught_by_all_three(insider: Insider, tmp_path: Path, page: Page) -> None:
    import random  # noqa: PLC0415

    rng = random.Random(5)
    for name in sorted(insider.honest):
        raw = bytearray(insider.honest[name])
        place = rng.randrange(len(raw))
        raw[place] ^= 1 << rng.randrange(8)
        files = insider.honest | {name: bytes(raw)}
        found = verdicts(files, [], None, tmp_path / name.replace("/", "-"), page)
        assert [holds for holds, _, _ in found] == [False] * 3, (name, place, found)


def test_withheld_entries_show_and_the_proof_still_holds(
    insider: Insider, tmp_path: Path, page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    room = next(path for path in tmp_path_factory.getbasetemp().glob("attacked*/room"))
    words = ("--withhold", "3", "--withhold", "9", "--words", "names a private person")
    assert run_words("record", "export", str(room), str(tmp_path / "red"), *words).returncode == 0
    files = read_folder(tmp_path / "red")
    found = verdicts(files, [], None, tmp_path, page)
    assert [holds for holds, _, _ in found] == [True] * 3
    assert {root for _, _, root in found} == {by_command(insider.honest, [], None)[2]}, "the same tree"
    report = check_export(files)
    assert report.withheld_count >= 2, "an input's other entries tell of it, so they go with it"
    assert any("names a private person" in note for note in report.notes)
    assert run_words("record", "restore", str(tmp_path / "red"), str(tmp_path / "again")).returncode == 2
    hidden = {name: raw for name, raw in files.items() if name != "withheld.json"}
    assert [holds for holds, _, _ in verdicts(hidden, [], None, tmp_path / "h", page)] == [False] * 3


def test_a_person_drops_an_export_on_the_page_and_reads_what_holds(
    insider: Insider, tmp_path: Path, page: Page
) -> None:
    for kind, files in (("holds", insider.honest), ("broken", attacks(insider)[0].files)):
        out = tmp_path / kind
        for name, raw in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(raw)
        page.set_input_files("#pick", str(out))
        page.wait_for_selector("#verdict.good, #verdict.bad")
        page.wait_for_function("document.getElementById('counts').children.length > 5")
        text = page.inner_text("#verdict")
        assert ("It holds" in text) == (kind == "holds"), text
        if kind == "broken":
            assert "first bad entry" in text
        page.screenshot(path=picture(f"verify-{kind}.png"), full_page=True)
        page.reload()
