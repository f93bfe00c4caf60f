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
PROPOSED_KEPT, AGREED_KEPT = 20, 100
_HOUR_US = 3_600_000_000


class Match(Struct, frozen=True):
    """A match. `commitments`: to what each party puts in, by party; `ended`: how it ended, with its last entry."""

    party: str
    digest: str
    terms: MatchTerms
    sent_us: int
    commitments: Mapping[str, str]
    ended: LineMatched | None = None
    clashes: tuple[MatchClash, ...] = ()

    def is_agreed(self) -> bool:
        """Whether both parties committed to their plans."""
        return len(self.commitments) > 1

    def is_open(self) -> bool:
        """Whether it is agreed and has not ended."""
        return self.is_agreed() and self.ended is None

    def state(self) -> str:
        """Proposed, agreed, matched, stopped or failed: the word on screens."""
        if self.ended is not None:
            return self.ended.outcome.value
        return "agreed" if self.is_agreed() else "proposed"


Matches = Mapping[str, Match]


def matches_with(matches: Matches, taken: Taken) -> Matches:
    """The matches after a message more, of either party. Nobody accepts what they proposed themselves."""
    body, party = taken.message.body, taken.message.party
    if isinstance(body, MatchProposed):
        match = Match(party, taken.digest, body.terms, taken.message.sent_us, {party: body.commitment})
        return _kept({**matches, taken.digest: match})
    if isinstance(body, MatchAccepted) and body.about in matches:
        match = matches[body.about]
        if not match.is_agreed() and match.party != party:
            match = replace(match, commitments={**match.commitments, party: body.commitment})
            return {**matches, body.about: match}
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
    met = [
        match
        for match in matches.values()
        if match.is_agreed() and match.terms.from_us < terms.until_us and terms.from_us < match.terms.until_us
    ]
    if any(match.ended is None for match in met):
        return "a match of that time is under way"
    if len(met) >= MOST_OF_EPOCH:
        return f"that time was matched {MOST_OF_EPOCH} times already"
    return None


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


def _kept(matches: Matches) -> Matches:
    """The newest proposals and agreed matches: what a party proposes without end is forgotten."""
    agreed = [digest for digest, match in matches.items() if match.is_agreed()][-AGREED_KEPT:]
    proposed = [digest for digest, match in matches.items() if not match.is_agreed()][-PROPOSED_KEPT:]
    kept = {*agreed, *proposed}
    return {digest: match for digest, match in matches.items() if digest in kept}
