"""Who may act: links to seats, sessions, and the check of every signed act.

A link is unguessable and kept only as a hash. Opening one seats a person: whoever holds the key that the
browser made. The same person may take several seats with the same key; four eyes compares persons. A new
person on a seat ends the session of the one before. No path here signs anything.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256

from msgspec import Struct

from watchfloor.app.clock import steady_s
from watchfloor.app.doctrine import label_all, seated
from watchfloor.app.drafting import require_sound
from watchfloor.app.identity import Enrolment, Identity, PasskeyRule, enrolment_text, key_id_of
from watchfloor.app.passkeys import needs_gesture
from watchfloor.app.ports import Logins, Roster
from watchfloor.app.signed_documents import actor_of, check_document, is_hex, label_of_act
from watchfloor.app.state import RoomState
from watchfloor.app.walls import Wall, Walls
from watchfloor.app.writer import Input, Writer, Written
from watchfloor.base.errors import ConflictError, InputError
from watchfloor.messages.acts import (
    MissingExplained,
    ReviewAct,
    SeatKind,
)
from watchfloor.messages.delegation import RulesProposed
from watchfloor.messages.pack import Pack, PackSeat
from watchfloor.messages.passkeys import Assertion
from watchfloor.messages.room import LinksIssued, SeatTaken
from watchfloor.messages.signed import AnyAct, SignedAct
from watchfloor.record.note import signature_holds
from watchfloor.record.passkey import fault_of, sign_count

SESSION_S = 12 * 3600.0


class Session(Struct, frozen=True):
    """A person on a seat, as a browser tab holds it, until an instant of the clock that counts sessions [s]."""

    token: str
    seat_id: str
    person_id: str
    key_id: str
    until_s: float


class Seats:
    """Links and sessions of one run. Runs on the event loop only. `looks_back`: nothing of the room itself is done.

    `passkeys`: who sits down enrols a passkey, and deciding, advising, resolving, granting, reviewing and changing
    rules need its fresh confirmation. `logins`: who sits down has logged in first; one login is one person.
    `now_s` counts how long sessions last: SESSION_S, then the link is opened again.
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
        now_s: Callable[[], float] = steady_s,
    ) -> None:
        self._looks_back, self.passkeys, self._logins = looks_back, passkeys, logins
        self.walls = None if looks_back or logins is not None else Walls(pack, writer)
        self._identity, self._now_s = Identity(roster, passkeys), now_s
        self._sign_counts: dict[str, int] = {}
        self._pack, self._room_id, self._writer, self._roster = pack, room_id, writer, roster
        self._links: dict[str, PackSeat] = {}
        self._sessions: dict[str, Session] = {}
        self._one_at_a_time = asyncio.Lock()

    async def issue_links(self) -> Mapping[str, str]:
        """New tokens by seat id; all earlier links, walls and sessions end."""
        tokens = {seat.id: secrets.token_urlsafe(24) for seat in self._pack.header.seats}
        self._links = {_hashed(tokens[seat.id]): seat for seat in self._pack.header.seats}
        if self.walls is not None:
            self.walls.forget()
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

    async def open_wall(self, token: str) -> str:
        """A wall of the seat that a link opens; answers its own token, with which nobody sits down.

        **Raises**: InputError, when the link is unknown, or this room has no walls: a replay, or one that asks for
        logins, for nobody logs in at a wall.
        """
        seat = self.seat_of_link(token)
        return await self._walls_or_refuse().open(seat)

    def wall(self, token: str) -> Wall:
        """The wall that a token opens.

        **Raises**: InputError, when it opens none.
        """
        return self._walls_or_refuse().wall(token)

    async def close_walls(self, session: Session, seat_id: str) -> None:
        """Close a seat's walls: by who sits there, or by exercise control.

        **Raises**: InputError, when this person may not.
        """
        seat = self.seat_fact(session)
        if seat.seat_id != seat_id and "control" not in seat.powers:
            raise InputError("only who sits there, or exercise control, closes a seat's walls", field="seat_id")
        await self._walls_or_refuse().close(seat_id)

    def _walls_or_refuse(self) -> Walls:
        if self.walls is None:
            raise InputError("this room has no walls of seats: it is a replay, or asks for logins", field="token")
        return self.walls

    async def enter(self, wish: Enrolment) -> Session:
        """Seat a person; one at a time, so that one key opened twice at once stays one person's.

        **Raises**: InputError, when link, key or proof do not hold.
        """
        async with self._one_at_a_time:
            return await self._enter(wish)

    async def _enter(self, wish: Enrolment) -> Session:
        seat = self.seat_of_link(wish.token)
        if not is_hex(wish.public_key, 32) or not is_hex(wish.proof, 64):
            raise InputError("the key must be 32 bytes and the proof 64, in hex", field="public_key")
        text = enrolment_text(self._room_id, wish.token, wish.public_key)
        if not signature_holds(bytes.fromhex(wish.public_key), bytes.fromhex(wish.proof), text):
            raise InputError("the proof is not a signature of this key", field="proof")
        key_id = key_id_of(wish.public_key)
        login = "" if seat.simulated or self._logins is None else self._logins.holder(wish.login)
        person_id, passkey = f"sim-{seat.id}", None
        if not seat.simulated:
            taken, elsewhere = self._writer.state.keys.values(), self._elsewhere(wish)
            known = self._identity.person_of(taken, wish, text, login=login, elsewhere=elsewhere)
            person_id = known or f"p-{secrets.token_hex(6)}"
            passkey = self._identity.passkey_of(taken, wish, person_id, text)
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
        session = Session(secrets.token_urlsafe(24), seat.id, person_id, key_id, self._now_s() + SESSION_S)
        self._sessions[session.token] = session
        return session

    def _elsewhere(self, wish: Enrolment) -> str:
        """Whom a session on another seat says that this is; one that has ended says nothing of a key that is known."""
        is_known = any(fact.public_key == wish.public_key for fact in self._writer.state.keys.values())
        if not wish.also or (is_known and not self._holds(wish.also)):
            return ""
        return self.session(wish.also).person_id

    def _holds(self, token: str) -> bool:
        session = self._sessions.get(token)
        return session is not None and self._now_s() < session.until_s

    def enrolled(self) -> list[str]:
        """Ids of all passkeys that sat here: an authenticator that holds one is not enrolled as somebody else's."""
        return sorted({one.passkey.credential_id for one in self._writer.state.keys.values() if one.passkey})

    def session(self, token: str) -> Session:
        """The session of a token.

        **Raises**: InputError, when there is none; it may have ended because somebody else sat down, or by its age.
        """
        session = self._sessions.get(token)
        if session is not None and self._now_s() >= session.until_s:
            del self._sessions[token]
            raise InputError("this session has expired; open the seat's link again", field="session")
        if session is None:
            raise InputError("this session has ended; open the seat's link again", field="session")
        return session

    def require(self, viewer: Session | Wall) -> None:
        """Say whether a screen may still be shown what it was.

        **Raises**: InputError, when its session or its wall has ended.
        """
        if isinstance(viewer, Wall):
            self.wall(viewer.token)
        else:
            self.session(viewer.token)

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
            label=label_of_act(act, self._writer.state, self._pack),
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


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
