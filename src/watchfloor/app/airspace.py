"""The room's desk for planned airspace: changes are judged where they are entered, on the newest directory.

The room is also a service of its own: what its operator plans and reserves stands in the directory under its name.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

from watchfloor.app.state import RoomState
from watchfloor.app.writer import AIRSPACE, Input, Writer
from watchfloor.base.labels import Label
from watchfloor.deconflict.directory import Directory, Refused
from watchfloor.deconflict.entering import Caller, WantedEntity, remove_entity, set_entity
from watchfloor.messages.airspace import AnyAirspaceFact, Entity, EntityKind, IntentState, held_of
from watchfloor.messages.entry import Fact
from watchfloor.messages.volumes import PlannedVolume

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
            answer = judge(state.directory, room_us)
            answers[:] = [answer]
            return [] if isinstance(answer, Refused) else [answer]

        await self._writer.enter(Input(AIRSPACE, f"airspace-{self.fresh()}", make=make))
        return answers[0]

    async def publish(self, kind: EntityKind, planned: Sequence[PlannedVolume], base_url: str) -> tuple[str, ...]:
        """Set what the operator plans, and take out what is planned no more; answers what a person should know.

        An intent that meets another is not set: that is for people to settle.
        """
        plans: dict[str, list[PlannedVolume]] = {}
        for volume in planned:
            plans.setdefault(volume.plan_id, []).append(volume)
        ids = {entity_id_of(self.name, kind, plan_id): plan_id for plan_id in plans}
        notes = [
            note
            for entity_id, plan_id in ids.items()
            if (note := await self._publish_one(kind, entity_id, plans[plan_id], base_url))
        ]
        for entity_id, entity in self._own(kind).items():
            if entity_id not in ids:
                await self._take_out(entity)
        return tuple(notes)

    def _caller(self) -> Caller:
        return Caller(self.name, may_say_off_nominal=True, fresh_ovn=self.fresh())

    async def _take_out(self, entity: Entity) -> None:
        names, caller = (entity.kind, entity.entity_id, entity.ovn), self._caller()
        await self.change(lambda held, at_us: remove_entity(held, *names, caller, at_us, self.label))

    def _own(self, kind: EntityKind) -> Mapping[str, Entity]:
        held = self.directory.of_kind(kind)
        return {name: entity for name, entity in held.items() if entity.manager == self.name}

    async def _publish_one(
        self, kind: EntityKind, entity_id: str, planned: Sequence[PlannedVolume], base_url: str
    ) -> str:
        """Set one plan; why not, when it is not set."""
        known = self.directory.of_kind(kind).get(entity_id)
        volumes = tuple(held_of(volume) for volume in planned)
        if known is not None and known.volumes == volumes and known.base_url == base_url:
            return ""
        wanted = WantedEntity(
            kind=kind,
            entity_id=entity_id,
            ovn=None if known is None else known.ovn,
            base_url=base_url,
            volumes=volumes,
            state=IntentState.ACCEPTED if kind is EntityKind.INTENT else None,
        )
        caller = self._caller()
        answer = await self.change(lambda held, at_us: set_entity(held, wanted, caller, at_us, self.label))
        if not isinstance(answer, Refused):
            return ""
        met = ", ".join(f"`{entity.entity_id}` of `{entity.manager}`" for entity in answer.missing)
        return f"`{planned[0].plan_id}` is not in the directory: {f'it meets {met}' if met else answer.sentence}"


def entity_id_of(name: str, kind: EntityKind, plan_id: str) -> str:
    """The id of a plan of ours, the same at every start: a UUID of version 4 made from its names."""
    digest = sha256(f"{name}\n{kind.value}\n{plan_id}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
