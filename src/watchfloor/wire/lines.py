"""A stream of text lines, cut as it comes; a line that does not end is refused, not kept.

**Source**: own reasoning.
"""

from watchfloor.messages.air import Rejected

_SAMPLE_BYTES = 64


def step(rest: bytes, chunk: bytes, most_bytes: int) -> tuple[bytes, list[bytes | Rejected]]:
    """What is left of a line, and the lines that ended, without their ends; how the stream is cut never matters.

    A line over `most_bytes` is refused once, however long it goes on.
    """
    *ended, left = (rest + chunk).split(b"\n")
    found: list[bytes | Rejected] = []
    for line in ended:
        stripped = line.rstrip(b"\r")
        if len(stripped) > most_bytes:
            found.append(Rejected(reason="a line without an end", sample=stripped[:_SAMPLE_BYTES]))
        elif stripped:
            found.append(stripped)
    # A line that is too long already is held by its first bytes alone, one more than fit, until it ends.
    return left[: most_bytes + 2], found
