"""Whoever reads, now and then or always, ends with the newest of every track, in the order in which they came."""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.app.newest import Newest
from watchfloor.edge.tak.crowd import Crowd, Reader
from watchfloor.wire import cot
from watchfloor.wire.cot_event import CotEvent
from watchfloor.wire.cot_stream import StreamState

READERS = 3
MOMENTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 4)),
        st.tuples(st.just("drop"), st.integers(0, 4)),
        st.tuples(st.just("tell"), st.just(0)),
        st.tuples(st.sampled_from(["come", "pause", "resume", "fill", "turn"]), st.integers(0, READERS - 1)),
    ),
    max_size=60,
)


class Client:
    """What a connection is to its crowd: it takes bytes, and at some write it is full."""

    def __init__(self, crowd: Crowd) -> None:
        self.raw = b""
        self.fills_at_next_write = False
        self.reader = Reader(crowd, self.write)

    def write(self, piece: bytes) -> None:
        """Take bytes."""
        self.raw += piece
        if self.fills_at_next_write:
            self.fills_at_next_write = False
            self.reader.pause()

    def events(self) -> list[CotEvent]:
        """What it was told."""
        _, found = cot.step(StreamState(), self.raw)
        return [one for one in found if isinstance(one, CotEvent)]


def event(key: int, turn: int) -> cot.Outgoing:
    return cot.Outgoing(
        uid=f"A-{key}", type="a-f-A", time_us=turn * 1_000, stale_us=0, lat_deg=0.0, lon_deg=0.0, hae_m=None
    )


@settings(max_examples=600)
@given(MOMENTS)
def test_nobody_misses_the_newest_of_a_track_nor_is_told_it_twice(moments: list[tuple[str, int]]) -> None:
    newest = Newest()
    crowds = [Crowd(newest, "xml"), Crowd(newest, "xml")]
    clients: dict[int, Client] = {}
    held: dict[int, int] = {}
    for turn, (what, which) in enumerate(moments, start=1):
        client = clients.get(which)
        if what == "put":
            held[which] = turn
            newest.put(str(which), event(which, turn))
        elif what == "drop":
            held.pop(which, None)
            newest.drop(str(which))
        elif what == "tell":
            for crowd in crowds:
                crowd.tell()
        elif what == "come" and client is None:
            clients[which] = Client(crowds[0])
            clients[which].reader.catch_up()
        elif client is not None and what == "pause":
            client.reader.pause()
        elif client is not None and what == "resume":
            client.reader.resume()
        elif client is not None and what == "turn":
            client.reader.turn_to(crowds[1])
        elif client is not None and what == "fill":
            client.fills_at_next_write = True
    for client in clients.values():
        client.fills_at_next_write = False
        client.reader.resume()
    for crowd in crowds:
        crowd.tell()
    for client in clients.values():
        told = [(one.uid, one.time_us // 1_000) for one in client.events()]
        assert [turn for _, turn in told] == sorted({turn for _, turn in told})
        last = dict(told)
        assert {f"A-{key}": turn for key, turn in held.items()}.items() <= last.items()
