"""A video over WebSocket: the transport stream as binary messages, from the newest key picture on."""

import asyncio

from starlette.websockets import WebSocket

from watchfloor.app.room import Room
from watchfloor.app.seats import Seats
from watchfloor.app.sight import may_see
from watchfloor.base.errors import InputError
from watchfloor.edge.api.greeting import SEND_WAIT_S, GoneError, greeted_viewer, until_one_ends
from watchfloor.edge.api.sockets import audience_of

NO_SUCH_VIDEO = 4404


class VideoViewer:
    """One screen that watches one video."""

    def __init__(self, room: Room, seats: Seats | None, socket: WebSocket) -> None:
        self._room, self._seats, self._socket = room, seats, socket
        self._wake = asyncio.Event()

    async def serve(self) -> None:
        """Send the video until the screen goes; who may not see it is told what they would be told of none."""
        try:
            viewer = await greeted_viewer(self._socket, self._seats)
        except GoneError:
            return
        feed_id = str(self._socket.path_params["feed_id"])
        video, intake = self._room.videos.get(feed_id), self._room.intakes.get(feed_id)
        audience = audience_of(self._room, self._seats, viewer)
        if video is None or intake is None or not may_see(intake.setup.label, audience):
            await self._socket.close(NO_SUCH_VIDEO, reason=f"no video `{feed_id[:32]}`")
            return
        watching = video.watch(self._wake.set)

        async def send() -> None:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if viewer is not None and self._seats is not None:
                    try:
                        self._seats.require(viewer)
                    except InputError as error:
                        await self._socket.close(4401, reason=str(error)[:100])
                        return
                if raw := watching.take():
                    async with asyncio.timeout(SEND_WAIT_S):
                        await self._socket.send_bytes(raw)

        async def drain() -> None:
            while (await self._socket.receive())["type"] != "websocket.disconnect":
                pass

        try:
            await until_one_ends(asyncio.create_task(drain()), asyncio.create_task(send()))
        finally:
            video.leave(watching)
