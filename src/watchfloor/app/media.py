"""Keeping media by hash in a bounded store: kept, let go by rule, missed, found again. The record speaks first."""

import asyncio
from hashlib import sha256

from watchfloor.app.inventory import MediaStatus
from watchfloor.app.ports import MediaStore
from watchfloor.app.writer import ROOM, Input, Writer
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Label
from watchfloor.messages.keeping import MediaKept, MediaKind, MediaMissed, MediaReappeared, MediaRetired

MAX_MEDIUM_BYTES = 64 << 20
DEFAULT_BOUND_BYTES = 20 << 30


class MediaKeeper:
    """Keeps media in a bounded store; the oldest go first, and the record says that they went."""

    def __init__(self, store: MediaStore, writer: Writer, label: Label, bound_bytes: int = DEFAULT_BOUND_BYTES) -> None:
        self._store, self._writer, self._label, self._bound_bytes = store, writer, label, bound_bytes

    async def keep(self, raw: bytes, kind: MediaKind, source: str, from_us: int, until_us: int) -> str:
        """Keep a medium; answers its digest. The same bytes twice are kept once.

        **Raises**: InputError, when it is too large; UnavailableError, when the disk refuses.
        """
        if not 0 < len(raw) <= min(MAX_MEDIUM_BYTES, self._bound_bytes):
            raise InputError(f"a medium of {len(raw)} bytes cannot be kept", field="medium")
        digest = sha256(raw).hexdigest()
        held = self._writer.state.media.get(digest)
        if held is not None and held.status is MediaStatus.KEPT:
            return digest
        await self._make_room(len(raw))
        await asyncio.to_thread(self._store.put, digest, raw)
        fact = MediaKept(digest, len(raw), kind, source, from_us, until_us, self._label)
        await self._writer.enter(Input(ROOM, f"medium-{digest[:32]}-{self._writer.size}", fact))
        return digest

    async def expire(self, source: str, before_us: int, words: str) -> None:
        """Let go of what one source sent that ended before an instant of room time: the record says so first.

        **Raises**: UnavailableError, when the record cannot be written.
        """
        kept = [one.kept for one in self._writer.state.media.values() if one.status is MediaStatus.KEPT]
        for medium in kept:
            if medium.source == source and medium.until_us < before_us:
                await self._retire(medium.digest, words)

    async def _retire(self, digest: str, words: str) -> None:
        fact = MediaRetired(digest, words, self._label)
        await self._writer.enter(Input(ROOM, f"retired-{digest[:32]}-{self._writer.size}", fact))
        self._store.remove(digest)

    async def _make_room(self, needed_bytes: int) -> None:
        """Let the oldest go until the rest and the new one fit the bound."""
        kept = [one for one in self._writer.state.media.values() if one.status is MediaStatus.KEPT]
        used_bytes = sum(one.kept.size_bytes for one in kept)
        for medium in kept:
            if used_bytes + needed_bytes <= self._bound_bytes:
                return
            words = f"the store is bounded at {self._bound_bytes} bytes; the oldest goes first"
            await self._retire(medium.kept.digest, words)
            used_bytes -= medium.kept.size_bytes

    async def take_inventory(self) -> tuple[str, ...]:
        """Look at every medium that should be there; record what is missed and what came back, and say it."""
        notes = []
        for digest, medium in self._writer.state.media.items():
            is_there = self._store.holds(digest)
            if medium.status is MediaStatus.RETIRED and is_there:
                self._store.remove(digest)  # the last run ended between its word and its deed
                continue
            fact: MediaMissed | MediaReappeared | None = None
            if medium.status in (MediaStatus.KEPT, MediaStatus.REOPENED) and not is_there:
                fact = MediaMissed(digest, self._label)
                notes.append(f"medium {digest[:12]} of {medium.kept.source} is missing; somebody must say why")
            elif medium.status in (MediaStatus.MISSING, MediaStatus.EXPLAINED) and is_there:
                fact = MediaReappeared(digest, medium.seq, self._label)
                notes.append(f"medium {digest[:12]} is there again; entry {medium.seq} is open again")
            if fact is not None:
                await self._writer.enter(Input(ROOM, f"inventory-{digest[:32]}-{self._writer.size}", fact))
        return tuple(notes)
