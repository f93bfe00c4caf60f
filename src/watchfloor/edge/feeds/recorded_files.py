"""Reading recorded files: Mode S frames, observations, captured datagrams.

| format | file |
|---|---|
| `modes-csv` | columns `timestamp` (seconds since 1970, UTC) and `frame` (14 or 28 hex digits) |
| `modes-jsonl` | one JSON object a line with the same two names, as jet1090 writes it |
| `csv`, `geojson`, `parquet` | observations by the names of their fields (`wire/observed`) |
| `asterix`, `stanag4609` | a stream as it was sent (`recorded_streams`) |
| a connected feed's | a packet capture (`.pcap`, `.pcapng`): the payloads of its UDP datagrams |

Short replies padded to 28 digits are cut to their 7 bytes. Rows must not go back in time by more than a second.
**Source**: captures by dpkt, Parquet by pyarrow (extra `analysis`).
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dpkt

from watchfloor.app.settings import CAPTURES
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.edge.feeds.recorded import Datagram, Recording
from watchfloor.edge.feeds.recorded_streams import read_asterix, read_video
from watchfloor.messages.air import Observation
from watchfloor.wire import observed
from watchfloor.wire.adsb import TimedFrame
from watchfloor.wire.observed import BACKWARDS_US, MOST_ROWS

_SHORT_FORMATS = 16
LATEST_US = 2**53
_LINKS = {
    dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
    dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
    dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
    dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    dpkt.pcap.DLT_RAW: dpkt.ip.IP,
}


def read_recording(path: Path, form: str) -> Recording:
    """All that a recorded file holds, in order.

    **Raises**: InputError, naming file and line, at the first row that is none; UnavailableError, when a package that
    reads it is not installed.
    """
    read = read_capture if path.name.lower().endswith(CAPTURES) else READERS[form]
    try:
        found = read(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"`{path}` cannot be read: {error}", field="path") from error
    if not found:
        raise InputError(f"{path}: no rows", field="path")
    return found


def read_frames(path: Path) -> list[TimedFrame]:
    """The frames of a CSV file.

    **Raises**: InputError, naming file and line, at the first row that is none.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not {"timestamp", "frame"} <= set(rows.fieldnames or ()):
            raise InputError(f"{path}:1: needs the columns `timestamp` and `frame`", field="path")
        return _frames(path, ((rows.line_num, row) for row in rows))


def read_json_frames(path: Path) -> list[TimedFrame]:
    """The frames of a file of JSON lines.

    **Raises**: InputError, naming file and line, at the first row that is none.
    """

    def rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}:{number}: no JSON: {error}", field="frame") from error
            if row:
                yield number, row if isinstance(row, dict) else {}

    with path.open(encoding="utf-8") as file:
        return _frames(path, rows(file))


def _frames(path: Path, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> list[TimedFrame]:
    frames: list[TimedFrame] = []
    for number, row in rows:
        if len(frames) >= MOST_ROWS:
            raise InputError(f"{path}: over {MOST_ROWS} rows; cut the file", field="path")
        frames.append(_frame(path, number, row))
        if len(frames) > 1 and frames[-1].toa_us < frames[-2].toa_us - BACKWARDS_US:
            raise InputError(f"{path}:{number}: the time goes back", field="timestamp")
    return frames


def _frame(path: Path, line: int, row: Mapping[str, Any]) -> TimedFrame:
    try:
        toa_us = round(float(row["timestamp"]) * 1e6)
        frame = bytes.fromhex(row["frame"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}:{line}: no time and frame: {error}", field="frame") from error
    if not 0 <= toa_us < LATEST_US:
        raise InputError(f"{path}:{line}: `timestamp` is seconds since 1970", field="timestamp")
    if frame and frame[0] >> 3 < _SHORT_FORMATS:
        frame = frame[:7]
    if len(frame) not in (7, 14):
        raise InputError(f"{path}:{line}: a frame has 14 or 28 hex digits", field="frame")
    return TimedFrame(toa_us, frame)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors inside are told with the file that they are in."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}", field=error.field) from error


def _read_csv(path: Path) -> list[Observation]:
    with path.open(newline="", encoding="utf-8-sig") as file, _named(path):
        return observed.from_csv(file)


def _read_geojson(path: Path) -> list[Observation]:
    with _named(path):
        return observed.from_geojson(path.read_bytes())


def _read_parquet(path: Path) -> list[Observation]:
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError("Parquet needs pyarrow: pip install 'watchfloor[analysis]'") from error
    try:
        with pq.ParquetFile(path) as file, _named(path):
            names = [name for name in file.schema_arrow.names if name in observed.COLUMNS]
            batches = file.iter_batches(columns=names)
            return observed.from_rows(row for batch in batches for row in batch.to_pylist())
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: no Parquet: {error}", field="path") from error


def read_capture(path: Path) -> list[Datagram]:
    """The UDP datagrams of a packet capture; what is cut short or none is left out.

    **Raises**: InputError, when it is no capture, or none that this reads.
    """
    with path.open("rb") as file:
        try:
            packets = dpkt.pcap.UniversalReader(file)
            link = _LINKS.get(packets.datalink())
            if link is None:
                raise InputError(f"{path}: packets of a link that is not read ({packets.datalink()})", field="path")
            found = [
                Datagram(round(float(at_s) * 1e6), payload) for at_s, raw in packets if (payload := _udp(link, raw))
            ]
        except (ValueError, dpkt.Error, EOFError) as error:
            raise InputError(f"{path}: no packet capture: {error}", field="path") from error
    return sorted(found, key=lambda datagram: datagram.toa_us)


def _udp(link: Callable[[bytes], Any], raw: bytes) -> bytes:
    try:
        packet = link(raw)
    except (dpkt.Error, IndexError, ValueError):
        return b""
    internet = packet if isinstance(packet, dpkt.ip.IP) else packet.data
    datagram = getattr(internet, "data", None)
    return bytes(datagram.data) if isinstance(datagram, dpkt.udp.UDP) else b""


READERS: Mapping[str, Callable[[Path], Recording]] = {
    "asterix": read_asterix,
    "csv": _read_csv,
    "geojson": _read_geojson,
    "modes-csv": read_frames,
    "modes-jsonl": read_json_frames,
    "parquet": _read_parquet,
    "stanag4609": read_video,
}
