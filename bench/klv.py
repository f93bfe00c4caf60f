"""A drone's metadata and stream beside tstrans, the bare library, on the same bytes in the same run.

Both read packets of metadata to numbers; and both take a video's stream in datagrams to its metadata. Ours also cuts it
to the allow-list, and gives on the whole stream without the rest.
"""

import argparse
import sys
import time
from collections.abc import Callable

from _figures import paired, tell
from tstrans.klv import decode_uas_datalink
from tstrans.mpegts import Demuxer, DemuxEvent

from watchfloor.edge.stores.packs import load_pack
from watchfloor.exercise.camera import Cameras
from watchfloor.messages.feeds import Arrival
from watchfloor.messages.video import CameraView
from watchfloor.wire import klv_stream, st0601
from watchfloor.wire.live_video import LiveVideoFeed

SECONDS, REPEATED, ROUNDS, GOAL = 20, 10, 7, 0.7
DATAGRAM_BYTES = 7 * 188


def video() -> bytes:
    """What a simulated camera sends."""
    pack = load_pack("eight-thirty")
    cameras = Cameras(pack)
    cameras.begin(pack.start_us)
    return b"".join(dict(cameras.at(pack.start_us + n * 100_000))["HV"] for n in range(10 * SECONDS))


def rate(work: Callable[[], int]) -> float:
    """How many a CPU second."""
    began = time.process_time()
    count = sum(work() for _ in range(REPEATED))
    return count / (time.process_time() - began)


def ours_of(raw: bytes) -> int:
    """Metadata of a stream, by the room's feed; answers the packets of the stream."""
    feed, arrival, views = LiveVideoFeed(), Arrival(0, is_datagram=True), 0
    state = feed.begin()
    for place in range(0, len(raw), DATAGRAM_BYTES):
        state, found = feed.step(state, raw[place : place + DATAGRAM_BYTES], arrival)
        views += sum(isinstance(one, CameraView) for one in found)
    assert views == 5 * SECONDS, views
    return len(raw) // 188


def peers_of(raw: bytes) -> int:
    """The same by tstrans."""
    reader, read = Demuxer(), 0
    for place in range(0, len(raw), DATAGRAM_BYTES):
        reader.feed(raw[place : place + DATAGRAM_BYTES])
        for event in reader:
            if isinstance(event, DemuxEvent.Metadata):
                decode_uas_datalink(event.payload)
                read += 1
    reader.flush()
    for event in reader:
        if isinstance(event, DemuxEvent.Metadata):
            decode_uas_datalink(event.payload)
            read += 1
    assert read == 5 * SECONDS, read
    return len(raw) // 188


def main() -> int:
    """Print the figures; exit code 1, when a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    raw = video()
    records = [st0601.encode(packet.items) for packet in klv_stream.clean(raw).packets]
    pairs = [
        (
            rate(lambda: sum(bool(st0601.values_of(st0601.parse(one))) for one in records)),
            rate(lambda: sum(bool(decode_uas_datalink(one)) for one in records)),
            rate(lambda: ours_of(raw)),
            rate(lambda: peers_of(raw)),
        )
        for _ in range(ROUNDS)
    ]
    one, other, stream, peer = (list(part) for part in zip(*pairs, strict=True))
    figures = [
        paired("metadata to numbers", one, other, unit="packets/s", better="higher", goal=GOAL, load="packets"),
        paired(
            "stream to metadata", stream, peer, unit="TS packets/s", better="higher", goal=GOAL,
            load=f"{SECONDS} s of video in datagrams of {DATAGRAM_BYTES} bytes",
        ),
    ]  # fmt: skip
    for figure in figures:
        tell(figure, as_json=as_json)
    return 0 if all(figure.holds() for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
