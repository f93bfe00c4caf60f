"""`watchfloor record export --labels FILE`: what an export holds, bound to its labels in ADatP-4774 and -4778 XML."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from watchfloor.app.exporting import ExportRules, labelled
from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.instants import us_from_rfc3339
from watchfloor.base.labels import Label
from watchfloor.base.units import US_PER_S
from watchfloor.messages.room import RoomOpened
from watchfloor.record.log import entries_of
from watchfloor.wire.adatp4774 import Bound, Policy, encode_bindings

POLICY = "watchfloor=urn:watchfloor:policy"
_TEN_YEARS_US = 3653 * 86_400 * US_PER_S


class LabelWish(Struct, frozen=True):
    """Where labels are written, under which policy, to be looked at again when (None: ten years on)."""

    path: Path
    policy: tuple[str, str]
    review_us: int | None


def wish_of(path: str | None, policy: str, review: str | None) -> LabelWish | None:
    """What the command line asks for; None, when it asks for no labels.

    **Raises**: InputError, when policy or date have another form, or the file exists.
    """
    if path is None:
        return None
    name, equals, uri = policy.partition("=")
    if not equals or not name.strip() or ":" not in uri:
        raise InputError("a policy is `NAME=URI`, as `Example=urn:example:policy`", field="policy")
    if Path(path).exists():
        raise InputError(f"`{path}` exists already", field="labels")
    return LabelWish(Path(path), (name.strip(), uri), us_from_rfc3339(f"{review}T00:00:00Z") if review else None)


def write_labels(wish: LabelWish, files: Mapping[str, bytes], rules: ExportRules) -> None:
    """Write the binding document of an export.

    **Raises**: UnavailableError, when it cannot be written.
    """
    opened = next(entry.body for entry in entries_of(files) if isinstance(entry.body, RoomOpened))
    by_label: dict[Label, list[tuple[str, int]]] = {}
    for item, label, since_us in labelled(files, rules):
        by_label.setdefault(label, []).append((item, since_us))
    bound = []
    for label in sorted(by_label, key=lambda one: (one.level, one.nations, one.need_to_know)):
        since_us = min(at_us for _, at_us in by_label[label])
        names = tuple(item for item, _ in by_label[label])
        bound.append(Bound(label, since_us, wish.review_us or since_us + _TEN_YEARS_US, names))
    policy = Policy(*wish.policy, opened.context.value)
    lines = encode_bindings(bound, policy, f"urn:watchfloor:{opened.room_id}")
    try:
        with wish.path.open("x", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise UnavailableError(f"`{wish.path}` cannot be written: {error.strerror}") from error
