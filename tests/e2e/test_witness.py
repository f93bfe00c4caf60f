"""Witnesses as processes of their own: they sign what continues, and a decision waits for enough of them."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.support.attacks import iter_entries
from tests.support.records import ORIGIN, feed_fact, opening, write_record
from tests.support.running import Person, RunningRoom, run_words, verified
from tests.support.witnesses import RunningWitness
from watchfloor.edge.recovery import first_key
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.signed import SignedAct
from watchfloor.record.log import LogFile, entries_of
from watchfloor.record.tiles import Levels
from watchfloor.record.tree import leaf_hash
from watchfloor.record.witness import WitnessRequest, request_text


@pytest.fixture
def start_witness(tmp_path: Path) -> Iterator[Callable[..., RunningWitness]]:
    running: list[RunningWitness] = []

    def start(name: str, *logs: str) -> RunningWitness:
        running.append(RunningWitness(tmp_path / name.replace("/", "-"), name, logs))
        return running[-1]

    yield start
    for witness in running:
        witness.stop()


class Log:
    """A record's checkpoints and leaves, to ask a witness with."""

    def __init__(self, folder: Path) -> None:
        batches = list(LogFile((folder / "record" / "000001.wfl").read_bytes()).batches())
        self.notes = {}
        size = 0
        for batch in batches:
            size += len(batch.entries)
            self.notes[size] = batch.note.decode()
        self.levels = Levels([leaf_hash(raw) for batch in batches for raw in batch.entries])

    def body(self, old: int, size: int, **changes: object) -> str:
        proof = tuple(self.levels.consistency(old, size)) if 0 < old <= size else ()
        return request_text(WitnessRequest(old, proof, self.notes[size]))


def test_a_witness_answers_as_the_specification_says(
    tmp_path: Path, start_witness: Callable[..., RunningWitness]
) -> None:
    write_record(tmp_path / "room", [opening()])
    for number in range(6):
        write_record(tmp_path / "room", [feed_fact(number)])
    log = Log(tmp_path / "room")
    witness = start_witness("fny.example/w1", first_key(tmp_path / "room").line())

    def post(body: str) -> httpx.Response:
        return httpx.post(f"{witness.url}/add-checkpoint", content=body.encode())

    first = post(log.body(0, 2))
    assert first.status_code == 200
    assert first.text.startswith("— fny.example/w1 ")
    assert post(log.body(2, 5)).status_code == 200
    stale = post(log.body(2, 6))
    assert (stale.status_code, stale.text) == (409, "5\n")
    assert stale.headers["content-type"].startswith("text/x.tlog.size")
    assert post(log.body(0, 2)).status_code == 409, "a head from before is not signed again"
    assert post(log.body(5, 7).replace("old 5", "old 8")).status_code == 400
    head, _, note = log.body(5, 7).partition("\n\n")
    assert post(f"old 5\n\n{note}").status_code == 422, "no proof"
    assert post(f"{head}\n\n{note.replace(ORIGIN, 'watchfloor/other')}").status_code == 404
    assert post(f"{head}\n\n{note[:-9]}AAAAAA==\n").status_code in (400, 403)
    assert post("not a request").status_code == 400
    assert post("x" * 70_000).status_code == 413
    assert post(log.body(5, 7)).status_code == 200
    assert post(log.body(7, 7)).status_code == 200, "the same head once more"
    kept = httpx.get(f"{witness.url}/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
    assert kept.text.startswith(log.notes[7].removesuffix("\n"))
    assert kept.text.count("— ") == 2
    assert httpx.get(f"{witness.url}/{'0' * 64}/checkpoint").status_code == 404
    assert witness.key in httpx.get(witness.url).text


def test_a_witness_remembers_over_a_restart(tmp_path: Path) -> None:
    write_record(tmp_path / "room", [opening(), feed_fact(1)])
    log, key = Log(tmp_path / "room"), first_key(tmp_path / "room").line()
    witness = RunningWitness(tmp_path / "w", "fny.example/w1", (key,))
    assert httpx.post(f"{witness.url}/add-checkpoint", content=log.body(0, 2).encode()).status_code == 200
    witness.process.kill()
    witness.stop()
    again = RunningWitness(tmp_path / "w", "")
    try:
        assert again.key == witness.key
        assert httpx.post(f"{again.url}/add-checkpoint", content=log.body(0, 2).encode()).text == "2\n"
    finally:
        again.stop()


def sit_and_ask(room: RunningRoom) -> list[Person]:
    watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
    analyst, policy, decider = (room.sit(n) for n in ("Analyst, CVL", "Policy adviser, JLN", "Red badge, ALD"))
    assert watch.request("R-1").status_code == 200
    for adviser in (legal, analyst, policy):
        assert adviser.advise("R-1").status_code == 200
    return [watch, legal, analyst, policy, decider]


def withholding_it_hides_the_answer(home: Path) -> None:
    """With the signed decision withheld, what witnesses published of it is withheld too, and the export holds."""
    entries = entries_of(read_folder(home / "room"))
    signed = next(
        entry.seq
        for entry in entries
        if isinstance(entry.body, SignedAct)
        and '"DecisionSigned"' in entry.body.document
        and '"R-1"' in entry.body.document
    )
    words = ("--withhold", str(signed), "--words", "names a person")
    assert run_words("record", "export", str(home / "room"), str(home / "out"), *words).returncode == 0
    shown = [raw for raw in iter_entries(read_folder(home / "out")) if raw]
    assert not any(b'"answer":"yes"' in raw for raw in shown)
    assert len(shown) >= len(entries) - 6, "nothing else is withheld"
    assert verified(home / "out")["holds"]


def test_a_decision_is_published_when_enough_witnesses_saw_it(
    tmp_path: Path, start_room: Callable[..., RunningRoom], start_witness: Callable[..., RunningWitness]
) -> None:
    """The log's key exists only once the room ran; so it runs once, then the witnesses learn its key."""
    assert start_room("--from", "08:05:00", data=tmp_path / "room").stop() == 0
    key = first_key(tmp_path / "room").line()
    one, two, other = (start_witness(f"{n}.example/w", key) for n in ("fny", "jln", "cvl"))
    words = [word for witness in (one, two, other) for word in ("--witness", witness.option)]
    room = start_room(*words, "--witness-need", "2", "--witness-wait-s", "8", data=tmp_path / "room")
    *_, decider = sit_and_ask(room)
    other.stop()
    assert decider.decide("R-1", "yes").status_code == 200
    room.until(lambda: decider.board("R-1")["state"] == "decided", "the decision's witnesses")
    assert room.stop() == 0
    report = verified(tmp_path / "room")
    assert report["holds"], report["problems"]
    assert report["witnessed_size"] > 0
    assert report["decision_count"] == 2
    head = httpx.get(f"{one.url}/{sha256(report['origin'].encode()).hexdigest()}/checkpoint").text
    (tmp_path / "head").write_text(head)
    (tmp_path / "keys").write_text(one.key + "\n")
    done = run_words(
        *(
            "record",
            "verify",
            str(tmp_path / "room"),
            "--keys",
            str(tmp_path / "keys"),
            "--head",
            str(tmp_path / "head"),
        )
    )
    assert done.returncode == 0, done.stdout
    assert "that a witness saw" in done.stdout
    withholding_it_hides_the_answer(tmp_path)
    again = run_words("run", "--headless", "--port", "0", "--cot-port", "0", "--data", str(tmp_path / "room"))
    assert again.returncode == 2
    assert "--no-witnesses" in again.stderr, "witnesses are not forgotten in silence"


def test_a_decision_that_too_few_witnesses_saw_is_stopped(
    tmp_path: Path, start_room: Callable[..., RunningRoom], start_witness: Callable[..., RunningWitness]
) -> None:
    assert start_room("--from", "08:05:00", data=tmp_path / "room").stop() == 0
    one = start_witness("fny.example/w", first_key(tmp_path / "room").line())
    two = start_witness("jln.example/w")  # it does not know this log
    words = ("--witness", one.option, "--witness", two.option, "--witness-need", "2", "--witness-wait-s", "1.5")
    room = start_room(*words, data=tmp_path / "room")
    watch, *_, decider = sit_and_ask(room)
    assert decider.decide("R-1", "yes").status_code == 200
    assert watch.board("R-1")["state"] == "awaiting witnesses"
    room.until(lambda: watch.board("R-1")["state"] == "stopped", "the stop")
    assert watch.board("R-1")["stopped"]["cause"] == "witness"
    assert watch.board("R-1")["decided"] is None
    assert "does not know the log" in room.get("/api/pulse")["witness_failed"]
    assert room.stop() == 0
    report = verified(tmp_path / "room")
    assert report["holds"], report["problems"]
    assert report["decision_count"] == 1


def test_a_doubt_holds_a_decision_that_awaits_its_witnesses(
    tmp_path: Path, start_room: Callable[..., RunningRoom], start_witness: Callable[..., RunningWitness]
) -> None:
    assert start_room("--from", "08:05:00", data=tmp_path / "room").stop() == 0
    blind = start_witness("jln.example/w")
    words = ("--witness", blind.option, "--witness-need", "1", "--witness-wait-s", "60")
    room = start_room(*words, data=tmp_path / "room")
    watch, legal, *_, decider = sit_and_ask(room)
    assert decider.decide("R-1", "yes").status_code == 200
    assert legal.advise("R-1").status_code == 409
    assert legal.doubt("R-1", words="Wait.").status_code == 200
    assert watch.board("R-1")["state"] == "held"
    assert room.stop() == 0
    kinds = [type(entry.body).__name__ for entry in entries_of(read_folder(tmp_path / "room"))]
    assert "DecisionAwaited" in kinds
    assert kinds.count("RequestDecided") == 1, "the opening record's refusal alone"


def test_a_room_that_was_rolled_back_hears_it_from_its_witness(
    tmp_path: Path, start_witness: Callable[..., RunningWitness]
) -> None:
    write_record(tmp_path / "room", [opening(), *(feed_fact(n) for n in range(30))])
    assert run_words("record", "export", str(tmp_path / "room"), str(tmp_path / "out")).returncode == 0
    keys = str(tmp_path / "out" / "keys.txt")
    words = ("record", "witness", str(tmp_path / "w"), "--name", "a.example/w", "--log", keys, "--export")
    signed = run_words(*words, str(tmp_path / "out"))
    assert signed.returncode == 0, signed.stderr
    (tmp_path / "heads").mkdir()
    head = next((tmp_path / "w" / "heads").iterdir())
    again = tmp_path / "again"
    key = bytes.fromhex((tmp_path / "room" / "keys" / "room.key").read_text().strip())
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    write_record(again, [opening(), *(feed_fact(n) for n in range(9))], Ed25519PrivateKey.from_private_bytes(key))
    assert verified(again)["holds"], "the log alone does not show it"
    assert run_words("record", "export", str(again), str(tmp_path / "out2")).returncode == 0
    refused = run_words("record", "witness", str(tmp_path / "w"), "--export", str(tmp_path / "out2"))
    assert refused.returncode == 1
    assert "NOT SIGNED" in refused.stdout
    trusted = tmp_path / "w" / "witness.pub"
    done = run_words("record", "verify", str(again), "--keys", str(trusted), "--head", str(head))
    assert done.returncode == 1
    assert "rolled back" in done.stdout
