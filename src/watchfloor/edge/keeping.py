"""Work on a record while no room runs on it: writing in it, changing keys, making a folder of an export again."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import Past, read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.labels import Label
from watchfloor.edge.recovery import first_key, signers_of
from watchfloor.edge.stores.disk import write_durably
from watchfloor.edge.stores.folder import DataFolder, FileKey, key_in, make_key
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.messages.entry import Fact, decode_entry
from watchfloor.messages.keeping import KeyCause, LogKeyChanged, SecondSignerSet
from watchfloor.record import export_layout
from watchfloor.record import folder_layout as layout
from watchfloor.record.keys import Signers
from watchfloor.record.log import Edge
from watchfloor.record.note import parse_checkpoint, split_note
from watchfloor.record.tiles import ENTRIES, split_bundle, tile_path, widths
from watchfloor.record.tree import Frontier, leaf_hash

Preparation = Callable[[DataFolder, Past], tuple[tuple[FileKey, ...], tuple[FileKey, ...]]]
Change = Callable[[DataFolder, Past], tuple[Fact, tuple[FileKey, ...], tuple[FileKey, ...]]]


async def enter_alone(path: Path, change: Change) -> None:
    """Enter one fact into a folder that no room holds.

    **Args**: `change`: from the folder and its past, the fact, who signs its batch and who signs the new seal.
    """
    facts: list[Fact] = []

    def prepare(folder: DataFolder, past: Past) -> tuple[tuple[FileKey, ...], tuple[FileKey, ...]]:
        fact, signers, sealers = change(folder, past)
        facts.append(fact)
        return signers, sealers

    async def work(writer: Writer, folder: DataFolder) -> None:
        await writer.enter(Input("keeper", f"keys-{secrets.token_hex(8)}", facts[0]))
        if isinstance(facts[0], LogKeyChanged):
            folder.take_next_key()

    await write_in(path, prepare, work)


async def write_in(path: Path, prepare: Preparation, work: Callable[[Writer, DataFolder], Awaitable[None]]) -> None:
    """Open a folder that no room holds, write in it, seal it again; without the seal, when the record failed.

    **Args**: `prepare`: who signs what is written, and who the new seal.
    """
    if not (path / layout.PUBLIC_KEY).exists():
        raise UnavailableError(f"`{path}` is no data folder with a record")
    folder = DataFolder(path)
    try:
        store = LogFiles(path)
        past = read_past(store, Signers(first_key(path)))
        if past.state.opened is None:
            raise UnavailableError(f"nothing was written in `{path}` yet")
        clock = EntryClock(past.entries[-1].toe_us)
        signers, sealers = prepare(folder, past)
        folder.unseal()
        store.begin(past.edge())
        writer = Writer(store, clock, signers, past)
        writer.start()
        try:
            await work(writer, folder)
        finally:
            await writer.close()
            store.close()
        if writer.trouble is None:
            folder.seal(sealers)
    finally:
        folder.close()


def as_it_is(second_path: Path | None) -> Preparation:
    """The keys that the record names now sign."""

    def prepare(folder: DataFolder, past: Past) -> tuple[tuple[FileKey, ...], tuple[FileKey, ...]]:
        signers = signers_of(folder, folder.begin_key(past.signers.log.name), past.signers, second_path)
        return signers, signers

    return prepare


def rotation(words: str, second_path: Path | None) -> Change:
    """The log's key is followed by a new one; both sign the change."""

    def change(folder: DataFolder, past: Past) -> tuple[Fact, tuple[FileKey, ...], tuple[FileKey, ...]]:
        name = past.signers.log.name
        before = signers_of(folder, folder.begin_key(name), past.signers, second_path)
        fresh = make_key(folder.path / layout.NEXT_KEY, name)
        fact = LogKeyChanged(fresh.key.line(), KeyCause.ROTATED, words, _label(past))
        return fact, (fresh, *before), (fresh, *before[1:])

    return change


def replacement(words: str, second_path: Path) -> Change:
    """The log's key is lost; the second signer vouches for a new one."""

    def change(folder: DataFolder, past: Past) -> tuple[Fact, tuple[FileKey, ...], tuple[FileKey, ...]]:
        if past.signers.second is None:
            raise InputError(
                "the record names no second signer who could vouch for a new key; it ends here, and still verifies",
                field="folder",
            )
        second = key_in(second_path, past.signers.second.name)
        if second.key != past.signers.second:
            raise UnavailableError(f"`{second_path}` is not the second signer that the record names")
        fresh = make_key(folder.path / layout.NEXT_KEY, past.signers.log.name)
        fact = LogKeyChanged(fresh.key.line(), KeyCause.LOST, words, _label(past))
        return fact, (fresh, second), (fresh, second)

    return change


def second_signer(words: str, key_path: Path, *, ends: bool) -> Change:
    """A second signer is named, or ends."""

    def change(folder: DataFolder, past: Past) -> tuple[Fact, tuple[FileKey, ...], tuple[FileKey, ...]]:
        name = past.signers.log.name
        if ends:
            signers = signers_of(folder, folder.begin_key(name), past.signers, key_path)
            return SecondSignerSet("", words, _label(past)), signers, signers[:1]
        if past.signers.second is not None:
            raise InputError("the record has a second signer already; end that one first", field="folder")
        own = signers_of(folder, folder.begin_key(name), past.signers, None)
        second_name = f"{name}/second"
        second = key_in(key_path, second_name) if key_path.exists() else make_key(key_path, second_name)
        if second.key.public == own[0].key.public:
            raise InputError("the second signer's key is the log's own; it must be another's", field="file")
        return SecondSignerSet(second.key.line(), words, _label(past)), (*own, second), (*own, second)

    return change


def _label(past: Past) -> Label:
    if past.state.opened is None:
        raise UnavailableError("nothing was written yet")
    return past.state.opened.label


def restore(files: Mapping[str, bytes], path: Path) -> None:
    """Put a data folder together from an export that holds and withholds nothing; without private keys.

    **Raises**: InputError, when something is withheld; UnavailableError, when the folder holds something already.
    """
    if export_layout.WITHHELD in files:
        raise InputError("this export withholds something; a folder cannot be made whole from it", field="export")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UnavailableError(f"`{path}` holds something already; choose a new folder")
    size = parse_checkpoint(split_note(files[export_layout.CHECKPOINT].decode())[0]).size
    raws = [raw for number, width in widths(size) for raw in split_bundle(files[tile_path(ENTRIES, number, width)])]
    folder = DataFolder(path)
    try:
        write_durably(path / layout.PUBLIC_KEY, files[export_layout.KEYS].splitlines()[0] + b"\n")
        store, frontier, leaf = LogFiles(path), Frontier(), bytes(32)
        list(store.batches())
        store.begin(Edge())
        for note in split_bundle(files[export_layout.CHECKPOINTS]):
            end = parse_checkpoint(split_note(note.decode())[0]).size
            batch = raws[frontier.size : end]
            for raw in batch:
                leaf = leaf_hash(raw)
                frontier.append(leaf)
            toe_us = decode_entry(batch[-1]).toe_us
            store.append(batch, Edge(end, toe_us, leaf, frontier.peaks()), note.decode(), urgent=False)
        store.close()
        for name in files:
            if name.startswith(("tape/", "media/")):
                (path / name).parent.mkdir(exist_ok=True)
                write_durably(path / name, files[name])
    finally:
        folder.close()
