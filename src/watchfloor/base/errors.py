"""The errors that cross a module's border. A "no" is a message, not an error.

Messages are lower case, quote input in backticks, and use the operator's terms.
**Source**: own reasoning, after cedar-policy's style guide for the wording.
"""


class WatchfloorError(Exception):
    """Root of all errors; `code` is stable and may be matched by programs."""

    code = "watchfloor"

    def __init__(self, sentence: str, **fields: str | int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields = fields

    def __str__(self) -> str:
        return self.sentence


class WireError(WatchfloorError):
    """Bytes are not in the format. The feed counts and quarantines them; it never crashes."""

    code = "wire"


class InputError(WatchfloorError):
    """Well formed, but impossible or not allowed; `field` names the culprit."""

    code = "input"

    def __init__(self, sentence: str, *, field: str, **fields: str | int) -> None:
        super().__init__(sentence, field=field, **fields)
        self.field = field


class TooLargeError(InputError):
    """Well formed, but more than is taken at once: an area, a body, a comparison. The sentence names the limit."""


class ConflictError(WatchfloorError):
    """The caller worked on a version that is no longer the newest."""

    code = "conflict"


class UnavailableError(WatchfloorError):
    """Something the room needs does not answer now. Visible on the wall; retried within bounds."""

    code = "unavailable"


class FullError(UnavailableError):
    """There is no space left; what was asked for was not done, and what is reserved for stops and doubts remains."""

    code = "full"


class IntegrityError(WatchfloorError):
    """A hash, signature or sequence does not hold. Fatal: the component stops and raises an alarm."""

    code = "integrity"


class InvariantError(WatchfloorError):
    """Our own bug. Crash loudly."""

    code = "invariant"
