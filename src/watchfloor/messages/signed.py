"""Any act, and how it enters the record: the exact signed text, the signature and who it was."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import (
    Actor,
    AdviceGiven,
    AlertAcknowledged,
    CarriedOut,
    ClockCommanded,
    DecisionSigned,
    DoubtRaised,
    DoubtResolved,
    FactStated,
    Ident,
    MissingExplained,
    RequestWritten,
    ReviewAct,
    StandingAdviceGiven,
    WordsGiven,
)
from watchfloor.messages.delegation import DelegationAct, RuleChangeSigned, RulesProposed
from watchfloor.messages.handover import HandoverAct
from watchfloor.messages.line_record import LineSpoken
from watchfloor.messages.notification import NotificationAct
from watchfloor.messages.passkeys import Assertion

AnyAct = (
    RequestWritten
    | AdviceGiven
    | DoubtRaised
    | DoubtResolved
    | DecisionSigned
    | WordsGiven
    | CarriedOut
    | StandingAdviceGiven
    | FactStated
    | AlertAcknowledged
    | ClockCommanded
    | MissingExplained
    | ReviewAct
    | DelegationAct
    | RuleChangeSigned
    | RulesProposed
    | LineSpoken
    | NotificationAct
    | HandoverAct
)


class SignedAct(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="SignedAct"):
    """An act as it entered the record: the exact signed text, the signature (hex) and who it was.

    `assertion` is the passkey's confirmation, with the exact words that were shown, where the act needs one.
    `document` is canonical JSON of one `AnyAct`; `signature` is Ed25519 over its UTF-8 bytes.
    """

    document: str
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]
    key_id: Ident
    actor: Actor
    label: Label
    assertion: Assertion | None = None


def act_of(signed: SignedAct) -> AnyAct:
    """The act inside a signed document that the record already accepted."""
    act: AnyAct = msgspec.json.decode(signed.document.encode(), type=AnyAct)
    return act
