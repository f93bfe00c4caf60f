"""A pack's rules as data: versions with their files, and the test cases that go with them."""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from watchfloor.messages.acts import Ident, Kind, NeededWords
from watchfloor.messages.findings import RuleAnswer


class RuleState(StrEnum):
    """Where a version stands. Only what is in force answers in a room; what is proposed needs two signatures."""

    IN_FORCE = "in_force"
    PROPOSED = "proposed"
    RETIRED = "retired"


class RuleFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One rule file as it stands."""

    name: str
    text: str


class PackRuleVersion(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version as `rules/versions.yaml` lists it."""

    id: Ident
    title: NeededWords
    state: RuleState
    valid_from: str = ""
    valid_until: str = ""
    files: tuple[str, ...]


class RuleVersion(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version with the full text of its files. `from_us`: not in force before; `until_us` None: until replaced."""

    version: Ident
    title: NeededWords
    from_us: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    until_us: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None
    schema: str
    files: tuple[RuleFile, ...]


class RuleCase(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A test case: facts in, the answer and the ids behind it out. What `facts` leave out is as `usual` says."""

    name: NeededWords
    version: Ident
    nation: Ident
    kind: Kind
    area: Ident
    facts: dict[str, Any]
    answer: RuleAnswer
    rules: tuple[str, ...]
    asked: tuple[str, ...]


class RuleCases(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`rules/cases.yaml`."""

    usual: dict[str, Any]
    cases: tuple[RuleCase, ...]


class Rulebook(Struct, frozen=True, kw_only=True):
    """All versions of a pack's rules, oldest first, which is in force at the start, which are retired, and cases."""

    versions: tuple[RuleVersion, ...]
    in_force: str
    retired: frozenset[str]
    cases: tuple[RuleCase, ...]

    def version(self, name: str) -> RuleVersion | None:
        """A version by its id."""
        return next((version for version in self.versions if version.version == name), None)
