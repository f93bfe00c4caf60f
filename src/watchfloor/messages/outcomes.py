"""What follows from acts on the decision board: past events, each with the label of its request."""

from enum import StrEnum

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Answer, Digest, Ident, NeededWords, Nonce, Whole, Words
from watchfloor.messages.findings import RuleAnswer


class StopCause(StrEnum):
    """Why a request ended without a decision; final."""

    RULE = "rule"
    EXPIRY = "expiry"
    RECORD = "record"
    CLOCK = "clock"
    WITNESS = "witness"


class Outcome(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    """Common to all: which request in which version, under which label, and when by room time."""

    request_id: Ident
    version: Whole
    at_us: Whole
    label: Label


class RequestOpened(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestOpened", kw_only=True):
    """A request stands on the board; `advisers` are the roles that must be asked, by `rule_id`."""

    advisers: tuple[str, ...]
    rule_id: Ident


class AdviceNoted(Outcome, frozen=True, forbid_unknown_fields=True, tag="AdviceNoted", kw_only=True):
    """Advice stands; `counts` is false when the adviser's seat is simulated or not required."""

    role: Ident
    counts: bool


class RequestHeld(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestHeld", kw_only=True):
    """A doubt stopped it. It can be reopened by a written resolution from somebody else."""

    doubt_id: Nonce
    role: Ident
    nation: Ident
    words: Words


class RequestReopened(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestReopened", kw_only=True):
    """The last open doubt was answered; all required advisers are asked again in this version."""

    words: NeededWords


class DoubtAnswered(Outcome, frozen=True, forbid_unknown_fields=True, tag="DoubtAnswered", kw_only=True):
    """One of several open doubts was answered; the others still hold the request."""

    doubt_id: Nonce


class RequestStopped(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestStopped", kw_only=True):
    """Final: by rule, expiry, or a record that could not be written."""

    cause: StopCause
    sentence: str


class Pressure(Struct, frozen=True, forbid_unknown_fields=True):
    """How long ago it was asked, how long its window still lasted, and how many other requests were open."""

    since_asked_us: Whole
    left_us: Whole
    open_count: Whole


class RequestDecided(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestDecided", kw_only=True):
    """A person decided, under what pressure; the signed document is the input beside this entry."""

    answer: Answer
    decision_id: Nonce
    pressure: Pressure | None = None


class DecisionAskedAgain(Outcome, frozen=True, forbid_unknown_fields=True, tag="DecisionAskedAgain", kw_only=True):
    """The ground shifted under a decision that is not carried out: it is open again, in a new version, and says why.

    `decision_id` is the decision that no longer stands. Which rules moved is in the answer beside it, as far as each
    viewer may know them.
    """

    decision_id: Nonce
    answer: RuleAnswer
    sentence: str


class RequestCarriedOut(Outcome, frozen=True, forbid_unknown_fields=True, tag="RequestCarriedOut", kw_only=True):
    """Somebody said that what was decided has been done."""

    role: Ident
    nation: Ident


class DecisionAwaited(Outcome, frozen=True, forbid_unknown_fields=True, tag="DecisionAwaited", kw_only=True):
    """A decision was signed and is not published yet: witnesses must see it first. Any doubt still holds it."""

    answer: Answer
    decision_id: Nonce


class DecisionWitnessed(Outcome, frozen=True, forbid_unknown_fields=True, tag="DecisionWitnessed", kw_only=True):
    """Enough witnesses signed a head of the log that holds the decision; lines as they stand under a note."""

    decision_id: Nonce
    size_count: Whole
    root: Digest
    signature_lines: tuple[str, ...]


class ActRefused(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ActRefused"):
    """The room did not accept an act, and says why in one sentence; nothing else changed."""

    act_id: Nonce
    code: Ident
    sentence: str
    label: Label


AnyOutcome = (
    RequestOpened
    | AdviceNoted
    | RequestHeld
    | RequestReopened
    | DoubtAnswered
    | RequestStopped
    | RequestDecided
    | DecisionAskedAgain
    | RequestCarriedOut
    | DecisionAwaited
    | DecisionWitnessed
    | ActRefused
)
