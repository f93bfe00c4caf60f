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

    `faults` are what cannot be so in the volume as it was said. `number` is the message's own; `touched` are the newest
    numbers, by party, of messages about it.
    """

    party: str
    digest: str
    volume: LineVolume
    sent_us: int
    standing: Standing
    wrong: tuple[str, ...] = ()
    said: tuple[ReadBackField, ...] = ()
    faults: tuple[str, ...] = ()
    number: int = 0
    touched: tuple[tuple[str, int], ...] = ()

    def touched_by(self, taken: Taken) -> "Notice":
        """The notice with the number of a message about it."""
        newest = dict(self.touched)
        party, number = taken.message.party, taken.message.number
        newest[party] = max(newest.get(party, -1), number)
        return replace(self, touched=tuple(sorted(newest.items())))


NOTICES_KEPT = 2_000
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
        return _kept({**notices, taken.digest: _made(taken, body.volume)}, taken)
    if isinstance(body, NoticeCorrected):
        ended = _ended(notices, body.about, taken, Standing.CORRECTED)
        return _kept({**ended, taken.digest: _made(taken, body.volume)}, taken)
    if isinstance(body, NoticeExpired):
        return _ended(notices, body.about, taken, Standing.EXPIRED)
    if isinstance(body, NoticeAcknowledged | NoticeReadBack | NoticeDisputed):
        notice = notices.get(body.about)
        if notice is not None and notice.party != party:
            answered = notice if notice.standing in ENDED else _answered(notice, body)
            return {**notices, body.about: answered.touched_by(taken)}
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
    return replace(notice, standing=Standing.EXPIRED, wrong=(), said=()) if is_over else notice


def _kept(notices: Mapping[str, Notice], taken: Taken) -> Mapping[str, Notice]:
    """The notices without a party's oldest beyond NOTICES_KEPT: first those that were over when it said this one."""
    party, now_us = taken.message.party, taken.message.sent_us
    own = [notice for notice in notices.values() if notice.party == party]
    if len(own) <= NOTICES_KEPT:
        return notices
    over = [notice for notice in own if as_of(notice, now_us).standing in ENDED]
    gone = list(dict.fromkeys(notice.digest for notice in [*over, *own]))[: len(own) - NOTICES_KEPT]
    return {digest: notice for digest, notice in notices.items() if digest not in gone}


def _made(taken: Taken, volume: LineVolume) -> Notice:
    standing = Standing.RECEIVED if taken.signed.countersignature else Standing.SENT
    return Notice(
        party=taken.message.party,
        digest=taken.digest,
        volume=volume,
        sent_us=taken.message.sent_us,
        standing=standing,
        faults=faults_of(volume),
        number=taken.message.number,
        touched=((taken.message.party, taken.message.number),),
    )


def _ended(notices: Mapping[str, Notice], about: str, taken: Taken, standing: Standing) -> Mapping[str, Notice]:
    """A party ends its own notice; another's it cannot."""
    notice = notices.get(about)
    if notice is None or notice.party != taken.message.party or notice.standing is Standing.CORRECTED:
        return notices
    return {**notices, about: replace(notice, standing=standing, wrong=(), said=()).touched_by(taken)}


def _answered(notice: Notice, body: NoticeAcknowledged | NoticeReadBack | NoticeDisputed) -> Notice:
    """A notice after the other party's word on it. A dispute stands until the notice is corrected or read back anew."""
    if isinstance(body, NoticeDisputed):
        return replace(notice, standing=Standing.DISPUTED, wrong=())
    if isinstance(body, NoticeAcknowledged):
        is_new = notice.standing in (Standing.SENT, Standing.RECEIVED)
        return replace(notice, standing=Standing.SEEN) if is_new else notice
    said = {field.name: int(field.value) for field in body.fields}
    wanted = fields_of(notice.volume)
    wrong = tuple(name for name in wanted if said.get(name) != wanted[name])
    strange = said.keys() - wanted.keys()
    names = [field.name for field in body.fields]
    twice = {name for name in names if names.count(name) > 1}.difference(wrong)
    if wrong or strange or twice:
        is_undone = notice.standing is Standing.READ_BACK
        standing = Standing.SEEN if is_undone else notice.standing
        return replace(notice, standing=standing, wrong=(*wrong, *sorted(strange | twice)), said=body.fields)
    return replace(notice, standing=Standing.READ_BACK, wrong=(), said=body.fields)
