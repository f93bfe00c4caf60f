"""What became of each notice on the line: sent, received, seen, read back, disputed, corrected, expired.

Only a read-back that repeats every field rightly stands as read back; a wrong digit is named and changes nothing else.
Received never stands for agreed.

**Source**: own reasoning. **Doubt**: what a party says of its own notices counts only for these, what it says of the
other's only for those.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.line.chain import Taken
from watchfloor.line.volumes import faults_of
from watchfloor.messages.line import (
    LineVolume,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    ReadBackField,
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
    """A notice as it stands; `wrong` are fields that the last read-back, `said`, had otherwise, or left out.

    `faults` are what cannot be so in the volume as it was said.
    """

    party: str
    digest: str
    volume: LineVolume
    sent_us: int
    standing: Standing
    wrong: tuple[str, ...] = ()
    said: tuple[ReadBackField, ...] = ()
    faults: tuple[str, ...] = ()


ENDED = (Standing.CORRECTED, Standing.EXPIRED)


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


def notices_with(notices: Mapping[str, Notice], taken: Taken) -> Mapping[str, Notice]:
    """The notices after a message more, of either party.

    In which of the orders that a party can hear them in does not matter: a party's word ends its own notices in any.
    """
    body, party = taken.message.body, taken.message.party
    if isinstance(body, VolumeNotified):
        return {**notices, taken.digest: _made(taken, body.volume)}
    if isinstance(body, NoticeCorrected):
        ended = _ended(notices, body.about, party, Standing.CORRECTED)
        return {**ended, taken.digest: _made(taken, body.volume)}
    if isinstance(body, NoticeExpired):
        return _ended(notices, body.about, party, Standing.EXPIRED)
    if isinstance(body, NoticeAcknowledged | NoticeReadBack | NoticeDisputed):
        notice = notices.get(body.about)
        if notice is not None and notice.party != party and notice.standing not in ENDED:
            return {**notices, body.about: _answered(notice, body)}
    return notices


def received(notices: Mapping[str, Notice], digest: str) -> Mapping[str, Notice]:
    """The notices after the other party's countersignature under one."""
    notice = notices.get(digest)
    if notice is None or notice.standing is not Standing.SENT:
        return notices
    return {**notices, digest: replace(notice, standing=Standing.RECEIVED)}


def as_of(notice: Notice, now_us: int) -> Notice:
    """A notice at a room time: once it is over, it has expired."""
    is_over = notice.volume.until_us <= now_us and notice.standing is not Standing.CORRECTED
    return replace(notice, standing=Standing.EXPIRED) if is_over else notice


def _made(taken: Taken, volume: LineVolume) -> Notice:
    standing = Standing.RECEIVED if taken.signed.countersignature else Standing.SENT
    return Notice(
        party=taken.message.party,
        digest=taken.digest,
        volume=volume,
        sent_us=taken.message.sent_us,
        standing=standing,
        faults=faults_of(volume),
    )


def _ended(notices: Mapping[str, Notice], about: str, party: str, standing: Standing) -> Mapping[str, Notice]:
    """A party ends its own notice; another's it cannot."""
    notice = notices.get(about)
    if notice is None or notice.party != party or notice.standing is Standing.CORRECTED:
        return notices
    return {**notices, about: replace(notice, standing=standing, wrong=(), said=())}


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
        return replace(notice, wrong=wrong + strange, said=body.fields)
    return replace(notice, standing=Standing.READ_BACK, wrong=(), said=body.fields)
