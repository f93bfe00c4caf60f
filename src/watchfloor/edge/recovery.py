"""What the last run left: the room's id, the next tape block, and blocks that a crash left open."""

from pathlib import Path

from watchfloor.app.resume import Past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import IntegrityError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.edge.stores.folder import DataFolder, FileKey, key_in
from watchfloor.edge.stores.tape_files import cut_block
from watchfloor.messages.room import TapeBlockRecovered
from watchfloor.record import folder_layout as layout
from watchfloor.record.keys import Signers
from watchfloor.record.note import VerifierKey
from watchfloor.record.tape import RunningDigest

_BLOCKS = "tracks-*.wft"


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


def next_block_number(path: Path, past: Past) -> int:
    """The number of the block to write next: above every block on disk and every block recorded."""
    names = [file.stem for file in (path / "tape").glob(_BLOCKS)] + list(past.state.sealed_blocks)
    return max((int(name.rpartition("-")[2]) for name in names), default=0) + 1


async def recover_tape(path: Path, writer: Writer, past: Past, label: Label) -> tuple[str, ...]:
    """Cut each open block to what the record vouches for, record that, and say it in sentences.

    **Raises**: IntegrityError, when a block is not as it was recorded; nothing is cut then.
    """
    notes = []
    known = set(past.state.sealed_blocks)
    for file in sorted((path / "tape").glob(_BLOCKS)):
        block = file.stem
        if block in known:
            continue
        held = past.state.open_block
        vouched = held if held is not None and held.block == block else None
        kept = vouched.stored_bytes if vouched else 0
        digest = RunningDigest(file.read_bytes()[:kept])
        if vouched is not None and digest.hex() != vouched.digest:
            raise IntegrityError(f"{layout.tape_file(block)} is not as it was recorded; run `record verify`")
        cut = cut_block(path, block, kept)
        fact = TapeBlockRecovered(
            block=block,
            frame_count=vouched.frame_count if vouched else 0,
            stored_bytes=kept,
            digest=digest.hex(),
            cut_bytes=cut,
            label=label,
        )
        await writer.enter(Input("room", f"recover-{block}-{writer.size}", fact))
        notes.append(
            f"the last run did not end in good order: tape block {block} was open; "
            f"{fact.frame_count} frames kept, {cut} unrecorded bytes cut"
        )
    return tuple(notes)
