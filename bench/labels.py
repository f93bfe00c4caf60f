"""Who may see what: kept answers beside answers asked anew of the same engine, over every pair, which must be equal."""

import argparse
import itertools
import sys
import time
from collections.abc import Callable

from _figures import paired, tell

from watchfloor.app.sight import judge_sight, may_see
from watchfloor.base.labels import Audience, Label, Level, label_for

NATIONS = ("ALD", "BVY", "CVL", "DNM", "FNY", "JLN")
GROUPS = ((), ("notified-sites",), ("crews", "notified-sites"))
ROUNDS, REPEATS = 7, 50
Check = Callable[[Label, Audience], bool]


def pairs() -> list[tuple[Label, Audience]]:
    """Labels for one, three and six nations, each level, with and without groups; every seat's class, and the wall."""
    labels = [label_for(n, level, g) for n in (NATIONS, NATIONS[::2], NATIONS[:1]) for level in Level for g in GROUPS]
    viewers = [Audience((n,), level, g) for n in NATIONS for level in Level for g in GROUPS]
    return list(itertools.product(labels, [*viewers, Audience(NATIONS)]))


def us_each(check: Check, asked: list[tuple[Label, Audience]], repeats: int) -> float:
    """How long one answer takes [us]."""
    start = time.perf_counter()
    for _ in range(repeats):
        for label, audience in asked:
            check(label, audience)
    return (time.perf_counter() - start) / (repeats * len(asked)) * 1e6


def main() -> int:
    """Print the figure; exit code 1 when an answer differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    asked = pairs()
    if any(may_see(*pair) != judge_sight(*pair) for pair in asked):
        print("a kept answer differs from the engine's", file=sys.stderr)
        return 1
    kept, anew = [], []
    for _ in range(ROUNDS):
        kept.append(us_each(may_see, asked, REPEATS))
        anew.append(us_each(judge_sight, asked, 1))
    load = f"{len(asked)} pairs of label and viewer class, all answers equal"
    words = {"unit": "us an answer", "better": "higher", "goal": 50, "load": load}
    tell(paired("label checks asked anew beside kept", anew, kept, **words), as_json=arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
