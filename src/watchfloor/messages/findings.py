"""What rules say: a finding lists the ids behind its strongest answer. There is no answer that approves."""

from enum import StrEnum

from msgspec import Struct


class RuleAnswer(StrEnum):
    """Stop (by these rules), ask (these people), or no objection; never "approved"."""

    STOP = "stop"
    ASK = "ask"
    NO_OBJECTION = "no_objection"


class EngineAnswer(Struct, frozen=True):
    """What the rule engine itself said: `Allow`, `Deny` or `NoDecision`, its policies' own ids, and its errors."""

    decision: str
    reasons: tuple[str, ...]
    errors: tuple[str, ...]


class Finding(Struct, frozen=True, kw_only=True):
    """One answer of a rule set to one question.

    `rules` are the ids behind the strongest answer; `parts` are the same policies by their full ids; `asked` are the
    roles that an `ask` names. `valid` is false when policies, schema or question do not fit each other: then the
    answer is `stop` and `faults` say why.
    """

    answer: RuleAnswer
    rules: tuple[str, ...]
    parts: tuple[str, ...]
    asked: tuple[str, ...]
    valid: bool
    faults: tuple[str, ...]
    engine: EngineAnswer
