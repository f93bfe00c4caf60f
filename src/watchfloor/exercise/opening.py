"""The opening record, entered through the front door: simulated seats, a key made for this run, signed acts.

The room marks these seats `simulated`; they never count as persons and never as required advice.
"""

from typing import Any

from watchfloor.base.instants import us_from_hms
from watchfloor.base.labels import label_for
from watchfloor.exercise.front_door import FrontDoor
from watchfloor.messages.acts import AdviceGiven, Answer, DecisionSigned, FactStated, RequestWritten
from watchfloor.messages.pack import OpeningAct, OpeningAdvice, OpeningRefusal, OpeningRequest, Pack
from watchfloor.messages.signed import AnyAct


class OpeningWriter:
    """Enters a pack's opening acts over HTTP, each from its simulated seat."""

    def __init__(self, pack: Pack, door: FrontDoor) -> None:
        self._pack, self._door = pack, door
        self._rules_digest = ""

    def enter_last(self, count: int) -> None:
        """Enter the last so many opening acts; those before stand already.

        **Raises**: UnavailableError, when the room refuses one.
        """
        self._rules_digest = str(self._door.ask("/api/room")["rules_digest"])
        for act in self._pack.opening[-count:]:
            self._door.act(act.seat, self._signed(act, self._door.envelope(act.seat, self._us(act.at))))

    def _us(self, clock: str) -> int:
        return self._pack.epoch_us + us_from_hms(clock)

    def _signed(self, act: OpeningAct, common: dict[str, Any]) -> AnyAct:
        if isinstance(act, OpeningRequest):
            return self._request(act, common)
        if isinstance(act, OpeningAdvice):
            return AdviceGiven(request_id=act.request_id, version=1, verdict=act.verdict, words=act.words, **common)
        if isinstance(act, OpeningRefusal):
            return DecisionSigned(
                request_id=act.request_id,
                version=1,
                answer=Answer.NO,
                lawful_and_valid=act.lawful_and_valid,
                expected_advantage=act.expected_advantage,
                remaining_doubt=act.remaining_doubt,
                cited=(),
                screen_digest="0" * 64,
                **common,
            )
        return FactStated(
            fact=act.fact,
            about=act.about,
            value=act.value,
            as_of_us=self._us(act.as_of),
            until_us=self._us(act.until) if act.until else 0,
            words=act.words,
            label=label_for(tuple(nation.id for nation in self._pack.header.nations)),
            **common,
        )

    def _request(self, act: OpeningRequest, common: dict[str, Any]) -> RequestWritten:
        return RequestWritten(
            request_id=act.request_id,
            kind=act.kind,
            acting_nation=act.acting_nation,
            what=act.what,
            why=act.why,
            hoped_for=act.hoped_for,
            could_go_wrong=act.could_go_wrong,
            alternatives=act.alternatives,
            area_id=act.area,
            from_us=self._us(act.window_from),
            until_us=self._us(act.window_until),
            label=label_for(act.nations),
            rules_digest=self._rules_digest,
            **common,
        )
