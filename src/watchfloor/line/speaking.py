"""Who may say what on a line, and why something cannot be said now.

**Source**: own reasoning. **Doubt**: what cannot be so is not said; a warning is never held up by a suspended line.
"""

from collections.abc import Collection, Mapping

from watchfloor.line.matching import ALWAYS_SHOWN, MOST_SHOWN_PERMILLE, objection_to_terms
from watchfloor.line.session import Line
from watchfloor.line.standing import ENDED, as_of
from watchfloor.line.volumes import faults_of
from watchfloor.messages.line import (
    AgendaProposed,
    AnyLineBody,
    CallOpened,
    CommentMade,
    CommentTranslated,
    FallbackDeclared,
    LineResumed,
    LineSuspended,
    MatchAccepted,
    MatchProposed,
    MinutesSigned,
    NoticeAcknowledged,
    NoticeCorrected,
    NoticeDisputed,
    NoticeExpired,
    NoticeReadBack,
    RollCalled,
    UrgentWarning,
    VolumeNotified,
)

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
    MatchProposed: _CALLERS,
    MatchAccepted: _CALLERS,
}


def objection_to(
    line: Line | None, body: AnyLineBody, powers: Collection[str], room_us: int, role: str = ""
) -> str | None:
    """Why somebody with these powers, in this role, cannot say this on a line now, or None."""
    if line is None:
        return "there is no such line"
    if not line.is_open:
        return "this line is not open in this room now"
    needed = POWERS[type(body)]
    if not set(needed) & set(powers):
        return f"this is said by seats with one of the powers {', '.join(needed)}"
    members = line.opened.members
    if members and role not in members and not ("run_watch" in powers and _is_for_any_watch(body)):
        return f"the {line.opened.line.value} line is spoken on by {', '.join(members)}"
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
        objection = _objection_about(line, body.about, line.others(), room_us, "a notice of theirs")
        if objection is None and isinstance(body, NoticeReadBack) and line.notices[body.about].faults:
            return "that notice cannot be so; dispute it"
        return objection
    if isinstance(body, NoticeAcknowledged):
        is_urgent = body.about in line.urgents and line.urgents[body.about].party != us
        return None if is_urgent else _objection_about(line, body.about, line.others(), room_us, "a notice of theirs")
    if isinstance(body, MatchProposed):
        return objection_to_terms(body.terms, line.matches, room_us)
    if isinstance(body, MatchAccepted):
        return objection_to_match(line, body.about, room_us)
    return _objection_to_reference(line, body)


def _is_for_any_watch(body: AnyLineBody) -> bool:
    """What any watch officer says on any line: warnings, urgent calls, and that one of theirs was heard."""
    return isinstance(body, UrgentWarning | NoticeAcknowledged | RollCalled) or (
        isinstance(body, CallOpened) and body.urgent
    )


def objection_to_match(line: Line, about: str, room_us: int) -> str | None:
    """Why we cannot accept a match that they proposed, or None."""
    match = line.matches.get(about)
    if match is None or match.party == line.opened.party:
        return "the line has no such match of theirs"
    if match.is_agreed() or match.is_replaced:
        return f"that match is {match.state()} already"
    if match.terms.most_shown_permille > MOST_SHOWN_PERMILLE or match.terms.always_shown_count > ALWAYS_SHOWN:
        return "its terms would show more of our plans than this room allows"
    return objection_to_terms(match.terms, line.matches, room_us)


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
        if isinstance(body, MinutesSigned):
            if not call.is_held():
                return "that call was not held: a roll is missing"
            if not call.may_sign(line.opened.party, body.heads):
                return "our minutes of that call are signed"
            if not line.holds(body.heads):
                return "the line's messages do not go that far, or not so"
        elif call.is_over():
            return "that call is over"
    return None


def _objection_about(line: Line, about: str, party: str, room_us: int, what: str) -> str | None:
    notice = line.notices.get(about)
    if notice is None or notice.party != party:
        return f"it is about {what}, and the line has no such"
    standing = as_of(notice, room_us).standing
    return f"that notice is {standing.value} already" if standing in ENDED else None
