"""Names of aircraft on a tape, replaced by ones that mean nothing outside one view of it.

The same aircraft keeps one pseudonym throughout a view; two views share none, as each has a key of its own, which
nobody keeps. What an aircraft did still tells much: where somebody flies may say who they are.

**Source**: HMAC, RFC 2104; own reasoning.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from msgspec.structs import replace

from watchfloor.record.tape import ECHO, TapedName

KEY_BYTES = 32


class Pseudonyms:
    """The pseudonyms of one view, made with a secret of `KEY_BYTES`."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[TapedName, TapedName] = {}

    def of(self, name: TapedName) -> TapedName:
        """A name with neither identity, number, callsign nor squawk of its own."""
        known = self._known.get(name)
        if known is None:
            mark = ECHO if name.identity.startswith(ECHO) else ""
            digest = hmac.new(self._key, name.identity.removeprefix(mark).encode(), sha256).digest()
            number = int.from_bytes(digest[:4])
            known = replace(name, identity=f"{mark}pseudonym:{digest[:8].hex()}", number=number, callsign="", squawk="")
            self._known[name] = known
        return known

    def all_of(self, names: Mapping[int, TapedName]) -> dict[int, TapedName]:
        """Names by the numbers that the tape has for them."""
        return {number: self.of(name) for number, name in names.items()}
