"""`watchfloor line call|match`: a seat without a browser opens or answers a call, and matches plans."""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.base.instants import rfc3339_from_us, us_from_rfc3339
from watchfloor.edge.links import seat_client
from watchfloor.edge.links.seat_client import HeldSeat

LOOK_S = 0.5  # a seat without a browser is told nothing unasked: it asks again
HOUR_US = 3_600_000_000
SOON_US = HOUR_US // 2
ROLES = ("line_officer", "watch_officer", "duty_chief", "interpreter", "legal_adviser")


def add(verbs: Any) -> None:
    """Add both verbs."""
    call = verbs.add_parser(
        "call",
        help="from a seat without a browser: call them, answer their call, sign its minutes",
        description="With a seat that was taken by `watchfloor seat take`. Without an option, calls.",
        epilog="examples:\n  watchfloor line call me.json\n  watchfloor line call me.json --answer\n"
        "  watchfloor line call me.json --minutes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_seat(call)
    what = call.add_mutually_exclusive_group()
    what.add_argument("--urgent", action="store_true", help="call at once, beside the schedule")
    what.add_argument("--answer", action="store_true", help="say that we are here, for the newest open call")
    what.add_argument("--minutes", action="store_true", help="sign its minutes: theirs, where they signed first")
    call.add_argument("--as", dest="role", choices=ROLES, default="line_officer", help="default: %(default)s")
    call.set_defaults(work=call_work)
    match = verbs.add_parser(
        "match",
        help="from a seat without a browser: learn with the other party where plans clash, and nothing else",
        description="Accepts the match that they proposed, or proposes one, and waits for its end. Exit code 0 when no "
        "plan of ours comes near one of theirs, 1 when one does, 3 when it did not come to its end.",
        epilog="examples:\n  watchfloor line match me.json\n"
        "  watchfloor line match me.json --from 2031-03-14T16:00:00Z --hours 2 --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_seat(match)
    match.add_argument("--from", dest="start", default="", metavar="TIME", help="RFC 3339 (default: about now)")
    match.add_argument("--hours", type=int, default=2, choices=(2, 3, 4, 6), help="default: %(default)s")
    match.add_argument("--wait-s", type=float, default=120.0, help="for their word, and its end (default: %(default)g)")
    match.set_defaults(work=match_work)


def _add_seat(parser: Any) -> None:
    parser.add_argument("file", metavar="FILE", help="the seat's file")
    parser.add_argument("--line", default="", metavar="LINE", help="its id, where the room has several")
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON line")


def call_work(arguments: argparse.Namespace) -> int:
    """Call, answer or sign."""
    seat = seat_client.load(Path(arguments.file))
    line = _line(seat, arguments.line)
    open_calls = [call for call in line["calls"] if call["state"] in ("open", "held", "over")]
    if arguments.answer or arguments.minutes:
        if not open_calls:
            raise InputError(f"no call with {line['other_party']} is open", field="call")
        call = open_calls[-1]
    if arguments.answer:
        _say(seat, line, {"kind": "roll", "about": call["digest"], "present": [arguments.role]})
    elif arguments.minutes:
        theirs = [one["heads"] for one in call["minutes"] if one["party"] != line["party"]]
        heads = theirs[0] if theirs else line["heads"]
        _say(seat, line, {"kind": "minutes", "about": call["digest"], "heads": heads})
    else:
        _say(seat, line, {"kind": "call", "due_us": 0, "urgent": arguments.urgent})
    call = _line(seat, line["line_id"])["calls"][-1]
    if arguments.json:
        print(json.dumps(call))
        return 0
    here = ", ".join(roll["party"] for roll in call["rolls"]) or "nobody yet"
    print(f"the call with {line['other_party']} is {call['state']}; here: {here}")
    for item in line["agenda"]:
        print(f"  on the agenda: {item['about'][:12]}, {item['why']}")
    return 0


def match_work(arguments: argparse.Namespace) -> int:
    """Accept or propose, wait, and tell where plans clash."""
    seat = seat_client.load(Path(arguments.file))
    line = _line(seat, arguments.line)
    path, until_s = f"/api/lines/{line['line_id']}/match", time.monotonic() + arguments.wait_s
    waiting = [one for one in line["matches"] if one["state"] == "proposed" and one["party"] != line["party"]]
    acceptable = [one for one in waiting if not one["objection"]]
    if acceptable and not arguments.start:
        digest = acceptable[-1]["digest"]
        told = seat_client.call(seat.url, path, {"about": digest}, seat.session)
        _say(seat, line, {"kind": "match_acceptance", "about": digest, "commitment": told["commitment"]})
    else:
        from_us = _epoch_us(seat, arguments)
        wish = {"from_us": from_us, "until_us": from_us + arguments.hours * HOUR_US}
        told = seat_client.call(seat.url, path, wish, seat.session)
        _say(seat, line, {"kind": "match", "terms": told["terms"], "commitment": told["commitment"]})
        digest = _line(seat, line["line_id"])["matches"][-1]["digest"]
    if not arguments.json:
        print(f"committed to {told['plan_count']} plans, {told['commitment']}; waiting for {line['other_party']}")
    while True:
        match = next(one for one in _line(seat, line["line_id"])["matches"] if one["digest"] == digest)
        if match["state"] not in ("proposed", "agreed"):
            return _tell_match(match, as_json=arguments.json)
        if time.monotonic() > until_s:
            raise UnavailableError(f"the match is still {match['state']} after {arguments.wait_s:g} s; it goes on")
        time.sleep(LOOK_S)


def _tell_match(match: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(match))
    else:
        reason = f": {match['reason']}" if match["reason"] else ""
        print(f"{match['state']}{reason}; {match['coarse_count']} coarse and {match['fine_count']} fine cells in both")
        for clash in match["clashes"]:
            volume = clash["volume"]
            span = f"{_clock(volume['from_us'])} to {_clock(volume['until_us'])}"
            print(f"  {clash['plan_id']}: {span}, {volume['floor_ft']:,}-{volume['ceiling_ft']:,} ft")
    if match["state"] != "matched":
        return 3
    return 1 if match["clashes"] else 0


def _clock(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%H:%M:%SZ")


def _epoch_us(seat: HeldSeat, arguments: argparse.Namespace) -> int:
    length_us = int(arguments.hours) * HOUR_US
    if not arguments.start:
        now_us = int(seat_client.call(seat.url, "/api/pulse")["room_us"])
        return (now_us + SOON_US) // length_us * length_us
    from_us = us_from_rfc3339(arguments.start)
    if from_us % length_us:
        begin_us = from_us // length_us * length_us
        sentence = f"an epoch of {arguments.hours} h begins at a multiple of its length: {rfc3339_from_us(begin_us)}"
        raise InputError(sentence, field="from")
    return from_us


def _line(seat: HeldSeat, line_id: str) -> dict[str, Any]:
    lines = seat_client.call(seat.url, "/api/screen", session=seat.session)["screen"].get("lines", [])
    found: list[dict[str, Any]] = [one for one in lines if line_id in ("", one["line_id"])]
    if len(found) != 1:
        known = ", ".join(f"`{one['line_id']}` ({one['line']}, {one['other_party']})" for one in lines) or "none"
        raise InputError(f"name a line with --line; this room has: {known}", field="line")
    return found[0]


def _say(seat: HeldSeat, line: dict[str, Any], body: dict[str, Any]) -> None:
    act = seat_client.make_act(seat, {"type": "LineSpoken", "line_id": line["line_id"], "body": body})
    seat_client.send_act(seat, act, f"on the {line['line']} line to {line['other_party']}: {body['kind']}")
