"""Who may see what: the engine's answer against sets compared by hand, kept answers against fresh ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.app.sight import judge_sight, may_see
from watchfloor.base.errors import WireError
from watchfloor.base.labels import Audience, Label, Level, combine, label_for, meet, releasable
from watchfloor.messages.canonical import canonical_bytes, decode_canonical

NATIONS, GROUPS = ("ALD", "BVY", "CVL"), ("crews", "sites")
ids = lambda names: st.sets(st.sampled_from(names)).map(lambda chosen: tuple(sorted(chosen)))  # noqa: E731
labels = st.builds(Label, st.sampled_from(Level), ids(NATIONS), ids(GROUPS))
audiences = st.builds(Audience, ids(NATIONS), st.sampled_from(Level), ids(GROUPS))


def by_hand(label: Label, audience: Audience) -> bool:
    """Every single viewer of the class passes every single mark of the item."""
    if not audience.nations:
        return False
    for nation in audience.nations:
        if nation not in label.nations:
            return False
    return not any(group not in audience.need_to_know for group in label.need_to_know) and (
        int(label.level) - int(audience.level) <= 0
    )


@given(labels, audiences)
def test_the_kept_answer_is_the_engines_and_the_engines_is_right(label: Label, audience: Audience) -> None:
    assert may_see(label, audience) == judge_sight(label, audience) == by_hand(label, audience)
    assert releasable(label, audience) == by_hand(label, audience)


@given(st.lists(labels, min_size=1, max_size=4), audiences)
def test_what_is_made_of_several_reaches_only_who_may_see_all_of_them(made_of: list[Label], audience: Audience) -> None:
    assert by_hand(combine(tuple(made_of)), audience) == all(by_hand(one, audience) for one in made_of)


@given(labels, audiences, audiences)
def test_two_who_look_together_see_what_both_may_see(label: Label, first: Audience, second: Audience) -> None:
    both = bool(first.nations) and bool(second.nations) and by_hand(label, first) and by_hand(label, second)
    if first.nations and second.nations:
        assert by_hand(label, meet(first, second)) == both


def test_made_of_nothing_known_it_is_seen_by_nobody() -> None:
    assert not may_see(combine(()), Audience(NATIONS, Level.SECRET, GROUPS))
    assert not may_see(label_for(NATIONS), Audience(()))


@given(labels)
def test_a_label_is_written_one_way_and_old_ones_stay_readable(label: Label) -> None:
    raw = canonical_bytes(label)
    assert decode_canonical(raw, Label) == label
    assert (b"need_to_know" in raw) == bool(label.need_to_know)


def test_a_label_spelled_otherwise_is_refused() -> None:
    for raw in (
        b'{"level":0,"nations":["ALD"],"need_to_know":[]}',
        b'{"level":0,"nations":["BVY","ALD"]}',
        b'{"level":0,"nations":["ALD"],"need_to_know":["b","a"]}',
        b'{"level":7,"nations":["ALD"]}',
        b'{"level":0,"nations":["ALD"],"owner":"x"}',
    ):
        with pytest.raises(WireError):
            decode_canonical(raw, Label)
