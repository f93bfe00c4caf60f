"""What screens are sent, made once for all viewers of a class: frames, names, clock and feeds, the document."""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from watchfloor.app.room import Room, Tick
from watchfloor.app.screens import screen_digest, screen_document
from watchfloor.app.sight import may_see
from watchfloor.app.video import Video, footprint_of
from watchfloor.base.labels import Audience
from watchfloor.edge.api import frames
from watchfloor.edge.api.framed import framed
from watchfloor.edge.api.frames import Turns, View
from watchfloor.edge.api.greeting import is_called, name_of
from watchfloor.edge.utc import utc_us
from watchfloor.messages.acts import LogHead
from watchfloor.messages.air import Track
from watchfloor.messages.screen import (
    FeedShown,
    GuestShown,
    NamesTold,
    NameTold,
    PlaceShown,
    PulseTold,
    ScreenTold,
    VideoShown,
)
from watchfloor.messages.video import CameraView


def pulse(room: Room, audience: Audience) -> PulseTold:
    """Clock, feeds and clients now; small, sent with every tick."""
    clock = room.writer.state.clock
    return PulseTold(
        room_us=room.writer.room_now_us(),
        rate_permille=clock.rate_permille if clock else 1000,
        paused=clock.paused if clock else False,
        failed=room.writer.trouble,
        tape_failed=room.taping.failed,
        witness_failed=room.witnessing.trouble if room.witnessing else None,
        feeds=tuple(
            FeedShown(
                feed_id=intake.setup.feed_id,
                name=intake.setup.name,
                state=intake.state,
                newest_us=intake.newest_toa_us,
                message_count=intake.counts.message_count,
                position_count=intake.counts.position_count,
                bad_count=intake.counts.bad_count,
                dropped_count=intake.counts.dropped_count,
                reasons=dict(intake.reasons),
                bytes_count=intake.counts.bytes_count,
            )
            for intake in room.intakes.values()
            if may_see(intake.setup.label, audience)
        ),
        guests=tuple(
            GuestShown(guest.uid, guest.callsign, round(guest.lat_deg * 1e7), round(guest.lon_deg * 1e7))
            for guest in room.guests.shown(utc_us())
            if may_see(guest.label, audience)
        ),
        videos=tuple(
            _video(feed_id, video, room.writer.room_now_us())
            for feed_id, video in room.videos.items()
            if may_see(room.intakes[feed_id].setup.label, audience)
        ),
    )


def _video(feed_id: str, video: Video, room_us: int) -> VideoShown:
    view, drift = footprint_of(video, room_us), video.drift()
    behind_us = None if drift is None or view is None else drift.behind_us
    return video_shown(feed_id, view, behind_us=behind_us, is_off=drift is not None and drift.is_off)


def video_shown(
    feed_id: str, view: CameraView | None, *, behind_us: int | None = None, is_off: bool = False
) -> VideoShown:
    """A video as screens are told of it: where its camera is, and what of the map it sees."""
    corners = view.corners if view else ()
    return VideoShown(
        feed_id=feed_id,
        behind_us=behind_us,
        is_off=is_off,
        place=_place(view.lat_deg, view.lon_deg) if view else None,
        frame=_place(view.frame_lat_deg, view.frame_lon_deg) if view else None,
        corners=tuple(PlaceShown(round(one.lat_deg * 1e7), round(one.lon_deg * 1e7)) for one in corners),
    )


def _place(lat_deg: float | None, lon_deg: float | None) -> PlaceShown | None:
    return None if lat_deg is None or lon_deg is None else PlaceShown(round(lat_deg * 1e7), round(lon_deg * 1e7))


def screen(room: Room, audience: Audience) -> ScreenTold:
    """The screen document with its hash and the log's head."""
    document = screen_document(room.writer.state, audience, room.writer.room_now_us())
    head = LogHead(room.writer.size, room.writer.root.hex())
    return ScreenTold(room.setup.context, screen_digest(document), head, document)


def text_of(document: PulseTold | ScreenTold | NamesTold) -> str:
    """A document as screens read it."""
    return msgspec.json.encode(document).decode()


class Shown:
    """What one class of viewers is shown; all that goes to more than one screen is put into frames once."""

    def __init__(self, room: Room, audience: Audience) -> None:
        self._room, self._audience = room, audience
        self._tick: Tick | None = None
        self._names: OrderedDict[int, tuple[int, NameTold]] = OrderedDict()
        self._named_count = 0
        self._screen: tuple[object, bytes] | None = None
        self._pulse = ""
        self._framed: dict[bytes, bytes] = {}
        self.turns = Turns()

    def look(self, tick: Tick) -> None:
        """Make the news and the pulse of a tick, if no other viewer had them made."""
        if self._tick is tick:
            return
        self._tick = tick
        seen = frames.visible(tick.seen_by(self._audience), self._audience)
        self._note_names(self.turns.look(seen, tick.generation), len(seen.tracks))
        self._pulse = text_of(pulse(self._room, self._audience))
        self._framed.clear()

    def picture_after(self, turn: int) -> bytes:
        """The picture and the pulse, for a screen whose newest frame was of this turn."""
        frame = self.turns.frame_after(turn)
        kind = frame[: len(frames.MAGIC)]
        raw = self._framed.get(kind)
        if raw is None:
            raw = self._framed[kind] = framed((frame, self._pulse))
        return raw

    def picture_in(self, view: View, numbers: frames.Column, turn: int) -> tuple[bytes, frames.Column]:
        """The same of a part of the world, and which tracks the screen has then."""
        frame, here = self.turns.frame_in(view, numbers, turn)
        return framed((frame, self._pulse)), here

    def screen(self) -> bytes:
        """The pulse now and the screen's document, made once for each state of the record and tick."""
        made_of = (self._room.writer.size, self._room.writer.trouble, self._tick)
        if self._screen is None or self._screen[0] != made_of:
            now, document = pulse(self._room, self._audience), screen(self._room, self._audience)
            self._screen = made_of, framed((text_of(now), text_of(document)))
        return self._screen[1]

    def names_since(self, told: int) -> tuple[str, int]:
        """Names that came after a number, and up to which that is; empty, when none came."""
        if told >= self._named_count:
            return "", told
        fresh: list[NameTold] = []
        for number, name in reversed(self._names.values()):
            if number <= told:
                break
            fresh.append(name)
        return (text_of(NamesTold(tuple(fresh))) if fresh else ""), self._named_count

    def _note_names(self, tracks: Sequence[Track], here_count: int) -> None:
        for track in tracks:
            known = self._names.get(track.number)
            if known is None or not is_called(track, known[1]):
                self._named_count += 1
                self._names[track.number] = self._named_count, name_of(track)
                self._names.move_to_end(track.number)
        if len(self._names) > 2 * here_count:
            here = self.turns.numbers()
            self._names = OrderedDict((number, held) for number, held in self._names.items() if number in here)


class Shows:
    """What all classes of viewers are shown."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._shown: dict[Audience, Shown] = {}

    def to(self, audience: Audience) -> Shown:
        """What a class is shown."""
        shown = self._shown.get(audience)
        if shown is None:
            shown = self._shown[audience] = Shown(self._room, audience)
        return shown
