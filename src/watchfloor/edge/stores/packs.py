"""Packs on disk: those shipped inside the wheel, or a folder that the user names."""

from pathlib import Path

import watchfloor
from watchfloor.base.errors import InputError
from watchfloor.messages.pack import Pack
from watchfloor.wire.pack import parse_pack

_MAX_FILE_BYTES = 8 << 20


def shipped_folder() -> Path:
    """Where the shipped packs are: in the wheel, or beside the sources of a checkout."""
    package = Path(watchfloor.__file__).parent
    inside = package / "_data" / "packs"
    return inside if inside.is_dir() else package.parents[1] / "packs"


def wall_folder() -> Path:
    """Where the built wall is."""
    return Path(watchfloor.__file__).parent / "_data" / "wall"


def load_pack(name: str) -> Pack:
    """The pack of a name or of a folder.

    **Raises**: InputError (PackError), with file, line and field, when it has a fault.
    """
    folder = Path(name) if Path(name).is_dir() else shipped_folder() / name
    if not (folder / "pack.yaml").is_file():
        known = sorted(path.name for path in shipped_folder().glob("*/") if (path / "pack.yaml").is_file())
        raise InputError(f"no pack `{name}`; shipped: {', '.join(known) or 'none'}", field="PACK")
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            if path.stat().st_size > _MAX_FILE_BYTES:
                raise InputError(f"`{path}` is over {_MAX_FILE_BYTES} bytes", field="PACK")
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return parse_pack(files)
