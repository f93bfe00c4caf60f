"""An export: the log in the public tiled layout, with all that the entries name beside it.

| name | holds |
|---|---|
| `FORMAT` | one line: the version of this layout |
| `CONTEXT` | one line: what this is, EXERCISE or another of the fixed words, as the room last said it |
| `checkpoint`, `tile/...` | the log, as `tiles.py` says; C2SP tlog-tiles |
| `keys.txt` | verifier keys, one a line: the log's first, later ones and second signers in order, then witnesses |
| `checkpoints` | every checkpoint that the log signed, each a signed note after its length in two big-endian bytes |
| `tape/...`, `media/...` | tape blocks and media as they are stored |
| `withheld.json` | what is not in this export, with the reason: entries with their hashes, and files; absent if none |

An entry that is withheld stands empty in its bundle; its hash is in its tile, and the entry behind it names that too.
So the proof still holds, and the withholding shows.
"""

from msgspec import Struct

from watchfloor.messages.acts import Digest, NeededWords, Whole

FORMAT_TEXT = b"watchfloor record export 2\n"
CHECKPOINT, CHECKPOINTS, KEYS, WITHHELD = "checkpoint", "checkpoints", "keys.txt", "withheld.json"
CONTEXT = "CONTEXT"


class WithheldEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry that an export does not show."""

    seq: Whole
    leaf: Digest
    words: NeededWords


class WithheldFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A tape block or medium that an export does not hold."""

    name: str
    words: NeededWords


class Withheld(Struct, frozen=True, forbid_unknown_fields=True):
    """All that an export leaves out."""

    entries: tuple[WithheldEntry, ...] = ()
    files: tuple[WithheldFile, ...] = ()


def is_export(names: frozenset[str]) -> bool:
    """Whether these are the files of an export, not of a data folder."""
    return CHECKPOINT in names or any(name.startswith("tile/") for name in names)
