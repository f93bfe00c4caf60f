"""What a viewer's screen shows of the lines: the newest of each kind, and every notice that still counts."""

from watchfloor.app.lines import Lines
from watchfloor.app.sight import may_see
from watchfloor.base.labels import Audience
from watchfloor.line.agenda import agenda_of
from watchfloor.line.calling import Call
from watchfloor.line.matching import Match
from watchfloor.line.overdue import missed_us, next_due_us
from watchfloor.line.session import Line
from watchfloor.line.speaking import objection_to_match
from watchfloor.line.standing import ENDED, Notice, as_of
from watchfloor.line.volumes import faults_of
from watchfloor.messages.line_record import LineMeasure
from watchfloor.messages.line_screen import (
    AgendaShown,
    CallShown,
    CommentShown,
    FallbackShown,
    LineShown,
    MatchShown,
    MinutesShown,
    NoticeShown,
    RollShown,
    TranslationShown,
    UrgentShown,
)

ENDED_SHOWN, LIVE_SHOWN = 10, 100
NEWEST_SHOWN = 20


def lines_shown(lines: Lines, audience: Audience, room_us: int) -> tuple[LineShown, ...]:
    """The lines as this audience may see them at a room time."""
    return tuple(_line(line, room_us) for line in lines.values() if may_see(line.opened.label, audience))


def _line(line: Line, room_us: int) -> LineShown:
    notices = [as_of(notice, room_us) for notice in line.notices.values()]
    ended = [notice for notice in notices if notice.standing in ENDED][-ENDED_SHOWN:]
    live = [notice for notice in notices if notice.standing not in ENDED]
    shown = {notice.digest for notice in [*ended, *live[-LIVE_SHOWN:]]}
    return LineShown(
        line_id=line.opened.line_id,
        line=line.opened.line,
        party=line.opened.party,
        other_party=line.others(),
        is_open=line.is_open,
        suspended=line.suspended,
        measured=line.measured.state if line.measured else LineMeasure.NEVER_HEARD,
        measured_us=line.measured_us,
        silent_us=line.measured.silent_us if line.measured else 0,
        skew_us=line.measured.skew_us if line.measured else 0,
        unreceipted_count=len(line.ours.taken) - len(line.countersigned),
        fallbacks=tuple(
            FallbackShown(party, one.horizontal_m, one.vertical_ft) for party, one in sorted(line.fallbacks.items())
        ),
        notices=tuple(_notice(one) for one in notices if one.digest in shown),
        unshown_count=max(len(live) - LIVE_SHOWN, 0),
        urgents=tuple(
            UrgentShown(
                digest=one.digest,
                party=one.party,
                cause=one.body.cause,
                volume=one.body.volume,
                sent_us=one.sent_us,
                heard_us=line.waits_us.get(one.digest, 0),
                is_seen=one.seen,
                faults=faults_of(one.body.volume),
                asked=_asked(line, one.digest),
            )
            for one in list(line.urgents.values())[-NEWEST_SHOWN:]
        ),
        calls=tuple(_call(line, call) for call in list(line.calls.values())[-NEWEST_SHOWN:]),
        comments=tuple(
            CommentShown(
                digest=one.digest,
                party=one.party,
                sent_us=one.sent_us,
                words=one.body.words,
                language=one.body.language,
                translations=tuple(
                    TranslationShown(party, told.words, told.language) for party, told in one.translations
                ),
            )
            for one in list(line.comments.values())[-NEWEST_SHOWN:]
        ),
        matches=tuple(_match(line, one, room_us) for one in list(line.matches.values())[-NEWEST_SHOWN:]),
        agenda=tuple(AgendaShown(about, why.value) for about, why in agenda_of(line, room_us)[:LIVE_SHOWN]),
        members=line.opened.members,
        newest=line.newest,
        heads=line.heads(),
        refused=tuple(one.reason for one in line.refused),
        call_due_us=next_due_us(line.opened.rota, room_us) if line.opened.rota and line.is_open else 0,
        missed_us=missed_us(line),
    )


def _notice(notice: Notice) -> NoticeShown:
    return NoticeShown(
        digest=notice.digest,
        party=notice.party,
        sent_us=notice.sent_us,
        volume=notice.volume,
        standing=notice.standing.value,
        wrong=notice.wrong,
        said=notice.said,
        faults=notice.faults,
    )


def _call(line: Line, call: Call) -> CallShown:
    return CallShown(
        digest=call.digest,
        party=call.party,
        due_us=call.body.due_us,
        urgent=call.body.urgent,
        joined=call.body.joined,
        sent_us=call.sent_us,
        state=call.state(),
        rolls=tuple(RollShown(party, present) for party, present in sorted(call.rolls.items())),
        heard_us=line.waits_us.get(call.digest, 0),
        minutes=tuple(MinutesShown(party, heads) for party, heads in sorted(call.minutes.items())),
        asked=_asked(line, call.digest),
    )


def _asked(line: Line, digest: str) -> tuple[str, ...]:
    return line.asked.get(digest, ())


def _match(line: Line, match: Match, room_us: int) -> MatchShown:
    ended = match.ended
    is_theirs = match.party != line.opened.party and not match.is_agreed()
    return MatchShown(
        digest=match.digest,
        party=match.party,
        sent_us=match.sent_us,
        terms=match.terms,
        state=match.state(),
        reason=ended.reason if ended else "",
        objection=(objection_to_match(line, match.digest, room_us) or "") if is_theirs else "",
        coarse_count=ended.coarse_count if ended else 0,
        fine_count=ended.fine_count if ended else 0,
        clashes=match.clashes if ended else (),
    )
