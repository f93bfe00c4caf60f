"""A line as a room holds it: both chains, what became of each notice, what was declared, and what is measured.

What a person says becomes a message here, and is signed elsewhere; what the other party said is taken only as it
follows from what it said before. A declared state and a measured one stand beside each other; neither speaks for
the other.

**Source**: own reasoning. **Doubt**: what was not heard is not known; nobody's silence agrees to anything.
"""

from collections.abc import Mapping
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.growing import Growing
from watchfloor.line.calling import Call, calls_with
from watchfloor.line.chain import NOTHING, Chain, Reader, Refusal, Taken, digest_of
from watchfloor.line.standing import Notice, notices_with, received
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.line import (
    AgendaProposed,
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
    SignedLine,
    UrgentWarning,
)
from watchfloor.messages.line_record import (
    CallMissed,
    LaterLineFact,
    LineCountersigned,
    LineHeard,
    LineMeasured,
    LineOpened,
    LineRefused,
    LineSaid,
    LineSpoken,
    LineUnanswered,
)

REFUSED_KEPT = 20
MISSED_KEPT = 20
ASKED_KEPT = 200


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
    that came last of both. `since_us`: from when on calls are due, by room time; `missed` and `asked`: what was due and
    not held, and who was asked when nobody answered. `waits_us`: since when calls and warnings wait, by our own room
    time. `agenda`: messages to
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
    waits_us: Mapping[str, int] = {}
    agenda: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    fallbacks: Mapping[str, FallbackDeclared] = {}
    owed: tuple[LineSpoken, ...] = ()
    since_us: int = 0
    missed: tuple[CallMissed, ...] = ()
    asked: tuple[LineUnanswered, ...] = ()
    measured: LineMeasured | None = None
    measured_us: int = 0
    refused: tuple[LineRefused, ...] = ()

    def others(self) -> str:
        """The other party's name."""
        return self.theirs.party.party


def party_of(opened: LineOpened, *, ours: bool) -> LineParty:
    """One of the two parties of a line."""
    return next(party for party in opened.parties if (party.party == opened.party) == ours)


def open_line(opened: LineOpened, before: Line | None, room_us: int) -> Line:
    """A line as a room opens it: as it stood, where both parties and their keys are the same; else from nothing."""
    if before is not None and before.opened.parties == opened.parties and before.opened.party == opened.party:
        return replace(before, opened=opened, is_open=True, measured=None, since_us=room_us)
    return Line(
        opened=opened,
        ours=Chain(party_of(opened, ours=True), opened.line_id),
        theirs=Chain(party_of(opened, ours=False), opened.line_id),
        since_us=room_us,
    )


def close_line(line: Line) -> Line:
    """A line that nobody opened since the room started again: what was said stands, and nothing can be said."""
    return replace(line, is_open=False, measured=None)


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


def fold(line: Line, fact: LaterLineFact, room_us: int) -> Line:
    """The line after a fact that the record has accepted, at a room time."""
    if isinstance(fact, LineSaid):
        taken = _taken(fact.signed)
        owed = tuple(act for act in line.owed if act.act_id != fact.act_id)
        ours = line.ours.grown(taken, len(line.theirs.taken) - 1)
        return _told(replace(line, ours=ours, owed=owed), taken, room_us)
    if isinstance(fact, LineHeard):
        taken = _taken(fact.signed)
        seen = line.ours.place_of(taken.message.seen, max(line.theirs.seen, 0))
        theirs = line.theirs.grown(taken, -1 if seen is None else seen)
        return _told(replace(line, theirs=theirs), taken, room_us)
    if isinstance(fact, LineCountersigned):
        digest = line.ours.taken[fact.number].digest
        countersigned = line.countersigned.grown(fact.countersignature)
        return replace(line, countersigned=countersigned, notices=received(line.notices, digest))
    if isinstance(fact, LineRefused):
        return replace(line, refused=(*line.refused, fact)[-REFUSED_KEPT:])
    if isinstance(fact, LineMeasured):
        return replace(line, measured=fact, measured_us=room_us)
    if isinstance(fact, CallMissed):
        return replace(line, missed=(*line.missed, fact)[-MISSED_KEPT:])
    if isinstance(fact, LineUnanswered):
        return replace(line, asked=(*line.asked, fact)[-ASKED_KEPT:])
    assert_never(fact)


def hear(line: Line, signed: SignedLine, reader: Reader) -> Taken | Refusal:
    """Their message, if it follows: one that stands already is answered as it stands."""
    told = line.theirs.take(signed, line.ours, reader)
    return told if isinstance(told, Refusal) else told[1]


def _taken(signed: SignedLine) -> Taken:
    message = decode_canonical(signed.document.encode(), LineMessage)
    return Taken(message, signed, digest_of(signed.document))


def _told(line: Line, taken: Taken, room_us: int) -> Line:
    body, party = taken.message.body, taken.message.party
    line = replace(
        line,
        newest=taken.digest,
        notices=notices_with(line.notices, taken),
        calls=calls_with(line.calls, taken),
    )
    if isinstance(body, UrgentWarning | CallOpened):
        line = replace(line, waits_us={**line.waits_us, taken.digest: room_us})
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
