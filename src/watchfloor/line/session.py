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
from watchfloor.line.calling import Call, Heads, calls_with, newest_of_party
from watchfloor.line.chain import NOTHING, Chain, Reader, Refusal, Taken, digest_of
from watchfloor.line.matching import Match, matches_ended, matches_with
from watchfloor.line.standing import Notice, notices_with, received
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.line import (
    AgendaProposed,
    CallOpened,
    ChainHead,
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
from watchfloor.messages.matching import LineMatched

REFUSED_KEPT = 20
MISSED_KEPT = 20
URGENTS_KEPT, COMMENTS_KEPT, TRANSLATIONS_KEPT, AGENDA_KEPT = 50, 200, 10, 100


class Urgent(Struct, frozen=True):
    """An urgent warning, and whether a person of the other party has seen it."""

    party: str
    digest: str
    body: UrgentWarning
    sent_us: int
    seen: bool = False


class Comment(Struct, frozen=True):
    """Free text in its own language, and every translation with whose interpreter gave it, oldest first."""

    party: str
    digest: str
    body: CommentMade
    sent_us: int
    translations: tuple[tuple[str, CommentTranslated], ...] = ()


class AgendaItem(Struct, frozen=True):
    """A message to be spoken about, and which message of whom put it there."""

    about: str
    party: str
    number: int


class Line(Struct, frozen=True, kw_only=True):
    """One line, open in this run of the room or not. `owed` are acts that were accepted and are not signed yet.

    `countersigned`: the other party's signatures under our messages, in order of their numbers; `newest`: the message
    that came last of both. `since_us`: from when on calls are due, by room time; `missed`: what was due and not held;
    `asked`: which roles were asked to answer, by call or warning. `waits_us`: since when calls and warnings wait, by
    our own room time. `agenda`: what to speak about in the next call, by whom and when it was put there. `matches`:
    private matchings of plans. `fallbacks` are the separations that each party declared, `suspended` the parties that
    do not use the line.
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
    matches: Mapping[str, Match] = {}
    waits_us: Mapping[str, int] = {}
    agenda: tuple[AgendaItem, ...] = ()
    suspended: tuple[str, ...] = ()
    fallbacks: Mapping[str, FallbackDeclared] = {}
    owed: tuple[LineSpoken, ...] = ()
    since_us: int = 0
    missed: tuple[CallMissed, ...] = ()
    asked: Mapping[str, tuple[str, ...]] = {}
    measured: LineMeasured | None = None
    measured_us: int = 0
    refused: tuple[LineRefused, ...] = ()

    def heads(self) -> Heads:
        """How far both parties' messages go now, in order of the parties' names."""
        chains = sorted((self.ours, self.theirs), key=lambda chain: chain.party.party)
        return tuple(ChainHead(chain.party.party, len(chain.taken), chain.head()) for chain in chains)

    def holds(self, heads: Heads) -> bool:
        """Whether these heads are of both parties' messages as they stand here."""
        chains = sorted((self.ours, self.theirs), key=lambda chain: chain.party.party)
        return len(heads) == len(chains) and all(
            (head.party, head.count <= len(chain.taken)) == (chain.party.party, True)
            and chain.head_at(head.count) == head.head
            for head, chain in zip(heads, chains, strict=True)
        )

    def others(self) -> str:
        """The other party's name."""
        return self.theirs.party.party


def party_of(opened: LineOpened, *, ours: bool) -> LineParty:
    """One of the two parties of a line."""
    return next(party for party in opened.parties if (party.party == opened.party) == ours)


def open_line(opened: LineOpened, before: Line | None, room_us: int) -> Line:
    """A line as a room opens it: as it stood, where both parties and their keys are the same; else from nothing."""
    if before is not None and before.opened.parties == opened.parties and before.opened.party == opened.party:
        return replace(before, opened=opened, is_open=True, measured=None)
    return Line(
        opened=opened,
        ours=Chain(party_of(opened, ours=True), opened.line_id, opened.context),
        theirs=Chain(party_of(opened, ours=False), opened.line_id, opened.context),
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
        context=line.opened.context,
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
        return replace(line, asked={**line.asked, fact.about: (*line.asked.get(fact.about, ()), fact.role)})
    if isinstance(fact, LineMatched):
        return replace(line, matches=matches_ended(line.matches, fact))
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
    is_false = isinstance(body, MinutesSigned) and not line.holds(body.heads)
    calls = line.calls if is_false else calls_with(line.calls, taken)
    line = replace(
        line,
        newest=taken.digest,
        notices=notices_with(line.notices, taken),
        calls=calls,
        matches=matches_with(line.matches, taken),
    )
    if isinstance(body, UrgentWarning):
        urgent = Urgent(party, taken.digest, body, taken.message.sent_us)
        line = replace(line, urgents=newest_of_party({**line.urgents, taken.digest: urgent}, party, URGENTS_KEPT))
    if isinstance(body, UrgentWarning | CallOpened):
        return _waiting(line, taken.digest, room_us)
    if isinstance(body, CommentMade):
        comment = Comment(party, taken.digest, body, taken.message.sent_us)
        return replace(line, comments=newest_of_party({**line.comments, taken.digest: comment}, party, COMMENTS_KEPT))
    if isinstance(body, CommentTranslated) and body.about in line.comments:
        comment = line.comments[body.about]
        comment = replace(comment, translations=(*comment.translations, (party, body))[-TRANSLATIONS_KEPT:])
        return replace(line, comments={**line.comments, body.about: comment})
    if isinstance(body, AgendaProposed):
        return replace(line, agenda=_agenda_with(line, AgendaItem(body.about, party, taken.message.number)))
    if isinstance(body, MinutesSigned) and body.about in calls and calls[body.about].is_minuted():
        return replace(line, agenda=tuple(item for item in line.agenda if not _is_covered(item, body)))
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


def _waiting(line: Line, digest: str, room_us: int) -> Line:
    """The line with something more that waits; what waits no more is not kept."""
    known = {digest, *line.calls, *line.urgents}
    waits_us = {one: since_us for one, since_us in line.waits_us.items() if one in known}
    asked = {one: roles for one, roles in line.asked.items() if one in known}
    return replace(line, waits_us={**waits_us, digest: room_us}, asked=asked)


def _agenda_with(line: Line, item: AgendaItem) -> tuple[AgendaItem, ...]:
    """The agenda with an item more, each message once; a party's newest AGENDA_KEPT."""
    if any(one.about == item.about for one in line.agenda):
        return line.agenda
    own = [one for one in line.agenda if one.party == item.party]
    full = own[0] if len(own) >= AGENDA_KEPT else None
    return (*(one for one in line.agenda if one is not full), item)


def _is_covered(item: AgendaItem, minutes: MinutesSigned) -> bool:
    """Whether an item was put on the agenda within what these minutes cover."""
    return any(head.party == item.party and item.number < head.count for head in minutes.heads)
