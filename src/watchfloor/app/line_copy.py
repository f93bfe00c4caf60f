"""A party's copy of a line's joint log, from what its record holds: what is given out to be compared."""

from watchfloor.line.joint import Copy
from watchfloor.line.session import Line
from watchfloor.messages.line import LineCopyHead, SignedLine


def copy_of(line: Line) -> Copy:
    """Every message of both parties, ours with the other's countersignature where it came."""
    ours = [
        SignedLine(
            taken.signed.document,
            taken.signed.signature,
            line.countersigned[number] if number < len(line.countersigned) else "",
        )
        for number, taken in enumerate(line.ours.taken)
    ]
    opened = line.opened
    head = LineCopyHead(context=opened.context, line_id=opened.line_id, copy_of=opened.party, parties=opened.parties)
    return Copy(head, (*ours, *(taken.signed for taken in line.theirs.taken)))
