"""What nobody did in time on a line: the daily call that was not held, and what waits for our answer.

**Source**: own reasoning. **Doubt**: a call counts as held only once both parties are there; a call that only rang was
missed. Before a line was first opened, or the clock jumped, nothing was due. A warning asks for an answer by our own
clock, whatever the other's says.
"""

from watchfloor.base.units import US_PER_S
from watchfloor.line.calling import Call
from watchfloor.line.session import Line
from watchfloor.messages.line_record import CallMissed, LineRota, LineUnanswered

_DAY_US = 86_400 * US_PER_S
_NEAR_US = 600 * US_PER_S
_RINGS_US = 3_600 * US_PER_S
RINGING = 3


def overdue(line: Line, room_us: int) -> list[CallMissed | LineUnanswered]:
    """What is overdue at a room time and was not told before; nothing, where a line has no rota or is not open."""
    rota = line.opened.rota
    if rota is None or not line.is_open:
        return []
    return [*_missed(line, rota, room_us), *_unanswered(line, rota, room_us)]


def next_due_us(rota: LineRota, room_us: int) -> int:
    """When the next daily call is due, after a room time."""
    return newest_due_us(rota, room_us) + _DAY_US


def missed_us(line: Line) -> int:
    """When the daily call was due that was missed and that no later call has made good; 0, where there is none."""
    if not line.missed:
        return 0
    newest = line.missed[-1]
    has_met = any(call.is_held() and line.waits_us.get(call.digest, 0) >= newest.due_us for call in line.calls.values())
    return 0 if has_met else newest.due_us


def newest_due_us(rota: LineRota, room_us: int) -> int:
    """When the newest daily call was due, at or before a room time."""
    first_us = (rota.due_of_day_s - rota.utc_offset_s) * US_PER_S
    return first_us + (room_us - first_us) // _DAY_US * _DAY_US


def _missed(line: Line, rota: LineRota, room_us: int) -> list[CallMissed]:
    due_us = newest_due_us(rota, room_us - rota.grace_s * US_PER_S)
    was_told = any(one.due_us == due_us for one in line.missed)
    if due_us < line.since_us or was_told or any(_is_for(line, call, due_us) for call in line.calls.values()):
        return []
    return [CallMissed(line_id=line.opened.line_id, due_us=due_us, at_us=room_us, label=line.opened.label)]


def _is_for(line: Line, call: Call, due_us: int) -> bool:
    """Whether a call that was held is the daily one: it began about then, by our own room time, whatever it says."""
    began_us = line.waits_us.get(call.digest)
    return call.is_held() and began_us is not None and abs(began_us - due_us) <= _NEAR_US


def _unanswered(line: Line, rota: LineRota, room_us: int) -> list[LineUnanswered]:
    """Who is asked now, the next role each time; the newest RINGING calls and warnings of theirs ring."""
    us = line.opened.party
    calls = [call for call in line.calls.values() if call.party != us and us not in call.rolls and not call.is_over()]
    urgents = [urgent for urgent in line.urgents.values() if urgent.party != us and not urgent.seen]
    waiting = [
        *((call.digest, rota.urgent_step_s if call.body.urgent else rota.step_s) for call in calls[-RINGING:]),
        *((urgent.digest, rota.urgent_step_s) for urgent in urgents[-RINGING:]),
    ]
    found: list[LineUnanswered] = []
    for digest, step_s in waiting:
        since_us, asked = line.waits_us.get(digest), line.asked.get(digest, ())
        if since_us is None or len(asked) >= len(rota.answer) or room_us - since_us > _RINGS_US:
            continue
        count = max(room_us - since_us, 0) // (step_s * US_PER_S) + 1
        found += [
            LineUnanswered(line_id=line.opened.line_id, about=digest, role=role, at_us=room_us, label=line.opened.label)
            for role in rota.answer[len(asked) : count]
        ]
    return found
