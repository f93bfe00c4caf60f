r"""Cedar's spelling of strings and entity names: `Type::"id"`, with escapes.

**Source**: Cedar grammar, string escapes: \n \r \t \\ \0 \' \" \xHH \u{H...}.
"""

import re

_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f_]{1,12})\}|x([0-7][0-9A-Fa-f])|([nrt\\0'\"*]))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"', "*": "*"}
_UID = re.compile(r'\s*([A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*)\s*::\s*"(.*)"\s*', re.DOTALL)


def unescaped(body: str) -> str:
    """The text between the quotes of a Cedar string."""

    def one(match: re.Match[str]) -> str:
        if match[1] is not None:
            return chr(int(match[1].replace("_", ""), 16))
        if match[2] is not None:
            return chr(int(match[2], 16))
        return _PLAIN[match[3]]

    return _ESCAPE.sub(one, body)


def uid_of(text: str) -> dict[str, str]:
    """An entity's name as type and id.

    **Raises**: ValueError, when it is not `Type::"id"`.
    """
    found = _UID.fullmatch(text)
    if found is None:
        raise ValueError(f'`{text[:80]}` is not of the form Type::"id"')
    return {"type": re.sub(r"\s", "", found[1]), "id": unescaped(found[2])}


def escaped(text: str) -> str:
    """A text between quotes, as Cedar reads it."""
    return '"' + "".join(_spelled(letter) for letter in text) + '"'


def _spelled(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}"
