"""Private matching as a line holds it: proposed, agreed, ended; what may be agreed, and when it would show too much.

What is exchanged stays with the workers that hold the keys; here stand commitments, counts and results.
**Source**: own reasoning. **Doubt**: a match that did not come to its end says nothing of any plan.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from watchfloor.line.cells import TIME_COARSE, Cell, volume_around
from watchfloor.line.chain import Taken
from watchfloor.messages.line import MatchAccepted, MatchProposed, MatchTerms
from watchfloor.messages.matching import LineMatched, MatchClash

EPOCHS_H = (2, 3, 4, 6)
MOST_OF_EPOCH = 3
MOST_SHOWN_PERMILLE, ALWAYS_SHOWN = 300, 50
PROPOSED_KEPT, AGREED_KEPT = 20, 100
_HOUR_US = 3_600_000_000


class Match(Struct, frozen=True):
    """A match. `commitments`: to what each party puts in, by party; `ended`: how it ended, with its last entry.

    `is_replaced`: its party has proposed the same time anew, or another was agreed at the same moment.
    """

    party: str
    digest: str
    terms: MatchTerms
    sent_us: int
    commitments: Mapping[str, str]
    ended: LineMatched | None = None
    clashes: tuple[MatchClash, ...] = ()
    is_replaced: bool = False

    def is_agreed(self) -> bool:
        """Whether both parties committed to their plans."""
        return len(self.commitments) > 1

    def is_open(self) -> bool:
        """Whether it is agreed and has not ended."""
        return self.is_agreed() and self.ended is None and not self.is_replaced

    def meets(self, terms: MatchTerms) -> bool:
        """Whether its time is shared by that of other terms."""
        return self.terms.from_us < terms.until_us and terms.from_us < self.terms.until_us

    def state(self) -> str:
        """Proposed, agreed, matched, stopped, failed or replaced: the word on screens."""
        if self.ended is not None:
            return self.ended.outcome.value
        if self.is_replaced:
            return "replaced"
        return "agreed" if self.is_agreed() else "proposed"


Matches = Mapping[str, Match]


def matches_with(matches: Matches, taken: Taken) -> Matches:
    """The matches after a message more, of either party. Nobody accepts what they proposed themselves.

    A proposal replaces what its party proposed for the same time before. Of two that are agreed at once, because both
    parties accepted, the one with the smaller digest stands: both rooms come to the same.
    """
    body, party = taken.message.body, taken.message.party
    if isinstance(body, MatchProposed):
        match = Match(party, taken.digest, body.terms, taken.message.sent_us, {party: body.commitment})
        kept = {
            digest: replace(one, is_replaced=True)
            if one.party == party and not one.is_agreed() and one.meets(body.terms)
            else one
            for digest, one in matches.items()
        }
        return _kept({**kept, taken.digest: match}, party)
    if isinstance(body, MatchAccepted) and body.about in matches:
        match = matches[body.about]
        if not match.is_agreed() and not match.is_replaced and match.party != party:
            match = replace(match, commitments={**match.commitments, party: body.commitment})
            open_now = [one.digest for one in matches.values() if one.is_open()]
            matches = {**matches, body.about: match}
            lost = sorted([*open_now, body.about])[1:]
            return {
                digest: replace(one, is_replaced=True) if digest in lost else one for digest, one in matches.items()
            }
    return matches


def matches_ended(matches: Matches, fact: LineMatched) -> Matches:
    """The matches once one ended, or once the record holds some of its clashes."""
    match = matches.get(fact.match)
    if match is None or match.ended is not None:
        return matches
    clashes = (*match.clashes, *fact.clashes)
    return {**matches, fact.match: replace(match, clashes=clashes, ended=None if fact.more_count else fact)}


def objection_to_terms(terms: MatchTerms, matches: Matches, room_us: int) -> str | None:
    """Why nobody can match by these terms now, or None.

    Epochs are fixed, so that nobody shifts one to ask again; how often one is matched is limited for the same reason.
    """
    length_us = terms.until_us - terms.from_us
    if length_us not in [hours * _HOUR_US for hours in EPOCHS_H] or terms.from_us % length_us:
        return "an epoch is 2, 3, 4 or 6 hours, and begins at a multiple of its length (UTC)"
    if terms.until_us <= room_us:
        return "that epoch is over"
    if any(match.is_open() for match in matches.values()):
        return "a match is under way"
    return _objection_to_again(terms, matches)


def objection_to_running(match: Match, matches: Matches, room_us: int) -> str | None:
    """Why a match that was agreed is not run now, or None: the other side may have accepted late, and more than one."""
    if match.terms.until_us <= room_us:
        return "that epoch is over"
    return _objection_to_again(match.terms, {one.digest: one for one in matches.values() if one.digest != match.digest})


def _objection_to_again(terms: MatchTerms, matches: Matches) -> str | None:
    met = [match for match in matches.values() if match.ended is not None and match.meets(terms)]
    return f"that time was matched {MOST_OF_EPOCH} times already" if len(met) >= MOST_OF_EPOCH else None


def shows_too_much(shared_count: int, own_count: int, terms: MatchTerms) -> bool:
    """Whether a match would show the other party too large a share of what one side puts in."""
    return shared_count > terms.always_shown_count and shared_count * 1_000 > own_count * terms.most_shown_permille


def clashes_of(plans: Mapping[str, Collection[Cell]], shared: Collection[Cell], terms: MatchTerms) -> list[MatchClash]:
    """Our plans in the cells that both touch: a volume for each plan and stretch of time, in order of time."""
    wanted, found = frozenset(shared), list[MatchClash]()
    for plan_id, cells in plans.items():
        found += [MatchClash(plan_id, volume_around(part, terms)) for part in _stretches(wanted.intersection(cells))]
    return sorted(found, key=lambda clash: (clash.volume.from_us, clash.plan_id))


def _stretches(cells: Collection[Cell]) -> list[Sequence[Cell]]:
    """Cells in stretches of time without a gap, each at most a coarse cell long."""
    by_time: dict[int, list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: (cell[3], cell)):
        by_time.setdefault(cell[3], []).append(cell)
    parts: list[list[Cell]] = []
    began = 0
    for before, time in pairwise([-1, *by_time]):
        if not parts or time != before + 1 or time - began >= TIME_COARSE:
            parts.append([])
            began = time
        parts[-1] += by_time[time]
    return [tuple(part) for part in parts]


def _kept(matches: Matches, party: str) -> Matches:
    """The newest proposals of a party and the newest agreed matches: what is proposed without end is forgotten."""
    agreed = [digest for digest, match in matches.items() if match.is_agreed()]
    own = [digest for digest, match in matches.items() if not match.is_agreed() and match.party == party]
    gone = {*agreed[: max(len(agreed) - AGREED_KEPT, 0)], *own[: max(len(own) - PROPOSED_KEPT, 0)]}
    return {digest: match for digest, match in matches.items() if digest not in gone} if gone else matches
