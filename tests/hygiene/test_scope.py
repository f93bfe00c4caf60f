"""SCOPE's limits as tests: every message field is on a list, numbers carry units, forbidden things have no field."""

import importlib
import inspect
import pkgutil
import types
import typing

import msgspec
import pytest

import watchfloor.messages
from tests.hygiene.vocabulary import FIELDS
from watchfloor.messages.entry import VERSIONS, Fact
from watchfloor.messages.signed import AnyAct

UNITS = (
    "_us", "_s", "_min", "_ft", "_m", "_mm", "_nm", "_kt", "_dkt", "_deg", "_cdeg", "_e7deg", "_fpm", "_km2",
    "_permille", "_count", "_bytes", "_version",
)  # fmt: skip
COUNTED = {"moment_seq", "priority", "reopened_seq", "seq", "version", "number", "count", "level"}
FORBIDDEN = (
    "aim", "target", "weapon", "munition", "effect", "casualt", "hostile", "enemy", "kill", "lethal", "collateral",
    "strike", "owner", "operator_position", "operator_id", "score", "probability",
)  # fmt: skip
MODULES = [
    importlib.import_module(f"watchfloor.messages.{info.name}")
    for info in pkgutil.iter_modules(watchfloor.messages.__path__)
]
STRUCTS = sorted(
    {
        found
        for module in MODULES
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, msgspec.Struct) and found.__module__.startswith("watchfloor.messages")
    },
    key=lambda struct: struct.__qualname__,
)


def fields_of(struct: type[msgspec.Struct]) -> dict[str, object]:
    return typing.get_type_hints(struct)


def is_numeric(kind: object) -> bool:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return any(is_numeric(part) for part in typing.get_args(kind))
    return kind in (int, float)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__qualname__)
def test_a_numeric_field_names_its_unit(struct: type[msgspec.Struct]) -> None:
    for name, kind in fields_of(struct).items():
        if is_numeric(kind) and name not in COUNTED:
            assert name.endswith(UNITS), f"{struct.__qualname__}.{name} has no unit in its name"


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__qualname__)
def test_no_schema_has_a_field_for_what_scope_forbids(struct: type[msgspec.Struct]) -> None:
    for name in fields_of(struct):
        assert not [word for word in FORBIDDEN if word in name.lower()], f"{struct.__qualname__}.{name}"


def test_every_message_field_is_in_the_vocabulary_with_its_definition() -> None:
    used = {name for struct in STRUCTS for name in fields_of(struct)}
    assert used - FIELDS.keys() == set(), "define new fields in tests/hygiene/vocabulary.py"
    assert FIELDS.keys() - used == set(), "take unused fields out of tests/hygiene/vocabulary.py"
    assert all(len(meaning) > 8 for meaning in FIELDS.values())


def test_every_message_is_frozen_and_documented() -> None:
    for struct in STRUCTS:
        assert struct.__struct_config__.frozen, struct.__qualname__
        assert inspect.getdoc(struct), struct.__qualname__


def test_every_fact_of_the_record_carries_a_label_and_no_fraction() -> None:
    for struct in typing.get_args(Fact):
        hints = fields_of(struct)
        assert "label" in hints, struct.__qualname__
        assert float not in hints.values(), struct.__qualname__
        assert VERSIONS[struct.__name__] >= 1


def test_an_act_has_one_producer_a_signed_document() -> None:
    assert not set(typing.get_args(AnyAct)) & set(typing.get_args(Fact)), "no act enters the record unsigned"
