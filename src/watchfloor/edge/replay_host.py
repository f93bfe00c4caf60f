"""Looking back on a record as one process: the wall on a recording, and seats whose notes enter the same record."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from pathlib import Path

import uvicorn
from msgspec import Struct

from watchfloor.app.doctrine import everyone
from watchfloor.app.recording import Recording
from watchfloor.app.rulebook import rules_in_use
from watchfloor.app.seats import Seats
from watchfloor.app.what_if import WhatIf, branch
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Audience
from watchfloor.edge.api.app import make_app
from watchfloor.edge.api.replay import ReplayDoors
from watchfloor.edge.api.replay_position import ReplayStage
from watchfloor.edge.host import HOSTS, SERVED, links_shown
from watchfloor.edge.keeping import as_it_is, write_in
from watchfloor.edge.listening import QuietServer, bind
from watchfloor.edge.plan import Started
from watchfloor.edge.recovery import recover_tape
from watchfloor.edge.stores.folder import DataFolder, FileRoster, FolderFiles
from watchfloor.edge.stores.packs import load_pack, wall_folder
from watchfloor.messages.entry import Entry
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import RoomClosed, RoomOpened
from watchfloor.messages.rulebook import RuleVersion
from watchfloor.record.log import entries_of


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
    states = None
    if plan.what_if is not None:
        states = branch(entries, plan.what_if, other_rules(plan.what_if, entries, plan.pack)).states
    recording = Recording(entries, files, states)
    pack = _pack_of(recording, plan.pack)
    if plan.what_if is not None or plan.read_only or pack is None:
        stage = ReplayStage(recording, _everyone(recording, pack), None, None)
        await _serve(plan, stage, pack, {}, tell)
        return

    async def look_back(writer: Writer, folder: DataFolder) -> None:
        await _look_back(plan, pack, recording, writer, folder, tell)

    await write_in(plan.data, as_it_is(plan.second_key), look_back)


def other_rules(changes: WhatIf, entries: list[Entry], pack: str) -> RuleVersion | None:
    """The rules that a branch takes instead, from the record's pack or another folder of it.

    **Raises**: InputError, when the pack has no such version.
    """
    opened = next((entry.body for entry in entries if isinstance(entry.body, RoomOpened)), None)
    if not changes.rules or opened is None:
        return None
    return rules_in_use(load_pack(pack or opened.pack_id), changes.rules).version


async def _look_back(
    plan: ReplayPlan,
    pack: Pack,
    recording: Recording,
    writer: Writer,
    folder: DataFolder,
    tell: Callable[[Started], None],
) -> None:
    """Serve with seats; what people say while they look back enters the same record."""
    label = recording.opened.label
    try:
        if await recover_tape(folder.path, writer, label):
            files = FolderFiles(folder.path)
            recording = Recording(entries_of(files), files)
        seats = Seats(pack, recording.opened.room_id, writer, FileRoster(folder.path), looks_back=True)
        links = await seats.issue_links()
        await _serve(plan, ReplayStage(recording, everyone(pack), seats, writer), pack, dict(links), tell)
    finally:
        if writer.trouble is None:
            await writer.enter(Input("room", f"close-{secrets.token_hex(8)}", RoomClosed("looked back", label)))


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
    socket = bind(plan.port, "screens", "--port")
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
            tak_port=None,
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
    server.end()
    await asyncio.gather(serving, return_exceptions=True)
    socket.close()
