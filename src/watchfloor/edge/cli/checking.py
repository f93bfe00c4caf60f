"""Verifying a folder as fast as the machine can: its log's files side by side, without the garbage collector."""

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.record.folder_layout import LOG_FILE
from watchfloor.verify.folder import check_folder
from watchfloor.verify.report import Report


def check(path: Path) -> Report:
    """What holds of a data folder."""
    files = FolderFiles(path)
    count = min(sum(1 for name in files if LOG_FILE.fullmatch(name)), os.cpu_count() or 1)
    if count < 2:
        return _without_collector(files)
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=gc.disable) as pool:
        return check_folder(files, pool.map)


def _without_collector(files: FolderFiles) -> Report:
    """What is read is kept or dropped as a whole; looking for circles in it only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return check_folder(files)
    finally:
        if was_on:
            gc.enable()
