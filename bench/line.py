"""The line: notices said, receipted, read back and receipted by two rooms; and a joint log of 10,000 messages verified.

Both rooms are the product's own writers, records, desks and TLS connections, in one process on one event loop, so that
its CPU time is what one core spends on both. People's signatures and HTTP are left out.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from _figures import Figure, absolute, calibration_s, tell
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.app.clock import EntryClock
from watchfloor.app.line_desk import LineDesk
from watchfloor.app.resume import read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.labels import label_for
from watchfloor.edge.cli.line_verify import verdict_of
from watchfloor.edge.lines import LineSetup, OpenLines, held_lines
from watchfloor.edge.other_room import free_port
from watchfloor.edge.stores.folder import FileKey
from watchfloor.edge.stores.line_folder import LineFolder, digits_of
from watchfloor.edge.stores.media_files import MediaFiles
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.line.chain import NOTHING, digest_of
from watchfloor.line.joint import Copy, Finding
from watchfloor.line.session import Line
from watchfloor.line.standing import Standing, fields_of
from watchfloor.messages.acts import Actor, LogHead, SeatKind
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.entry import Entry
from watchfloor.messages.line import (
    AnyLineBody,
    LineCopyHead,
    LineMessage,
    LineParty,
    LinePlace,
    LineVolume,
    NoticeReadBack,
    ReadBackField,
    SignedLine,
    VolumeNotified,
)
from watchfloor.messages.line_record import LineHeard, LineKind, LineSpoken
from watchfloor.messages.room import Context
from watchfloor.messages.signed import SignedAct
from watchfloor.record.keys import Signers

NOTICES, GOAL_PER_MIN = 1_000, 1_000
MESSAGES, ROUNDS, GOAL_S = 10_000, 7, 2.0
LABEL = label_for(("ALD",))
CORNERS = ((-375_000_000, 1_140_000_000), (-375_000_000, 1_141_000_000), (-374_000_000, 1_140_000_000))


class Room:
    """One room's record and line; whoever speaks there reads back every notice at once."""

    def __init__(self, folder: Path, line: Path) -> None:
        (folder / "record").mkdir(parents=True)
        self.folder = folder
        key = FileKey(Ed25519PrivateKey.generate(), f"watchfloor/{folder.name}")
        self.store = LogFiles(folder)
        past = read_past(self.store, Signers(key.key))
        self.store.begin(past.edge())
        self.held = held_lines([line])
        self.line_id = self.held[0].file.ours.line_id
        desk = LineDesk({self.line_id: self.held[0].key})
        self.writer = Writer(self.store, EntryClock(0), (key,), past, None, desk)
        self.lines, self.count = OpenLines(self.held, ()), 0

    async def open(self) -> list[asyncio.Task[None]]:
        self.writer.start()
        self.writer.listen(self)
        return [
            asyncio.create_task(work)
            for work in await self.lines.open(self.writer, LineSetup(LABEL), MediaFiles(self.folder))
        ]

    def say(self, body: AnyLineBody) -> None:
        self.count += 1
        act = LineSpoken(
            act_id=f"{self.count:032x}", room_id="room", person_id="p-1", seat_id="line", at_us=1,
            head=LogHead(0, NOTHING), line_id=self.line_id, body=body,
        )  # fmt: skip
        actor = Actor("p-1", "line", "line-officer", "ALD", SeatKind.PERSON, ("call", "read_back"))
        signed = SignedAct(canonical_bytes(act).decode(), "0" * 128, "0" * 16, actor, LABEL)
        self.writer.enter_soon(Input("seat:line", act.act_id, signed))

    def told(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.body, LineHeard):
                document = entry.body.signed.document
                body = msgspec.json.decode(document, type=LineMessage).body
                if isinstance(body, VolumeNotified):
                    said = tuple(ReadBackField(*one) for one in map(_typed, fields_of(body.volume).items()))
                    self.say(NoticeReadBack(about=digest_of(document), fields=said))

    def standings(self) -> set[Standing]:
        return {notice.standing for notice in self.line().notices.values()}

    def line(self) -> Line:
        return self.writer.state.lines[self.line_id]


def _typed(field: tuple[str, int]) -> tuple[str, str]:
    return field[0], str(field[1])


def volume(number: int) -> LineVolume:
    corners = tuple(LinePlace(lat, lon + 100 * number) for lat, lon in CORNERS)
    until_us = (time.time_ns() // 10**9 + 3_600) * 10**6
    return LineVolume(outline=corners, floor_ft=10_000, ceiling_ft=14_000, from_us=until_us - 10**6, until_us=until_us)


def joined(folder: Path) -> tuple[Path, Path]:
    """Both folders of a line on this machine, opened."""
    ours, theirs = LineFolder(folder / "ours"), LineFolder(folder / "theirs")
    address = f"127.0.0.1:{free_port()}"
    first = ours.begin("air-bench", LineKind.AIR, "ALD", listen=address, address=address, invited=True)
    second = theirs.begin("air-bench", LineKind.AIR, "MRN")
    theirs.accept(first.ours)
    ours.accept(second.ours)
    theirs.open(digits_of(ours.read())[0])
    ours.open(digits_of(theirs.read())[0])
    return ours.path, theirs.path


async def talk(folder: Path) -> float:
    """Notices a minute of one core's time, from the first said to the last receipt."""
    rooms = [Room(folder / f"room{place}", line) for place, line in enumerate(joined(folder))]
    tasks = [task for room in rooms for task in await room.open()]
    while any(room.line().measured is None for room in rooms):
        await asyncio.sleep(0.01)
    began = time.process_time()
    for number in range(NOTICES):
        rooms[0].say(VolumeNotified(volume=volume(number)))
    while any(room.standings() != {Standing.READ_BACK} or len(room.line().countersigned) < NOTICES for room in rooms):
        await asyncio.sleep(0.05)
    spent_s = time.process_time() - began
    for room in rooms:
        room.lines.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for room in rooms:
        await room.writer.close()
        room.store.close()
    return NOTICES * 60 / spent_s


def copies() -> tuple[Copy, Copy]:
    """Two copies of a joint log, each message signed and countersigned; the parties speak in turn."""
    private = {name: Ed25519PrivateKey.generate() for name in ("ALD", "MRN")}
    parties = tuple(LineParty(name, key.public_key().public_bytes_raw().hex()) for name, key in private.items())
    heads, counts, lines = {"ALD": NOTHING, "MRN": NOTHING}, {"ALD": 0, "MRN": 0}, []
    for number in range(MESSAGES):
        name, other = ("ALD", "MRN") if number % 2 else ("MRN", "ALD")
        message = LineMessage(
            context=Context.EXERCISE, line_id="air-bench", party=name, number=counts[name],
            previous=heads[name], seen=heads[other], sent_us=number, body=VolumeNotified(volume=volume(number)),
        )  # fmt: skip
        document = canonical_bytes(message).decode()
        marks = [private[one].sign(document.encode()).hex() for one in (name, other)]
        lines.append(SignedLine(document, *marks))
        heads[name], counts[name] = digest_of(document), counts[name] + 1
    held = [
        LineCopyHead(context=Context.EXERCISE, line_id="air-bench", copy_of=name, parties=parties) for name in private
    ]
    return Copy(held[0], (*lines[1::2], *lines[::2])), Copy(held[1], (*lines[::2], *lines[1::2]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        rate = asyncio.run(talk(Path(name)))
    load = f"{NOTICES} notices; both rooms, their records and TLS on one core's time"
    words = {"unit": "a minute", "better": "higher", "goal": GOAL_PER_MIN, "rounds": 1, "load": load}
    tell(Figure("notices read back and receipted", rate, None, None, **words), as_json=as_json)
    one, other = copies()
    spent, calibrations = [], []
    for _ in range(ROUNDS):
        calibrations.append(calibration_s())
        began = time.perf_counter()
        verdict = verdict_of(one, other)
        spent.append(time.perf_counter() - began)
        if verdict.finding is not Finding.HOLDS:
            raise SystemExit(f"the copies do not hold: {verdict.words}")
    load = f"{MESSAGES} messages, {2 * MESSAGES} signatures, both copies"
    words = {"unit": "s", "better": "lower", "goal": GOAL_S, "load": load}
    tell(absolute("joint log verified", spent, calibrations, **words), as_json=as_json)


if __name__ == "__main__":
    main()
