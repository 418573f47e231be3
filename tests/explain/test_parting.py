"""Where two runs part, in words."""

from __future__ import annotations

import pytest

from tests.trace.test_lockstep import PAIRS
from tracer.explain.parting import parting
from tracer.text import LANGS
from tracer.trace.lockstep import Lockstep


@pytest.mark.parametrize(
    ("pair", "left", "right"),
    [
        ("recursion", "b hands 1 on to a, although b still waits for a contribution.", "b hands 2 on to a."),
        ("visited", "b hands 1 on to a, although b still waits for a contribution.", "b hands 2 on to a."),
        ("assign", "After this contribution x holds 3.", "After this contribution x holds 6."),
        ("zero_grad", "Not here: w.grad = 0", "Here: w.grad = 0"),
        ("branch", "x is 1 here.", "x is -1 here."),
    ],
)
def test_both_runs_say_what_they_do_differently(pair: str, left: str, right: str) -> None:
    both = Lockstep(*PAIRS[pair]())
    said = parting(both.cursor(len(both)))
    assert said is not None
    assert [one.en for one in said] == [left, right]


@pytest.mark.parametrize("pair", PAIRS)
def test_nothing_is_said_before_its_time(pair: str) -> None:
    """Before the first difference nothing at all; after it, only by a run that has got there."""
    both = Lockstep(*PAIRS[pair]())
    first = both.first_divergence
    assert first is not None
    for index in range(len(both) + 1):
        said = parting(both.cursor(index))
        assert (said is None) == (index < first.index)
        for cursor, position, words in zip(
            (both.cursor(index).left, both.cursor(index).right), first.positions, said or (), strict=False
        ):
            if position is not None and cursor.position < position:
                assert not any(character.isdigit() for lang in LANGS for character in words[lang])


def test_equal_runs_have_nothing_to_say() -> None:
    left, _ = PAIRS["assign"]()
    both = Lockstep(left, left)
    assert parting(both.cursor(len(both))) is None
