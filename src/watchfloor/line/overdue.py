"""What nobody did in time on a line: the daily call that was not held, and what waits for our answer.

**Source**: own reasoning. **Doubt**: a call counts as held only once both parties are there; a call that only rang was
missed. Before a line was opened, or the clock jumped, nothing was due.
"""

from watchfloor.base.units import US_PER_S
from watchfloor.line.calling import Call
from watchfloor.line.session import Line
from watchfloor.messages.line_record import CallMissed, LineRota, LineUnanswered

_DAY_US = 86_400 * US_PER_S
_NEAR_US = 600 * US_PER_S


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
    has_met = any(call.is_held() and line.waits_us[call.digest] >= newest.due_us for call in line.calls.values())
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
    """Whether a call that was held is the daily one: it says so, or it began about then."""
    is_about_then = abs(line.waits_us[call.digest] - due_us) <= _NEAR_US
    return call.is_held() and (call.body.due_us == due_us or is_about_then)


def _unanswered(line: Line, rota: LineRota, room_us: int) -> list[LineUnanswered]:
    us, waiting = line.opened.party, list[tuple[str, int, int]]()
    for call in line.calls.values():
        if call.party != us and us not in call.rolls and not call.is_over():
            step_s = rota.urgent_step_s if call.body.urgent else rota.step_s
            waiting.append((call.digest, line.waits_us[call.digest], step_s))
    for urgent in line.urgents.values():
        if urgent.party != us and not urgent.seen and urgent.body.volume.until_us > room_us:
            waiting.append((urgent.digest, line.waits_us[urgent.digest], rota.urgent_step_s))
    told = {(one.about, one.role) for one in line.asked}
    found: list[tuple[str, str]] = []
    for digest, heard_us, step_s in waiting:
        count = max(room_us - heard_us, 0) // (step_s * US_PER_S) + 1
        found += [(digest, role) for role in rota.answer[:count] if (digest, role) not in told]
    line_id, label = line.opened.line_id, line.opened.label
    return [
        LineUnanswered(line_id=line_id, about=about, role=role, at_us=room_us, label=label) for about, role in found
    ]
