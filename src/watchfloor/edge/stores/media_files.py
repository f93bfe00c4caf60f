"""Media as files named by their SHA-256; a file that is not what its name says counts as missing."""

from hashlib import sha256
from pathlib import Path

from watchfloor.edge.stores.disk import refusal, sync_folder, write_durably
from watchfloor.record.folder_layout import media_file


class MediaFiles:
    """The MediaStore in a data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, raw: bytes) -> None:
        """Make a medium durable.

        **Raises**: UnavailableError, when the disk refuses.
        """
        path = self._folder / media_file(digest)
        try:
            path.parent.mkdir(exist_ok=True)
            write_durably(path, raw)
        except OSError as error:
            raise refusal(error, f"medium `{digest[:12]}` cannot be kept") from error

    def holds(self, digest: str) -> bool:
        """Whether the file is there and has this digest."""
        return self.read(digest) is not None

    def read(self, digest: str) -> bytes | None:
        """The file of this digest; None, when there is none that has it."""
        try:
            raw = (self._folder / media_file(digest)).read_bytes()
        except OSError:
            return None
        return raw if sha256(raw).hexdigest() == digest else None

    def remove(self, digest: str) -> None:
        """Let a medium go; one that is not there is gone.

        **Raises**: UnavailableError, when the disk keeps it.
        """
        path = self._folder / media_file(digest)
        try:
            path.unlink(missing_ok=True)
            if path.parent.exists():
                sync_folder(path.parent)
        except OSError as error:
            raise refusal(error, f"medium `{digest[:12]}` cannot be let go") from error
