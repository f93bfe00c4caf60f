"""`replay --check`: every past act judged again, every alert probed again, every sampled screen rebuilt.

Judging is exact: the same outcomes with the same reasons, or a divergence that names its entry and field. Alerts are
probed again from the states that they store, within the engine's tolerance. The recorded outcome stays the authority.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.app.board_facts import facts_of, use_facts
from watchfloor.app.ruling import RulesDesk
from watchfloor.app.screens import screen_digest, screen_document
from watchfloor.app.standing_alerts import is_unanswered
from watchfloor.app.state import RoomState, as_shown, step
from watchfloor.base.errors import WatchfloorError
from watchfloor.base.labels import Audience, Level
from watchfloor.decisions.rule_change import doctrine_at
from watchfloor.deconflict.probe import NO_ALTITUDE_FT, Candidate, probe
from watchfloor.messages.alerts import AlertEscalated, AlertRaised, VerticalBasis
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.delegation import (
    DelegationSuspended,
    HarmReceived,
    ReviewEnded,
    ReviewOverdue,
    RuleChangeAgreed,
    SuspendCause,
    UseJudged,
    UseReceived,
)
from watchfloor.messages.entry import Entry, Fact
from watchfloor.messages.findings import Finding, RulesAnswered
from watchfloor.messages.keeping import EngineNamed, ScreensSampled
from watchfloor.messages.outcomes import AnyOutcome, DecisionWitnessed, RequestDecided, RequestStopped, StopCause
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import TapeBlockRecovered, TapeBlockSealed
from watchfloor.messages.signed import SignedAct
from watchfloor.record.folder_layout import tape_file
from watchfloor.record.tape import NOTHING, OBSERVATIONS, TRACKS, Frame, TapedName, stream_of
from watchfloor.record.tape_files import named_frames

KEPT_STATES = 2_000
FollowingFact = UseReceived | DelegationSuspended | HarmReceived | ReviewOverdue | ReviewEnded | RuleChangeAgreed
ALERT_TOLERANCE_M, ALERT_TOLERANCE_US = 50, 2_000_000


class Divergence(Struct, frozen=True):
    """Where replay came to something else: the entry, the field, what is recorded, what came out."""

    seq: int
    field: str
    recorded: str
    replayed: str


class Rejudged(Struct):
    """What was judged again, and where it came apart."""

    act_count: int = 0
    decision_count: int = 0
    ruling_count: int = 0
    alert_count: int = 0
    screen_count: int = 0
    position_count: int = 0
    divergences: list[Divergence] = []


def rejudge(entries: list[Entry]) -> Rejudged:
    """Judge a whole record again, by the rules that each act was pinned to."""
    found = Rejudged(divergences=[])
    state = RoomState()
    desk = RulesDesk()
    expected: deque[Fact] = deque()
    states: deque[RoomState] = deque([state], maxlen=KEPT_STATES)
    for entry in entries:
        follows = bool(expected)
        if follows:
            _compare(found, entry, expected.popleft())
        elif isinstance(entry.body, AnyOutcome | FollowingFact | AlertEscalated):
            _judge_cause(found, entry, entry.body, state)
        found.act_count += isinstance(entry.body, SignedAct)
        found.decision_count += isinstance(entry.body, RequestDecided)
        if isinstance(entry.body, RulesAnswered):
            _rule_again(found, entry, entry.body, state, desk)
        if isinstance(entry.body, UseJudged):
            _judge_use_again(found, entry, entry.body, state, desk)
        if isinstance(entry.body, DoctrineSet):
            _digest_again(found, entry, entry.body, desk)
        if isinstance(entry.body, AlertRaised):
            _probe_again(found, entry, entry.body)
        if isinstance(entry.body, ScreensSampled):
            _show_again(found, entry, entry.body, states)
        state, outputs = step(state, entry.body, entry.toe_us, entry.room_us, entry.seq)
        states.append(as_shown(state))
        if not follows:
            expected.extend(outputs)
    for left in expected:
        found.divergences.append(Divergence(entries[-1].seq, "entry", "nothing", type(left).__name__))
    return found


def _rule_again(found: Rejudged, entry: Entry, ruled: RulesAnswered, state: RoomState, desk: RulesDesk) -> None:
    """The rules on record, asked again with the facts that the entries before bear out."""
    found.ruling_count += 1
    doctrine, request = state.board.doctrine, state.board.requests.get(ruled.request_id)
    if doctrine is None or request is None or ruled.rules_digest != doctrine.rules_digest:
        found.divergences.append(Divergence(entry.seq, "rules", ruled.rules_digest, "not in force, or no such request"))
        return
    finding, told = desk.ask(doctrine, request, facts_of(state.board, request, ruled.at_us)[0], ruled.at_us)
    if canonical_bytes(told).decode() != ruled.facts:
        path, recorded, came_out = first_difference(json.loads(ruled.facts), msgspec.to_builtins(told))
        found.divergences.append(Divergence(entry.seq, f"facts.{path}", recorded, came_out))
    _compare_finding(found, entry, ruled, finding)


def _judge_use_again(found: Rejudged, entry: Entry, judged: UseJudged, state: RoomState, desk: RulesDesk) -> None:
    """A use, asked about again under the rules of its own time."""
    found.ruling_count += 1
    use = state.board.authority.uses.get(judged.use_id)
    doctrine = doctrine_at(state.board, use.act.event_us) if use is not None else None
    if use is None or doctrine is None or judged.rules_digest != doctrine.rules_digest:
        sentence = "not in force at the time of the use, or no such use"
        found.divergences.append(Divergence(entry.seq, "rules", judged.rules_digest, sentence))
        return
    request, facts, _ = use_facts(state.board, use)
    finding, told = desk.ask(doctrine, request, facts, use.act.event_us)
    if canonical_bytes(told).decode() != judged.facts:
        path, recorded, came_out = first_difference(json.loads(judged.facts), msgspec.to_builtins(told))
        found.divergences.append(Divergence(entry.seq, f"facts.{path}", recorded, came_out))
    _compare_finding(found, entry, judged, finding)


def _compare_finding(found: Rejudged, entry: Entry, answered: RulesAnswered | UseJudged, finding: Finding) -> None:
    recorded = (answered.answer.value, ", ".join(one.part for one in answered.behind))
    replayed = (finding.answer.value, ", ".join(finding.parts))
    if recorded != replayed:
        found.divergences.append(Divergence(entry.seq, "answer", " ".join(recorded), " ".join(replayed)))


def _digest_again(found: Rejudged, entry: Entry, doctrine: DoctrineSet, desk: RulesDesk) -> None:
    """The digest of rules that take effect, from their text on record."""
    if doctrine.advice is not None:
        return
    try:
        digest = desk.rules_of(doctrine).rules.digest()
    except (WatchfloorError, msgspec.MsgspecError) as error:
        digest = f"cannot be read: {error}"
    if digest != doctrine.rules_digest:
        found.divergences.append(Divergence(entry.seq, "rules_digest", doctrine.rules_digest, digest))


def _judge_cause(
    found: Rejudged, entry: Entry, outcome: AnyOutcome | FollowingFact | AlertEscalated, state: RoomState
) -> None:
    """An outcome that follows from no act: only time, a full record and witnesses bring such."""
    if isinstance(outcome, ReviewOverdue | DelegationSuspended) and _is_overdue(state, outcome, entry.room_us):
        return
    if isinstance(outcome, DecisionWitnessed):
        return
    if isinstance(outcome, AlertEscalated):
        view = state.alerts.get(outcome.alert_id)
        if view is not None and is_unanswered(view, entry.room_us):
            return
    if isinstance(outcome, RequestStopped) and outcome.cause is not StopCause.RULE:
        request = state.board.requests.get(outcome.request_id)
        if outcome.cause is not StopCause.EXPIRY or (request is not None and entry.room_us >= request.act.until_us):
            return
    found.divergences.append(Divergence(entry.seq, "cause", type(outcome).__name__, "nothing brings this about"))


def _is_overdue(state: RoomState, outcome: ReviewOverdue | DelegationSuspended, room_us: int) -> bool:
    """Whether an open review's time was over: it says so, and suspends what it is about."""
    held = state.board.authority
    subject = held.uses.get(outcome.subject_id) or held.harm.get(outcome.subject_id)
    if subject is None or subject.closed is not None or room_us < subject.received.due_us:
        return False
    return isinstance(outcome, ReviewOverdue) or outcome.cause is SuspendCause.OVERDUE


def rejudge_picture(found: Rejudged, entries: list[Entry], files: Mapping[str, bytes]) -> None:
    """Hold every taped track's place against what feeds said, within the engine's tolerance.

    A track's newest position is one that a feed reported; where another engine rounded otherwise it may lie apart by
    the tolerance that the record names; the strictest, if there are several, and none without an engine's name.

    **Cost**: holds every position that feeds reported in memory.
    """
    engines = [entry.body for entry in entries if isinstance(entry.body, EngineNamed)]
    tolerance_e7deg = min((engine.position_tolerance_e7deg for engine in engines), default=0)
    said: dict[tuple[str, int], tuple[int, int]] = {}
    for entry, stream, frame, names in _frames_in_order(entries, files):
        columns = {name: frame.columns[name].tolist() for name in ("number", "toa", "lat", "lon")}
        for number, toa, lat, lon in zip(*columns.values(), strict=True):
            identity = names[number].identity
            if stream == OBSERVATIONS:
                if lat != NOTHING:
                    said[identity, toa] = lat, lon
                continue
            place = said.get((identity, toa))
            if place is None:
                continue
            found.position_count += 1
            if max(abs(place[0] - lat), abs(place[1] - lon)) * 10 > tolerance_e7deg:
                found.divergences.append(Divergence(entry.seq, f"place of {identity}", str((lat, lon)), str(place)))


def _frames_in_order(
    entries: list[Entry], files: Mapping[str, bytes]
) -> Iterator[tuple[Entry, str, Frame, Mapping[int, TapedName]]]:
    """Frames of both streams with the entries that sealed them: all that feeds said, then the tracks."""
    sealed = [entry for entry in entries if isinstance(entry.body, TapeBlockSealed | TapeBlockRecovered)]
    for stream in (OBSERVATIONS, TRACKS):
        for entry in sealed:
            block = entry.body.block  # type: ignore[union-attr]
            raw = files.get(tape_file(block))
            if raw is None or stream_of(block) != stream:
                continue
            for frame, names in named_frames(block, raw):
                yield entry, stream, frame, names


def _compare(found: Rejudged, entry: Entry, replayed: Fact) -> None:
    if entry.body == replayed:
        return
    recorded_name, replayed_name = type(entry.body).__name__, type(replayed).__name__
    if recorded_name != replayed_name:
        found.divergences.append(Divergence(entry.seq, "type", recorded_name, replayed_name))
        return
    one, other = msgspec.to_builtins(entry.body), msgspec.to_builtins(replayed)
    path, recorded, came_out = first_difference(one, other)
    found.divergences.append(Divergence(entry.seq, path, recorded, came_out))


def first_difference(one: Any, other: Any, path: str = "") -> tuple[str, str, str]:
    """The first field in which two plain values differ, and both values there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return first_difference(one.get(key), other.get(key), f"{path}.{key}" if path else key)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        for place in range(max(len(one), len(other))):
            left = one[place] if place < len(one) else None
            right = other[place] if place < len(other) else None
            if left != right:
                return first_difference(left, right, f"{path}[{place}]")
    return path or "value", str(one), str(other)


def _probe_again(found: Rejudged, entry: Entry, alert: AlertRaised) -> None:
    """The alert's own states must give the same encounter, within the tolerance.

    A state stores one level. Where geometric levels were compared it may be the pressure level; then only the
    horizontal part is held against the record.
    """
    found.alert_count += 1
    by_pressure = alert.encounter.basis is VerticalBasis.PRESSURE
    pair = [Candidate(held, held.alt_ft if by_pressure else NO_ALTITUDE_FT) for held in (alert.first, alert.second)]
    again = probe(pair, alert.minima, alert.at_us)
    if not again:
        found.divergences.append(Divergence(entry.seq, "encounter", "a loss of separation", "none"))
        return
    encounter = again[0].encounter
    limits = {"cpa_m": ALERT_TOLERANCE_M, "cpa_us": ALERT_TOLERANCE_US}
    if alert.encounter.basis is not VerticalBasis.GEOMETRIC:
        limits["loss_us"] = ALERT_TOLERANCE_US
    if alert.regime and "loss_us" in limits:
        # Other minima may hold from where the two will be on, so that the loss begins within that of these minima.
        encounter = replace(encounter, loss_us=min(max(encounter.loss_us, alert.encounter.loss_us), encounter.end_us))
    for name, limit in limits.items():
        recorded, came_out = getattr(alert.encounter, name), getattr(encounter, name)
        if abs(recorded - came_out) > limit:
            found.divergences.append(Divergence(entry.seq, f"encounter.{name}", str(recorded), str(came_out)))


def _show_again(found: Rejudged, entry: Entry, sampled: ScreensSampled, states: deque[RoomState]) -> None:
    """Every sampled screen, rebuilt from the entries that were there."""
    behind = entry.seq - sampled.size_count
    if not 0 <= behind < len(states):
        found.divergences.append(Divergence(entry.seq, "size_count", str(sampled.size_count), "too far back"))
        return
    state = states[len(states) - 1 - behind]
    for screen in sampled.screens:
        found.screen_count += 1
        audience = Audience(screen.nations, Level(screen.level), screen.need_to_know)
        digest = screen_digest(screen_document(state, audience, sampled.at_us))
        if digest != screen.digest:
            found.divergences.append(
                Divergence(entry.seq, f"screen for {', '.join(screen.nations)}", screen.digest, digest)
            )
