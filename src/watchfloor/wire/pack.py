"""A pack's files to one checked `Pack`.

| file | holds |
|---|---|
| `pack.yaml` | nations, roles, seats, minima, address blocks, feeds, kinds, clock |
| `map.geojson` | land, districts, towns, airfields, corridors, lines: drawn, and areas for requests |
| `rules/` | rules of engagement: see `wire/pack_rules.py` |
| `opening.yaml` | acts of simulated seats from before the start; may be absent |
| `feeds/traffic.geojson` | scripted aircraft; may be absent |
| `plans.json` | flights to be matched with the other party's, see `wire/line_plans.py`; may be absent |

Every fault names file, line and field. An area smaller than 25 km2 (a 5 km cell) is a fault: SCOPE limit 6.
**Source**: own format; GeoJSON after RFC 7946.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from watchfloor.base.errors import InputError
from watchfloor.base.geodesy import PATHS_DISTANCE_ERROR, area_km2, paths_distance_m
from watchfloor.base.instants import us_from_hms, us_from_rfc3339
from watchfloor.base.units import metres_from_nm
from watchfloor.messages.pack import (
    Airfield,
    Area,
    OpeningAct,
    OpeningFact,
    OpeningRequest,
    Pack,
    PackHeader,
    Ring,
    Route,
)
from watchfloor.wire.marked import Marked, PackError
from watchfloor.wire.pack_rules import rulebook_of
from watchfloor.wire.pack_traffic import routes_of

SMALLEST_AREA_KM2 = 25.0
NEAR_LINE_NM = 20.0
POWERS = frozenset(
    {
        *("write", "doubt", "acknowledge", "run_watch", "decide", "grant", "change_rules", "advise", "resolve"),
        *("review", "grade", "report_use", "call", "read_back", "interpret", "publish", "notify", "report"),
        "control",
    }
)
_AREA_FEATURES = ("district", "corridor")


def parse_pack(files: Mapping[str, bytes]) -> Pack:
    """The pack that these files are, with `/` in their names.

    **Raises**: PackError, at the first fault.
    """
    head_file = _marked(files, "pack.yaml")
    header = head_file.convert(PackHeader)
    _check_header(head_file, header)
    map_file = _marked(files, "map.geojson")
    features = _features(map_file)
    areas = _areas(map_file, features)
    offset_s = _offset_s(head_file, header)
    midnight_us = us_from_rfc3339(f"{header.clock.date}T00:00:00{header.clock.utc_offset}")
    routes: tuple[Route, ...] = ()
    if "feeds/traffic.geojson" in files:
        traffic = _marked(files, "feeds/traffic.geojson")
        routes = routes_of(traffic, _features(traffic), midnight_us)
    return Pack(
        header=header,
        digest=_digest(files),
        rulebook=rulebook_of(files, midnight_us),
        areas=areas,
        airfields=_airfields(map_file, features),
        routes=routes,
        opening=_opening(files, header, areas),
        map_geojson=files["map.geojson"],
        epoch_us=midnight_us,
        start_us=midnight_us + us_from_hms(header.clock.start),
        end_us=midnight_us + us_from_hms(header.clock.end),
        utc_offset_s=offset_s,
    )


def _marked(files: Mapping[str, bytes], name: str) -> Marked:
    if name not in files:
        raise PackError("the pack has no such file", file=name, line=1, field="")
    return Marked(name, files[name])


def _digest(files: Mapping[str, bytes]) -> str:
    """Over the names and contents of all files, in order of name."""
    running = sha256()
    for name in sorted(files):
        running.update(f"{name}\n{len(files[name])}\n".encode() + files[name])
    return running.hexdigest()


def _offset_s(file: Marked, header: PackHeader) -> int:
    sign, hours, minutes = header.clock.utc_offset[0], *header.clock.utc_offset[1:].split(":")
    offset_s = int(hours) * 3600 + int(minutes) * 60
    if offset_s > 14 * 3600 or int(minutes) > 59:
        raise file.fault(("clock", "utc_offset"), "no place on Earth is so far from UTC")
    return -offset_s if sign == "-" else offset_s


def _check_header(file: Marked, header: PackHeader) -> None:
    if not header.fictional:
        raise file.fault(("fictional",), "`run` takes packs of fictional geography only")
    for name in ("start", "end"):
        try:
            us_from_hms(getattr(header.clock, name))
            us_from_rfc3339(f"{header.clock.date}T00:00:00{header.clock.utc_offset}")
        except InputError as error:
            raise file.fault(("clock", name), str(error)) from error
    if header.clock.start >= header.clock.end:
        raise file.fault(("clock", "end"), "the exercise ends before it starts")
    _check_seats(file, header)
    _check_sources(file, header)


def _check_seats(file: Marked, header: PackHeader) -> None:
    for name in ("nations", "other_parties", "roles", "seats", "feeds", "need_to_know"):
        _check_unique(file, name, [item.id for item in getattr(header, name)])
    for place, role in enumerate(header.roles):
        for power in role.powers:
            if power not in POWERS:
                raise file.fault(("roles", place, "powers"), f"`{power}` is no power; known: {_listed(POWERS)}")
    roles = {role.id for role in header.roles}
    nations = {nation.id for nation in header.nations}
    for place, seat in enumerate(header.seats):
        if seat.role not in roles:
            raise file.fault(("seats", place, "role"), f"no role `{seat.role}`; roles: {_listed(roles)}")
        if seat.nation not in nations:
            raise file.fault(("seats", place, "nation"), f"no nation `{seat.nation}`")
    for place, group in enumerate(header.need_to_know):
        for asked in group.roles:
            if asked not in roles:
                raise file.fault(("need_to_know", place, "roles"), f"no role `{asked}`; roles: {_listed(roles)}")


def _check_sources(file: Marked, header: PackHeader) -> None:
    nations = {nation.id for nation in header.nations}
    port = header.tak_port
    if port is not None and not set(port.nations) <= nations:
        raise file.fault(("tak_port", "nations"), "names a nation that the pack does not have")
    if port is not None and not set(port.need_to_know) <= {group.id for group in header.need_to_know}:
        raise file.fault(("tak_port", "need_to_know"), "no such group that needs to know")
    if header.notification_readers not in ("", *(group.id for group in header.need_to_know)):
        raise file.fault(("notification_readers",), f"no group `{header.notification_readers}` that needs to know")
    for place, feed in enumerate(header.feeds):
        if not set(feed.need_to_know) <= {group.id for group in header.need_to_know}:
            raise file.fault(("feeds", place, "need_to_know"), "no such group that needs to know")
        if not set(feed.nations) <= nations:
            raise file.fault(("feeds", place, "nations"), "names a nation that the pack does not have")
        if feed.format not in ("beast", "cot", "stanag4609"):
            raise file.fault(("feeds", place, "format"), f"`{feed.format}` is none of `beast`, `cot` and `stanag4609`")
        if bool(feed.camera) != (feed.format == "stanag4609"):
            raise file.fault(("feeds", place), "video has a `camera`, the route of its aircraft; nothing else has")
        if feed.lost_s < feed.stale_s:
            raise file.fault(("feeds", place, "lost_s"), "a feed is lost after it is stale, not before")
    seats = {seat.id: seat for seat in header.seats}
    script = header.counterpart
    if script is not None and not (script.seat in seats and seats[script.seat].simulated):
        raise file.fault(("counterpart", "seat"), f"`{script.seat}` is no simulated seat")
    if script is not None and script.unless_taken not in seats:
        raise file.fault(("counterpart", "unless_taken"), f"no seat `{script.unless_taken}`")
    known = {role.id for role in header.roles}
    for kind, named in (header.line.kinds if header.line else {}).items():
        for asked in (*named.members, *named.answer):
            if asked not in known:
                raise file.fault(("line", "kinds", kind.value), f"no role `{asked}`")
    for place, asked in enumerate(header.line.answer if header.line else ()):
        if asked not in {role.id for role in header.roles}:
            raise file.fault(("line", "answer", place), f"no role `{asked}`")
    for place, rule in enumerate(header.separation):
        objection = rule.objection()
        if objection is not None:
            raise file.fault(("separation", place, "name"), objection)
    for place, block in enumerate(header.address_blocks):
        if block.last < block.first:
            raise file.fault(("address_blocks", place, "last"), "the block ends before it begins")


def _check_unique(file: Marked, group: str, names: list[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise file.fault((group, place, "id"), f"`{name}` stands twice")


def _listed(names: frozenset[str] | set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _features(file: Marked) -> list[dict[str, Any]]:
    root = file.value
    if not isinstance(root, dict) or root.get("type") != "FeatureCollection":
        raise file.fault(("type",), "not a GeoJSON FeatureCollection")
    features = root.get("features")
    if not isinstance(features, list):
        raise file.fault(("features",), "not a list")
    for place, feature in enumerate(features):
        if (
            not isinstance(feature, dict)
            or not isinstance(feature.get("properties"), dict)
            or not isinstance(feature.get("geometry"), dict)
        ):
            raise file.fault(("features", place), "not a feature with properties and a geometry")
    return features


def _areas(file: Marked, features: list[dict[str, Any]]) -> tuple[Area, ...]:
    found = []
    lines = _party_lines(file, features)
    for place, feature in enumerate(features):
        properties = feature["properties"]
        if properties.get("feature") not in _AREA_FEATURES:
            continue
        path = ("features", place, "geometry", "coordinates")
        rings = tuple(_ring(file, path, ring) for ring in feature["geometry"].get("coordinates") or ())
        if feature["geometry"].get("type") != "Polygon" or not rings:
            raise file.fault(path, "an area is a Polygon")
        size_km2 = area_km2(rings[0])
        if size_km2 < SMALLEST_AREA_KM2:
            raise file.fault(
                ("features", place, "properties"),
                f"{size_km2:.1f} km2 is smaller than a 5 km cell ({SMALLEST_AREA_KM2:g} km2)",
            )
        name = str(properties.get("name") or f"corridor {properties.get('id')}")
        found.append(
            Area(
                id=str(properties.get("id")),
                name=name,
                feature=str(properties["feature"]),
                rings=rings,
                area_km2=size_km2,
                city=str(properties.get("city") or ""),
                held=str(properties.get("held_at_start") or ""),
                is_near_line=_is_near_line(rings[0], lines),
            )
        )
    return tuple(found)


def _party_lines(file: Marked, features: list[dict[str, Any]]) -> list[Ring]:
    found = []
    for place, feature in enumerate(features):
        if feature["properties"].get("feature") == "party_line":
            path = ("features", place, "geometry", "coordinates")
            try:
                found.append(tuple((float(lon), float(lat)) for lon, lat in feature["geometry"]["coordinates"]))
            except (KeyError, TypeError, ValueError) as error:
                raise file.fault(path, "a party line is a LineString of longitude and latitude") from error
    return found


def _is_near_line(ring: Ring, lines: list[Ring]) -> bool:
    """Whether an area may lie within 20 NM of a party line; in doubt it does."""
    return any(
        paths_distance_m(ring, line) <= metres_from_nm(NEAR_LINE_NM) * (1 + PATHS_DISTANCE_ERROR) for line in lines
    )


def _ring(file: Marked, path: tuple[str | int, ...], ring: Any) -> Ring:
    try:
        vertices = tuple((float(lon), float(lat)) for lon, lat in ring)
    except (TypeError, ValueError) as error:
        raise file.fault(path, "not a ring of longitude and latitude") from error
    if len(vertices) < 4 or vertices[0] != vertices[-1]:
        raise file.fault(path, "a ring has four vertices or more and ends where it starts")
    if any(not (-180 <= lon <= 180 and -90 <= lat <= 90) for lon, lat in vertices):
        raise file.fault(path, "a vertex is not on Earth")
    return vertices


def _airfields(file: Marked, features: list[dict[str, Any]]) -> tuple[Airfield, ...]:
    found = []
    for place, feature in enumerate(features):
        properties = feature["properties"]
        if properties.get("feature") != "airfield":
            continue
        try:
            lon_deg, lat_deg = (float(part) for part in feature["geometry"]["coordinates"])
        except (KeyError, TypeError, ValueError) as error:
            raise file.fault(("features", place, "geometry"), "an airfield is a Point") from error
        found.append(
            Airfield(
                id=str(properties.get("id")),
                name=str(properties.get("name")),
                use=str(properties.get("use")),
                lat_deg=lat_deg,
                lon_deg=lon_deg,
            )
        )
    return tuple(found)


def _opening(files: Mapping[str, bytes], header: PackHeader, areas: tuple[Area, ...]) -> tuple[OpeningAct, ...]:
    if "opening.yaml" not in files:
        return ()
    file = Marked("opening.yaml", files["opening.yaml"])
    opening = file.convert(tuple[OpeningAct, ...])
    simulated = {seat.id for seat in header.seats if seat.simulated}
    places = {"room"} | {area.id for area in areas} | {area.city for area in areas if area.city}
    known: set[str] = set()
    for place, act in enumerate(opening):
        if act.seat not in simulated:
            raise file.fault((place, "seat"), f"`{act.seat}` is no seat marked `simulated`")
        if isinstance(act, OpeningRequest):
            if act.area not in {area.id for area in areas}:
                raise file.fault((place, "area"), f"the map has no area `{act.area}`")
            if act.window_until <= act.window_from:
                raise file.fault((place, "window_until"), "the window ends before it begins")
            known.add(act.request_id)
        elif isinstance(act, OpeningFact):
            if act.about not in places | known:
                raise file.fault((place, "about"), f"`{act.about}` is no area, city or request above, nor `room`")
        elif act.request_id not in known:
            raise file.fault((place, "request_id"), f"no request `{act.request_id}` stands above")
    return opening
