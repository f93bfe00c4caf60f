"""What became of each notice on the line: sent, received, seen, read back, disputed, corrected, expired.

Only a read-back that repeats every field rightly stands as read back; a wrong digit is named and changes nothing else.
Received never stands for agreed.

**Source**: own reasoning. **Doubt**: what a party says of its own notices counts only for these, what it says of the
other's only for those.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.line.chain import Taken
from watchfloor.messages.line import (
    LineVolume,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    VolumeNotified,
)


class Standing(StrEnum):
    """How far a notice came, in the words that screens use."""

    SENT = "sent"
    RECEIVED = "received"
    SEEN = "seen"
    READ_BACK = "read back"
    DISPUTED = "disputed"
    CORRECTED = "corrected"
    EXPIRED = "expired"


class Notice(Struct, frozen=True, kw_only=True):
    """A notice as it stands; `wrong` are fields that the last read-back had otherwise, or left out."""

    party: str
    digest: str
    volume: LineVolume
    standing: Standing
    wrong: tuple[str, ...] = ()


_ENDED = (Standing.CORRECTED, Standing.EXPIRED)


def fields_of(volume: LineVolume) -> dict[str, int]:
    """A volume's fields as they are read back, one by one."""
    found = {
        "floor_ft": volume.floor_ft,
        "ceiling_ft": volume.ceiling_ft,
        "from_us": volume.from_us,
        "until_us": volume.until_us,
    }
    for number, corner in enumerate(volume.outline, 1):
        found[f"corner{number}_lat_e7deg"] = corner.lat_e7deg
        found[f"corner{number}_lon_e7deg"] = corner.lon_e7deg
    return found


def notices_of(order: Sequence[Taken], now_us: int) -> Mapping[str, Notice]:
    """All notices by digest, from the messages of both parties in the joint log's order; `now_us`: the room's time."""
    found: dict[str, Notice] = {}
    for taken in order:
        _take(found, taken)
    for digest, notice in found.items():
        if notice.volume.until_us <= now_us and notice.standing is not Standing.CORRECTED:
            found[digest] = replace(notice, standing=Standing.EXPIRED)
    return found


def _take(found: dict[str, Notice], taken: Taken) -> None:
    body, party = taken.message.body, taken.message.party
    if isinstance(body, VolumeNotified | NoticeCorrected):
        if isinstance(body, NoticeCorrected):
            _end(found, body.about, party, Standing.CORRECTED)
        standing = Standing.RECEIVED if taken.signed.countersignature else Standing.SENT
        found[taken.digest] = Notice(party=party, digest=taken.digest, volume=body.volume, standing=standing)
    elif isinstance(body, NoticeExpired):
        _end(found, body.about, party, Standing.EXPIRED)
    elif isinstance(body, NoticeAcknowledged | NoticeReadBack | NoticeDisputed):
        notice = found.get(body.about)
        if notice is not None and notice.party != party and notice.standing not in _ENDED:
            found[body.about] = _answered(notice, body)


def _end(found: dict[str, Notice], about: str, party: str, standing: Standing) -> None:
    """A party ends its own notice; another's it cannot."""
    notice = found.get(about)
    if notice is not None and notice.party == party:
        found[about] = replace(notice, standing=standing)


def _answered(notice: Notice, body: NoticeAcknowledged | NoticeReadBack | NoticeDisputed) -> Notice:
    """A notice after the other party's word on it. A dispute stands until the notice is corrected or read back anew."""
    if isinstance(body, NoticeDisputed):
        return replace(notice, standing=Standing.DISPUTED)
    if isinstance(body, NoticeAcknowledged):
        is_new = notice.standing in (Standing.SENT, Standing.RECEIVED)
        return replace(notice, standing=Standing.SEEN) if is_new else notice
    said = {field.name: int(field.value) for field in body.fields}
    wanted = fields_of(notice.volume)
    wrong = tuple(name for name in wanted if said.get(name) != wanted[name])
    strange = tuple(sorted(said.keys() - wanted.keys()))
    if wrong or strange or len(said) != len(body.fields):
        return replace(notice, wrong=wrong + strange)
    return replace(notice, standing=Standing.READ_BACK, wrong=())
