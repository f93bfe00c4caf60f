"""Who somebody is: known by the key of a browser, by a passkey, by a session elsewhere or by a login; or a new person.

One key, one passkey and one login are one person's, whatever else is claimed: four eyes compares persons.
"""

from collections.abc import Collection
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.passkeys import Registration, enrol, enrol_ssh
from watchfloor.app.ports import Roster
from watchfloor.base.errors import InputError
from watchfloor.messages.acts import SeatKind
from watchfloor.messages.passkeys import Assertion, Passkey
from watchfloor.messages.room import SeatTaken
from watchfloor.record.passkey import fault_of


class Enrolment(Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser sends to sit down: the link's token, its public key, and the key's proof.

    `proof` is the key's signature over `enrolment_text`. `also` is a session of the same person on another seat.
    `passkey` is what the browser enrolled, where the room asks for one and the person has none here yet; without a
    browser, `ssh_key` is the public half of a security key. `assertion` is a passkey's confirmation of the same text:
    of one that sat here before, whose person comes back with another browser, or of `ssh_key`. `login` is the token of
    who logged in, where the room asks for that.
    """

    token: str
    public_key: str
    proof: str
    name: str = ""
    also: str = ""
    passkey: Registration | None = None
    ssh_key: str = ""
    assertion: Assertion | None = None
    login: str = ""


def enrolment_text(room_id: str, token: str, public_key: str) -> bytes:
    """The bytes a browser signs to show that it holds the key."""
    return f"watchfloor: take a seat\n{room_id}\n{sha256(token.encode()).hexdigest()}\n{public_key}\n".encode()


def key_id_of(public_key: str) -> str:
    """A short name of a public key: the first 16 hex digits of its SHA-256."""
    return sha256(bytes.fromhex(public_key)).hexdigest()[:16]


class PasskeyRule(Struct, frozen=True):
    """Where passkeys are asked for: the party's id, and the exact origins of its pages."""

    rp_id: str
    origins: tuple[str, ...]


class Identity:
    """Tells persons apart, by who was seated so far: `taken` are all seatings on record.

    `passkeys`: what a room asks for; None, where it asks for none.
    """

    def __init__(self, roster: Roster, passkeys: PasskeyRule | None) -> None:
        self._roster, self._passkeys = roster, passkeys

    def passkey_of(self, taken: Collection[SeatTaken], wish: Enrolment, person_id: str, text: bytes) -> Passkey | None:
        """The person's passkey: enrolled now, or known from another seat or an earlier run.

        **Raises**: InputError, when it is missing, does not hold, or is somebody else's.
        """
        known = [fact.passkey for fact in taken if fact.person_id == person_id and fact.passkey is not None]
        if self._passkeys is None:
            return None
        if known and wish.passkey is None and not wish.ssh_key:
            return known[-1]
        if wish.ssh_key:
            made = enrol_ssh(wish.ssh_key)
            self._require_confirmed(wish.assertion, made, text)
        elif wish.passkey is None:
            raise InputError("this room asks for a passkey: a key that a person confirms", field="passkey")
        else:
            made = enrol(wish.passkey, text, self._passkeys.rp_id, self._passkeys.origins)
        used = wish.assertion.credential_id if wish.assertion is not None else ""
        if known and made not in known and used not in {passkey.credential_id for passkey in known}:
            raise InputError("confirm with the passkey that you sat down with; another is not taken", field="passkey")
        others = [fact.passkey for fact in taken if fact.person_id != person_id and fact.passkey is not None]
        if any(made.credential_id == one.credential_id or made.public_key == one.public_key for one in others):
            raise InputError("this passkey is somebody else's", field="passkey")
        return made

    def _require_confirmed(self, assertion: Assertion | None, passkey: Passkey, text: bytes) -> None:
        origins = self._passkeys.origins if self._passkeys is not None else ()
        fault = "it is missing" if assertion is None else fault_of(assertion, passkey, text.decode(), origins)
        if fault is not None:
            raise InputError(f"the passkey's confirmation does not hold: {fault}", field="assertion")

    def person_of(
        self, taken: Collection[SeatTaken], wish: Enrolment, text: bytes, *, login: str, elsewhere: str
    ) -> str | None:
        """The person's id: known by the key, by a passkey that sat here, or by `login`; None: a new person.

        **Args**: `elsewhere`: whom a session on another seat says that this is; empty, without one.

        **Raises**: InputError, when what is known tells of two persons.
        """
        persons = [fact for fact in taken if fact.kind is SeatKind.PERSON]
        holders = {fact.person_id for fact in persons if fact.public_key == wish.public_key}
        person_id = elsewhere
        used = wish.assertion.credential_id if wish.assertion is not None else ""
        for fact in persons:
            if fact.passkey is not None and fact.passkey.credential_id == used:
                self._require_confirmed(wish.assertion, fact.passkey, text)
                person_id = fact.person_id
        known = ({*holders, person_id}) - {""}
        logged_in = self._roster.person_of(login) if login else None
        bound = {self._roster.login_of(one) for one in known} - {None, login} if login else set()
        if bound or (logged_in is not None and known - {logged_in}):
            raise InputError("this login is another person's; log in as yourself", field="login")
        person_id = person_id or logged_in or ""
        if person_id:
            if holders - {person_id}:
                raise InputError("this key is somebody else's", field="public_key")
            return person_id
        return holders.pop() if holders else None
