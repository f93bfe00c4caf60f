"""AVR: Mode S frames as lines of hex digits, as dump1090 and readsb send them on their raw port.

| form | meaning |
|---|---|
| `*` frame `;` | a frame without a time |
| `@` counter frame `;` | 6 bytes of a 12 MHz counter before it |
| `<` counter signal frame `;` | and one byte of signal level, not read |

A frame is 2 bytes (Mode A/C, passed over: it has no address), 7 or 14. Each stands on a line of its own.
**Source**: wiki.jetvision.de, "Mode-S Beast: Data Output Formats"; readsb's reading of the same.
"""

import re

from msgspec import Struct

from watchfloor.messages.air import Rejected
from watchfloor.wire import lines

MOST_LINE_BYTES = 64
_FRAME = re.compile(rb"(?:\*|@([0-9A-Fa-f]{12})|<([0-9A-Fa-f]{12})[0-9A-Fa-f]{2})((?:[0-9A-Fa-f]{2})+);")
_LENGTHS = (2, 7, 14)


class AvrFrame(Struct, frozen=True, gc=False):
    """One Mode S frame, and the receiver's counter at its arrival where it was sent."""

    counter: int | None
    frame: bytes


def step(rest: bytes, chunk: bytes) -> tuple[bytes, list[AvrFrame | Rejected]]:
    """Frames in a chunk of an AVR stream; what is no frame is returned as `Rejected`."""
    rest, given = lines.step(rest, chunk, MOST_LINE_BYTES)
    found: list[AvrFrame | Rejected] = []
    for line in given:
        if isinstance(line, Rejected):
            found.append(line)
            continue
        read = _FRAME.fullmatch(line.strip())
        frame = bytes.fromhex(read.group(3).decode()) if read else b""
        if read is None or len(frame) not in _LENGTHS:
            found.append(Rejected(reason="no AVR line", sample=line))
            continue
        if len(frame) > _LENGTHS[0]:
            counter = read.group(1) or read.group(2)
            found.append(AvrFrame(int(counter, 16) if counter else None, frame))
    return rest, found
