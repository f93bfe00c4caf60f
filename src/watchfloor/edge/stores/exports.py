"""Writing an export's files, and putting a data folder back together from one."""

from collections.abc import Callable, Iterable
from pathlib import Path

from watchfloor.base.errors import UnavailableError
from watchfloor.edge.stores.disk import refusal, sync_folder, write_durably


def write_files(out: Path, files: Iterable[tuple[str, bytes]], tell: Callable[[int], None]) -> int:
    """Write files below a new folder, durably; answers how many. `tell` hears the number so far.

    **Raises**: UnavailableError, when the folder holds something already or the disk refuses.
    """
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UnavailableError(f"`{out}` holds something already; choose a new folder")
        count = 0
        for name, raw in files:
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, raw)
            count += 1
            tell(count)
        sync_folder(out)
    except OSError as error:
        raise refusal(error, f"`{out}` cannot be written") from error
    return count
