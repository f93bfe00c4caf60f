"""Checks a single entry against a tlog-proof and keys that the reader trusts."""

from collections.abc import Sequence

from watchfloor.base.errors import WireError
from watchfloor.record.note import WITNESS, NoteSignature, VerifierKey, parse_checkpoint, split_note
from watchfloor.record.tiles import parse_proof
from watchfloor.record.tree import included, leaf_hash
from watchfloor.verify.report import Report


def check_proof(text: str, entry: bytes, keys: Sequence[VerifierKey]) -> Report:
    """Whether the proof shows that the entry stands in the log of one of these keys.

    **Source**: C2SP tlog-proof, section on verifying.
    """
    report = Report(problems=[], notes=[], byte_count=len(entry))
    try:
        proof = parse_proof(text)
        body, signatures = split_note(proof.checkpoint)
        head = parse_checkpoint(body)
    except WireError as error:
        report.add("proof", str(error))
        return report
    logs = [key for key in keys if key.algorithm != WITNESS and key.name == head.origin]
    signed = [one for one in signatures if any(one.is_by(key) and one.holds(key, body) for key in logs)]
    if not signed:
        report.add("proof", f"its checkpoint is signed by no trusted key of `{head.origin}`")
    if not included(leaf_hash(entry), proof.index, head.size, proof.path, head.root):
        report.add("proof", "it does not show this entry in the log", proof.index)
    witnesses = [key.name for key in keys if key.algorithm == WITNESS and _witnessed(key, body, signatures)]
    report.notes.append(
        f"seen by {len(witnesses)} trusted witnesses" + (f": {', '.join(witnesses)}" if witnesses else "")
    )
    report.entry_count, report.root = head.size, head.root.hex()
    return report


def _witnessed(key: VerifierKey, body: str, signatures: Sequence[NoteSignature]) -> bool:
    return any(one.is_by(key) and one.holds(key, body) for one in signatures)
