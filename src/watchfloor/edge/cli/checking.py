"""Verifying a folder as fast as the machine can: its log's files side by side, without the garbage collector."""

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from watchfloor.base.errors import InputError, IntegrityError, UnavailableError
from watchfloor.edge.stores.folder import FolderFiles, refuse_unusable
from watchfloor.record.export_layout import is_export
from watchfloor.record.folder_layout import FORMAT, LOG_FILE
from watchfloor.verify.export import check_export
from watchfloor.verify.folder import check_folder
from watchfloor.verify.report import Report
from watchfloor.verify.walk import NO_TRUST
from watchfloor.verify.witnesses import Trust


def check(path: Path, trust: Trust = NO_TRUST) -> Report:
    """What holds of a data folder or an export."""
    files = FolderFiles(path)
    if is_export(frozenset(files)):
        return check_export(files, trust)
    count = min(sum(1 for name in files if LOG_FILE.fullmatch(name)), os.cpu_count() or 1)
    if count < 2:
        return _without_collector(files, trust)
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=gc.disable) as pool:
        return check_folder(files, pool.map, trust)


def refuse_export(path: Path) -> None:
    """Raises InputError for an export, UnavailableError for what is no data folder of this version."""
    if not path.is_dir():
        raise UnavailableError(f"`{path}` is no folder")
    names = frozenset(FolderFiles(path))
    if is_export(names):
        raise InputError(f"`{path}` is an export; this works on a data folder", field="folder")
    refuse_unusable(path)
    if FORMAT not in names:
        raise UnavailableError(f"`{path}` is no data folder of watchfloor")


def refuse_inside(out: Path, folder: Path) -> None:
    """Raises InputError, when what is to be written lies inside the record's own folder."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"`{out}` lies inside `{folder}`; a record's folder holds nothing else", field="out")


def require_holding(path: Path, consequence: str, *, media_may_be_missing: bool = False) -> Report:
    """The report of a folder or export that holds.

    **Raises**: UnavailableError, when it is no folder; IntegrityError, with the first problem and what follows from it.
    """
    if not path.is_dir():
        raise UnavailableError(f"`{path}` is no folder")
    report = check(path)
    if report.holds() or (media_may_be_missing and report.lacks_only_media()):
        return report
    first = report.problems[0]
    entry = f", entry {first.seq}" if first.seq is not None else ""
    raise IntegrityError(f"`{path}` does not verify: {first.where}{entry}: {first.sentence}; {consequence}")


def _without_collector(files: FolderFiles, trust: Trust) -> Report:
    """What is read is kept or dropped as a whole; looking for circles in it only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return check_folder(files, trust=trust)
    finally:
        if was_on:
            gc.enable()
