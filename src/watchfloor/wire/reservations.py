"""Airspace reservations and NOTAM-like constraints from GeoJSON: polygons or circles, heights, times; nothing else.

| member | values |
|---|---|
| `geometry` | `Polygon` without holes; or `Point` with the property `radius_m` |
| `id`, or property `id` | 1 to 64 characters, once in the file |
| property `kind` | a broad kind of reservation, of those in KINDS |
| properties `lower_m`, `upper_m` | metres above the ellipsoid; absent or null: no limit |
| properties `from`, `until` | RFC 3339 with a zone |

**Source**: RFC 7946 (GeoJSON); kinds after the broad groups of airspace control measures and of ICAO Annex 15, 5.3.
"""

from typing import Any

import msgspec

from watchfloor.base.errors import InputError, WatchfloorError
from watchfloor.messages.volumes import PlannedVolume
from watchfloor.wire.f3548 import planned_volume, volume_struct

KINDS = ("closed", "restricted", "reserved", "corridor", "holding", "refuelling", "search and rescue", "fire", "notam")
MOST_FEATURES, LONGEST_ID = 100_000, 64


def read_reservations(raw: bytes) -> list[PlannedVolume]:
    """The reservations of a file, one volume each, by their ids.

    **Raises**: InputError, naming the feature and the member, at the first thing that is wrong.
    """
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(f"no GeoJSON: {error}", field="file") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise InputError("a FeatureCollection is needed", field="type")
    features = document.get("features")
    if not isinstance(features, list) or len(features) > MOST_FEATURES:
        raise InputError(f"`features` is a list of at most {MOST_FEATURES:,}", field="features")
    found: dict[str, PlannedVolume] = {}
    for place, feature in enumerate(features):
        try:
            volume = _reservation(feature)
            if volume.plan_id in found:
                raise InputError(f"`{volume.plan_id}` stands twice", field="id")
        except WatchfloorError as error:
            field = str(error.fields.get("field", "features"))
            raise InputError(f"feature {place + 1}: {error}", field=field) from error
        found[volume.plan_id] = volume
    return list(found.values())


def _reservation(feature: Any) -> PlannedVolume:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(properties, dict) or not isinstance(geometry, dict):
        raise InputError("it has `properties` and a `geometry`", field="features")
    name = str(feature.get("id", properties.get("id", "")))
    if not (0 < len(name) <= LONGEST_ID and name.isprintable()):
        raise InputError(f"an `id` of 1 to {LONGEST_ID} printable characters is needed", field="id")
    if properties.get("kind") not in KINDS:
        raise InputError(f"`{name}`: `kind` is one of {', '.join(KINDS)}", field="kind")
    document = {"volume": _outline(name, geometry, properties)}
    for member, given in (("time_start", "from"), ("time_end", "until")):
        if given not in properties:
            raise InputError(f"`{name}`: `{given}` is missing", field=given)
        document[member] = {"value": properties[given], "format": "RFC3339"}
    for member, given in (("altitude_lower", "lower_m"), ("altitude_upper", "upper_m")):
        if properties.get(given) is not None:
            document["volume"][member] = {"value": properties[given], "reference": "W84", "units": "M"}
    try:
        return planned_volume(name, 0, volume_struct(document))
    except WatchfloorError as error:
        raise InputError(f"`{name}`: {error}", field=str(error.fields.get("field", "geometry"))) from error


def _outline(name: str, geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    coordinates = geometry.get("coordinates")
    rings = coordinates if geometry.get("type") == "Polygon" and isinstance(coordinates, list) else []
    if len(rings) == 1 and isinstance(rings[0], list):
        return {"outline_polygon": {"vertices": [_place(name, corner) for corner in rings[0]]}}
    if geometry.get("type") == "Point":
        radius = {"value": properties.get("radius_m"), "units": "M"}
        return {"outline_circle": {"center": _place(name, coordinates), "radius": radius}}
    raise InputError(f"`{name}`: a Polygon without holes, or a Point with `radius_m`", field="geometry")


def _place(name: str, position: Any) -> dict[str, Any]:
    if not isinstance(position, list) or len(position) < 2:
        raise InputError(f"`{name}`: a position is a longitude and a latitude", field="geometry")
    return {"lng": position[0], "lat": position[1]}
