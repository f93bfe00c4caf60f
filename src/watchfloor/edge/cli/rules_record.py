"""`watchfloor rules explain REQUEST --data DIR` and `rules history DIR`: rules over a record."""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec

from watchfloor.app.doctrine import doctrine_of
from watchfloor.app.rule_history import Answered, Otherwise, Period, answered_otherwise, answers_about, periods
from watchfloor.app.rulebook import rule_notes, rules_in_use
from watchfloor.base.errors import InputError
from watchfloor.base.instants import hms_from_us
from watchfloor.edge.cli.checking import require_holding
from watchfloor.edge.stores.folder import FolderFiles
from watchfloor.edge.stores.packs import load_pack
from watchfloor.messages.entry import Entry
from watchfloor.messages.pack import DoctrineSet
from watchfloor.messages.room import RoomOpened
from watchfloor.record.log import entries_of


def add(verbs: Any) -> None:
    """Add `history`."""
    history = verbs.add_parser(
        "history",
        help="before and after each change of rules, from a record",
        description="For each version that was in force: requests, doubts, stops, decisions, how long stages took, "
        "uses of delegations, late reviews, reported harm.",
        epilog="example: watchfloor rules history rooms/monday",
    )
    history.add_argument("folder", metavar="DIR")
    history.add_argument("--json", action="store_true", help="one JSON line per version and nothing else")
    history.set_defaults(work=work_history)


def record_of(folder: str) -> tuple[list[Entry], int]:
    """A verified record's entries, and its room's distance from UTC [s].

    **Raises**: IntegrityError, when it does not hold.
    """
    path = Path(folder)
    require_holding(path, "nothing is told from it", media_may_be_missing=True)
    entries = entries_of(FolderFiles(path))
    opened = next((entry.body for entry in entries if isinstance(entry.body, RoomOpened)), None)
    return entries, opened.utc_offset_s if opened is not None else 0


def work_history(arguments: argparse.Namespace) -> int:
    """Tell each period."""
    entries, offset_s = record_of(arguments.folder)
    for period in periods(entries):
        print(json.dumps(msgspec.to_builtins(period)) if arguments.json else _in_words(period, offset_s))
    return 0


def _in_words(period: Period, offset_s: int) -> str:
    span = f"{hms_from_us(period.from_us, offset_s)} to {hms_from_us(period.until_us, offset_s)}"
    lines = [f"version {period.rules_version}, in force {span} by room time"]
    names = ("requests", "doubts", "stops", "decided_yes", "decided_no", "uses", "late_reviews", "harm")
    lines += [f"  {name.replace('_', ' '):<22}{getattr(period, name)}" for name in names]
    for name, words in (("to_first_advice_s", "to first advice"), ("to_decision_s", "to decision")):
        value = getattr(period, name)
        lines.append(f"  {words:<22}{'none' if value is None else f'{value} s (median)'}")
    return "\n".join(lines)


def explain_request(folder: str, request_id: str, *, as_json: bool) -> int:
    """Tell what the rules answered about a request of a record, and why."""
    entries, offset_s = record_of(folder)
    found = answers_about(entries, request_id)
    if not found:
        raise InputError(f"the rules were never asked about `{request_id}` in this record", field="REQUEST")
    notes: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry.body, DoctrineSet) and entry.body.advice is None:
            notes |= rule_notes(entry.body.rules_text)
    for answered in found:
        if as_json:
            print(json.dumps(msgspec.to_builtins(answered)))
        else:
            _tell(answered, notes, offset_s)
    return 0


def _tell(answered: Answered, notes: dict[str, str], offset_s: int) -> None:
    by = f"{answered.answer.value} by rules version {answered.rules_version}"
    print(f"{hms_from_us(answered.at_us, offset_s)} v{answered.version}: {by} (entry {answered.seq})")
    for part in answered.parts:
        print(f"  {part}: {notes.get(part, '')}")
    if answered.asked:
        print(f"  to be asked: {', '.join(answered.asked)}")
    told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in sorted(answered.facts.items()))
    print(f"  told: {told}")


def past_otherwise(folder: str, pack_name: str, version: str) -> tuple[int, list[Otherwise]]:
    """Past answers of a record that a version of a pack's rules would have given otherwise."""
    entries, _ = record_of(folder)
    pack = load_pack(pack_name)
    rules = rules_in_use(pack, version)
    return answered_otherwise(entries, doctrine_of(pack, rules.version, rules.rules.digest()))
