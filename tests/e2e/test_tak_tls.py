"""TAK clients with certificates, over real TLS: whose view they get, and who gets none."""

import json
import socket
import ssl
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from tests.support.running import RunningRoom, run_words
from watchfloor.edge.tak.certificates import TakClients, utc_now


def invited(folder: Path, name: str, seat: str = "watch-dnm") -> tuple[Path, dict[str, str]]:
    """A data package and what was printed about it."""
    out = folder / f"{name}.zip"
    done = run_words("tak", "invite", str(folder / "tak"), "--seat", seat, "--name", name, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def context_from(package: Path, password: str) -> ssl.SSLContext:
    """What a client makes of its package: it trusts that authority alone, and shows that certificate."""
    home = package.parent / package.stem
    with zipfile.ZipFile(package) as archive:
        archive.extractall(home)
    key, certificate, chain = pkcs12.load_key_and_certificates(
        (home / "certs/client.p12").read_bytes(), password.encode()
    )
    trusted = pkcs12.load_pkcs12((home / "certs/server.p12").read_bytes(), password.encode()).additional_certs
    assert key is not None
    assert certificate is not None
    assert [one.certificate for one in trusted] == chain
    (home / "client.pem").write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(cadata=trusted[0].certificate.public_bytes(Encoding.PEM).decode())
    context.load_cert_chain(home / "client.pem")
    return context


def dialled(room: RunningRoom, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", room.started["tak_port"]), timeout=30)
    return context.wrap_socket(plain, server_hostname="localhost")


def heard(client: ssl.SSLSocket, wanted: Callable[[bytes], bool]) -> bytes:
    """What a client is told until it suffices; all there is, when the room hangs up."""
    told = b""
    while not wanted(told):
        data = client.recv(1 << 16)
        if not data:
            return told
        told += data
    return told


def position(uid: str) -> bytes:
    now, stale = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=60)
    form = "%Y-%m-%dT%H:%M:%SZ"
    return (
        f'<event version="2.0" uid="{uid}" type="a-f-G-U-C" time="{now.strftime(form)}" start="{now.strftime(form)}" '
        f'stale="{stale.strftime(form)}" how="m-g"><point lat="-37.5" lon="-114" hae="1" ce="1" le="1"/></event>'
    ).encode()


def test_a_certificate_opens_its_seats_view_until_it_is_revoked(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    package, told = invited(tmp_path, "Tablet 3")
    other, told_other = invited(tmp_path, "Tablet 4", "badge-ald")
    room = start_room("--from", "08:10:00", "--tak-tls", str(tmp_path / "tak"), "--tak-tls-port", "0")
    room.until(lambda: len(room.get("/api/tracks")["features"]) >= 100, "tracks")
    with dialled(room, context_from(package, told["password"])) as client:
        picture = heard(client, lambda got: got.count(b"</event>") > 100)
        assert b'type="t-x-takp-v"' in picture
        assert picture.count(b'opex="e-eight-thirty"') >= 100
        client.sendall(position("DNM-TABLET"))
        with (
            dialled(room, context_from(other, told_other["password"])) as foreign,
            socket.create_connection(("127.0.0.1", room.cot_port), timeout=30) as plain,
        ):
            heard(client, lambda got: b'uid="DNM-TABLET"' in got)
            foreign.sendall(position("ALD-TABLET"))
            told_ald = heard(foreign, lambda got: b'uid="ALD-TABLET"' in got)
            assert b"DNM-TABLET" not in told_ald, "a client's own position is its own nation's"
            told_all = b""
            while told_all.count(b"</event>") < 300:
                told_all += plain.recv(1 << 16)
            assert b"TABLET" not in told_all
        assert [one["callsign"] for one in room.get("/api/pulse")["guests"]] == [], "nor on the open wall"
        listed = run_words("tak", "list", str(tmp_path / "tak")).stdout
        assert f"{told['serial']}  until" in listed
        revoked = run_words("tak", "revoke", str(tmp_path / "tak"), told["serial"])
        assert "revoked: Tablet 3, seat `watch-dnm`" in revoked.stdout
        assert is_hung_up(client)
    assert is_turned_away(room, context_from(package, told["password"]))
    room.stop()
    assert "its certificate was revoked, or has run out" in room.errors
    assert "not listed, was revoked" in room.errors


def is_hung_up(client: ssl.SSLSocket) -> bool:
    """Whether the room ends the connection, before half a minute of silence."""
    try:
        while client.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def is_turned_away(room: RunningRoom, context: ssl.SSLContext) -> bool:
    """Whether a client is told nothing at all."""
    try:
        with dialled(room, context) as client:
            return heard(client, lambda got: b"</event>" in got) == b""
    except (ConnectionError, ssl.SSLError):
        return True


def test_who_has_no_certificate_of_this_folder_gets_nothing(
    tmp_path: Path, start_room: Callable[..., RunningRoom]
) -> None:
    package, told = invited(tmp_path, "Known")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    strange, told_strange = invited(elsewhere, "Stranger")
    ghost, told_ghost = invited(tmp_path, "Ghost", "no-such-seat")
    room = start_room("--from", "08:10:00", "--tak-tls", str(tmp_path / "tak"), "--tak-tls-port", "0")
    known = context_from(package, told["password"])
    bare = ssl.create_default_context()
    bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
    assert is_turned_away(room, bare)
    stranger = context_from(strange, told_strange["password"])
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    assert is_turned_away(room, stranger)
    assert is_turned_away(room, context_from(ghost, told_ghost["password"]))
    with socket.create_connection(("127.0.0.1", room.started["tak_port"]), timeout=30) as plain:
        plain.sendall(position("PLAIN"))
        assert b"event" not in plain.recv(1 << 16)
    with dialled(room, known) as client:
        assert heard(client, lambda got: got.count(b"</event>") > 50), "who may come is served as if nothing had been"
        (tmp_path / "tak" / "clients.json").write_text("{")
        assert is_hung_up(client), "nobody may connect while the list cannot be read"
    assert is_turned_away(room, known)
    room.until(lambda: len(room.get("/api/tracks")["features"]) > 50, "tracks: the room itself goes on")


def test_certificates_run_out(tmp_path: Path) -> None:
    clients = TakClients(tmp_path)
    held = clients.invite("watch-dnm", "Old", (), utc_now() - timedelta(days=91)).client
    assert clients.find(held.fingerprint, utc_now() - timedelta(days=2)) == held
    assert clients.find(held.fingerprint, utc_now()) is None
    assert clients.find("0" * 64, utc_now()) is None
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("*.key")} == {0}


def test_a_package_says_where_to_connect_and_is_never_written_over(tmp_path: Path) -> None:
    package, told = invited(tmp_path, "A & <B>")
    with zipfile.ZipFile(package) as archive:
        assert set(archive.namelist()) == {
            "MANIFEST/manifest.xml", "certs/watchfloor.pref", "certs/server.p12", "certs/client.p12",
        }  # fmt: skip
        ET.fromstring(archive.read("MANIFEST/manifest.xml"))
        entries = {
            entry.get("key"): entry.text for entry in ET.fromstring(archive.read("certs/watchfloor.pref")).iter()
        }
    assert entries["connectString0"] == "localhost:8089:ssl"
    assert entries["clientPassword"] == told["password"]
    words = ("tak", "invite", str(tmp_path / "tak"), "--name", "B", "--out")
    again = run_words(*words, str(package))
    assert (again.returncode, "exists" in again.stderr) == (2, True)
    nowhere = run_words(*words, str(tmp_path / "b.zip"), "--address", "nowhere")
    assert (nowhere.returncode, "no `host:port`" in nowhere.stderr) == (2, True)
    empty = run_words("run", "--tak-tls", str(tmp_path / "none"), "--data", str(tmp_path / "room"), "--headless")
    assert (empty.returncode, "invites nobody yet" in empty.stderr) == (2, True)
    assert not (tmp_path / "room").exists()
    unknown = run_words("tak", "revoke", str(tmp_path / "tak"), "ff")
    assert (unknown.returncode, "no certificate with the serial number" in unknown.stderr) == (2, True)
