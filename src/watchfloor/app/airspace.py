"""The room's desk for planned airspace: changes are judged where they are entered, on the newest directory.

The room is also a service of its own: what its operator plans and reserves stands in the directory under its name.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec
import structlog

from watchfloor.app.state import RoomState
from watchfloor.app.writer import AIRSPACE, Input, Writer
from watchfloor.base.errors import InvariantError, WatchfloorError
from watchfloor.base.labels import Label
from watchfloor.deconflict.directory.entering import Caller, WantedEntity, remove_entity, set_entity
from watchfloor.deconflict.directory.standing import Directory, Refused
from watchfloor.messages.airspace import (
    AnyAirspaceFact,
    Entity,
    EntityKind,
    EntityRemoved,
    EntitySet,
    IntentState,
    held_of,
    in_entries,
)
from watchfloor.messages.entry import Fact
from watchfloor.messages.volumes import PlannedVolume

_log = structlog.get_logger()
Entered = TypeVar("Entered", bound=AnyAirspaceFact)


class AirspaceDesk:
    """Changes the directory of one room.

    `fresh` gives opaque version numbers that nobody can guess, so that who shows one has seen the version.
    """

    def __init__(self, writer: Writer, label: Label, name: str, fresh: Callable[[], str]) -> None:
        self._writer, self.label, self.name, self.fresh = writer, label, name, fresh

    @property
    def directory(self) -> Directory:
        """What stands durably."""
        return self._writer.state.directory

    def now_us(self) -> int:
        """Room time."""
        return self._writer.room_now_us()

    async def change(self, judge: Callable[[Directory, int], Entered | Refused]) -> Entered | Refused:
        """Judge a change on the newest directory and room time; answer when it is durable, or why it is not entered.

        **Raises**: UnavailableError, when the record cannot be written.
        """
        answers: list[Entered | Refused] = []

        def make(state: RoomState, _: int, room_us: int) -> list[Fact]:
            try:
                answer = judge(state.directory, room_us)
                if not isinstance(answer, Refused):
                    msgspec.convert(msgspec.to_builtins(answer), type(answer))
            except WatchfloorError:
                raise
            except Exception as error:  # what one caller sent must not look like a record that failed
                _log.exception("airspace change at fault")
                raise InvariantError(f"the change cannot be judged: {error!r}") from error
            answers[:] = [answer]
            return [] if isinstance(answer, Refused) else [*in_entries(answer)]

        await self._writer.enter(Input(AIRSPACE, f"airspace-{self.fresh()}", make=make))
        return answers[0]

    async def publish(self, kind: EntityKind, planned: Sequence[PlannedVolume], base_url: str) -> tuple[str, ...]:
        """Take out what is planned no more, then set what the operator plans; answers what a person should know.

        An intent that meets another manager's is not set: that is for people to settle. Where two of the operator's own
        meet, both are set. Whoever subscribed to the place is named, to be told by a person.
        """
        plans: dict[str, list[PlannedVolume]] = {}
        for volume in planned:
            plans.setdefault(volume.plan_id, []).append(volume)
        ids = {entity_id_of(self.name, kind, plan_id): plan_id for plan_id in plans}
        notes: list[str] = []
        for entity_id, entity in self._own(kind).items():
            if entity_id not in ids:
                notes += self._concerned(entity.entity_id, await self._take_out(entity))
        waiting = dict(ids)
        while waiting:
            refused = {}
            for entity_id, plan_id in waiting.items():
                answer = await self._publish_one(kind, entity_id, plans[plan_id], base_url)
                if isinstance(answer, Refused):
                    refused[entity_id] = answer
                elif answer is not None:
                    notes += self._concerned(plan_id, answer)
            if len(refused) == len(waiting):
                return (*notes, *(_said(ids[entity_id], answer) for entity_id, answer in refused.items()))
            waiting = {entity_id: waiting[entity_id] for entity_id in refused}  # a place may have become free
        return tuple(notes)

    def _concerned(self, plan_id: str, fact: EntitySet | EntityRemoved | Refused) -> list[str]:
        """Whom a person should tell of a change: subscribers of others, whom the room does not call."""
        if isinstance(fact, Refused):
            return []
        held = self.directory.subscriptions
        managers = sorted(
            {held[one.subscription_id].manager for one in fact.subscribers if one.subscription_id in held}
        )
        return [f"`{plan_id}` has changed; tell {', '.join(f'`{name}`' for name in managers)}"] if managers else []

    def _caller(self) -> Caller:
        return Caller(self.name, may_say_off_nominal=True, fresh_ovn=self.fresh())

    async def _take_out(self, entity: Entity) -> EntityRemoved | Refused:
        names, caller = (entity.kind, entity.entity_id, entity.ovn), self._caller()
        return await self.change(lambda held, at_us: remove_entity(held, *names, caller, at_us, self.label))

    def _own(self, kind: EntityKind) -> Mapping[str, Entity]:
        held = self.directory.of_kind(kind)
        return {name: entity for name, entity in held.items() if entity.manager == self.name}

    async def _publish_one(
        self, kind: EntityKind, entity_id: str, planned: Sequence[PlannedVolume], base_url: str
    ) -> EntitySet | Refused | None:
        """Set one plan; None, when it stands already."""
        known = self.directory.of_kind(kind).get(entity_id)
        volumes = tuple(held_of(volume) for volume in planned)
        if known is not None and known.volumes == volumes and known.base_url == base_url:
            return None
        wanted = WantedEntity(
            kind=kind,
            entity_id=entity_id,
            ovn=None if known is None else known.ovn,
            base_url=base_url,
            volumes=volumes,
            state=IntentState.ACCEPTED if kind is EntityKind.INTENT else None,
            key=frozenset(entity.ovn for entity in self._own(EntityKind.INTENT).values()),
        )
        caller = self._caller()
        return await self.change(lambda held, at_us: set_entity(held, wanted, caller, at_us, self.label))


def _said(plan_id: str, refused: Refused) -> str:
    met = ", ".join(f"`{entity.entity_id}` of `{entity.manager}`" for entity in refused.missing)
    return f"`{plan_id}` is not in the directory: {f'it meets {met}' if met else refused.sentence}"


def entity_id_of(name: str, kind: EntityKind, plan_id: str) -> str:
    """The id of a plan of ours, the same at every start: a UUID of version 4 made from its names."""
    digest = sha256(f"{name}\n{kind.value}\n{plan_id}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
