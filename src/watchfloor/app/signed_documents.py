"""A signed document as it arrives: whose it is, whether its signature holds, and which label its act carries."""

from watchfloor.app.doctrine import label_all
from watchfloor.app.sight import label_of_seat
from watchfloor.app.state import RoomState
from watchfloor.base.errors import InputError
from watchfloor.base.labels import Label
from watchfloor.decisions.step import RequestAct
from watchfloor.messages.acts import Actor, AlertAcknowledged, FactStated, MissingExplained, RequestWritten, ReviewAct
from watchfloor.messages.canonical import decode_canonical
from watchfloor.messages.delegation import DelegationRevoked, HarmReported, ReviewClosed, UseReported
from watchfloor.messages.handover import HandoverAct
from watchfloor.messages.line_record import LineSpoken
from watchfloor.messages.notification import (
    FollowUpClosed,
    NotificationAcknowledged,
    NotificationGiven,
    NotificationWithdrawn,
)
from watchfloor.messages.pack import Pack
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.signed import AnyAct
from watchfloor.record.note import signature_holds

MAX_DOCUMENT_BYTES = 40_000


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
    if not is_hex(signature, 64) or not signature_holds(bytes.fromhex(seat.public_key), bytes.fromhex(signature), raw):
        raise InputError("the signature is not of the key that this person enrolled", field="signature")
    return act


def actor_of(seat: SeatTaken) -> Actor:
    """Who acts from a seat."""
    return Actor(
        seat.person_id, seat.seat_id, seat.role, seat.nation, seat.kind, seat.powers, seat.level, seat.need_to_know
    )


def label_of_act(act: AnyAct, state: RoomState, pack: Pack) -> Label:
    """An act carries the label of what it is about: request, alert, medium; any other is for all."""
    if isinstance(act, RequestWritten | FactStated | UseReported | HarmReported | NotificationGiven):
        return act.label
    if isinstance(act, FollowUpClosed):
        follow = state.board.notified.follow_ups.get(act.follow_id)
        return label_all(pack) if follow is None else follow.opened.label
    if isinstance(act, NotificationAcknowledged | NotificationWithdrawn):
        item = state.board.notified.items.get(act.notification_id)
        return label_all(pack) if item is None else item.act.label
    if isinstance(act, AlertAcknowledged) and act.alert_id in state.alerts:
        return state.alerts[act.alert_id].raised.label
    if isinstance(act, LineSpoken) and act.line_id in state.lines:
        return state.lines[act.line_id].opened.label
    if isinstance(act, HandoverAct) and act.seat_id in state.seats:
        return label_of_seat(state.seats[act.seat_id])
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


def is_hex(text: str, size: int) -> bool:
    """Whether a text is that many bytes in lower-case hex."""
    return len(text) == 2 * size and all(letter in "0123456789abcdef" for letter in text)
