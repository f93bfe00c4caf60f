"""WebSocket messages put into frames once, for all screens that are sent the same.

What a server sends is not masked, so that a frame's bytes are the same for everybody: a picture of 120 KB for 700
screens is neither framed nor copied 700 times.
**Source**: RFC 6455 section 5.1 (only clients mask) and 5.2 (a frame's bytes).
"""

from collections.abc import MutableMapping
from typing import Any, cast

from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

_FRAMED = "watchfloor.framed"
Message = str | bytes


def framed(messages: tuple[Message, ...]) -> bytes:
    """These messages as they go over the wire, one after the other."""
    return b"".join(
        Frame(Opcode.BINARY, one).serialize(mask=False)
        if isinstance(one, bytes)
        else Frame(Opcode.TEXT, one.encode()).serialize(mask=False)
        for one in messages
    )


async def send_framed(socket: WebSocket, raw: bytes) -> None:
    """Send what `framed` made, as soon as the screen has read most of what it was sent before.

    **Raises**: WebSocketDisconnect, when the screen is gone.
    """
    await socket.send({"type": "websocket.send", _FRAMED: raw})


class SharedFrames(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which also sends messages that are frames already."""

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]  # one key more
        """Send a message; one that is framed goes out as it is."""
        raw = message.get(_FRAMED)
        if raw is None:
            await super().send(cast("Any", message))
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self.transport.write(raw)
