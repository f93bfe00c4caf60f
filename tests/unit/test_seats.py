"""Who sits where when an act arrives behind somebody else's sitting down."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.records import opening, write_record, writing
from watchfloor.app.identity import Enrolment, enrolment_text
from watchfloor.app.seats import SESSION_S, Seats, Session
from watchfloor.app.writer import Writer, Written
from watchfloor.base.errors import InputError
from watchfloor.edge.stores.folder import FileRoster, read_folder
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.acts import AlertAcknowledged, LogHead
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.verify.folder import check_folder

Outcome = tuple[Session | BaseException, Written | BaseException]


class Watchman:
    """A clock that a test moves on."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def session_that_grows_old(path: Path) -> tuple[bool, str]:
    """Whether it holds just before its end and its person comes back with the key, and what is said at its end."""
    async with writing(path) as writer:
        clock, pack = Watchman(), load_pack("eight-thirty")
        seats = Seats(pack, "room-1", writer, FileRoster(path), now_s=clock)
        links = await seats.issue_links()
        token = links[next(seat.id for seat in pack.header.seats if not seat.simulated)]
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw().hex()
        proof = private.sign(enrolment_text("room-1", token, public)).hex()
        session = await seats.enter(Enrolment(token, public, proof))
        clock.now_s = SESSION_S - 1
        held = seats.session(session.token) == session
        clock.now_s = SESSION_S
        with pytest.raises(InputError) as told:
            seats.session(session.token)
        again = await seats.enter(Enrolment(token, public, proof, also=session.token))
        return held and again.person_id == session.person_id, str(told.value)


def test_a_session_ends_by_its_age_and_says_what_to_do(tmp_path: Path) -> None:
    write_record(tmp_path / "room", [opening()])
    held, said = asyncio.run(session_that_grows_old(tmp_path / "room"))
    assert held
    assert "expired; open the seat's link again" in said


async def sit_down_while_somebody_acts(path: Path) -> Outcome:
    async with writing(path) as writer:
        return await sit_and_act(writer, path)


async def sit_and_act(writer: Writer, path: Path) -> Outcome:
    pack = load_pack("eight-thirty")
    seats = Seats(pack, "room-1", writer, FileRoster(path))
    links = await seats.issue_links()
    seat_id = next(seat.id for seat in pack.header.seats if not seat.simulated)
    token = links[seat_id]

    def wish(private: Ed25519PrivateKey) -> Enrolment:
        public = private.public_key().public_bytes_raw().hex()
        return Enrolment(token, public, private.sign(enrolment_text("room-1", token, public)).hex())

    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    session = await seats.enter(wish(first))
    act = AlertAcknowledged(
        act_id="a" * 32,
        room_id="room-1",
        person_id=session.person_id,
        seat_id=seat_id,
        at_us=1,
        head=LogHead(0, "0" * 64),
        alert_id="A-1",
    )
    document = canonical_bytes(act)
    sitting = seats.enter(wish(second))
    acting = seats.act(session, document.decode(), first.sign(document).hex())
    found = await asyncio.gather(sitting, acting, return_exceptions=True)
    return found[0], found[1]


def test_an_act_that_arrives_behind_another_person_on_its_seat_is_not_entered(tmp_path: Path) -> None:
    """Both were right when they came; entered in this order, the record would say that nobody signed."""
    write_record(tmp_path / "room", [opening()])
    sat, acted = asyncio.run(sit_down_while_somebody_acts(tmp_path / "room"))
    assert isinstance(sat, Session)
    assert isinstance(acted, InputError)
    assert "somebody else sat down" in str(acted)
    report = check_folder(read_folder(tmp_path / "room"))
    assert report.holds(), report.problems
