"""One room as one process: opens the folder, puts the parts together, runs them, ends them in good order."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import structlog
import uvicorn
from msgspec.structs import replace
from starlette.types import ASGIApp

from watchfloor import __version__
from watchfloor.app.airspace import AirspaceDesk
from watchfloor.app.clock import EntryClock
from watchfloor.app.doctrine import doctrine_for, proposed_by
from watchfloor.app.identity import PasskeyRule
from watchfloor.app.line_desk import LineDesk
from watchfloor.app.media import MediaKeeper
from watchfloor.app.notifying import NotificationDesk
from watchfloor.app.plan import exercise_setup, served_setup
from watchfloor.app.resume import Past, read_past
from watchfloor.app.room import Room, RoomSetup
from watchfloor.app.ruling import RulesDesk
from watchfloor.app.seats import Seats
from watchfloor.app.settings import CLIENTS, Settings
from watchfloor.app.taping import Taping
from watchfloor.app.watch_desk import WatchDesk
from watchfloor.app.witnessing import Witnessing
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError, UnavailableError, WatchfloorError
from watchfloor.deconflict.probe import make_ready
from watchfloor.edge.airspace import names_told
from watchfloor.edge.api.airspace import Call
from watchfloor.edge.api.airspace_services import airspace_routes
from watchfloor.edge.api.app import Doors, make_app
from watchfloor.edge.api.framed import SharedFrames
from watchfloor.edge.api.matching import MatchDoors
from watchfloor.edge.comparing import Comparing
from watchfloor.edge.engine import engine_here
from watchfloor.edge.feeds import recorded
from watchfloor.edge.feeds.admitted import AdmittedPort
from watchfloor.edge.feeds.connected import stay_connected
from watchfloor.edge.feeds.datagrams import listen
from watchfloor.edge.feeds.simulator import Simulator
from watchfloor.edge.followed_clock import follow_clock
from watchfloor.edge.lines import LineSetup, OpenLines
from watchfloor.edge.links.system_tracks import send_system_tracks
from watchfloor.edge.listening import QuietServer, bind
from watchfloor.edge.login import Login
from watchfloor.edge.plan import Plan, Started
from watchfloor.edge.recovery import first_key, held_room_id, next_block_numbers, recover_tape, signers_of
from watchfloor.edge.stores.folder import DataFolder, FileRoster
from watchfloor.edge.stores.media_files import MediaFiles
from watchfloor.edge.stores.packs import wall_folder
from watchfloor.edge.stores.quarantine_files import QuarantineFiles
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.edge.stores.tape_files import TapeFiles
from watchfloor.edge.tak.server import CotServer
from watchfloor.edge.work import begin
from watchfloor.messages.airspace import EntityKind
from watchfloor.messages.keeping import LogTailCleared, WitnessesSet
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import ClockSet, RoomClosed, RoomOpened
from watchfloor.record.keys import Signers

_log = structlog.get_logger()
SERVED = "serve"
HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))


class Host:
    """A room's whole process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._http_socket = bind(plan.http_port, "screens", "--port")
        self._cot_socket = bind(plan.cot_port, "TAK clients", "--cot-port")
        self._tak_socket = bind(plan.tak_port, "TAK clients over TLS", "--tak-tls-port") if plan.tak else None
        self._tasks: list[asyncio.Task[Any]] = []
        self._comparing: Comparing | None = None
        self._airspace: AirspaceDesk | None = None

    async def run(self, tell: Callable[[Started], None]) -> None:
        """Run the room until it ends.

        **Raises**: UnavailableError or IntegrityError, when it cannot be opened; nothing was written then.
        """
        folder = DataFolder(self._plan.data)
        try:
            await self._run_in(folder, tell)
        finally:
            folder.close()

    async def _run_in(self, folder: DataFolder, tell: Callable[[Started], None]) -> None:
        room_id = held_room_id(folder.path) or f"room-{secrets.token_hex(6)}"
        key = folder.begin_key(f"watchfloor/{room_id}")
        store = LogFiles(folder.path)
        past = read_past(store, Signers(first_key(folder.path)))
        self._refuse_another_room(past)
        self._refuse_to_forget_witnesses(past)
        signers = signers_of(folder, key, past.signers, self._plan.second_key)
        clock = EntryClock(past.entries[-1].toe_us if past.entries else 0)
        folder.unseal()
        cleared_bytes = store.begin(past.edge())
        desk = RulesDesk(proposed_by(self._plan.pack) if self._plan.pack else None)
        line_desk = LineDesk({one.file.ours.line_id: one.key for one in self._plan.lines})
        notifying = NotificationDesk(self._plan.pack.areas if self._plan.pack else ())
        writer = Writer(store, clock, signers, past, desk, line_desk, notifying, WatchDesk())
        setup = self._setup(room_id)
        taping = Taping(TapeFiles(folder.path), writer, setup.label, next_block_numbers(folder.path, past))
        room = Room(setup, writer, taping, QuarantineFiles(folder.path))
        room.end_at_us = self._plan.until_us
        if self._plan.witnesses:
            room.witnessing = Witnessing(writer, self._plan.witnesses, self._plan.witness_rules, setup.label, past)
        writer.start()
        self._handle_signals(room)
        try:
            notes = await self._open(folder.path, room, clock, past, cleared_bytes)
            await self._serve(folder.path, room, clock, past, lambda started: tell(replace(started, notes=notes)))
        finally:
            await self._close(room)
            store.close()
            if writer.trouble is None and not writer.state.open_blocks:
                folder.seal(signers)
        if writer.trouble is not None:
            raise UnavailableError(
                f"the record could not be written ({writer.trouble}); what was not acknowledged is not in it"
            )

    def _refuse_another_room(self, past: Past) -> None:
        """A folder goes on as what it began: the same exercise, or the same kind of room."""
        opened = past.state.opened
        if opened is None:
            return
        pack_id = self._plan.pack.header.id if self._plan.pack else SERVED
        context = self._setup(opened.room_id).context
        if (opened.pack_id, opened.context) != (pack_id, context):
            raise InputError(
                f"`{self._plan.data}` is the record of `{opened.pack_id}` ({opened.context.value}), not of `{pack_id}` "
                f"({context.value}); choose another folder",
                field="data",
            )

    def _refuse_to_forget_witnesses(self, past: Past) -> None:
        """Witnesses that decisions wait for end by a person's word only."""
        named = past.state.witnesses
        if named and named.key_lines and not self._plan.witnesses and not self._plan.ends_witnesses:
            raise InputError(
                f"the record has {len(named.key_lines)} witnesses; name them with `--witness`, or end them with "
                "`--no-witnesses`",
                field="witness",
            )

    def _setup(self, room_id: str) -> RoomSetup:
        if self._plan.pack is not None:
            return exercise_setup(self._plan.pack, room_id)
        return served_setup(_need(self._plan.settings), room_id, self._plan.readers)

    async def _open(self, path: Path, room: Room, clock: EntryClock, past: Past, cleared_bytes: int) -> tuple[str, ...]:
        """The first entries of this opening; answers what a user should know of the last one."""
        plan, setup, writer = self._plan, room.setup, room.writer
        doctrine = doctrine_for(plan.pack, past.state.board.doctrine) if plan.pack else None
        opened = RoomOpened(
            room_id=setup.room_id,
            context=setup.context,
            software=f"watchfloor {__version__}",
            origin=f"watchfloor/{setup.room_id}",
            pack_id=plan.pack.header.id if plan.pack else SERVED,
            pack_digest=plan.pack.digest if plan.pack else "0" * 64,
            rules_digest=doctrine.rules_digest if doctrine else "0" * 64,
            utc_offset_s=setup.utc_offset_s,
            label=setup.label,
        )
        await writer.enter(Input("room", f"open-{secrets.token_hex(8)}", opened))
        keeper = MediaKeeper(MediaFiles(path), writer, setup.label)
        kept = plan.kept_videos(setup.feeds, lambda label: MediaKeeper(MediaFiles(path), writer, label))
        room.video_keeping.keep_whole(kept, keeper)
        if plan.pack is not None:
            self._comparing = Comparing(writer, keeper, plan.pack, setup.label)
        if doctrine is not None and past.state.board.doctrine != doctrine:
            await writer.enter(Input("room", f"rules-{secrets.token_hex(8)}", doctrine))
        await writer.enter(Input("room", f"engine-{secrets.token_hex(8)}", engine_here(setup.label)))
        await self._set_witnesses(room, past)
        notes = await recover_tape(path, writer, setup.label)
        notes = (*notes, *await keeper.take_inventory())
        if cleared_bytes:
            tail = LogTailCleared(cleared_bytes, setup.label)
            await writer.enter(Input("room", f"tail-{secrets.token_hex(8)}", tail))
            notes = (*notes, f"the last run was cut off in a write: {cleared_bytes} unacknowledged bytes cleared")
        setting = ClockSet(
            epoch_toe_us=clock.now_us(),
            epoch_room_us=self._start_us(past, clock),
            rate_permille=plan.rate_permille,
            paused=False,
            jumped=True,
            label=setup.label,
        )
        await writer.enter(Input("room", f"clock-{secrets.token_hex(8)}", setting))
        return (*notes, *await self._publish_airspace(writer, setup))

    async def _publish_airspace(self, writer: Writer, setup: RoomSetup) -> tuple[str, ...]:
        """Open the directory, and set in it what the operator plans and reserves."""
        plan = self._plan.airspace
        if plan is None:
            return ()
        desk = self._airspace = AirspaceDesk(writer, setup.label, plan.name, lambda: secrets.token_urlsafe(24))
        base_url = plan.base_url or f"http://localhost:{int(self._http_socket.getsockname()[1])}"
        notes = await desk.publish(EntityKind.CONSTRAINT, plan.reservations, base_url)
        return (*notes, *await desk.publish(EntityKind.INTENT, plan.plans, base_url))

    async def _set_witnesses(self, room: Room, past: Past) -> None:
        """Record who witnesses from now on, where that is new; and begin to ask them."""
        setting = room.witnessing.setting() if room.witnessing else WitnessesSet((), 0, 0, room.setup.label)
        before = past.state.witnesses
        if setting != before and (room.witnessing is not None or (before is not None and before.key_lines)):
            await room.writer.enter(Input("room", f"witnesses-{secrets.token_hex(8)}", setting))
        if room.witnessing is not None:
            self._spawn(room.witnessing.run())

    def _start_us(self, past: Past, clock: EntryClock) -> int:
        """Where room time starts: where asked, where it was, or at the beginning."""
        plan = self._plan
        if plan.from_us is not None:
            return plan.from_us
        if plan.pack is None and not plan.recordings:
            return clock.now_us()
        if past.entries and past.state.clock is not None:
            return past.entries[-1].room_us
        if plan.pack is not None:
            return plan.pack.start_us
        if plan.recordings:
            return min(recording[0].toa_us for recording in plan.recordings.values())
        return clock.now_us()

    async def _serve(
        self, path: Path, room: Room, clock: EntryClock, past: Past, tell: Callable[[Started], None]
    ) -> None:
        plan = self._plan
        http_port = int(self._http_socket.getsockname()[1])
        asked = PasskeyRule("localhost", (f"http://localhost:{http_port}",)) if plan.passkeys else None
        roster = FileRoster(path)
        login = Login(plan.login, f"http://localhost:{http_port}/") if plan.login else None
        seats = None
        if plan.pack:
            seats = Seats(plan.pack, room.setup.room_id, room.writer, roster, passkeys=asked, logins=login)
        links = await seats.issue_links() if seats else {}
        lines = OpenLines(plan.lines, plan.line_plans)
        matching = MatchDoors(seats, room, lines.matchings)
        doors = Doors(room, seats, plan.pack, self._comparing, login)
        airspace = (
            airspace_routes(Call(self._airspace, plan.airspace.tokens)) if plan.airspace and self._airspace else []
        )
        server = self._screens(
            make_app([*airspace, *matching.routes(), *doors.routes(wall_folder())], HOSTS | names_told(plan.airspace))
        )
        cot = CotServer(room, room.intakes[CLIENTS])
        cot_port = await cot.start(self._cot_socket)
        tak_port = await cot.start_tls(self._tak_socket, plan.tak) if plan.tak and self._tak_socket else None
        if plan.system_tracks:
            self._spawn(send_system_tracks(room, plan.system_tracks))
        line_setup = LineSetup(room.setup.label, room.setup.rotas, room.setup.members)
        for work in await lines.open(room.writer, line_setup, MediaFiles(path)):
            self._spawn(work)
        stop_feeds = await self._start_feeds(room, clock, past, http_port, links)
        if plan.follows_clock:
            self._spawn(follow_clock(room, clock))
        if plan.other_room:
            await plan.other_room.start(room.writer)
        tell(
            Started(
                url=f"http://localhost:{http_port}/",
                http_port=http_port,
                cot_port=cot_port,
                tak_port=tak_port,
                data=str(path),
                room_id=room.setup.room_id,
                context=room.setup.context.value,
                resumed=bool(past.entries),
                seats=links_shown(plan.pack, links, http_port),
                **(plan.other_room.shown() if plan.other_room else {}),
            )
        )
        try:
            await room.run()
        finally:
            if plan.other_room:
                await plan.other_room.stop()
            await stop_feeds()
            lines.close()
            await cot.close()
            server.end()

    def _screens(self, app: ASGIApp) -> QuietServer:
        """The HTTP side on its socket, which listens from now on."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws=SharedFrames,
            ws_max_size=1 << 16,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        self._http_socket.listen(256)
        server = QuietServer(config)
        self._spawn(server.serve(sockets=[self._http_socket]))
        return server

    async def _start_feeds(
        self, room: Room, clock: EntryClock, past: Past, http_port: int, links: Mapping[str, str]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """Start what feeds the room; answers how to stop it."""
        plan = self._plan
        if plan.pack is not None:
            ports = {feed.id: AdmittedPort(room, feed.id) for feed in plan.pack.header.feeds}
            for port in ports.values():
                await port.start()
            simulator = Simulator(room, ports, clock.now_us)
            simulated = {seat.id: links[seat.id] for seat in plan.pack.header.seats if seat.simulated}
            left = past.opening_left(plan.pack)
            await simulator.start(plan.pack_folder, http_port, simulated, opening_left=left, video=plan.video)

            async def stop() -> None:
                await simulator.stop()
                for port in ports.values():
                    await port.close()

            return stop
        Thread(target=make_ready, name="compiling", daemon=True).start()  # a room's end does not wait for it
        heard: list[asyncio.DatagramTransport] = []
        for feed in _need(plan.settings).feeds:
            if feed.path:
                self._spawn(recorded.play(room, feed.id, plan.recordings[feed.id], room.writer.room_now_us))
            elif feed.listen:
                host, _, port_text = feed.listen.rpartition(":")
                heard.append(await listen(room, feed.id, (host, int(port_text)), feed.interface))
            else:
                self._spawn(stay_connected(room, feed.id, plan.sources[feed.id]))

        async def hang_up() -> None:
            for transport in heard:
                transport.close()

        return hang_up

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(begin(work))

    def _handle_signals(self, room: Room) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, room.end, signal.Signals(number).name)
            except NotImplementedError:
                signal.signal(
                    number,
                    lambda got, _: loop.call_soon_threadsafe(room.end, signal.Signals(got).name),
                )

    async def _close(self, room: Room) -> None:
        """End in good order: the tape sealed, the record closed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._http_socket.close()
        closed = RoomClosed(room.end_reason or "fault", room.setup.label)
        with contextlib.suppress(WatchfloorError):
            await room.close()
            if room.writer.state.open_blocks:
                raise UnavailableError("the tape could not be sealed; the next start does that")
            await room.writer.enter(Input("room", f"close-{secrets.token_hex(8)}", closed))
        await room.writer.close()


def _need(settings: Settings | None) -> Settings:
    if settings is None:
        raise UnavailableError("neither a pack nor a config was given")
    return settings


def links_shown(pack: Pack | None, links: Mapping[str, str], port: int) -> tuple[tuple[str, str], ...]:
    """Every seat's name and link, as they are printed."""
    if pack is None:
        return ()
    roles = {role.id: role.name for role in pack.header.roles}
    return tuple(
        (
            f"{roles[seat.role]}, {seat.nation}" + (f" ({seat.name})" if seat.name else ""),
            f"http://localhost:{port}/#seat={links[seat.id]}",
        )
        for seat in pack.header.seats
        if not seat.simulated
    )
