"""Checks what was said on lines: that a person said it, that the party's key signed it, that nothing was left out.

Written apart from `line`, from the entries alone, so that one fault cannot hide in both.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.entry import Entry
from watchfloor.messages.line import LineMessage, SignedLine
from watchfloor.messages.line_record import LineCountersigned, LineHeard, LineOpened, LineSaid, LineSpoken
from watchfloor.messages.outcomes import ActRefused
from watchfloor.messages.signed import SignedAct
from watchfloor.verify.report import Report

_WHERE = "record"
_SPOKEN = '"type":"LineSpoken"'
_NOTHING = "0" * 64


class _Said(Struct):
    """A party's messages as the entries tell them: how many, the digest of the last, and every text."""

    heads: list[str] = []
    texts: dict[int, str] = {}


class _Held(Struct):
    """A line as the entries tell it."""

    opened: LineOpened
    said: dict[str, _Said] = {}


class LinesCheck:
    """Takes entries of its `kinds` in order and checks every message of every line.

    In an export, where entries may be withheld, only signatures are checked.
    """

    kinds = frozenset((SignedAct, ActRefused, LineOpened, LineSaid, LineHeard, LineCountersigned))

    def __init__(self, report: Report, *, is_export: bool) -> None:
        self._report, self._is_export = report, is_export
        self._spoken: dict[str, LineSpoken] = {}
        self._lines: dict[str, _Held] = {}

    def take(self, entry: Entry) -> None:
        """Check the next entry."""
        body = entry.body
        if isinstance(body, SignedAct):
            self._take_act(body)
        elif isinstance(body, ActRefused):
            self._spoken.pop(body.act_id, None)
        elif isinstance(body, LineOpened):
            known = self._lines.get(body.line_id)
            if known is None or known.opened.parties != body.parties:
                self._lines[body.line_id] = _Held(body)
        elif isinstance(body, LineSaid | LineHeard | LineCountersigned):
            fault = self._fault_of(body)
            if fault:
                self._report.add(_WHERE, fault, entry.seq)

    def _take_act(self, signed: SignedAct) -> None:
        if _SPOKEN not in signed.document:
            return
        try:
            act = decode_canonical(signed.document.encode(), LineSpoken)
        except WireError:
            return  # the check of acts tells it
        self._spoken[act.act_id] = act

    def _fault_of(self, fact: LineSaid | LineHeard | LineCountersigned) -> str:
        line = self._lines.get(fact.line_id)
        if line is None:
            return "" if self._is_export else f"speaks of the line `{fact.line_id}` before it was opened"
        us = line.opened.party
        them = next(party.party for party in line.opened.parties if party.party != us)
        if isinstance(fact, LineCountersigned):
            text = line.said.setdefault(us, _Said()).texts.get(fact.number)
            if text is None:
                return "" if self._is_export else "is a receipt of a message that was not said"
            is_theirs = _signed(line, them, text, fact.countersignature)
            return "" if is_theirs else "is a receipt that the other party's key did not sign"
        party = us if isinstance(fact, LineSaid) else them
        fault = self._message_fault(line, party, fact.signed)
        if fault or self._is_export:
            return fault
        if isinstance(fact, LineSaid):
            return self._said_fault(fact)
        is_ours = _signed(line, us, fact.signed.document, fact.signed.countersignature)
        return "" if is_ours else "is a message with a receipt that our key did not sign"

    def _message_fault(self, line: _Held, party: str, signed: SignedLine) -> str:
        """A message that is not its party's next, or not signed by it."""
        try:
            message = decode_canonical(signed.document.encode(), LineMessage)
        except (WireError, UnicodeEncodeError):
            return "is no message of a line"
        if not _signed(line, party, signed.document, signed.signature):
            return f"is a message that the key of {party} did not sign"
        said = line.said.setdefault(party, _Said())
        wanted = (line.opened.line_id, party, len(said.heads), said.heads[-1] if said.heads else _NOTHING)
        follows = (message.line_id, message.party, message.number, message.previous) == wanted
        said.heads.append(sha256(signed.document.encode()).hexdigest())
        said.texts[message.number] = signed.document
        return "" if follows or self._is_export else f"is a message that does not follow the one of {party} before"

    def _said_fault(self, fact: LineSaid) -> str:
        """What we said that no person of ours did."""
        act = self._spoken.pop(fact.act_id, None)
        if act is None or act.line_id != fact.line_id:
            return "is a message that no person said"
        body = decode_canonical(fact.signed.document.encode(), LineMessage).body
        return "" if act.body == body else "is a message that says something else than its person did"


def _signed(line: _Held, party: str, document: str, signature: str) -> bool:
    key = next(one.public_key for one in line.opened.parties if one.party == party)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), document.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
