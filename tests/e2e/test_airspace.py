"""The directory of ASTM F3548 as services use it, over real HTTP; answers are read by the types of `uas-standards`."""

import base64
import hmac
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from implicitdict import ImplicitDict
from uas_standards.astm.f3548.v21 import api

from tests.support.running import RunningRoom, run_words, verified
from tests.support.utm import EVERY_SCOPE, Authority, Service, fresh, volume
from tests.support.utm import stamp as time_in

INTENTS, CONSTRAINTS = "/dss/v1/operational_intent_references", "/dss/v1/constraint_references"
Start = Callable[..., RunningRoom]


def settings(folder: Path, authority: Authority, **words: str) -> str:
    lines = [f'public_keys = ["{authority.path}"]', *(f'{name} = "{value}"' for name, value in words.items())]
    (folder / "w.toml").write_text("[f3548]\n" + "\n".join(lines) + "\n")
    return str(folder / "w.toml")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def room(tmp_path: Path, authority: Authority, start_room: Start) -> RunningRoom:
    return start_room("--config", settings(tmp_path, authority), command="serve", data=tmp_path / "room")


@pytest.fixture
def services(room: RunningRoom, authority: Authority) -> tuple[Service, Service, Service]:
    return Service(room, authority, "uss1"), Service(room, authority, "uss2"), Service(room, authority, "uss3")


def read(answer: Any, kind: type[ImplicitDict], status: int) -> Any:
    """An answer, as the outside world's types read it."""
    assert answer.status_code == status, answer.text
    return ImplicitDict.parse(answer.json(), kind)


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


def test_only_fresh_tokens_of_the_authority_for_this_place_pass(room: RunningRoom, authority: Authority) -> None:
    path = f"{INTENTS}/{fresh()}"
    stranger = rsa.generate_private_key(65537, 2048)
    wrong = {
        "none": "",
        "no bearer": authority.token("uss1"),
        "another key": "Bearer " + _signed_by(authority, stranger),
        "another algorithm": "Bearer " + _forged(authority),
        "expired": "Bearer " + authority.token("uss1", exp=1),
        "too long": "Bearer " + authority.token("uss1", exp=99_999_999_999),
        "another place": "Bearer " + authority.token("uss1", aud="elsewhere"),
        "nobody": "Bearer " + authority.token("", iss="x"),
        "no issuer": "Bearer " + authority.token("uss1", iss=None),
        "no end": "Bearer " + authority.token("uss1", exp=None),
        "an end in words": "Bearer " + _claiming(authority, exp="9999999999"),
        "a numbered issuer": "Bearer " + _claiming(authority, iss=5),
        "scopes in a list": "Bearer " + authority.token("uss1", scope=["utm.strategic_coordination"]),
    }
    for why, header in wrong.items():
        answer = room.http.get(path, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401, why
        assert answer.json()["message"], why
        assert answer.headers["www-authenticate"].startswith("Bearer"), why
    other_scope = Service(room, authority, "uss1", "utm.constraint_processing")
    assert other_scope.ask("GET", path).status_code == 403
    assert other_scope.put(fresh(), volume()).status_code == 403
    assert Service(room, authority, "uss1").ask("GET", path).status_code == 404


def _claiming(authority: Authority, **claims: Any) -> str:
    """A token with claims that no library would write."""

    def part(document: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    held = {"sub": "uss1", "iss": "x", "aud": "localhost", "exp": 9_999_999_999, "scope": EVERY_SCOPE} | claims
    said = part({"alg": "RS256", "typ": "JWT"}) + b"." + part(held)
    signature = authority.key.sign(said, padding.PKCS1v15(), hashes.SHA256())
    return (said + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _signed_by(authority: Authority, key: rsa.RSAPrivateKey) -> str:
    held, authority.key = authority.key, key
    try:
        return authority.token("uss1")
    finally:
        authority.key = held


def _forged(authority: Authority) -> str:
    """A token that says it was made with a shared secret, and takes the public key for that."""

    def part(document: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    claims = {
        "sub": "uss1",
        "iss": "x",
        "aud": "localhost",
        "exp": 9_999_999_999,
        "scope": "utm.strategic_coordination",
    }
    said = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    mark = base64.urlsafe_b64encode(hmac.digest(authority.path.read_bytes(), said, "sha256")).rstrip(b"=")
    return (said + b"." + mark).decode()


def polygon(corners: list[tuple[float, float]]) -> dict[str, Any]:
    held = volume()
    del held["volume"]["outline_circle"]
    held["volume"]["outline_polygon"] = {"vertices": [{"lat": lat, "lng": lng} for lng, lat in corners]}
    return held


def long_ago(year: str) -> dict[str, Any]:
    return volume() | {"time_start": {"value": f"{year}-01-01T00:00:00Z", "format": "RFC3339"}}


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "before 1970": (long_ago("1960"), 400, "from 1970"),
    "no year": (long_ago("0000"), 400, "time_start"),
    "a dot": (volume(radius_m=0.0004), 400, "1 or more"),
    "no zone": (volume() | {"time_start": {"value": "2031-01-01T10:00:00", "format": "RFC3339"}}, 400, "zone"),
    "no end": ({name: value for name, value in volume().items() if name != "time_end"}, 400, "time_end"),
    "backwards": (volume() | {"time_end": time_in(1)}, 400, "not after its start"),
    "over": (volume(begins=-120, lasts=10), 400, "over already"),
    "far ahead": (volume(begins=90_000), 400, "days ahead"),
    "crossing": (polygon([(7, 47), (7.1, 47.1), (7.1, 47), (7, 47.1)]), 400, "cross"),
    "huge circle": (volume(radius_m=60_000), 413, "10,000 km2"),
    "huge polygon": (polygon([(7, 47), (9, 47), (9, 49), (7, 49)]), 413, "10,000 km2"),
    "many corners": (
        polygon([(7 + n * 1e-5, 47 + (n % 2) * 1e-6 + (n > 990) * 0.1) for n in range(1001)]), 400, "corners",
    ),
    "not a number": (volume(lng=1e9), 400, "longitudes"),
    "another unit": (
        volume() | {"volume": volume()["volume"] | {"altitude_lower": {"value": 1, "reference": "SFC", "units": "M"}}},
        400, "SFC",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_entered(
    what: str, services: tuple[Service, Service, Service], room: RunningRoom
) -> None:
    one, _, _ = services
    given, status, said = WRONG[what]
    name = fresh()
    for answer in (one.put(name, given), one.constrain(name, given)):
        assert answer.status_code == status, answer.text
        assert said in answer.json()["message"]
    assert one.ask("GET", f"{INTENTS}/{name}").status_code == 404
    assert one.ask("GET", f"{CONSTRAINTS}/{name}").status_code == 404


def test_bodies_that_are_none_are_refused(room: RunningRoom, authority: Authority) -> None:
    headers = {"Authorization": f"Bearer {authority.token('uss1')}"}
    path = f"{INTENTS}/{fresh()}"
    for raw in (b"", b"{", b"[]", b"\xff", b"[" * 5000, b'{"extents": 7}', b'{"extents": [], "state": "Accepted"}'):
        assert room.http.put(path, content=raw, headers=headers).status_code == 400, raw[:20]
    assert room.http.put(path, content=b"x" * (1 << 20 | 1), headers=headers).status_code == 413
    assert room.http.put(f"{INTENTS}/not-an-id", json={}, headers=headers).status_code == 400
    for base in (INTENTS, CONSTRAINTS, "/dss/v1/subscriptions"):
        assert room.http.put(f"{base}/{fresh()}/", json={}, headers=headers).status_code == 400
        assert room.http.delete(f"{base}/{fresh()}/", headers=headers).status_code == 400
    assert room.http.post("/dss/v1/reports", json={"exchange": 1}, headers=headers).status_code == 400
    assert room.http.post("/dss/v1/reports", content=b"[" * 20_000, headers=headers).status_code == 400
    reported = room.http.post("/dss/v1/reports", json={"exchange": {"url": "x"}}, headers=headers)
    assert reported.status_code == 201
    assert reported.json()["report_id"]


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


def test_without_a_key_nobody_is_let_in_and_wrong_keys_are_said(
    tmp_path: Path, authority: Authority, start_room: Start
) -> None:
    (tmp_path / "w.toml").write_text('[[feeds]]\nid = "X"\nformat = "beast"\nconnect = "127.0.0.1:9"\n')
    room = start_room("--config", str(tmp_path / "w.toml"), command="serve")
    answer = Service(room, authority, "uss1").put(fresh(), volume())
    assert answer.status_code == 401
    assert "no authority is named" in answer.json()["message"]
    (tmp_path / "bad.pem").write_text("not a key")
    for name, said in (("bad.pem", "holds no public key"), ("none.pem", "cannot be read")):
        (tmp_path / "w.toml").write_text(f'[f3548]\npublic_keys = ["{name}"]\n')
        told_of = run_words("serve", "--config", str(tmp_path / "w.toml"), "--headless")
        assert (told_of.returncode, told_of.stdout) == (2, "")
        assert said in told_of.stderr
