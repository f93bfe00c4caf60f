"""Checks a whole data folder: every file has a place, every byte of it is accounted for."""

from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import IntegrityError, WireError
from watchfloor.record import folder_layout as layout
from watchfloor.record.note import VerifierKey, open_own_note
from watchfloor.record.sqlite_pages import RecordFile
from watchfloor.verify.acts import check_acts
from watchfloor.verify.entries import check_entries
from watchfloor.verify.report import Report
from watchfloor.verify.tape import check_tape

_KNOWN = frozenset(
    (
        layout.FORMAT,
        layout.LOCK,
        layout.ROSTER,
        layout.SEAL,
        layout.RECORD,
        layout.WAL,
        layout.PRIVATE_KEY,
        layout.PUBLIC_KEY,
    )
)


def check_folder(files: Mapping[str, bytes]) -> Report:
    """What holds of a folder with these files, by name; nothing outside them is asked.

    **Doubt**: what cannot be read is a problem, never passed over.
    """
    report = Report(problems=[], notes=[])
    report.byte_count = sum(len(raw) for raw in files.values())
    for name in files:
        if name in _KNOWN or layout.TAPE_FILE.fullmatch(name):
            continue
        if name.removesuffix(layout.UNFINISHED) in _KNOWN or name == layout.JOURNAL:
            report.notes.append(f"{name}: a write that was cut off; it never counted")
        else:
            report.add(name, "no file of a data folder has this name")
    if files.get(layout.FORMAT, layout.FORMAT_TEXT) != layout.FORMAT_TEXT:
        report.add(layout.FORMAT, "the folder's format is unknown")
    if files.get(layout.LOCK):
        report.add(layout.LOCK, "the lock file is not empty")
    if files.get(layout.WAL) and layout.RECORD not in files:
        report.add(layout.RECORD, "the record's file is missing beside its write-ahead log")
    key = _check_keys(report, files)
    try:
        record = RecordFile(files.get(layout.RECORD, b""), files.get(layout.WAL, b""))
    except IntegrityError as error:
        report.add(layout.RECORD, str(error))
        return report
    if record.wal.torn_bytes or record.wal.unfinished_frames:
        report.notes.append(
            f"{layout.WAL}: an unfinished commit of {record.wal.unfinished_frames} frames and "
            f"{record.wal.torn_bytes} bytes; it was never acknowledged"
        )
    entries = check_entries(report, record.rows, key, record.engine_version)
    check_acts(report, entries)
    check_tape(report, entries, files)
    if not record.rows:
        report.notes.append("nothing was written yet")
    elif key is not None:
        _check_seal(report, files, key)
    return report


def _check_keys(report: Report, files: Mapping[str, bytes]) -> VerifierKey | None:
    line = files.get(layout.PUBLIC_KEY)
    if line is None:
        if files.get(layout.RECORD):
            report.add(layout.PUBLIC_KEY, "the log's verifier key is missing")
        return None
    try:
        key = VerifierKey.from_line(line.decode())
    except (WireError, UnicodeDecodeError) as error:
        report.add(layout.PUBLIC_KEY, str(error))
        return None
    private = files.get(layout.PRIVATE_KEY)
    if private is not None:
        try:
            raw = bytes.fromhex(private.decode().removesuffix("\n"))
            public = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
            if public != key.public or private != raw.hex().encode() + b"\n":
                report.add(layout.PRIVATE_KEY, "it is not the key of `keys/room.pub`")
        except ValueError:
            report.add(layout.PRIVATE_KEY, "it holds no key")
    return key


def _check_seal(report: Report, files: Mapping[str, bytes], key: VerifierKey) -> None:
    raw = files.get(layout.SEAL)
    if raw is None:
        report.notes.append("no seal: the room did not end in good order, or is running")
        return
    try:
        sealed = layout.parse_seal(open_own_note(raw.decode(), key), key.name)
    except (WireError, UnicodeDecodeError) as error:
        report.add(layout.SEAL, str(error))
        return
    report.sealed = True
    listed = {file.name: file for file in sealed}
    for name in files.keys() - listed.keys() - {layout.SEAL}:
        report.add(name, "came after the seal")
    for name, file in listed.items():
        if name not in files:
            if name == layout.ROSTER:
                report.notes.append("the roster of names was removed; the record does not need it")
            else:
                report.add(name, "is missing since the seal")
        elif sha256(files[name]).hexdigest() != file.digest:
            report.add(name, "has changed since the seal")
