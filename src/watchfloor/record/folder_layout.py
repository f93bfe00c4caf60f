"""The names of a data folder's files, and the forms of those that are text.

| name | holds |
|---|---|
| `FORMAT` | one line: the version of this layout |
| `lock` | nothing; its lock says that a process writes here |
| `keys/room.key` | the log's private key, 32 bytes in hex, readable by its owner only |
| `keys/room.key.next` | while the key is changed: the one that follows |
| `keys/room.pub` | the log's first verifier key, as one line; the record tells of later ones |
| `record/NNNNNN.wfl` | the record, as `record/log.py` says; numbered from 000001 without gaps |
| `tape/STREAM-NNNNNN.wft` | the tape's sealed blocks; the streams are `tracks`, `observations` and `cameras` |
| `tape/STREAM-NNNNNN.wfj` | the journal of the block that is open, or was when a crash came |
| `media/HASH` | a video segment or large document, named by its SHA-256 |
| `quarantine/FEED.jsonl`, `.old.jsonl` | what was refused of a feed, the newest; outside the record, may be deleted |
| `seal.note` | after a good end: size and SHA-256 of every other file, signed by the log's key |
| `*.new` | a file whose writing was cut off; it never counted, and the next start removes it |
| `roster.json` | names of persons; outside the record, may be deleted |

**Source**: own layout.
"""

import re

from msgspec import Struct

from watchfloor.base.errors import WireError

FORMAT_TEXT = b"watchfloor data folder 2\n"
FORMAT, LOCK, ROSTER, SEAL = "FORMAT", "lock", "roster.json", "seal.note"
UNFINISHED = ".new"
PRIVATE_KEY, NEXT_KEY, PUBLIC_KEY = "keys/room.key", "keys/room.key.next", "keys/room.pub"
LOG_FILE = re.compile(r"record/(\d{6})\.wfl")
TAPE_FILE = re.compile(r"tape/((?:tracks|observations|cameras)-\d{6})\.wft")
JOURNAL_FILE = re.compile(r"tape/((?:tracks|observations|cameras)-\d{6})\.wfj")
MEDIA_FILE = re.compile(r"media/([0-9a-f]{64})")
QUARANTINE_FILE = re.compile(r"quarantine/[A-Za-z0-9_-]{1,32}(\.old)?\.jsonl")
_SEAL_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9]\d*) (\S+)")


class SealedFile(Struct, frozen=True):
    """One file as it was at a good end."""

    name: str
    size_bytes: int
    digest: str


def log_file(number: int) -> str:
    """A file of the record, numbered from 1."""
    return f"record/{number:06d}.wfl"


def tape_file(block: str) -> str:
    """The file of a sealed tape block."""
    return f"tape/{block}.wft"


def media_file(digest: str) -> str:
    """The file of a medium."""
    return f"media/{digest}"


def journal_file(block: str) -> str:
    """The file of a tape block that is open."""
    return f"tape/{block}.wfj"


def quarantine_file(feed_id: str, *, is_old: bool = False) -> str:
    """The file of what a feed sent that was refused."""
    return f"quarantine/{feed_id}{'.old' if is_old else ''}.jsonl"


def seal_text(origin: str, files: list[SealedFile]) -> str:
    """The text of a seal, before it is signed."""
    lines = [f"{file.digest} {file.size_bytes} {file.name}" for file in files]
    return "\n".join((f"{origin} seal", *lines)) + "\n"


def parse_seal(text: str, origin: str) -> list[SealedFile]:
    """The files that a seal's text lists.

    **Raises**: WireError, when it is of another room or a line has another form.
    """
    head, *lines = text.removesuffix("\n").split("\n")
    if head != f"{origin} seal":
        raise WireError("the seal is of another room")
    files = []
    for line in lines:
        found = _SEAL_LINE.fullmatch(line)
        if not found:
            raise WireError(f"not a line of a seal: `{line[:80]}`")
        files.append(SealedFile(found.group(3), int(found.group(2)), found.group(1)))
    return files
