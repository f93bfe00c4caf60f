"""How each medium stands, as the record tells it.

| status | what is so |
|---|---|
| kept | the file is there, and is what it was |
| retired | a retention rule let it go, and says which |
| missing | it is not there, and nobody has said why |
| explained | it is not there, and a person said why |
| reopened | it was missed, and is there again; somebody must say what that means |
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.messages.acts import MissingExplained
from watchfloor.messages.keeping import MediaKept, MediaMissed, MediaReappeared, MediaRetired


class MediaStatus(StrEnum):
    """How a medium stands."""

    KEPT = "kept"
    RETIRED = "retired"
    MISSING = "missing"
    EXPLAINED = "explained"
    REOPENED = "reopened"


class Medium(Struct, frozen=True):
    """A medium as the record tells it; `seq` is the newest entry about its absence."""

    kept: MediaKept
    status: MediaStatus = MediaStatus.KEPT
    words: str = ""
    seq: int = 0


MediaFact = MediaKept | MediaRetired | MediaMissed | MediaReappeared | MissingExplained


def media_after(media: Mapping[str, Medium], fact: MediaFact, seq: int) -> Mapping[str, Medium]:
    """The inventory after a fact about one medium."""
    if isinstance(fact, MediaKept):
        return {**media, fact.digest: Medium(fact)}
    held = media.get(fact.digest)
    if held is None:
        return media
    if isinstance(fact, MediaRetired):
        held = replace(held, status=MediaStatus.RETIRED, words=fact.words)
    elif isinstance(fact, MediaMissed):
        held = replace(held, status=MediaStatus.MISSING, words="", seq=seq)
    elif isinstance(fact, MediaReappeared):
        held = replace(held, status=MediaStatus.REOPENED, words="")
    else:
        status = MediaStatus.KEPT if held.status is MediaStatus.REOPENED else MediaStatus.EXPLAINED
        held = replace(held, status=status, words=fact.words, seq=seq)
    return {**media, fact.digest: held}
