"""What the last run left: the room's id, the next tape block, and blocks that a crash left open."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from watchfloor.app.resume import Past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import IntegrityError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.edge.stores.disk import write_durably
from watchfloor.edge.stores.folder import DataFolder, FileKey, key_in
from watchfloor.messages.room import TapeBlockRecovered
from watchfloor.record import folder_layout as layout
from watchfloor.record.keys import Signers
from watchfloor.record.note import VerifierKey
from watchfloor.record.tape import RunningDigest, decode_frame, frames_of, stream_of
from watchfloor.record.tape_block import encode_block, sealed_as


def held_room_id(path: Path) -> str | None:
    """The id of the room whose folder this is; None for a new folder."""
    public = path / layout.PUBLIC_KEY
    if not public.exists():
        return None
    return VerifierKey.from_line(public.read_text()).name.partition("/")[2]


def first_key(path: Path) -> VerifierKey:
    """The log's first verifier key; later ones follow from the record."""
    return VerifierKey.from_line((path / layout.PUBLIC_KEY).read_text())


def signers_of(folder: DataFolder, key: FileKey, named: Signers, second_path: Path | None) -> tuple[FileKey, ...]:
    """The private keys that the record asks for now.

    **Raises**: UnavailableError, when one is missing or another.
    """
    key = folder.current_key(key, named.log)
    if named.second is None:
        if second_path is not None:
            raise UnavailableError(
                "the record names no second signer; name one first: `watchfloor record key second DIR FILE`"
            )
        return (key,)
    if second_path is None:
        raise UnavailableError(
            f"the record has a second signer `{named.second.name}`; give its key with `--second-key`"
        )
    second = key_in(second_path, named.second.name)
    if second.key != named.second:
        raise UnavailableError(f"`{second_path}` is not the second signer that the record names")
    return key, second


def next_block_numbers(path: Path, past: Past) -> dict[str, int]:
    """By stream, the number of the block to write next: above every block on disk and every block recorded."""
    names = [file.stem for file in (path / "tape").glob("*-*.wf?")] + list(past.state.sealed_blocks)
    numbers: dict[str, int] = {}
    for name in names:
        stream, _, number = name.rpartition("-")
        numbers[stream] = max(numbers.get(stream, 1), int(number) + 1)
    return numbers


async def recover_tape(path: Path, writer: Writer, label: Label) -> tuple[str, ...]:
    """Cut each open block to what the record vouches for, seal it, record that, and say it in sentences.

    **Raises**: IntegrityError, when a block is not as it was recorded; nothing is cut then.
    """
    notes = []
    before = writer.state
    known = set(before.sealed_blocks)
    for block in known - before.kept_blocks.keys():
        (path / layout.tape_file(block)).unlink(missing_ok=True)  # a crash came between its last word and its end
    for file in sorted((path / "tape").glob("*.wfj")):
        block = file.stem
        if block in known:
            file.unlink()
            continue
        (path / layout.tape_file(block)).unlink(missing_ok=True)
        held = before.open_blocks.get(block)
        journal = file.read_bytes()
        kept = held.stored_bytes if held else 0
        digest = RunningDigest(journal[:kept])
        if held is not None and digest.hex() != held.digest:
            raise IntegrityError(f"{layout.journal_file(block)} is not as it was recorded; run `record verify`")
        fact = TapeBlockRecovered(
            block=block,
            frame_count=held.frame_count if held else 0,
            stored_bytes=kept,
            digest=digest.hex(),
            cut_bytes=len(journal) - kept,
            **_sealed(path, block, journal[:kept], digest.hex()),
            label=label,
        )
        await writer.enter(Input("room", f"recover-{block}-{writer.size}", fact))
        file.unlink()
        notes.append(
            f"the last run did not end in good order: tape block {block} was open; "
            f"{fact.frame_count} frames kept, {fact.cut_bytes} unrecorded bytes cut"
        )
    return tuple(notes)


def _sealed(path: Path, block: str, journal: bytes, digest: str) -> dict[str, Any]:
    """Seal what is kept of a journal; nothing is written for one without frames."""
    if not journal:
        return {"sealed_bytes": 0, "sealed_digest": sha256(b"").hexdigest(), "first_room_us": 0, "last_room_us": 0}
    stream = stream_of(block)
    frames = [decode_frame(stream, plain) for _, plain in frames_of(journal)]
    raw = encode_block(stream, frames, digest)
    write_durably(path / layout.tape_file(block), raw)
    return sealed_as(raw)
