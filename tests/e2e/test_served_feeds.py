"""Feeds that `serve` connects to: over TLS, for some viewers alone, and what becomes of those that say nothing."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.e2e.test_tak_tls import context_from, dialled, heard, invited
from tests.support.running import RunningRoom, run_words
from watchfloor.edge.tak.certificates import TakClients, utc_now


def event(uid: str, place: float) -> bytes:
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    now, stale = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=30)
    return (
        f'<event version="2.0" uid="{uid}" type="a-n-A-C" time="{now.strftime(form)}" start="{now.strftime(form)}" '
        f'stale="{stale.strftime(form)}" how="m-g"><point lat="47" lon="{place}" hae="900" ce="9" le="9"/></event>'
    ).encode()


class Gateway:
    """A server that tells each who connects an event now and then; over TLS with a context, nothing without a uid."""

    def __init__(self, uid: str = "", context: ssl.SSLContext | None = None, place: float = 8.0) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.count = 0
        self._uid, self._context, self._place = uid, context, place
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with self._context.wrap_socket(client, server_side=True) if self._context else client as told:
                while not self._ended.wait(0.2):
                    if self._uid:
                        told.sendall(event(self._uid, self._place))
        except OSError:
            return

    def close(self) -> None:
        self._ended.set()
        self._server.close()


@pytest.fixture
def gateways() -> Iterator[list[Gateway]]:
    made: list[Gateway] = []
    yield made
    for one in made:
        one.close()


def table(feed_id: str, port: int, **more: object) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in more.items()]
    return "\n".join(["[[feeds]]", f'id = "{feed_id}"', 'format = "cot"', f'connect = "localhost:{port}"', *lines, ""])


def serve(folder: Path, start_room: Callable[..., RunningRoom], text: str, *words: str) -> RunningRoom:
    config = folder / "w.toml"
    config.write_text(text)
    return start_room("--config", str(config), *words, command="serve")


def state_of(room: RunningRoom, feed_id: str) -> str:
    return next(str(feed["state"]) for feed in room.get("/api/pulse")["feeds"] if feed["feed_id"] == feed_id)


def uids(room: RunningRoom) -> set[str]:
    return {feature["properties"]["identity"].removeprefix("cot:") for feature in room.get("/api/tracks")["features"]}


def test_a_source_over_tls_is_read_when_both_are_who_they_should_be_and_never_else(
    tmp_path: Path, start_room: Callable[..., RunningRoom], gateways: list[Gateway]
) -> None:
    ours, theirs = TakClients(tmp_path / "ca"), TakClients(tmp_path / "other")
    for clients, name in ((ours, "ours"), (theirs, "theirs")):
        invitation = clients.invite("", "room", (), utc_now())
        (tmp_path / f"{name}.pem").write_bytes(invitation.certificate.public_bytes(Encoding.PEM))
        key = invitation.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{name}.key").write_bytes(key)
    gateways += [Gateway("BOTH", ours.context()), Gateway("STRANGE", theirs.context()), Gateway("BARE", ours.context())]
    tls = '[feeds.tls]\nca = "ca/ca.pem"\n'
    known = tls + 'cert = "ours.pem"\nkey = "ours.key"\n'
    text = (
        table("BOTH", gateways[0].port) + known + table("STRANGE", gateways[1].port) + known
        + table("BARE", gateways[2].port, lost_s=20) + tls
    )  # fmt: skip
    room = serve(tmp_path, start_room, text)
    room.until(lambda: uids(room) == {"BOTH"}, "the one that both know")
    room.until(lambda: gateways[1].count >= 2 and gateways[2].count >= 2, "the others, tried again")
    assert uids(room) == {"BOTH"}
    room.stop()
    assert "certificate verify failed" in room.errors


def test_a_source_that_goes_without_a_word_is_hung_up_on_and_one_that_never_answers_is_lost(
    tmp_path: Path, start_room: Callable[..., RunningRoom], gateways: list[Gateway]
) -> None:
    gateways.append(Gateway())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        text = table("DUMB", gateways[0].port, stale_s=0.5, lost_s=1) + table(
            "NOBODY", nobody.getsockname()[1], stale_s=0.5, lost_s=1
        )
        room = serve(tmp_path, start_room, text)
        room.until(lambda: state_of(room, "DUMB") == state_of(room, "NOBODY") == "lost", "both to be lost")
        room.until(lambda: gateways[0].count >= 3, "the silent one to be connected to anew")
    room.stop()
    assert "feed silent: connecting anew" in room.errors


def test_what_a_feed_tells_is_seen_by_those_alone_whom_its_settings_name(
    tmp_path: Path, start_room: Callable[..., RunningRoom], gateways: list[Gateway]
) -> None:
    gateways += [Gateway("ALL", place=8.0), Gateway("ALD", place=9.0), Gateway("CLOSE", place=10.0)]
    text = '[room]\nnations = ["ALD", "BVY"]\n' + "".join(
        table(feed_id, one.port, **marks)
        for feed_id, one, marks in zip(
            ("ALL", "ALD", "CLOSE"),
            gateways,
            ({}, {"nations": ["ALD"]}, {"nations": ["ALD"], "level": "secret", "need_to_know": ["SOURCES"]}),
            strict=True,
        )
    )
    text += '[cot]\nnations = ["ALD"]\n[[viewers]]\nid = "ald-cell"\nnations = ["ALD"]\nlevel = "secret"\n'
    text += 'need_to_know = ["SOURCES"]\n'
    package, told = invited(tmp_path, "Cell", "ald-cell")
    room = serve(tmp_path, start_room, text, "--tak-tls", str(tmp_path / "tak"), "--tak-tls-port", "0")
    with (
        dialled(room, context_from(package, told["password"])) as cell,
        socket.create_connection(("127.0.0.1", room.cot_port), timeout=30) as plain,
    ):
        heard(cell, lambda got: all(f'uid="{uid}"'.encode() in got for uid in ("ALL", "ALD", "CLOSE")))
        told_plain = b""
        while told_plain.count(b'uid="ALD"') < 3 or told_plain.count(b'uid="ALL"') < 3:
            told_plain += plain.recv(1 << 16)
        assert b'uid="CLOSE"' not in told_plain
        assert b"<remarks>LIVE - CIVIL, NOT CERTIFIED</remarks>" in told_plain
    assert uids(room) == {"ALL"}, "the open wall shows what all nations may see"
    assert [feed["feed_id"] for feed in room.get("/api/pulse")["feeds"]] == ["ALL", "TAK"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (table("A", 1, stale_s=-1, lost_s=5), "`stale_s` is over 0"),
        (table("A", 1, stale_s=60, lost_s=5), "`lost_s` over that"),
        ('[[feeds]]\nid = "A"\nformat = "cot"\nconnect = "a:1"\nstale_s = nan\n', "`stale_s` is over 0"),
        (table("A", 1, nations=["ALD"]), "`ALD` is none of room.nations"),
        (table("A", 1, level="cosmic"), "`level` is one of open, restricted, secret"),
        (table("A", 1, need_to_know=["a b"]), "`need_to_know`"),
        (table("A", 1, beyond_this_machine=True), "`beyond_this_machine` is for `listen`"),
        ('[[feeds]]\nid = "A"\nformat = "cot"\nlisten = "0.0.0.0:9"\n', "beyond_this_machine = true"),
        (table("A", 1) + '[feeds.tls]\nca = "none.pem"\n', "none.pem` cannot be used"),
        (table("A", 1) + '[feeds.tls]\nkey = "k.pem"\n', "`key` is that of `cert`"),
        ('[room]\nnations = ["Aldova"]\n' + table("A", 1), "three capital letters"),
        (table("A", 1) + '[[viewers]]\nid = "v"\n[[viewers]]\nid = "v"\n', "have one id"),
        (table("A", 1) + '[cot]\nid = "v"\n', "has no `id`"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_what_and_where(tmp_path: Path, text: str, reason: str) -> None:
    config = tmp_path / "w.toml"
    config.write_text(text)
    done = run_words("serve", "--config", str(config), "--data", str(tmp_path / "room"), "--headless")
    assert done.returncode == 2
    assert reason in done.stderr
    assert not (tmp_path / "room").exists()
