"""What people do: each act is one document, signed in the actor's browser over its exact bytes.

No struct here has a field for an aim point, a weapon, an effect or a predicted casualty figure, and
none may be added (SCOPE limit 2). The finest place is an area that the pack names.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label, Level

Words = Annotated[str, Meta(max_length=4000)]
NeededWords = Annotated[str, Meta(min_length=1, max_length=4000)]
Ident = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9:._-]+$")]
Nonce = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Integer = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class Kind(StrEnum):
    """Kinds of request; a pack names and explains those it uses. Fixed in the engine (SCOPE limit 6)."""

    SHOW_OF_PRESENCE = "show_of_presence"
    ESCORT = "escort"
    AIRDROP = "airdrop"
    DROP_ON_FIRE = "drop_on_fire"
    EVACUATION_OR_RELIEF_FLIGHT = "evacuation_or_relief_flight"
    TEMPORARY_CLOSURE = "temporary_closure"
    FORCE_EXERCISE_ONLY = "force_exercise_only"


class Verdict(StrEnum):
    """What an adviser presses."""

    CONCUR = "concur"
    DOUBT = "doubt"


class Answer(StrEnum):
    """What a decider presses; unsure is a doubt."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class LogHead(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest checkpoint the actor's screen had: how many entries, and their root."""

    size_count: Whole
    root: Digest


class Act(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    """What every act says of itself: who, from which seat, when by room time, having seen which log.

    `act_id` is a nonce and the idempotency key: the same document twice is one act.
    """

    act_id: Nonce
    room_id: Ident
    person_id: Ident
    seat_id: Ident
    at_us: Whole
    head: LogHead


class RequestWritten(
    Act, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="RequestWritten", kw_only=True
):
    """A person asks for something to be allowed, in words, for an area and a window.

    `holder`: a crew's seat that asks for a delegation: to act in area and window without the room, and be reviewed.
    """

    request_id: Ident
    kind: Kind
    acting_nation: Ident
    what: NeededWords
    why: NeededWords
    hoped_for: NeededWords
    could_go_wrong: NeededWords
    alternatives: NeededWords
    area_id: Ident
    from_us: Whole
    until_us: Whole
    label: Label
    rules_digest: Digest
    holder: Ident | None = None


class AdviceGiven(Act, frozen=True, forbid_unknown_fields=True, tag="AdviceGiven", kw_only=True):
    """An adviser concurs or doubts; the words are kept as written."""

    request_id: Ident
    version: Whole
    verdict: Verdict
    words: Words


class DoubtRaised(Act, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="DoubtRaised", kw_only=True):
    """Anybody doubts. It stops at once; no reason is needed at that moment.

    `heard_from`: the crew's seat whose radioed doubt somebody with the power `run_watch` enters.
    """

    request_id: Ident
    version: Whole
    words: Words
    heard_from: Ident | None = None


class DoubtResolved(Act, frozen=True, forbid_unknown_fields=True, tag="DoubtResolved", kw_only=True):
    """Somebody else answers a doubt in writing. It reopens as a new version, asked again from all."""

    request_id: Ident
    version: Whole
    doubt_id: Nonce
    words: NeededWords


class DecisionSigned(Act, frozen=True, forbid_unknown_fields=True, tag="DecisionSigned", kw_only=True):
    """A decider answers, with the two questions and the remaining doubt in writing; words left out are owed.

    `cited` lists act ids the decider relied on; `screen_digest` is the state of the screen it was read from.
    """

    request_id: Ident
    version: Whole
    answer: Answer
    lawful_and_valid: Words
    expected_advantage: Words
    remaining_doubt: Words
    cited: tuple[Nonce, ...]
    screen_digest: Digest


class WordsGiven(Act, frozen=True, forbid_unknown_fields=True, tag="WordsGiven", kw_only=True):
    """The decider gives the written answers that a decision taken in seconds owes."""

    request_id: Ident
    decision_id: Nonce
    lawful_and_valid: NeededWords
    expected_advantage: NeededWords
    remaining_doubt: NeededWords


class CarriedOut(Act, frozen=True, forbid_unknown_fields=True, tag="CarriedOut", kw_only=True):
    """What was decided has been done; from then on it is not asked again."""

    request_id: Ident
    version: Whole
    words: Words


class StandingAdviceGiven(Act, frozen=True, forbid_unknown_fields=True, tag="StandingAdviceGiven", kw_only=True):
    """Advice given beforehand, for a kind in an area, on conditions in words, until an instant at the latest.

    It counts for the first version of a request; who reads it judges whether the conditions hold.
    """

    kind: Kind
    area_id: Ident
    conditions: NeededWords
    until_us: Whole


class StatedFact(StrEnum):
    """Facts that people state, because no part of the room measures them; rules are told the newest."""

    VIEW = "view"
    CIVILIANS = "civilians"
    NOTICE = "notice"
    LINE = "line"
    CROSSES_LINE = "crosses_line"
    NOTIFIED = "notified"
    SENSING = "sensing"
    SOURCE_COUNT = "source_count"


class FactStated(Act, frozen=True, forbid_unknown_fields=True, tag="FactStated", kw_only=True):
    """A person states a fact about an area, a city, a request or the room, as of an instant, and how they know.

    `value` is one of the few words that the fact takes; `until_us` (0: open) is when it lapses.
    """

    fact: StatedFact
    about: Ident
    value: Annotated[str, Meta(max_length=80)]
    as_of_us: Whole
    until_us: Whole
    words: Words
    label: Label


class AlertAcknowledged(Act, frozen=True, forbid_unknown_fields=True, tag="AlertAcknowledged", kw_only=True):
    """A named seat says it has seen an alert. It changes nothing else."""

    alert_id: Ident


class ClockCommanded(Act, frozen=True, forbid_unknown_fields=True, tag="ClockCommanded", kw_only=True):
    """Exercise control pauses, jumps or paces room time. `jump_to_us` absent: no jump."""

    rate_permille: Annotated[int, Meta(ge=100, le=60_000)]
    paused: bool
    jump_to_us: Whole | None = None


class MissingExplained(Act, frozen=True, forbid_unknown_fields=True, tag="MissingExplained", kw_only=True):
    """A person says why a medium is missing, or what its return means; the words are the reason on record."""

    digest: Digest
    words: NeededWords


class HindsightRevealed(Act, frozen=True, forbid_unknown_fields=True, tag="HindsightRevealed", kw_only=True):
    """A person opens what came after a moment of a request. From then on they know, and the record says so."""

    request_id: Ident
    moment_seq: Whole


class NotePinned(Act, frozen=True, forbid_unknown_fields=True, tag="NotePinned", kw_only=True):
    """An observer's note, pinned to a time and a request; it changes nothing."""

    request_id: Ident
    moment_seq: Whole
    moment_us: Whole
    words: NeededWords


class SecondThought(Act, frozen=True, forbid_unknown_fields=True, tag="SecondThought", kw_only=True):
    """What a person would have thought at a moment, from a seat's view, before they opened what came after."""

    request_id: Ident
    moment_seq: Whole
    as_seat_id: Ident
    answer: Answer
    words: NeededWords


ReviewAct = HindsightRevealed | NotePinned | SecondThought


class SeatKind(StrEnum):
    """Whether a human sits there; a simulated seat never counts as a person."""

    PERSON = "person"
    SIMULATED = "simulated"


class Actor(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who acted, as the room knows it at that moment; level and groups say what they may see."""

    person_id: Ident
    seat_id: Ident
    role: Ident
    nation: Ident
    kind: SeatKind
    powers: tuple[str, ...]
    level: Level = Level.OPEN
    need_to_know: tuple[str, ...] = ()
