"""Looking back on a record as one process: the wall on a recording, and seats whose notes enter the same record."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from pathlib import Path

import uvicorn
from msgspec import Struct

from watchfloor.app.clock import EntryClock
from watchfloor.app.doctrine import everyone
from watchfloor.app.replay import entries_of
from watchfloor.app.replaying import Recording
from watchfloor.app.resume import read_past
from watchfloor.app.seats import Seats
from watchfloor.app.what_if import WhatIf, branch
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.edge.api.app import make_app
from watchfloor.edge.api.replay import ReplayDoors
from watchfloor.edge.api.replay_position import ReplayStage
from watchfloor.edge.host import HOSTS, SERVED, QuietServer, Started, bind, links_shown
from watchfloor.edge.recovery import first_key, recover_tape, signers_of
from watchfloor.edge.stores.folder import DataFolder, FileRoster, FolderFiles
from watchfloor.edge.stores.packs import load_pack, wall_folder
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import RoomClosed
from watchfloor.record.keys import Signers


class ReplayPlan(Struct, frozen=True):
    """What to look back on, and how. `what_if`: a branch, in which nobody sits and nothing is written."""

    data: Path
    port: int
    pack: str = ""
    what_if: WhatIf | None = None
    read_only: bool = False
    second_key: Path | None = None


async def run_replay(plan: ReplayPlan, tell: Callable[[Started], None]) -> None:
    """Serve the replay until a signal ends it.

    **Raises**: UnavailableError or IntegrityError, when it cannot be opened; nothing was written then.
    """
    files = FolderFiles(plan.data)
    entries = entries_of(files)
    states = branch(entries, plan.what_if).states if plan.what_if else None
    recording = Recording(entries, files, states)
    pack = _pack_of(recording, plan.pack)
    if plan.what_if is not None or plan.read_only or pack is None:
        stage = ReplayStage(recording, _everyone(recording, pack), None, None)
        await _serve(plan, stage, pack, {}, tell)
        return
    folder = DataFolder(plan.data)
    try:
        store = LogFiles(folder.path)
        past = read_past(store, Signers(first_key(folder.path)))
        signers = signers_of(folder, folder.begin_key(past.signers.log.name), past.signers, plan.second_key)
        clock = EntryClock(past.entries[-1].toe_us)
        folder.unseal()
        store.begin(past.edge())
        writer = Writer(store, clock, signers, past)
        writer.start()
        try:
            if await recover_tape(folder.path, writer, past, recording.opened.label):
                files = FolderFiles(plan.data)
                recording = Recording(entries_of(files), files)
            seats = Seats(pack, recording.opened.room_id, writer, FileRoster(folder.path), looks_back=True)
            links = await seats.issue_links()
            stage = ReplayStage(recording, everyone(pack), seats, writer)
            await _serve(plan, stage, pack, dict(links), tell)
        finally:
            closed = RoomClosed("looked back", recording.opened.label)
            if writer.trouble is None:
                await writer.enter(Input("room", f"close-{secrets.token_hex(8)}", closed))
            await writer.close()
            store.close()
        if writer.trouble is None:
            folder.seal(signers)
    finally:
        folder.close()


def _pack_of(recording: Recording, named: str) -> Pack | None:
    """The pack that the record names, or another folder of it; none for a room fed from files."""
    if recording.opened.pack_id == SERVED:
        return None
    pack = load_pack(named or recording.opened.pack_id)
    if pack.header.id != recording.opened.pack_id:
        raise InputError(f"the record is of `{recording.opened.pack_id}`, not of `{pack.header.id}`", field="pack")
    return pack


def _everyone(recording: Recording, pack: Pack | None) -> Audience:
    return everyone(pack) if pack else Audience(nations=recording.opened.label.nations)


async def _serve(
    plan: ReplayPlan, stage: ReplayStage, pack: Pack | None, links: dict[str, str], tell: Callable[[Started], None]
) -> None:
    socket = bind(plan.port, "screens")
    socket.listen(64)
    port = int(socket.getsockname()[1])
    app = make_app(ReplayDoors(stage, pack).routes(wall_folder()), HOSTS)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws_max_size=1 << 16)
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    tell(
        Started(
            url=f"http://localhost:{port}/",
            http_port=port,
            cot_port=0,
            data=str(plan.data),
            room_id=stage.recording.opened.room_id,
            context=stage.recording.context().value,
            resumed=True,
            seats=links_shown(pack, links, port) if links else (),
        )
    )
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    server.should_exit = server.force_exit = True
    await asyncio.gather(serving, return_exceptions=True)
    socket.close()
