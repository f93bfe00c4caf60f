"""A line as a room holds it: both chains, what became of each notice, what was declared, and what is measured.

What a person says becomes a message here, and is signed elsewhere; what the other party said is taken only as it
follows from what it said before. A declared state and a measured one stand beside each other; neither speaks for
the other.

**Source**: own reasoning. **Doubt**: what was not heard is not known; nobody's silence agrees to anything.
"""

from collections.abc import Collection, Mapping
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.growing import Growing
from watchfloor.line.calling import Call, calls_with
from watchfloor.line.chain import NOTHING, Chain, Reader, Refusal, Taken, digest_of
from watchfloor.line.standing import ENDED, Notice, as_of, notices_with, received
from watchfloor.line.volumes import faults_of
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.line import (
    AgendaProposed,
    AnyLineBody,
    CallOpened,
    CommentMade,
    CommentTranslated,
    FallbackDeclared,
    LineMessage,
    LineParty,
    LineResumed,
    LineSuspended,
    MinutesSigned,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    RollCalled,
    SignedLine,
    UrgentWarning,
    VolumeNotified,
)
from watchfloor.messages.line_record import (
    AnyLineFact,
    LineCountersigned,
    LineHeard,
    LineMeasured,
    LineOpened,
    LineRefused,
    LineSaid,
    LineSpoken,
)

REFUSED_KEPT = 20
_CALLERS = ("call",)
_READERS = ("call", "read_back")
_WATCH = ("call", "run_watch")
POWERS: Mapping[type[AnyLineBody], tuple[str, ...]] = {
    VolumeNotified: _CALLERS,
    NoticeCorrected: _CALLERS,
    NoticeExpired: _CALLERS,
    AgendaProposed: _CALLERS,
    FallbackDeclared: _CALLERS,
    LineSuspended: _CALLERS,
    LineResumed: _CALLERS,
    NoticeReadBack: _READERS,
    NoticeDisputed: _READERS,
    NoticeAcknowledged: (*_READERS, "run_watch"),
    UrgentWarning: _WATCH,
    CommentMade: (*_READERS, "interpret"),
    CommentTranslated: ("interpret",),
    CallOpened: _WATCH,
    RollCalled: (*_READERS, "run_watch"),
    MinutesSigned: _CALLERS,
}


class Urgent(Struct, frozen=True):
    """An urgent warning, and whether a person of the other party has seen it."""

    party: str
    digest: str
    body: UrgentWarning
    sent_us: int
    seen: bool = False


class Comment(Struct, frozen=True):
    """Free text in its own language, and every translation that an interpreter gave, oldest first."""

    party: str
    digest: str
    body: CommentMade
    sent_us: int
    translations: tuple[CommentTranslated, ...] = ()


class Line(Struct, frozen=True, kw_only=True):
    """One line, open in this run of the room or not. `owed` are acts that were accepted and are not signed yet.

    `countersigned`: the other party's signatures under our messages, in order of their numbers; `newest`: the message
    that came last of both. `agenda`: messages to
    be spoken about in the next call. `fallbacks` are the separations that each party declared, `suspended` the parties
    that do not use the line.
    """

    opened: LineOpened
    is_open: bool = True
    ours: Chain
    theirs: Chain
    countersigned: Growing[str] = Growing()
    newest: str = NOTHING
    notices: Mapping[str, Notice] = {}
    urgents: Mapping[str, Urgent] = {}
    calls: Mapping[str, Call] = {}
    comments: Mapping[str, Comment] = {}
    agenda: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    fallbacks: Mapping[str, FallbackDeclared] = {}
    owed: tuple[LineSpoken, ...] = ()
    measured: LineMeasured | None = None
    refused: tuple[LineRefused, ...] = ()

    def others(self) -> str:
        """The other party's name."""
        return self.theirs.party.party


def party_of(opened: LineOpened, *, ours: bool) -> LineParty:
    """One of the two parties of a line."""
    return next(party for party in opened.parties if (party.party == opened.party) == ours)


def open_line(opened: LineOpened, before: Line | None) -> Line:
    """A line as a room opens it: as it stood, where both parties and their keys are the same; else from nothing."""
    if before is not None and before.opened.parties == opened.parties and before.opened.party == opened.party:
        return replace(before, opened=opened, is_open=True, measured=None)
    return Line(
        opened=opened,
        ours=Chain(party_of(opened, ours=True), opened.line_id),
        theirs=Chain(party_of(opened, ours=False), opened.line_id),
    )


def close_line(line: Line) -> Line:
    """A line that nobody opened since the room started again: what was said stands, and nothing can be said."""
    return replace(line, is_open=False, measured=None)


def objection_to(line: Line | None, body: AnyLineBody, powers: Collection[str], room_us: int) -> str | None:
    """Why somebody with these powers cannot say this on a line now, or None."""
    if line is None:
        return "there is no such line"
    if not line.is_open:
        return "this line is not open in this room now"
    needed = POWERS[type(body)]
    if not set(needed) & set(powers):
        return f"this is said by seats with one of the powers {', '.join(needed)}"
    us = line.opened.party
    if isinstance(body, LineResumed):
        return None if us in line.suspended else "we have not suspended this line"
    if us in line.suspended and not isinstance(body, UrgentWarning | CommentMade | NoticeAcknowledged):
        return "we have suspended this line; resume it first"
    if isinstance(body, VolumeNotified | NoticeCorrected | UrgentWarning):
        faults = list(faults_of(body.volume))
        if body.volume.until_us <= room_us:
            faults.append("it is over already")
        if faults:
            return f"the volume cannot be so: {'; '.join(faults)}"
    if isinstance(body, NoticeCorrected | NoticeExpired):
        return _objection_about(line, body.about, us, room_us, "our own notice")
    if isinstance(body, NoticeReadBack | NoticeDisputed):
        return _objection_about(line, body.about, line.others(), room_us, "a notice of theirs")
    if isinstance(body, NoticeAcknowledged):
        is_urgent = body.about in line.urgents and line.urgents[body.about].party != us
        return None if is_urgent else _objection_about(line, body.about, line.others(), room_us, "a notice of theirs")
    return _objection_to_reference(line, body)


def _objection_to_reference(line: Line, body: AnyLineBody) -> str | None:
    """Why what is cited cannot be, or None."""
    if isinstance(body, AgendaProposed):
        known = body.about in line.notices or body.about in line.urgents
        return None if known else "the line has no such message"
    if isinstance(body, CommentTranslated):
        return None if body.about in line.comments else "the line has no such comment"
    if isinstance(body, RollCalled | MinutesSigned):
        call = line.calls.get(body.about)
        if call is None:
            return "the line has no such call"
        if line.opened.party in call.minutes:
            return "our minutes of that call are signed"
        if isinstance(body, MinutesSigned):
            if not call.is_held():
                return "that call was not held: a roll is missing"
            if line.ours.place_of(body.until) is None and line.theirs.place_of(body.until) is None:
                return "the line has no such message"
    return None


def _objection_about(line: Line, about: str, party: str, room_us: int, what: str) -> str | None:
    notice = line.notices.get(about)
    if notice is None or notice.party != party:
        return f"it is about {what}, and the line has no such"
    standing = as_of(notice, room_us).standing
    return f"that notice is {standing.value} already" if standing in ENDED else None


def speak(line: Line, act: LineSpoken) -> Line:
    """The line once an act was accepted: it is owed a signature."""
    return replace(line, owed=(*line.owed, act))


def next_message(line: Line, sent_us: int) -> LineMessage:
    """The message that the oldest owed act becomes."""
    return LineMessage(
        line_id=line.opened.line_id,
        party=line.opened.party,
        number=len(line.ours.taken),
        previous=line.ours.head(),
        seen=line.theirs.head(),
        sent_us=sent_us,
        body=line.owed[0].body,
    )


def fold(line: Line, fact: AnyLineFact) -> Line:
    """The line after a fact that the record has accepted."""
    if isinstance(fact, LineSaid):
        taken = _taken(fact.signed)
        owed = tuple(act for act in line.owed if act.act_id != fact.act_id)
        ours = line.ours.grown(taken, len(line.theirs.taken) - 1)
        return _told(replace(line, ours=ours, owed=owed), taken)
    if isinstance(fact, LineHeard):
        taken = _taken(fact.signed)
        seen = line.ours.place_of(taken.message.seen, max(line.theirs.seen, 0))
        theirs = line.theirs.grown(taken, -1 if seen is None else seen)
        return _told(replace(line, theirs=theirs), taken)
    if isinstance(fact, LineCountersigned):
        digest = line.ours.taken[fact.number].digest
        countersigned = line.countersigned.grown(fact.countersignature)
        return replace(line, countersigned=countersigned, notices=received(line.notices, digest))
    if isinstance(fact, LineRefused):
        return replace(line, refused=(*line.refused, fact)[-REFUSED_KEPT:])
    if isinstance(fact, LineMeasured):
        return replace(line, measured=fact)
    if isinstance(fact, LineOpened):
        return open_line(fact, line)
    assert_never(fact)


def hear(line: Line, signed: SignedLine, reader: Reader) -> Taken | Refusal:
    """Their message, if it follows: one that stands already is answered as it stands."""
    told = line.theirs.take(signed, line.ours, reader)
    return told if isinstance(told, Refusal) else told[1]


def _taken(signed: SignedLine) -> Taken:
    message = decode_canonical(signed.document.encode(), LineMessage)
    return Taken(message, signed, digest_of(signed.document))


def _told(line: Line, taken: Taken) -> Line:
    body, party = taken.message.body, taken.message.party
    line = replace(
        line,
        newest=taken.digest,
        notices=notices_with(line.notices, taken),
        calls=calls_with(line.calls, taken),
    )
    if isinstance(body, UrgentWarning):
        urgent = Urgent(party, taken.digest, body, taken.message.sent_us)
        return replace(line, urgents={**line.urgents, taken.digest: urgent})
    if isinstance(body, CommentMade):
        comment = Comment(party, taken.digest, body, taken.message.sent_us)
        return replace(line, comments={**line.comments, taken.digest: comment})
    if isinstance(body, CommentTranslated) and body.about in line.comments:
        comment = line.comments[body.about]
        comment = replace(comment, translations=(*comment.translations, body))
        return replace(line, comments={**line.comments, body.about: comment})
    if isinstance(body, AgendaProposed):
        return replace(line, agenda=tuple(dict.fromkeys((*line.agenda, body.about))))
    if isinstance(body, MinutesSigned):
        return replace(line, agenda=())
    if isinstance(body, NoticeAcknowledged) and body.about in line.urgents:
        urgent = line.urgents[body.about]
        if urgent.party != party:
            return replace(line, urgents={**line.urgents, body.about: replace(urgent, seen=True)})
    if isinstance(body, LineSuspended):
        return replace(line, suspended=tuple(sorted({*line.suspended, party})))
    if isinstance(body, LineResumed):
        return replace(line, suspended=tuple(one for one in line.suspended if one != party))
    if isinstance(body, FallbackDeclared):
        return replace(line, fallbacks={**line.fallbacks, party: body})
    return line
