"""The lines of a running room: each folder that is named becomes an open line with its own connection."""

import secrets
import socket
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from watchfloor.app.line_end import LineEnd
from watchfloor.app.matching import Matching
from watchfloor.app.media import MediaKeeper
from watchfloor.app.ports import MediaStore
from watchfloor.app.writer import LINE, Input, Writer
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.edge.links.line_connection import LineConnection
from watchfloor.edge.matching import MatchProcess
from watchfloor.edge.stores.folder import FileKey
from watchfloor.edge.stores.line_folder import LineFile, LineFolder, certificate_of
from watchfloor.messages.line_record import LineKind, LineOpened, LineRota
from watchfloor.messages.matching import LinePlan
from watchfloor.messages.room import Context


class HeldLine(Struct, frozen=True):
    """A line whose keys people compared, and our key of it."""

    folder: LineFolder
    file: LineFile
    key: FileKey

    def opened(self, context: Context, setup: "LineSetup") -> LineOpened:
        """The line as the record says it."""
        ours, parties = self.file.ours, self.file.parties()
        return LineOpened(
            context=context,
            line_id=ours.line_id,
            line=ours.line,
            party=ours.party,
            parties=parties,
            rota=setup.rotas.get(ours.line),
            members=setup.members.get(ours.line, ()),
            label=setup.label,
        )


class LineSetup(Struct, frozen=True):
    """What a room says of its lines: who may see them, and by kind how each is answered and who speaks on it."""

    label: Label
    rotas: Mapping[LineKind, LineRota] = {}
    members: Mapping[LineKind, tuple[str, ...]] = {}


def held_lines(paths: Sequence[Path]) -> tuple[HeldLine, ...]:
    """The lines in these folders.

    **Raises**: InputError, when one was never opened, or one is there twice.
    """
    found = []
    for path in paths:
        folder = LineFolder(path)
        file = folder.read()
        if not file.opened:
            raise InputError(
                f"the line in `{path}` is not open: people compare its digits by voice first; "
                f"`watchfloor line open {path}`",
                field="line",
            )
        found.append(HeldLine(folder, file, folder.signing_key()))
    if len({one.file.ours.line_id for one in found}) != len(found):
        raise InputError("one line is named twice", field="line")
    return tuple(found)


class OpenLines:
    """All lines of one room while it runs."""

    def __init__(self, held: Sequence[HeldLine], plans: Sequence[LinePlan]) -> None:
        self._held, self._plans = held, plans
        self._connections: list[LineConnection] = []
        self.matchings: dict[str, Matching] = {}

    async def open(self, writer: Writer, setup: LineSetup, media: MediaStore) -> list[Coroutine[Any, Any, None]]:
        """Record each line as open and begin its connection; answers what has to run meanwhile.

        **Raises**: UnavailableError, when an address cannot be listened on; InputError, when the record has another
        line of the same name.
        """
        work: list[Coroutine[Any, Any, None]] = []
        state = writer.state
        context, room_id = (state.opened.context, state.opened.room_id) if state.opened else (Context.EXERCISE, "")
        for one in self._held:
            opened = one.opened(context, setup)
            known = state.lines.get(opened.line_id)
            if known is not None and known.opened.parties != opened.parties:
                raise InputError(f"the record has another line `{opened.line_id}`, with other keys", field="line")
            one.folder.bind(room_id)
            await writer.enter(Input(LINE, f"{opened.line_id}-open-{secrets.token_hex(8)}", opened))
            kept = MediaKeeper(media, writer, setup.label), media
            matching = self.matchings[opened.line_id] = Matching(
                writer, opened, self._plans, kept, MatchProcess, lambda: secrets.token_hex(32)
            )
            end = LineEnd(writer, opened, one.key, matching)
            theirs = one.file.theirs
            pinned = certificate_of(theirs) if theirs else b""
            connection = LineConnection(end, one.folder.context(one.file), pinned)
            self._connections.append(connection)
            if one.file.invited:
                work.append(connection.listen(_listening(*_address(one.file.listen))))
            elif theirs is not None:
                work.append(connection.stay_connected(*_address(theirs.address)))
            work.append(connection.keep_beating())
        return work

    def close(self) -> None:
        """End every connection."""
        for connection in self._connections:
            connection.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UnavailableError(f"the line cannot listen on `{host}:{port}`: {error.strerror}") from error


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
