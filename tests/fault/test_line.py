"""A line under attack and failure: nothing acknowledged is lost, nothing shows as agreed, a refusal says why."""

import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_line import End, copies, volume
from tests.support.lines import NOTHING, Stranger, free_port, opened_pair, words
from tests.support.proxy import Proxy
from tests.support.running import RunningRoom, run_words, verified

Start = Callable[..., RunningRoom]
COMMENT = {"kind": "comment", "words": "good morning", "language": "en"}
OTHER = {**COMMENT, "words": "good evening"}


class Alone:
    """ALD's room with its listening line, and the folder of the party that a test plays."""

    def __init__(self, start_room: Start, at: Path) -> None:
        self.port = free_port()
        self.ours, self.theirs = opened_pair(at, self.port)
        self.end = End(start_room("--line", str(self.ours)), self.ours)

    def stranger(self) -> Stranger:
        return Stranger(self.theirs, self.port)

    def met(self, **held: list[str]) -> Stranger:
        """A stranger that has said who it is and heard the room's hello."""
        stranger = self.stranger()
        for name, value in held.items():
            setattr(stranger, name, value)
        stranger.hello()
        assert stranger.frame()["frame"] == "hello"
        return stranger

    def refused(self, reason: str) -> None:
        self.end.until(lambda: any(reason in told for told in self.end.line()["refused"]), reason)


@pytest.fixture
def alone(start_room: Start, tmp_path: Path) -> Alone:
    return Alone(start_room, tmp_path)


def test_what_is_no_message_of_the_line_ends_the_connection_and_is_on_record(alone: Alone) -> None:
    good = alone.met()
    good.say(COMMENT)
    assert good.frame()["frame"] == "receipt"
    said = list(good.said)
    good.close()

    def attempt(reason: str, send: Callable[[Stranger], Any], *, greets: bool = True) -> None:
        stranger = alone.met(said=list(said)) if greets else alone.stranger()
        send(stranger)
        assert stranger.is_cut_off(), reason
        stranger.close()
        alone.refused(reason)

    attempt("did not say first who it is", lambda peer: peer.say(COMMENT), greets=False)
    attempt("of another line, or another party", lambda peer: peer.hello(line_id="air-0"), greets=False)
    attempt("lost messages of its own", lambda peer: peer.hello(), greets=False)
    never = {"said_count": 1, "heard_count": 1, "heard_head": "1" * 64}
    attempt("one of the two was set back or changed", lambda peer: peer.hello(**never), greets=False)
    attempt("a frame of over 64 KiB", lambda peer: peer.send_raw(b"", size=1 << 30))
    attempt("of another kind of room", lambda peer: peer.hello(context="LIVE - CIVIL, NOT CERTIFIED"), greets=False)
    attempt("no frame of the line", lambda peer: peer.send_raw(b"\xff{"))
    attempt("no frame of the line", lambda peer: peer.send_raw(b'{"frame":"told","document":"\xff","signature":""}'))
    attempt("no frame of the line", lambda peer: peer.send_raw(b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"))
    attempt("no frame of the line", lambda peer: peer.send(frame="attachment", raw="AAAA"))
    attempt("no message of the line's vocabulary", lambda peer: peer.say({"kind": "attachment", "raw": "AAAA"}))
    attempt("no message of the line's vocabulary", lambda peer: peer.tell(peer.document(COMMENT) + " "))
    attempt("messages before it are missing", lambda peer: peer.say(COMMENT, number=7))
    attempt("from another past", lambda peer: peer.say(COMMENT, previous="1" * 64))
    attempt("not in the other party's chain", lambda peer: peer.say(COMMENT, seen="1" * 64))
    attempt("two messages by one signer", lambda peer: peer.say(OTHER, number=0, previous=NOTHING))
    attempt("of another line, or another party", lambda peer: peer.say(COMMENT, party="ALD"))
    attempt("of another kind of room", lambda peer: peer.say(COMMENT, context="REPLAY"))
    quotes = {**COMMENT, "words": '"' * 4_000}
    attempt("of another kind of room", lambda peer: peer.say(quotes, context="REPLAY"))
    long_name = {"kind": "dispute", "about": "1" * 64, "name": "call 555 now"}
    attempt("no message of the line's vocabulary", lambda peer: peer.say(long_name))
    forged = {"frame": "told", "signature": "0" * 128}
    attempt("not signed with the key", lambda peer: peer.send(document=peer.document(COMMENT), **forged))
    receipt = {"frame": "receipt", "number": 3, "countersignature": "0" * 128}
    attempt("receipts a message that is not the next", lambda peer: peer.send(**receipt))
    last = alone.met(said=list(said))
    last.say(OTHER)
    assert last.frame()["number"] == 1
    assert [one["words"] for one in alone.end.line()["comments"]] == ["good morning", "good evening"]
    last.close()
    assert alone.end.room.stop() == 0
    assert verified(alone.end.room.data)["holds"]
    log = b"".join(path.read_bytes() for path in sorted((alone.end.room.data / "record").glob("*")))
    refused = [line for line in log.split(b'{"body":') if b'"type":"LineRefused"' in line and b'"signed"' in line]
    assert any(b"good evening" in one and b"two messages by one signer" in one for one in refused), (
        "what their own key signed against their past is kept: it is proof"
    )


def test_a_flood_of_calls_rings_for_the_newest_and_neither_fills_the_record_nor_the_screen(alone: Alone) -> None:
    stranger = alone.met()
    for _ in range(120):
        stranger.say({"kind": "call", "due_us": 0, "urgent": True})
        assert stranger.frame()["frame"] == "receipt"
    alone.end.until(lambda: len(alone.end.line()["calls"][-1]["asked"]) == 3, "that the newest asks everybody", 40)
    before = alone.end.room.get("/api/room")["head"]["size_count"]
    began_us = alone.end.room.get("/api/pulse")["room_us"]
    alone.end.until(lambda: alone.end.room.get("/api/pulse")["room_us"] > began_us + 3_000_000, "three seconds more")
    grown = alone.end.room.get("/api/room")["head"]["size_count"] - before
    assert grown < 60, "nobody is asked again and again"
    assert len(alone.end.line()["calls"]) == 20
    stranger.close()


def test_a_fallback_that_would_make_every_pair_a_loss_is_not_taken(alone: Alone) -> None:
    stranger = alone.met()
    stranger.say({"kind": "fallback", "horizontal_m": 2**52, "vertical_ft": 9})
    assert stranger.is_cut_off()
    alone.refused("no message of the line's vocabulary")
    assert alone.end.line()["fallbacks"] == []
    stranger.close()


def test_a_room_that_lost_what_it_had_receipted_is_told_apart(alone: Alone) -> None:
    stranger = alone.met()
    alone.end.say("comment", words="one", language="en")
    told = stranger.frame()
    stranger.send(frame="receipt", number=0, countersignature=stranger.key.sign(told["document"].encode()).hex())
    alone.end.until(lambda: alone.end.line()["unreceipted_count"] == 0, "the receipt")
    stranger.close()
    forgetful = alone.stranger()
    forgetful.hello()
    assert forgetful.is_cut_off()
    alone.refused("lost messages of ours that it had receipted")
    forgetful.close()


def test_who_shows_no_key_does_not_keep_out_who_has_it(alone: Alone) -> None:
    idle = [socket.create_connection(("127.0.0.1", alone.port), timeout=20) for _ in range(20)]
    stranger = alone.met()
    stranger.say(COMMENT)
    assert stranger.frame()["frame"] == "receipt"
    for one in idle:
        one.close()
    stranger.close()


def test_a_line_goes_on_only_in_the_record_where_it_began(alone: Alone, tmp_path: Path) -> None:
    alone.end.room.stop()
    done = run_words(
        "run", "--alone", "--headless", "--json", "--port", "0", "--cot-port", "0", "--without-video",
        "--line", str(alone.ours), "--data", str(tmp_path / "another"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "goes on only there" in done.stderr


def test_their_clock_is_shown_beside_ours(alone: Alone) -> None:
    room_us = alone.end.room.get("/api/pulse")["room_us"]
    stranger = alone.stranger()
    stranger.hello(room_us=room_us + 300_000_000)
    alone.end.until(lambda: alone.end.line()["skew_us"] > 290_000_000, "five minutes ahead")
    stranger.close()


def test_a_warning_from_a_slow_clock_is_shown_and_asks_until_somebody_has_seen_it(alone: Alone) -> None:
    room_us = alone.end.room.get("/api/pulse")["room_us"] // 1_000_000 * 1_000_000
    over = volume(alone.end.room, from_us=room_us - 300_000_000, until_us=room_us - 120_000_000)
    stranger = alone.met()
    stranger.say({"kind": "urgent", "cause": "medical", "volume": over})
    assert stranger.frame()["frame"] == "receipt"
    alone.end.until(lambda: alone.end.line()["urgents"][0]["asked"], "that somebody is asked")
    assert not alone.end.line()["urgents"][0]["is_seen"]
    stranger.close()


def test_the_same_message_again_is_answered_as_it_stands_and_counts_once(alone: Alone) -> None:
    stranger = alone.met()
    document = stranger.say(COMMENT)
    first = stranger.frame()
    stranger.tell(document)
    assert stranger.frame() == first
    stranger.close()
    again = alone.met(said=stranger.said)
    again.tell(document)
    assert again.frame() == first, "replayed from yesterday"
    assert len(alone.end.line()["comments"]) == 1
    again.close()


def test_another_key_is_turned_away_and_on_record(alone: Alone, tmp_path: Path) -> None:
    words("invite", str(tmp_path / "thief"), "--party", "MRN")
    thief = Stranger(alone.theirs, alone.port, certificate=tmp_path / "thief")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        thief.frame()
    thief.close()
    alone.refused("does not hold the key that was exchanged")
    assert alone.end.line()["measured"] == "never heard"


def test_what_we_said_without_a_receipt_is_said_again_and_a_forged_receipt_is_none(alone: Alone) -> None:
    stranger = alone.met()
    alone.end.say("notice", volume=volume(alone.end.room))
    told = stranger.frame()
    assert told["frame"] == "told"
    stranger.send(frame="receipt", number=0, countersignature="0" * 128)
    assert stranger.is_cut_off()
    stranger.close()
    alone.refused("its receipt is not signed with the key")
    assert alone.end.notice()["standing"] == "sent"
    again = alone.met()
    assert again.frame() == told
    again.send(frame="receipt", number=0, countersignature=again.key.sign(told["document"].encode()).hex())
    alone.end.until(lambda: alone.end.notice()["standing"] == "received", "a true receipt")
    again.close()


def test_a_clock_five_minutes_off_changes_nothing_that_is_shown_as_agreed(alone: Alone) -> None:
    room_us = alone.end.room.get("/api/pulse")["room_us"]
    stranger = alone.met()
    late_us = room_us // 1_000_000 * 1_000_000
    over = volume(alone.end.room, from_us=late_us - 600_000_000, until_us=late_us - 300_000_000)
    stranger.say({"kind": "notice", "volume": over}, sent_us=room_us - 300_000_000)
    assert stranger.frame()["frame"] == "receipt"
    assert alone.end.notice()["standing"] == "expired", "by our clock it is over, whatever theirs says"
    stranger.say({"kind": "notice", "volume": volume(alone.end.room)}, sent_us=room_us + 300_000_000)
    assert stranger.frame()["frame"] == "receipt"
    assert alone.end.notice()["standing"] == "received"
    stranger.close()


@pytest.fixture
def wire() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_silence_is_seen_within_ten_seconds_and_what_was_said_meanwhile_arrives(
    start_room: Start, tmp_path: Path, wire: Proxy
) -> None:
    port = free_port()
    ours, theirs = opened_pair(tmp_path, port, reached=wire.port)
    wire.to(port)
    ald, mrn = (End(start_room("--line", str(folder)), folder) for folder in (ours, theirs))
    for end in (ald, mrn):
        end.until(lambda end=end: end.line()["measured"] == "heard", "a heartbeat")
    wire.hold()
    for end in (ald, mrn):
        end.until(lambda end=end: end.line()["measured"] == "silent", "silence shown as silence", wait_s=12)
    ald.say("notice", volume=volume(ald.room))
    assert ald.notice()["standing"] == "sent"
    wire.cut()
    got = mrn.until(mrn.notice, "the notice, on a new connection")
    assert got["standing"] == "received"
    ald.until(lambda: ald.notice()["standing"] == "received", "the receipt")
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat again")


def test_bytes_that_are_flipped_lost_doubled_or_swapped_on_the_way_change_nothing_that_was_said(
    start_room: Start, tmp_path: Path, wire: Proxy
) -> None:
    port = free_port()
    ours, theirs = opened_pair(tmp_path, port, reached=wire.port)
    wire.to(port)
    ald, mrn = (End(start_room("--line", str(folder)), folder) for folder in (ours, theirs))
    ald.until(lambda: ald.line()["measured"] == "heard", "a heartbeat")
    for number, fault in enumerate(("flip", "lose", "double", "swap"), 1):
        wire.spoil(fault)
        ald.say("comment", words=fault, language="en")
        mrn.until(lambda: len(mrn.line()["comments"]) == number, f"what was said while bytes were spoilt ({fault})")  # noqa: B023
        ald.until(lambda: ald.line()["unreceipted_count"] == 0, "its receipt")
    assert [one["words"] for one in mrn.line()["comments"]] == ["flip", "lose", "double", "swap"]
    for end in (ald, mrn):
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]


@pytest.mark.parametrize("number", range(3))
def test_rooms_killed_in_mid_talk_lose_nothing_that_was_acknowledged(
    start_room: Start, tmp_path: Path, number: int
) -> None:
    folders = opened_pair(tmp_path, free_port())
    ends = [End(start_room("--line", str(folder)), folder) for folder in folders]
    acknowledged: list[list[str]] = [[], []]
    for turn in range(3):
        victim = (turn + number) % 2
        stop = threading.Event()

        def talk(side: int, stop: threading.Event = stop, turn: int = turn) -> None:
            count = 0
            while not stop.is_set():
                text = f"{side} {turn} {count}"
                try:
                    answer = ends[side].try_to_say("comment", words=text, language="en")
                except httpx.TransportError:
                    return  # the room was killed
                if answer.status_code == 200:
                    acknowledged[side].append(text)
                count += 1

        talkers = [threading.Thread(target=talk, args=(side,)) for side in (0, 1)]
        for talker in talkers:
            talker.start()
        goal = len(acknowledged[victim]) + 5 + 7 * number
        ends[victim].until(lambda goal=goal, victim=victim: len(acknowledged[victim]) >= goal, "some words")
        os.kill(ends[victim].room.process.pid, signal.SIGKILL)
        stop.set()
        for talker in talkers:
            talker.join(30)
        data = ends[victim].room.data
        ends[victim].room.kill()
        ends[victim] = End(start_room("--line", str(folders[victim]), data=data), folders[victim])
    for end in ends:
        end.until(lambda end=end: end.line()["unreceipted_count"] == 0, "every receipt", wait_s=60)
    for end in ends:
        assert end.room.stop() == 0
        assert verified(end.room.data)["holds"]
    found = copies(tmp_path, (ends[0], ends[1]))
    assert '"holds"' in words("log", "verify", *found, "--json")
    held = Path(found[1]).read_text()
    for said in acknowledged:
        assert said
        for text in said:
            assert f'\\"words\\":\\"{text}\\"' in held
