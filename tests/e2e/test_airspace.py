"""The directory of ASTM F3548 as services use it, over real HTTP; answers are read by the types of `uas-standards`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from uas_standards.astm.f3548.v21 import api

from tests.support.running import RunningRoom, verified
from tests.support.utm import CONSTRAINTS, INTENTS, Authority, Service, fresh, read, settings, volume

Start = Callable[..., RunningRoom]


def test_nobody_plans_past_an_intent_whose_version_they_have_not_seen(
    services: tuple[Service, Service, Service], room: RunningRoom
) -> None:
    one, other, _ = services
    first, second = fresh(), fresh()
    made = read(one.put(first, volume()), api.ChangeOperationalIntentReferenceResponse, 201)
    assert (made.operational_intent_reference.version, made.operational_intent_reference.manager) == (1, "uss1")
    assert made.subscribers == []
    refused = read(other.put(second, volume(lng=7.005)), api.AirspaceConflictResponse, 409)
    (missing,) = refused.missing_operational_intents
    assert missing.id == first
    assert "ovn" not in missing, "an OVN is seen at its manager only"
    ovn = made.operational_intent_reference.ovn
    read(other.put(second, volume(lng=7.005), key=[ovn]), api.ChangeOperationalIntentReferenceResponse, 201)
    changed = read(one.put(first, volume(), ovn=ovn, key=[]), api.AirspaceConflictResponse, 409)
    assert [entity.id for entity in changed.missing_operational_intents] == [second]
    for apart in (volume(lng=7.1), volume(low=300), volume(begins=200)):
        read(other.put(fresh(), apart), api.ChangeOperationalIntentReferenceResponse, 201)
    found = read(
        other.ask("POST", f"{INTENTS}/query", area_of_interest=volume(radius_m=3000)),
        api.QueryOperationalIntentReferenceResponse, 200,
    )  # fmt: skip
    assert {entity.id for entity in found.operational_intent_references} == {first, second}
    assert room.stop() == 0
    assert verified(room.data)["holds"]


def test_versions_lock_managers_own_and_states_go_one_way(services: tuple[Service, Service, Service]) -> None:
    one, other, _ = services
    name = fresh()
    made = one.put(name, volume(), new_subscription={"uss_base_url": one.url}).json()["operational_intent_reference"]
    assert one.put(name, volume()).status_code == 409, "there is a version already"
    assert one.put(name, volume(), ovn="0" * 20).status_code == 409
    assert other.put(name, volume(), ovn=made["ovn"]).status_code == 403
    assert one.put(fresh(), volume(), ovn=made["ovn"]).status_code == 400
    held = {"subscription_id": made["subscription_id"]}
    active = one.put(name, volume(), ovn=made["ovn"], state="Activated", **held)
    assert active.status_code == 200
    ovn = active.json()["operational_intent_reference"]["ovn"]
    assert one.put(name, volume(), ovn=made["ovn"], state="Activated", **held).status_code == 409
    assert one.put(name, volume(), ovn=ovn, state="Accepted", **held).status_code == 400
    assert one.put(name, volume(), ovn=ovn, state="Activated").status_code == 400, "it needs a subscription"
    contingent = one.put(name, volume(), ovn=ovn, state="Contingent", **held)
    assert contingent.status_code == 200
    ovn = contingent.json()["operational_intent_reference"]["ovn"]
    assert one.put(name, volume(), ovn=ovn, state="Activated", **held).status_code == 400
    assert other.ask("DELETE", f"{INTENTS}/{name}/{ovn}").status_code == 403
    assert one.ask("DELETE", f"{INTENTS}/{name}/{'0' * 20}").status_code == 409
    gone = read(one.ask("DELETE", f"{INTENTS}/{name}/{ovn}"), api.ChangeOperationalIntentReferenceResponse, 200)
    assert [len(told.subscriptions) for told in gone.subscribers] == [1], "its own subscription goes with it"
    assert one.ask("GET", f"{INTENTS}/{name}").status_code == 404
    assert one.ask("GET", f"/dss/v1/subscriptions/{made['subscription_id']}").status_code == 404
    assert one.ask("DELETE", f"{INTENTS}/{name}/{ovn}").status_code == 404


def test_off_nominal_states_need_their_scope_and_no_key(
    services: tuple[Service, Service, Service], room: RunningRoom, authority: Authority
) -> None:
    one, other, _ = services
    plain = Service(room, authority, "uss1", "utm.strategic_coordination")
    name = fresh()
    made = one.put(name, volume(), new_subscription={"uss_base_url": one.url}).json()["operational_intent_reference"]
    assert other.put(fresh(), volume(), key=[made["ovn"]]).status_code == 201
    held = {"subscription_id": made["subscription_id"], "ovn": made["ovn"], "state": "Nonconforming"}
    assert plain.put(name, volume(), **held).status_code == 403
    assert one.put(name, volume(radius_m=900), **held).status_code == 200
    for state in ("Activated", "Nonconforming", "Ended", ""):
        assert one.put(fresh(), volume(lng=9), state=state, subscription_id=made["subscription_id"]).status_code == 400


def test_subscribers_are_told_of_every_change_in_their_volume_and_counted(
    services: tuple[Service, Service, Service],
) -> None:
    one, other, third = services
    subscription = fresh()
    made = read(other.subscribe(subscription, volume(radius_m=5000)), api.PutSubscriptionResponse, 200)
    assert (made.subscription.notification_index, made.operational_intent_references) == (0, [])
    name = fresh()
    told = read(one.put(name, volume()), api.ChangeOperationalIntentReferenceResponse, 201)
    assert [(who.uss_base_url, who.subscriptions[0].notification_index) for who in told.subscribers] == [(other.url, 1)]
    ovn = told.operational_intent_reference.ovn
    away = read(one.put(name, volume(lng=8), ovn=ovn), api.ChangeOperationalIntentReferenceResponse, 200)
    assert [who.subscriptions[0].notification_index for who in away.subscribers] == [2], "it left the volume"
    ovn = away.operational_intent_reference.ovn
    assert one.put(name, volume(lng=8.1), ovn=ovn).json()["subscribers"] == []
    assert read(third.constrain(fresh(), volume()), api.ChangeConstraintReferenceResponse, 201).subscribers == []
    assert third.ask("GET", f"/dss/v1/subscriptions/{subscription}").status_code == 403
    known = read(other.ask("GET", f"/dss/v1/subscriptions/{subscription}"), api.GetSubscriptionResponse, 200)
    assert known.subscription.notification_index == 2
    version = known.subscription.version
    assert other.subscribe(subscription, volume(), version="0" * 20).status_code == 409
    both = other.subscribe(subscription, volume(), version=version, notify_for_constraints=True)
    assert len(read(both, api.PutSubscriptionResponse, 200).constraint_references) == 1
    listed = other.ask("POST", "/dss/v1/subscriptions/query", area_of_interest=volume()).json()["subscriptions"]
    assert [one_held["id"] for one_held in listed] == [subscription]
    assert one.ask("POST", "/dss/v1/subscriptions/query", area_of_interest=volume()).json() == {"subscriptions": []}
    version = both.json()["subscription"]["version"]
    assert one.ask("DELETE", f"/dss/v1/subscriptions/{subscription}/{version}").status_code == 403
    assert other.ask("DELETE", f"/dss/v1/subscriptions/{subscription}/{version}").status_code == 200


def test_a_subscription_holds_what_hangs_on_it(services: tuple[Service, Service, Service]) -> None:
    one, other, _ = services
    subscription, name = fresh(), fresh()
    version = one.subscribe(subscription, volume(radius_m=2000)).json()["subscription"]["version"]
    assert one.put(fresh(), volume(radius_m=3000), subscription_id=subscription).status_code == 400
    assert one.put(fresh(), volume(lasts=120), subscription_id=subscription).status_code == 400
    assert other.put(fresh(), volume(), subscription_id=subscription).status_code == 403
    inside = volume(begins=20, lasts=30)
    made = one.put(name, inside, subscription_id=subscription)
    assert made.status_code == 201
    assert one.subscribe(subscription, volume(radius_m=300), version=version).status_code == 400
    assert one.ask("DELETE", f"/dss/v1/subscriptions/{subscription}/{version}").status_code == 400
    known = one.ask("GET", f"/dss/v1/subscriptions/{subscription}").json()["subscription"]
    assert known["dependent_operational_intents"] == [name]
    ovn = made.json()["operational_intent_reference"]["ovn"]
    assert one.ask("DELETE", f"{INTENTS}/{name}/{ovn}").status_code == 200
    assert one.ask("DELETE", f"/dss/v1/subscriptions/{subscription}/{version}").status_code == 200
    for wrong in (
        {"extents": volume(lasts=1500)}, {"extents": volume(begins=-10)},
        {"extents": volume(), "notify_for_operational_intents": False},
    ):  # fmt: skip
        assert one.subscribe(fresh(), **wrong).status_code == 400


def test_whoever_is_told_of_something_has_the_scope_for_it(room: RunningRoom, authority: Authority) -> None:
    planner = Service(room, authority, "uss1", "utm.strategic_coordination")
    reader = Service(room, authority, "uss2", "utm.constraint_processing")
    assert planner.subscribe(fresh(), volume(), notify_for_constraints=True).status_code == 403
    assert reader.subscribe(fresh(), volume()).status_code == 403
    told_of = {"uss_base_url": planner.url, "notify_for_constraints": True}
    assert planner.put(fresh(), volume(), new_subscription=told_of).status_code == 403
    alone = {"notify_for_operational_intents": False, "notify_for_constraints": True}
    assert reader.subscribe(fresh(), volume(), **alone).status_code == 200


def test_more_subscribers_than_fit_an_entry_are_all_told_and_block_nobody(
    services: tuple[Service, Service, Service],
    room: RunningRoom,
    authority: Authority,
    start_room: Start,
    tmp_path: Path,
) -> None:
    _, other, third = services
    other.url = "https://" + "x" * 400 + ".example"
    names = [fresh() for _ in range(250)]
    for name in names:
        assert other.subscribe(name, volume(radius_m=5000)).status_code == 200
    made = third.put(fresh(), volume())
    assert made.status_code == 201
    told_of = [held for group in made.json()["subscribers"] for held in group["subscriptions"]]
    assert {held["subscription_id"] for held in told_of} == set(names)
    room.kill()
    again = start_room("--config", settings(tmp_path, authority), command="serve", data=tmp_path / "room")
    other = Service(again, authority, "uss2")
    for name in (names[0], sorted(names)[-1]):
        assert other.ask("GET", f"/dss/v1/subscriptions/{name}").json()["subscription"]["notification_index"] == 1
    assert again.stop() == 0
    assert verified(again.data)["holds"]


def test_an_implicit_subscription_follows_its_intents_and_does_not_only_grow(
    services: tuple[Service, Service, Service],
) -> None:
    one, other, _ = services
    name = fresh()
    made = one.put(name, volume(), new_subscription={"uss_base_url": one.url}).json()["operational_intent_reference"]
    ovn, hung = made["ovn"], {"subscription_id": made["subscription_id"]}
    for step in range(1, 130):
        moved = one.put(name, volume(lng=7 + step * 0.05), ovn=ovn, **hung)
        assert moved.status_code == 200, moved.text
        ovn = moved.json()["operational_intent_reference"]["ovn"]
    assert other.put(fresh(), volume()).json()["subscribers"] == [], "it left the first place"


def test_constraints_count_in_the_key_of_those_who_are_told_of_them(
    services: tuple[Service, Service, Service],
) -> None:
    one, other, _ = services
    closed = other.constrain(fresh(), volume()).json()["constraint_reference"]
    assert one.put(fresh(), volume()).status_code == 201, "who is not told of constraints need not know them"
    told = {"uss_base_url": one.url, "notify_for_constraints": True}
    refused = one.put(fresh(), volume(low=150), new_subscription=told)
    assert refused.status_code == 409
    assert [missing["id"] for missing in refused.json()["missing_constraints"]] == [closed["id"]]
    known = one.put(fresh(), volume(low=150), new_subscription=told, key=[closed["ovn"], *_ovns(one, volume())])
    (itself,) = read(known, api.ChangeOperationalIntentReferenceResponse, 201).subscribers
    assert [told_one.notification_index for told_one in itself.subscriptions] == [1], "its own subscription too"
    assert other.constrain(closed["id"], volume(), ovn="0" * 20).status_code == 409
    assert other.constrain(fresh(), volume(lasts=1500)).status_code == 400, "a day at most"
    changed = other.constrain(closed["id"], volume(lng=7.2), ovn=closed["ovn"])
    assert changed.status_code == 200
    found = one.ask("POST", f"{CONSTRAINTS}/query", area_of_interest=volume()).json()
    assert found == {"constraint_references": []}


def _ovns(service: Service, extents: dict[str, Any]) -> list[str]:
    """OVNs of the service's own intents there."""
    found = service.ask("POST", f"{INTENTS}/query", area_of_interest=extents).json()["operational_intent_references"]
    return [entity["ovn"] for entity in found if "ovn" in entity]


def test_a_service_that_is_down_plans_nothing_and_its_plans_bind_nobody(
    services: tuple[Service, Service, Service],
) -> None:
    one, other, arbiter = services
    name = fresh()
    ovn = one.put(name, volume()).json()["operational_intent_reference"]["ovn"]
    unknown = read(arbiter.ask("GET", "/dss/v1/uss_availability/uss1"), api.UssAvailabilityStatusResponse, 200)
    assert (unknown.version, unknown.status.availability) == ("", "Unknown")
    down = arbiter.ask("PUT", "/dss/v1/uss_availability/uss1", old_version="", availability="Down")
    version = read(down, api.UssAvailabilityStatusResponse, 200).version
    assert arbiter.ask("PUT", "/dss/v1/uss_availability/uss1", old_version="", availability="Normal").status_code == 409
    assert one.put(fresh(), volume(lng=8)).status_code == 412
    assert one.ask("DELETE", f"{INTENTS}/{name}/{ovn}").status_code == 412
    assert other.put(fresh(), volume()).status_code == 201
    shown = other.ask("GET", f"{INTENTS}/{name}").json()["operational_intent_reference"]
    assert shown["uss_availability"] == "Down"
    back = arbiter.ask("PUT", "/dss/v1/uss_availability/uss1", old_version=version, availability="Normal")
    assert back.status_code == 200
    assert one.put(fresh(), volume(lng=8)).status_code == 201
    assert arbiter.ask("PUT", "/dss/v1/uss_availability/uss1", availability="Tired").status_code == 400
