"""Asking a witness over HTTP, as C2SP tlog-witness says it."""

import asyncio
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from watchfloor.base.errors import InputError, UnavailableError, WireError
from watchfloor.record.note import WITNESS, NoteSignature, VerifierKey, parse_signature
from watchfloor.record.witness import WitnessRequest, request_text

WAIT_S = 5.0
_MAX_ANSWER_BYTES = 4096
_CONFLICT = 409


class HttpWitness:
    """A witness at an address, known by its key."""

    def __init__(self, url: str, key: VerifierKey) -> None:
        self.key = key
        self._url = url.rstrip("/") + "/add-checkpoint"

    async def ask(self, request: WitnessRequest) -> NoteSignature | int:
        """A signature over the head, or the size that the witness signed last.

        **Raises**: UnavailableError, when there is no answer, or another refusal.
        """
        return await asyncio.to_thread(self._post, request)

    def _post(self, request: WitnessRequest) -> NoteSignature | int:
        asked = urllib.request.Request(self._url, request_text(request).encode(), method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=WAIT_S) as answer:  # noqa: S310
                return self._signature(answer.read(_MAX_ANSWER_BYTES).decode())
        except urllib.error.HTTPError as error:
            text = error.read(_MAX_ANSWER_BYTES).decode(errors="replace").strip()
            if error.code == _CONFLICT and text.isdecimal():
                return int(text)
            raise UnavailableError(f"refused ({error.code}): {text[:200]}") from error
        except (OSError, HTTPException, UnicodeDecodeError, WireError) as error:
            raise UnavailableError(f"no answer: {error}") from error

    def _signature(self, text: str) -> NoteSignature:
        for line in text.removesuffix("\n").split("\n"):
            found = parse_signature(line)
            if found.is_by(self.key):
                return found
        raise UnavailableError("the answer holds no signature of the witness's key")


def parse_witness(text: str) -> HttpWitness:
    """A witness as it is named on the command line: `URL=VERIFIER_KEY`.

    **Raises**: InputError, when it has another form.
    """
    url, equals, line = text.partition("=")
    parts = urlsplit(url)
    if not equals or parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"`{text}` does not name a witness; write `http://HOST:PORT=VERIFIER_KEY`", field="witness")
    try:
        key = VerifierKey.from_line(line)
    except WireError as error:
        raise InputError(f"`{line}`: {error}", field="witness") from error
    if key.algorithm != WITNESS:
        raise InputError(f"`{key.name}` is a log's key; a witness has its own kind", field="witness")
    return HttpWitness(url, key)
