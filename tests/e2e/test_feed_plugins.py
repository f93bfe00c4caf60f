"""A stranger's feed, installed as a package: listed, checked, connected; and connected sources of every form."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aviconv_asterix import Cat048Record, encode_records

from tests.property.test_feeds import SAMPLES
from tests.support.running import RunningRoom, run_words

PLUGIN = """
from watchfloor.messages.air import Observation
class Feed:
    name = "wind"
    def begin(self): return b""
    def step(self, state, chunk, arrival):
        *done, rest = (state + chunk).split(b"\\n")
        one = Observation(identity="icao:abc123", toa_us=arrival.room_us, lat_deg=47.0, lon_deg=8.0)
        return rest[:1000], [one] * done.count(b"here")
    def rest(self, state): return state
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as an installer would lay it out."""
    home = tmp_path / "site"
    info = home / "wind_feed-1.0.dist-info"
    info.mkdir(parents=True)
    (home / "wind_feed.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wind-feed\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[watchfloor.feeds]\nwind = wind_feed:Feed\n")
    monkeypatch.setenv("PYTHONPATH", str(home))
    return home


@pytest.fixture
def source() -> Iterator[Callable[[bytes], int]]:
    """Serves bytes once to whoever connects; answers its port."""
    opened: list[socket.socket] = []

    def serve(raw: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def work() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            connection.sendall(raw)

        threading.Thread(target=work, daemon=True).start()
        return int(listener.getsockname()[1])

    yield serve
    for one in opened:
        one.close()


def test_a_strangers_feed_is_listed_checked_and_connected(
    plugin: Path, source: Callable[[bytes], int], start_room: Callable[..., RunningRoom], tmp_path: Path
) -> None:
    assert "wind         installed" in run_words("feed", "list").stdout
    (tmp_path / "sample").write_bytes(b"here\n" * 3)
    checked = run_words("feed", "check", "wind", "--sample", str(tmp_path / "sample"))
    assert checked.returncode == 0, checked.stdout
    port = source(b"here\nelsewhere\n")
    (tmp_path / "w.toml").write_text(f'[[feeds]]\nid = "W"\nformat = "wind"\nconnect = "127.0.0.1:{port}"\n')
    room = start_room("--config", str(tmp_path / "w.toml"), command="serve")
    (track,) = room.until(lambda: room.get("/api/tracks")["features"], "the stranger's track")
    assert track["geometry"]["coordinates"][:2] == [8.0, 47.0]


def test_a_package_that_offers_no_feed_is_named(plugin: Path) -> None:
    (plugin / "wind_feed.py").write_text("Feed = 7\n")
    told = run_words("feed", "list")
    assert (told.returncode, told.stdout) == (2, "")
    assert "the feed `wind` of `wind-feed` is no feed of that name" in told.stderr
    (plugin / "wind_feed-1.0.dist-info" / "entry_points.txt").write_text("[watchfloor.feeds]\ncot = wind_feed:Feed\n")
    (plugin / "wind_feed.py").write_text(PLUGIN.replace('"wind"', '"cot"'))
    assert "has a name that is taken" in run_words("feed", "list").stderr


@pytest.mark.parametrize(("name", "address"), [("avr", "f10001"), ("beast", "f10001"), ("sbs", "4840d6")])
def test_a_receiver_is_heard_in_every_form(
    name: str, address: str, source: Callable[[bytes], int], start_room: Callable[..., RunningRoom], tmp_path: Path
) -> None:
    port = source(SAMPLES[name] + b"rubbish\n")
    (tmp_path / "w.toml").write_text(f'[[feeds]]\nid = "R"\nformat = "{name}"\nconnect = "127.0.0.1:{port}"\n')
    room = start_room("--config", str(tmp_path / "w.toml"), command="serve")
    (track,) = room.until(lambda: room.get("/api/tracks")["features"], "a track")
    assert room.get(f"/api/tracks/{int(address, 16)}")["identity"] == track["properties"]["identity"]
    assert track["properties"]["identity"] == f"icao:{address}"
    (feed,) = [one for one in room.get("/api/pulse")["feeds"] if one["feed_id"] == "R"]
    assert feed["bad_count"] >= 1


def test_an_unknown_feed_is_answered_with_those_there_are(tmp_path: Path) -> None:
    told = run_words("feed", "check", "nonsense")
    assert (told.returncode, told.stdout) == (2, "")
    assert "asterix, avr, beast, cot, remote-id, sbs" in told.stderr
    (tmp_path / "w.toml").write_text('[[feeds]]\nid = "R"\nformat = "nonsense"\nconnect = "127.0.0.1:9"\n')
    assert (
        "`format` is one of asterix, avr, beast, cot, remote-id, sbs"
        in run_words("serve", "--config", str(tmp_path / "w.toml")).stderr
    )


def test_asterix_datagrams_are_heard_on_loopback(start_room: Callable[..., RunningRoom], tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = f'[[feeds]]\nid = "A"\nformat = "asterix"\nlisten = "127.0.0.1:{port}"\n'
    (tmp_path / "w.toml").write_text(config + 'options = {sites = {"25/201" = [50.0, 14.0, 300]}}\n')
    room = start_room("--config", str(tmp_path / "w.toml"), command="serve")
    plot = {"sac": 25, "sic": 201, "rho_nm": 50.0, "theta_deg": 90.0, "flight_level": 330.0}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def heard() -> list[object]:
            sender.sendto(encode_records([Cat048Record(**plot, aircraft_address="3C660C")]), ("127.0.0.1", port))
            sender.sendto(b"\x30\xff\xff", ("127.0.0.1", port))
            found: list[object] = room.get("/api/tracks")["features"]
            return found

        room.until(heard, "the plot's track")
    assert room.get(f"/api/tracks/{0x3C660C}")["identity"] == "icao:3c660c"
    (feed,) = [one for one in room.get("/api/pulse")["feeds"] if one["feed_id"] == "A"]
    assert feed["reasons"] == {"an ASTERIX block with a length that lies": feed["bad_count"]}
    for wrong, said in (
        (config.replace("127.0.0.1", "0.0.0.0"), "say `beyond_this_machine = true` too"),
        (config + "options = {sites = {x = [1]}}\n", "site `x` is no latitude"),
        (config.replace("asterix", "beast") + "options = {a = 1}\n", "`beast` takes no options"),
        (config + 'connect = "h:1"\n', "give one of `path`, `connect` and `listen`"),
    ):
        (tmp_path / "w.toml").write_text(wrong)
        refused = run_words("serve", "--config", str(tmp_path / "w.toml"))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert said in refused.stderr
