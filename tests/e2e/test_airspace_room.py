"""The directory in a room that is killed and started again; the room's own plans; details that others tell."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from uas_standards.astm.f3548.v21 import api

from tests.support.running import RunningRoom, run_words, verified
from tests.support.utm import CONSTRAINTS, INTENTS, Authority, Service, fresh, long_ago, read, settings, volume
from tests.support.utm import stamp as time_in

Start = Callable[..., RunningRoom]


def test_what_was_answered_is_there_after_a_kill(
    services: tuple[Service, Service, Service],
    room: RunningRoom,
    authority: Authority,
    start_room: Start,
    tmp_path: Path,
) -> None:
    one, other, _ = services
    subscription, names = fresh(), [fresh() for _ in range(5)]
    assert other.subscribe(subscription, volume(radius_m=5000)).status_code == 200
    for place, name in enumerate(names):
        assert one.put(name, volume(low=100 + 200 * place)).status_code == 201
    ovn = one.ask("GET", f"{INTENTS}/{names[0]}").json()["operational_intent_reference"]["ovn"]
    assert one.ask("DELETE", f"{INTENTS}/{names[0]}/{ovn}").status_code == 200
    room.kill()
    again = start_room("--config", settings(tmp_path, authority), command="serve", data=tmp_path / "room")
    one, other = Service(again, authority, "uss1"), Service(again, authority, "uss2")
    found = one.ask("POST", f"{INTENTS}/query", area_of_interest={"volume": volume()["volume"]}).json()
    assert found == {"operational_intent_references": []}, "the lowest one was taken out"
    wide = volume(radius_m=5000)
    wide["volume"]["altitude_upper"]["value"] = 5000
    found = one.ask("POST", f"{INTENTS}/query", area_of_interest=wide).json()["operational_intent_references"]
    assert {entity["id"] for entity in found} == set(names[1:])
    known = other.ask("GET", f"/dss/v1/subscriptions/{subscription}").json()["subscription"]
    assert known["notification_index"] == 2, "the lowest one came and went; the others pass above its volume"
    assert one.put(fresh(), volume(low=300)).status_code == 409
    assert again.stop() == 0
    assert verified(again.data)["holds"]
    checked = run_words("replay", str(again.data), "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_kill_under_load_loses_nothing_that_was_answered(
    room: RunningRoom, authority: Authority, start_room: Start, tmp_path: Path
) -> None:
    answered: dict[str, str] = {}
    enough = threading.Event()

    def load(number: int) -> None:
        name, ovn = fresh(), ""
        with httpx.Client(base_url=str(room.http.base_url)) as http:
            service = Service(room, authority, f"uss{number}", http=http)
            while True:
                try:
                    answer = service.put(name, volume(lng=7 + number), ovn=ovn)
                except httpx.HTTPError:
                    return
                ovn = answered[name] = answer.json()["operational_intent_reference"]["ovn"]
                if answer.json()["operational_intent_reference"]["version"] > 20:
                    enough.set()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    assert enough.wait(30)
    room.process.kill()
    for thread in threads:
        thread.join()
    room.kill()
    again = start_room("--config", settings(tmp_path, authority), command="serve", data=tmp_path / "room")
    for number in range(6):
        service = Service(again, authority, f"uss{number}")
        asked = {"area_of_interest": volume(lng=7 + number)}
        (kept,) = service.ask("POST", f"{INTENTS}/query", **asked).json()["operational_intent_references"]
        log = b"".join(path.read_bytes() for path in sorted((tmp_path / "room" / "record").glob("*.wfl")))
        assert answered[kept["id"]].encode() in log, "what was answered was written first"
        assert kept["ovn"] == answered[kept["id"]] or log.index(kept["ovn"].encode()) > log.index(
            answered[kept["id"]].encode()
        )
    assert again.stop() == 0
    assert verified(again.data)["holds"]


def test_the_rooms_own_plans_and_reservations_stand_in_the_directory(
    authority: Authority, start_room: Start, tmp_path: Path
) -> None:
    (tmp_path / "plans.json").write_text(json.dumps([{"id": "ours", "volumes": [volume()]}]))
    feature = {
        "type": "Feature",
        "id": "fire 7",
        "properties": {"kind": "fire", "lower_m": None, "upper_m": 3000, "radius_m": 4000,
                       "from": volume()["time_start"]["value"], "until": volume()["time_end"]["value"]},
        "geometry": {"type": "Point", "coordinates": [7.0, 47.0]},
    }  # fmt: skip
    (tmp_path / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    words = {"plans": "plans.json", "reservations": "r.geojson", "name": "watch"}
    config = settings(tmp_path, authority, **words)
    room = start_room("--config", config, command="serve", data=tmp_path / "room")
    assert room.started["notes"] == []
    other = Service(room, authority, "uss2")
    refused = read(other.put(fresh(), volume()), api.AirspaceConflictResponse, 409)
    (ours,) = refused.missing_operational_intents
    assert (ours.manager, ours.uss_base_url) == ("watch", f"http://localhost:{room.started['http_port']}")
    details = read(
        other.ask("GET", f"/uss/v1/operational_intents/{ours.id}"), api.GetOperationalIntentDetailsResponse, 200
    )
    assert details.operational_intent.details.volumes[0].volume.outline_circle.radius.value == 500
    ovn = details.operational_intent.reference.ovn
    planned = other.put(fresh(), volume(), key=[ovn]).json()["operational_intent_reference"]
    (closed,) = other.ask("POST", f"{CONSTRAINTS}/query", area_of_interest=volume()).json()["constraint_references"]
    shape = read(other.ask("GET", f"/uss/v1/constraints/{closed['id']}"), api.GetConstraintDetailsResponse, 200)
    assert "altitude_lower" not in shape.constraint.details.volumes[0].volume
    assert other.ask("GET", f"/uss/v1/operational_intents/{planned['id']}").status_code == 404, "it is not ours"
    assert other.ask("GET", f"/uss/v1/operational_intents/{ours.id}/telemetry").status_code == 409
    assert room.stop() == 0
    more = [{"id": "ours", "volumes": [volume()]}, {"id": "late", "volumes": [volume(low=150)]}]
    (tmp_path / "plans.json").write_text(json.dumps(more))
    again = start_room("--config", config, command="serve", data=tmp_path / "room")
    (note, *_) = [one for one in again.started["notes"] if "late" in one]
    assert "`late` is not in the directory: it meets" in note
    (tmp_path / "plans.json").write_text("[]")
    assert again.stop() == 0
    empty = start_room("--config", config, command="serve", data=tmp_path / "room")
    other = Service(empty, authority, "uss2")
    assert other.ask("GET", f"{INTENTS}/{ours.id}").status_code == 404, "what is planned no more is taken out"


def test_own_plans_may_change_names_places_and_overlap(authority: Authority, start_room: Start, tmp_path: Path) -> None:
    words = {"plans": "plans.json", "name": "watch", "base_url": "https://watch.example/uss"}
    config = settings(tmp_path, authority, **words)

    def standing(*plans: tuple[str, float]) -> list[str]:
        (tmp_path / "plans.json").write_text(
            json.dumps([{"id": name, "volumes": [volume(lng=lng)]} for name, lng in plans])
        )
        room = start_room("--config", config, command="serve", data=tmp_path / "room")
        assert room.started["notes"] == []
        caller = Service(room, authority, "uss2")
        wide = {"area_of_interest": volume(lng=7.5, radius_m=50_000)}
        found = caller.ask("POST", f"{INTENTS}/query", **wide).json()["operational_intent_references"]
        assert {entity["uss_base_url"] for entity in found} == {"https://watch.example/uss"}
        answer = room.http.get(f"{INTENTS}/{found[0]['id']}", headers={"Host": "watch.example"} | caller.headers)
        assert answer.status_code == 200, "the room answers under the name that it tells"
        ids = []
        for entity in found:
            held = caller.ask("GET", f"/uss/v1/operational_intents/{entity['id']}").json()["operational_intent"]
            place = held["details"]["volumes"][0]["volume"]["outline_circle"]["center"]["lng"]
            ids.append(f"{place:.3f} {entity['id']}")
        assert room.stop() == 0
        return sorted(ids)

    (first,) = standing(("A", 7.2))
    (renamed,) = standing(("B", 7.2))
    assert first.split()[0] == renamed.split()[0]
    assert first != renamed
    both = standing(("B", 7.2), ("C", 7.6))
    swapped = standing(("B", 7.6), ("C", 7.2))
    assert [one.split()[0] for one in swapped] == [one.split()[0] for one in both]
    assert [one.split()[1] for one in swapped] == [one.split()[1] for one in both[::-1]]
    assert len(standing(("B", 7.6), ("C", 7.2), ("D", 7.603))) == 3


def told(service: Service, name: str, version: int, *volumes: dict[str, Any], manager: str = "") -> dict[str, Any]:
    reference = {
        "id": name, "manager": manager or service.name, "uss_availability": "Unknown", "version": version,
        "state": "Accepted", "ovn": "0" * 20, "time_start": time_in(10), "time_end": time_in(60),
        "uss_base_url": service.url, "subscription_id": fresh(),
    }  # fmt: skip
    details = {"volumes": list(volumes), "off_nominal_volumes": [], "priority": 0, "something new": 1}
    return {
        "operational_intent_id": name,
        "operational_intent": {"reference": reference, "details": details},
        "subscriptions": [{"subscription_id": fresh(), "notification_index": 1}],
    }


def test_details_that_others_tell_are_taken_from_their_manager_and_never_older(
    services: tuple[Service, Service, Service],
) -> None:
    one, other, _ = services
    name, path = fresh(), "/uss/v1/operational_intents"
    assert one.put(name, volume()).status_code == 201
    assert one.ask("POST", path, **told(one, name, 2, volume())).status_code == 204
    assert one.ask("POST", path, **told(one, name, 1, volume(low=300))).status_code == 409
    assert one.ask("POST", path, **told(one, name, 2, volume(low=300))).status_code == 409
    assert one.ask("POST", path, **told(one, name, 3, volume(low=300))).status_code == 204
    assert other.ask("POST", path, **told(other, name, 4, volume())).status_code == 403
    assert other.ask("POST", path, **told(other, name, 4, volume(), manager="uss1")).status_code == 403
    assert one.ask("POST", path, **told(one, fresh(), 1)).status_code == 400, "an intent has volumes"
    other_rank = told(one, name, 3, volume(low=300))
    other_rank["operational_intent"]["details"]["priority"] = 9
    assert one.ask("POST", path, **other_rank).status_code == 409
    gone = {"operational_intent_id": name, "operational_intent": None, "subscriptions": []}
    assert one.ask("POST", path, **gone).status_code == 204
    assert one.ask("POST", path, **told(one, name, 2, volume(low=300))).status_code == 409, "nothing older comes back"
    assert one.ask("POST", path, **told(one, name, 4, volume(low=300))).status_code == 204
    unknown = gone | {"operational_intent_id": fresh()}
    assert other.ask("POST", path, **unknown).status_code == 404, "a stranger does not end what nobody told of"
    assert one.ask("POST", path, **told(one, fresh(), 1, long_ago("1960"))).status_code == 400
