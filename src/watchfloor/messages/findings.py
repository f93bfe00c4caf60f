"""What rules say: a finding lists the ids behind its strongest answer. There is no answer that approves."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Digest, Ident, Whole


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


class RuleBehind(Struct, frozen=True, forbid_unknown_fields=True):
    """One policy behind an answer: its full id, whom it asks, and the label of the facts that it speaks of.

    To somebody who may not see those facts, that the policy spoke would give them away.
    """

    part: Ident
    asks: tuple[str, ...]
    label: Label


class RulesAnswered(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="RulesAnswered", kw_only=True
):
    """What the rules in force answered about a version of a request, with the facts that they were told.

    `facts` is canonical JSON of what the engine was given; the same facts give the same answer again.
    """

    request_id: Ident
    version: Whole
    at_us: Whole
    label: Label
    rules_digest: Digest
    answer: RuleAnswer
    behind: tuple[RuleBehind, ...]
    valid: bool
    facts: Annotated[str, Meta(max_length=8000)]

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules behind the answer."""
        return tuple(sorted({one.part.partition(".")[0] for one in self.behind}))

    @property
    def asked(self) -> tuple[str, ...]:
        """Roles that an ask names."""
        return tuple(sorted({role for one in self.behind for role in one.asks}))
