"""Checks a whole data folder: every file has a place, every byte of it is accounted for."""

from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchfloor.base.errors import WireError
from watchfloor.record import folder_layout as layout
from watchfloor.record.keys import Signers
from watchfloor.record.note import VerifierKey, open_note_of
from watchfloor.verify.entries import Runner, check_entries
from watchfloor.verify.report import Report
from watchfloor.verify.walk import NO_TRUST, Walk
from watchfloor.verify.witnesses import Trust

_KNOWN = frozenset(
    (
        layout.FORMAT,
        layout.LOCK,
        layout.ROSTER,
        layout.SEAL,
        layout.PRIVATE_KEY,
        layout.NEXT_KEY,
        layout.PUBLIC_KEY,
    )
)
_FORMS = (layout.LOG_FILE, layout.TAPE_FILE, layout.JOURNAL_FILE, layout.MEDIA_FILE, layout.QUARANTINE_FILE)


def check_folder(files: Mapping[str, bytes], run: Runner = map, trust: Trust = NO_TRUST) -> Report:
    """What holds of a folder with these files, by name; nothing outside them is asked.

    **Args**: `run`: how the log's files are gone through; `map`, or a pool's. `trust`: what the auditor knows already.

    **Doubt**: what cannot be read is a problem, never passed over.
    """
    report = Report(problems=[], notes=[])
    for name in files:
        report.byte_count += len(files[name])
        if _is_known(name):
            continue
        if _is_known(name.removesuffix(layout.UNFINISHED)):
            report.notes.append(f"{name}: a write that was cut off; it never counted")
        else:
            report.add(name, "no file of a data folder has this name")
    if files.get(layout.FORMAT, layout.FORMAT_TEXT) != layout.FORMAT_TEXT:
        report.add(layout.FORMAT, "the folder's format is unknown")
    if files.get(layout.LOCK):
        report.add(layout.LOCK, "the lock file is not empty")
    key = _check_keys(report, files)
    walk, leaves = Walk(report, files, key, frozenset()), bytearray()
    for entry in check_entries(report, files, walk.signers, walk.kinds(), run, leaves):
        walk.take(entry)
    if not report.problems:
        walk.finish(bytes(leaves), trust)
    if report.entry_count == 0 and not report.problems:
        report.notes.append("nothing was written yet")
    elif walk.signers is not None and report.lacks_only_media():
        _check_private_key(report, files, walk.signers)
        _check_seal(report, files, walk.signers)
    return report


def _is_known(name: str) -> bool:
    return name in _KNOWN or any(form.fullmatch(name) for form in _FORMS)


def _check_keys(report: Report, files: Mapping[str, bytes]) -> VerifierKey | None:
    line = files.get(layout.PUBLIC_KEY)
    if line is None:
        if any(layout.LOG_FILE.fullmatch(name) for name in files):
            report.add(layout.PUBLIC_KEY, "the log's verifier key is missing")
        return None
    try:
        key = VerifierKey.from_line(line.decode())
    except (WireError, UnicodeDecodeError) as error:
        report.add(layout.PUBLIC_KEY, str(error))
        return None
    return key


def _check_private_key(report: Report, files: Mapping[str, bytes], signers: Signers) -> None:
    """The private key, where it lies in the folder, is the one that the record names now."""
    private = files.get(layout.PRIVATE_KEY)
    if private is None:
        return
    for raw_line in (private, files.get(layout.NEXT_KEY, b"")):
        try:
            raw = bytes.fromhex(raw_line.decode().removesuffix("\n"))
            public = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
        except ValueError:
            continue
        if public == signers.log.public and raw_line == raw.hex().encode() + b"\n":
            return
    report.add(layout.PRIVATE_KEY, "it is not the key that the record names")


def _check_seal(report: Report, files: Mapping[str, bytes], signers: Signers) -> None:
    raw = files.get(layout.SEAL)
    if raw is None:
        report.notes.append("no seal: the room did not end in good order, or is running")
        return
    try:
        sealed = layout.parse_seal(open_note_of(raw.decode(), signers.keys()), signers.log.name)
    except (WireError, UnicodeDecodeError) as error:
        report.add(layout.SEAL, str(error))
        return
    report.sealed = True
    listed = {file.name: file for file in sealed}
    for name in files.keys() - listed.keys() - {layout.SEAL}:
        if not layout.MEDIA_FILE.fullmatch(name):  # what came back is the inventory's to tell
            report.add(name, "came after the seal")
    for name, file in listed.items():
        if name not in files:
            if name == layout.ROSTER:
                report.notes.append("the roster of names was removed; the record does not need it")
            elif layout.QUARANTINE_FILE.fullmatch(name):
                report.notes.append(f"{name} was removed; the record does not need it")
            elif name in (layout.PRIVATE_KEY, layout.NEXT_KEY):
                report.notes.append("the log's private key was taken out; verification does not need it")
            elif not layout.MEDIA_FILE.fullmatch(name):  # the inventory says what is missing there, and why
                report.add(name, "is missing since the seal")
        elif sha256(files[name]).hexdigest() != file.digest:
            report.add(name, "has changed since the seal")
