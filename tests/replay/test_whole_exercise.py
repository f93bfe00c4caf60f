"""The whole exercise over real sockets, with noise: the story's alerts and no other, and nothing refused."""

from collections.abc import Callable

import pytest

from tests.support.running import RunningRoom, verified
from watchfloor.app.moment import moment_at
from watchfloor.app.state import RoomState, fold
from watchfloor.base.instants import hms_from_us
from watchfloor.edge.stores.folder import read_folder
from watchfloor.messages.alerts import AlertRaised
from watchfloor.messages.room import FeedState, FeedStateChanged, InputQuarantined
from watchfloor.record.log import entries_of

WEST_8H_S = -8 * 3600


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ninety_minutes_raise_the_eight_alerts_of_the_story_and_refuse_nothing(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--speed", "20", "--until", "09:29:50")
    assert room.process.wait(400) == 0
    entries = entries_of(read_folder(room.data))
    raised = [entry.body for entry in entries if isinstance(entry.body, AlertRaised)]
    minutes = [hms_from_us(alert.at_us, WEST_8H_S)[:5] for alert in raised]
    assert minutes == ["08:08", "08:17", "08:23", "08:36", "08:42", "08:51", "09:04", "09:09"]
    assert [alert.between_parties for alert in raised] == [False, False, False, True, False, False, True, True]
    assert not [entry for entry in entries if isinstance(entry.body, InputQuarantined)]
    states = [entry.body.state for entry in entries if isinstance(entry.body, FeedStateChanged)]
    assert states == [FeedState.FRESH, FeedState.FRESH]
    assert verified(room.data)["sealed"]


def test_folding_the_record_again_gives_every_outcome_that_was_recorded(
    start_room: Callable[..., RunningRoom],
) -> None:
    room = start_room("--from", "08:07:50", "--speed", "10")
    watch, legal = room.sit("Watch officer, DNM"), room.sit("Legal adviser, FNY")
    assert watch.request("R-1").status_code == 200
    assert legal.advise("R-1", verdict="doubt", words="Not sure.").status_code == 200
    room.until(lambda: room.get("/api/screen")["screen"]["alerts"], "an alert")
    live = room.get("/api/screen")["screen"]
    assert room.stop() == 0
    entries = entries_of(read_folder(room.data))
    state = RoomState()
    for entry in entries:
        state = fold(state, entry)
    assert sorted(state.board.requests) == ["A", "R-0", "R-1"]
    again = RoomState()
    for entry in entries:
        again = fold(again, entry)
    assert again == state
    files = read_folder(room.data)
    moment = moment_at(entries, files, "08:07:55")
    assert moment.picture is None or moment.picture.room_us <= moment.room_us
    assert [request["state"] for request in live["board"]] == ["open", "held"]
