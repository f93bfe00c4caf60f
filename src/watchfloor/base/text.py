"""Text that came from outside."""


def shown(text: str) -> str:
    """The text without characters that no line shows: controls, line ends, halves of pairs, and what is none.

    **Example**:
    >>> shown("AB\\x01\\x00C")
    'ABC'
    """
    return text if text.isprintable() else "".join(one for one in text if one.isprintable())
