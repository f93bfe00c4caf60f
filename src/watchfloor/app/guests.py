"""TAK clients' own positions: shown as theirs, marked by the room, never probed, taped or filtered.

They are held only while the client is connected and its event is not stale.
"""

from msgspec import Struct

from watchfloor.base.labels import Label
from watchfloor.messages.air import Rejected
from watchfloor.wire.cot_event import CotEvent

FAR_OFF_US = 60 * 1_000_000
MAX_GUESTS = 200


class Guest(Struct, frozen=True):
    """A client's newest own report; `real_us` and `stale_us` are UTC."""

    uid: str
    callsign: str
    lat_deg: float
    lon_deg: float
    real_us: int
    stale_us: int
    event: CotEvent
    label: Label


class Guests:
    """Own positions by connection."""

    def __init__(self) -> None:
        self._held: dict[int, Guest] = {}

    def accept(self, connection: int, event: CotEvent, real_us: int, label: Label) -> Rejected | None:
        """Take a client's event; answers why not, when it cannot be one.

        **Args**: `real_us`: the port's clock, real UTC; `label`: whom the client's position may be shown to.
        """
        sample = event.uid.encode()
        if not event.type.startswith("a-"):
            return Rejected(reason="not a position of a TAK client", sample=event.type.encode())
        if abs(event.time_us - real_us) > FAR_OFF_US:
            return Rejected(reason="time is over 60 s off this port's clock", sample=sample)
        held = self._held.get(connection)
        if held is not None and held.uid != event.uid:
            return Rejected(reason="a client reports itself only", sample=sample)
        if any(guest.uid == event.uid for key, guest in self._held.items() if key != connection):
            return Rejected(reason="another client has this uid", sample=sample)
        if held is None and len(self._held) >= MAX_GUESTS:
            return Rejected(reason="too many TAK clients", sample=sample)
        stale_us = max(min(event.stale_us, real_us + 600_000_000), real_us)
        self._held[connection] = Guest(
            event.uid, event.callsign or event.uid, event.lat_deg, event.lon_deg, real_us, stale_us, event, label
        )
        return None

    def leave(self, connection: int) -> str | None:
        """Forget a client; answers the uid it had."""
        gone = self._held.pop(connection, None)
        return gone.uid if gone else None

    def shown(self, real_us: int) -> list[Guest]:
        """Own positions that are not stale."""
        return [guest for guest in self._held.values() if guest.stale_us > real_us]
