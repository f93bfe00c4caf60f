"""Verifying a folder as fast as the machine can: its log's files side by side, without the garbage collector."""

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.record.export_layout import is_export
from watchfloor.record.folder_layout import LOG_FILE
from watchfloor.verify.export import check_export
from watchfloor.verify.folder import check_folder
from watchfloor.verify.report import Report
from watchfloor.verify.walk import NO_TRUST, Trust


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


def _without_collector(files: FolderFiles, trust: Trust) -> Report:
    """What is read is kept or dropped as a whole; looking for circles in it only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return check_folder(files, trust=trust)
    finally:
        if was_on:
            gc.enable()
