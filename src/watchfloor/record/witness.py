"""A witness: remembers the newest head of each log that it signed, and signs only heads that continue it.

A request is `old N`, then the consistency proof's hashes in base64, an empty line and the checkpoint as a signed note.

| what is wrong | answer |
|---|---|
| the request has another form, or the head is smaller than `old` | 400 |
| no trusted key of the log signed it | 403 |
| the log is unknown | 404 |
| `old` is not the newest size that this witness signed | 409, with that size |
| the proof does not show that the new head continues the old one | 422 |

**Source**: C2SP tlog-witness, add-checkpoint; tlog-cosignature v1.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from msgspec import Struct

from watchfloor.base.errors import WireError
from watchfloor.record.note import Checkpoint, VerifierKey, parse_checkpoint, split_note
from watchfloor.record.tree import EMPTY_ROOT, consistent

MAX_REQUEST_BYTES = 64 << 10
MAX_PROOF_LINES = 63


class WitnessRequest(Struct, frozen=True):
    """What a log asks a witness."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


class Refusal(Struct, frozen=True):
    """Why a witness does not sign, as HTTP says it; `known_size` with 409."""

    status: int
    sentence: str
    known_size: int = 0


def parse_request(body: str) -> WitnessRequest:
    """The request in a body.

    **Raises**: WireError, when it has another form.
    """
    head, gap, note = body.partition("\n\n")
    first, *rest = head.split("\n")
    number = first.removeprefix("old ")
    if not gap or not re.fullmatch(r"0|[1-9][0-9]{0,18}", number) or first != f"old {number}":
        raise WireError("a request begins with `old` and a size")
    if len(rest) > MAX_PROOF_LINES:
        raise WireError(f"a proof has at most {MAX_PROOF_LINES} lines")
    try:
        proof = tuple(b64decode(line, validate=True) for line in rest)
    except ValueError as error:
        raise WireError("a line of the proof is not base64") from error
    return WitnessRequest(int(number), proof, note)


def request_text(request: WitnessRequest) -> str:
    """A request as it is sent."""
    lines = "".join(b64encode(node).decode() + "\n" for node in request.proof)
    return f"old {request.old_size}\n{lines}\n{request.note}"


def judge(
    request: WitnessRequest, trusted: Sequence[VerifierKey], newest: Mapping[str, Checkpoint]
) -> Checkpoint | Refusal:
    """The head to sign, or why not.

    **Args**: `trusted`: the logs' keys; `newest`: by origin, the newest head that this witness signed.
    """
    try:
        text, signatures = split_note(request.note)
        head = parse_checkpoint(text)
    except WireError as error:
        return Refusal(400, str(error))
    keys = [key for key in trusted if key.name == head.origin]
    if not keys:
        return Refusal(404, f"this witness does not know the log `{head.origin}`")
    claimed = [(one, key) for one in signatures for key in keys if one.is_by(key)]
    if not claimed or not all(one.holds(key, text) for one, key in claimed):
        return Refusal(403, "no trusted key of the log signed this head")
    if request.old_size > head.size:
        return Refusal(400, f"the head is of {head.size} entries, fewer than {request.old_size}")
    before = newest.get(head.origin, Checkpoint(head.origin, 0, EMPTY_ROOT))
    if request.old_size != before.size:
        return Refusal(409, f"the newest head that this witness signed is of {before.size} entries", before.size)
    if not _continues(before, head, request.proof):
        return Refusal(422, f"this head does not continue the one of {before.size} entries that was signed before")
    return head


def _continues(before: Checkpoint, head: Checkpoint, proof: Sequence[bytes]) -> bool:
    if head.size == 0:
        return not proof and head.root == EMPTY_ROOT
    if before.size == 0:
        return not proof
    return consistent(before.size, before.root, head.size, head.root, proof)
