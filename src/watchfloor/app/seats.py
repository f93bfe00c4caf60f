"""Who may act: links to seats, persons, sessions, and the check of every signed act.

A link is unguessable and kept only as a hash. Opening one seats a person: whoever holds the key that the
browser made. The same person may take several seats with the same key; four eyes compares persons. A new
person on a seat ends the session of the one before. No path here signs anything.
"""

import asyncio
import secrets
from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.doctrine import label_all, seated
from watchfloor.app.drafting import require_sound
from watchfloor.app.passkeys import Registration, enrol, enrol_ssh, needs_gesture
from watchfloor.app.ports import Logins, Roster
from watchfloor.app.state import RoomState
from watchfloor.app.writer import Input, Writer, Written
from watchfloor.base.errors import ConflictError, InputError
from watchfloor.base.labels import Label
from watchfloor.decisions.step import RequestAct
from watchfloor.messages.acts import (
    Actor,
    AlertAcknowledged,
    FactStated,
    MissingExplained,
    RequestWritten,
    ReviewAct,
    SeatKind,
)
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.delegation import DelegationRevoked, HarmReported, ReviewClosed, RulesProposed, UseReported
from watchfloor.messages.pack import Pack, PackSeat
from watchfloor.messages.passkeys import Assertion, Passkey
from watchfloor.messages.room import LinksIssued, SeatTaken
from watchfloor.messages.signed import AnyAct, SignedAct
from watchfloor.record.note import signature_holds
from watchfloor.record.passkey import fault_of, sign_count

MAX_DOCUMENT_BYTES = 40_000


class Session(Struct, frozen=True):
    """A person on a seat, as a browser tab holds it."""

    token: str
    seat_id: str
    person_id: str
    key_id: str


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


class Seats:
    """Links and sessions of one run. Runs on the event loop only. `looks_back`: nothing of the room itself is done.

    `passkeys`: who sits down enrols a passkey, and deciding, advising, resolving, granting, reviewing and changing
    rules need its fresh confirmation. `logins`: who sits down has logged in first; one login is one person.
    """

    def __init__(
        self,
        pack: Pack,
        room_id: str,
        writer: Writer,
        roster: Roster,
        *,
        looks_back: bool = False,
        passkeys: PasskeyRule | None = None,
        logins: Logins | None = None,
    ) -> None:
        self._looks_back, self.passkeys, self._logins = looks_back, passkeys, logins
        self._sign_counts: dict[str, int] = {}
        self._pack, self._room_id, self._writer, self._roster = pack, room_id, writer, roster
        self._links: dict[str, PackSeat] = {}
        self._sessions: dict[str, Session] = {}
        self._one_at_a_time = asyncio.Lock()

    async def issue_links(self) -> Mapping[str, str]:
        """New tokens by seat id; all earlier links and sessions end."""
        tokens = {seat.id: secrets.token_urlsafe(24) for seat in self._pack.header.seats}
        self._links = {_hashed(tokens[seat.id]): seat for seat in self._pack.header.seats}
        self._sessions = {}
        fact = LinksIssued(tuple(sorted(tokens)), label_all(self._pack))
        await self._writer.enter(Input("room", f"links-{secrets.token_hex(8)}", fact))
        return tokens

    def seat_of_link(self, token: str) -> PackSeat:
        """The seat a link opens.

        **Raises**: InputError, when the link is unknown or was ended.
        """
        seat = self._links.get(_hashed(token))
        if seat is None:
            raise InputError("this link opens no seat; ask exercise control for a new one", field="token")
        return seat

    async def enter(self, wish: Enrolment) -> Session:
        """Seat a person; one at a time, so that one key opened twice at once stays one person's.

        **Raises**: InputError, when link, key or proof do not hold.
        """
        async with self._one_at_a_time:
            return await self._enter(wish)

    async def _enter(self, wish: Enrolment) -> Session:
        seat = self.seat_of_link(wish.token)
        if not _is_hex(wish.public_key, 32) or not _is_hex(wish.proof, 64):
            raise InputError("the key must be 32 bytes and the proof 64, in hex", field="public_key")
        text = enrolment_text(self._room_id, wish.token, wish.public_key)
        if not signature_holds(bytes.fromhex(wish.public_key), bytes.fromhex(wish.proof), text):
            raise InputError("the proof is not a signature of this key", field="proof")
        key_id = key_id_of(wish.public_key)
        login = "" if seat.simulated or self._logins is None else self._logins.holder(wish.login)
        person_id = f"sim-{seat.id}" if seat.simulated else self._person_of(wish, key_id, text, login)
        passkey = None if seat.simulated else self._passkey_of(wish, person_id, text)
        fact = seated(self._pack, seat, person_id, key_id, wish.public_key, passkey)
        if self._writer.state.seats.get(seat.id) != fact:
            await self._writer.enter(Input(f"seat:{seat.id}", f"sit-{secrets.token_hex(8)}", fact))
        if login:
            self._roster.bind(login, person_id)
        if wish.name:
            self._roster.note(person_id, wish.name[:80])
        for token, session in list(self._sessions.items()):
            if session.seat_id == seat.id and (session.person_id, session.key_id) != (person_id, key_id):
                del self._sessions[token]
        session = Session(secrets.token_urlsafe(24), seat.id, person_id, key_id)
        self._sessions[session.token] = session
        return session

    def _passkey_of(self, wish: Enrolment, person_id: str, text: bytes) -> Passkey | None:
        """The person's passkey: enrolled now, or known from another seat or an earlier run."""
        taken = self._writer.state.keys.values()
        known = [fact.passkey for fact in taken if fact.person_id == person_id and fact.passkey is not None]
        if self.passkeys is None:
            return None
        if known and wish.passkey is None and not wish.ssh_key:
            return known[-1]
        if wish.ssh_key:
            made = enrol_ssh(wish.ssh_key)
            self._require_confirmed(wish.assertion, made, text)
        elif wish.passkey is None:
            raise InputError("this room asks for a passkey: a key that a person confirms", field="passkey")
        else:
            made = enrol(wish.passkey, text, self.passkeys.rp_id, self.passkeys.origins)
        used = wish.assertion.credential_id if wish.assertion is not None else ""
        if known and made not in known and used not in {passkey.credential_id for passkey in known}:
            raise InputError("confirm with the passkey that you sat down with; another is not taken", field="passkey")
        others = [fact.passkey for fact in taken if fact.person_id != person_id and fact.passkey is not None]
        if any(made.credential_id == one.credential_id or made.public_key == one.public_key for one in others):
            raise InputError("this passkey is somebody else's", field="passkey")
        return made

    def _require_confirmed(self, assertion: Assertion | None, passkey: Passkey, text: bytes) -> None:
        origins = self.passkeys.origins if self.passkeys is not None else ()
        fault = "it is missing" if assertion is None else fault_of(assertion, passkey, text.decode(), origins)
        if fault is not None:
            raise InputError(f"the passkey's confirmation does not hold: {fault}", field="assertion")

    def _person_of(self, wish: Enrolment, key_id: str, text: bytes, login: str) -> str:
        """Who this is: known by the key, by a session, by a passkey that sat here, or by a login; or a new person."""
        taken = [fact for fact in self._writer.state.keys.values() if fact.kind is SeatKind.PERSON]
        holders = {fact.person_id for fact in taken if fact.key_id == key_id}
        person_id = self.session(wish.also).person_id if wish.also else ""
        used = wish.assertion.credential_id if wish.assertion is not None else ""
        for fact in taken:
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
        return holders.pop() if holders else f"p-{secrets.token_hex(6)}"

    def enrolled(self) -> list[str]:
        """Ids of all passkeys that sat here: an authenticator that holds one is not enrolled as somebody else's."""
        return sorted({one.passkey.credential_id for one in self._writer.state.keys.values() if one.passkey})

    def session(self, token: str) -> Session:
        """The session of a token.

        **Raises**: InputError, when there is none; it may have ended because somebody else sat down.
        """
        session = self._sessions.get(token)
        if session is None:
            raise InputError("this session has ended; open the seat's link again", field="session")
        return session

    def seat_fact(self, session: Session) -> SeatTaken:
        """What the record says of the session's seat."""
        return self._writer.state.seats[session.seat_id]

    async def act(self, session: Session, document: str, signature: str, assertion: Assertion | None = None) -> Written:
        """Enter a signed act.

        **Raises**: InputError, when the document is not this person's, on this seat, in this room, tells of a log that
        this room never showed, or the signature is not of the key enrolled for it; WireError, when it is no canonical
        act.
        """
        seat = self.seat_fact(session)
        act = check_document(document, signature, seat, self._room_id)
        if self._looks_back and not isinstance(act, ReviewAct | MissingExplained):
            raise InputError("looking back takes notes, second thoughts and reasons only", field="type")
        if isinstance(act, RulesProposed):
            require_sound(self._pack, self._writer.state.board, act, actor_of(seat))
        if not self._writer.has_shown(act.head) and not self._writer.has_entered(act.act_id):
            raise InputError(
                "your screen shows a log that is not this room's, or an old one; load it again", field="head"
            )
        assertion = self._confirmed(act, seat, document, assertion)
        signed = SignedAct(
            document=document,
            signature=signature,
            key_id=seat.key_id,
            actor=actor_of(seat),
            label=_label_of_act(act, self._writer.state, self._pack),
            assertion=assertion,
        )

        def still_sits(state: RoomState) -> None:
            if state.seats.get(seat.seat_id) != seat:
                raise InputError("somebody else sat down here meanwhile; nothing was entered", field="session")

        written = await self._writer.enter(Input(f"seat:{seat.seat_id}", act.act_id, signed, check=still_sits))
        entered = written.entries[0].body
        if not isinstance(entered, SignedAct) or entered.document != document:
            raise ConflictError(f"another act has the id `{act.act_id}` already; nothing was entered")
        return written

    def _confirmed(self, act: AnyAct, seat: SeatTaken, document: str, assertion: Assertion | None) -> Assertion | None:
        """The passkey's confirmation that an act needs; None, where it needs none.

        **Raises**: InputError, when it is missing or does not hold.
        """
        if self.passkeys is None or seat.kind is SeatKind.SIMULATED or not needs_gesture(act):
            return None
        if assertion is None or seat.passkey is None:
            raise InputError("confirm this with your passkey; nothing was entered", field="assertion")
        fault = fault_of(assertion, seat.passkey, document, self.passkeys.origins)
        if fault is not None:
            raise InputError(f"the passkey's confirmation does not hold: {fault}", field="assertion")
        count, last = sign_count(assertion), self._sign_counts.get(assertion.credential_id, 0)
        if count and count <= last and not self._writer.has_entered(act.act_id):
            raise InputError("the passkey counts backwards; it may have been copied", field="assertion")
        self._sign_counts[assertion.credential_id] = max(count, last)
        return assertion


def check_document(document: str, signature: str, seat: SeatTaken, room_id: str) -> AnyAct:
    """The act in a document that this seat's person signed with the key enrolled for it.

    **Raises**: InputError or WireError, at the first thing that does not hold.
    """
    raw = document.encode()
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise InputError(f"a document of {len(raw)} bytes is over {MAX_DOCUMENT_BYTES}", field="document")
    act: AnyAct = decode_canonical(raw, AnyAct)  # type: ignore[arg-type]  # a union is no `type`
    if act.room_id != room_id:
        raise InputError("the document is of another room", field="room_id")
    if act.person_id != seat.person_id or act.seat_id != seat.seat_id:
        raise InputError("the document names another person or seat", field="person_id")
    if not _is_hex(signature, 64) or not signature_holds(bytes.fromhex(seat.public_key), bytes.fromhex(signature), raw):
        raise InputError("the signature is not of the key that this person enrolled", field="signature")
    return act


def actor_of(seat: SeatTaken) -> Actor:
    """Who acts from a seat."""
    return Actor(
        seat.person_id, seat.seat_id, seat.role, seat.nation, seat.kind, seat.powers, seat.level, seat.need_to_know
    )


def _label_of_act(act: AnyAct, state: RoomState, pack: Pack) -> Label:
    """An act carries the label of what it is about: request, alert, medium; any other is for all."""
    if isinstance(act, RequestWritten | FactStated | UseReported | HarmReported):
        return act.label
    if isinstance(act, AlertAcknowledged) and act.alert_id in state.alerts:
        return state.alerts[act.alert_id].raised.label
    if isinstance(act, MissingExplained) and act.digest in state.media:
        return state.media[act.digest].kept.label
    if isinstance(act, ReviewClosed):
        held = state.board.authority
        subject = held.uses.get(act.subject_id) or held.harm.get(act.subject_id)
        return label_all(pack) if subject is None else subject.act.label
    if isinstance(act, RequestAct | ReviewAct | DelegationRevoked):
        request = state.board.requests.get(act.request_id)
        if request is not None:
            return request.act.label
    return label_all(pack)


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _is_hex(text: str, size: int) -> bool:
    return len(text) == 2 * size and all(letter in "0123456789abcdef" for letter in text)
