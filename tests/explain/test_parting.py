"""Where two runs part, in words."""

from __future__ import annotations

import pytest

from tests.trace.test_lockstep import PAIRS
from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.parting import parting
from tracer.text import LANGS
from tracer.trace.lockstep import Lockstep
from tracer.trace.trace import Trace


@pytest.mark.parametrize(
    ("pair", "left", "right"),
    [
        ("recursion", "b handed 1 on to a, although b still waited for a contribution.", "b handed 2 on to a."),
        ("visited", "b handed 1 on to a, although b still waited for a contribution.", "b handed 2 on to a."),
        ("assign", "after this contribution x holds 3.", "after this contribution x holds 6."),
        ("zero_grad", "here w.grad = 0 is missing.", "w.grad = 0 here."),
        ("branch", "x was 1 here.", "x was -1 here."),
    ],
)
def test_both_runs_say_what_they_do_differently(pair: str, left: str, right: str) -> None:
    both = Lockstep(*PAIRS[pair]())
    said = parting(both.cursor(len(both)))
    assert said is not None
    assert [one.en for one in said] == [f"First difference: {left}", f"First difference: {right}"]


@pytest.mark.parametrize(("updated", "missing"), [(3.0, False), (None, True)])
def test_an_update_is_told_by_the_number_after_it(updated: float | None, missing: bool) -> None:
    def run(after: float | None) -> Trace:
        with record() as rec:
            w = Value(2.0)
            (w * 3).backward()
            if after is not None:
                w.data = after
                w.grad = 0
        rec.take_names({"w": w})
        return rec.trace

    both = Lockstep(run(1.5), run(updated))
    first = both.first_divergence
    assert first is not None
    now, later = parting(both.cursor(first.index)), parting(both.cursor(len(both)))
    assert now is not None
    assert later is not None
    assert now[0].en == "First difference: w is 1.5 after its update here."
    assert now[0].ja == "最初の食い違い：こちらでは、更新後の w が 1.5 です。"
    assert later[0].en == "First difference: w was 1.5 after its update here."
    if missing:
        assert later[1].en == "First difference: here the update of w is missing."


def test_past_the_first_difference_it_is_told_as_past() -> None:
    """The line above tells the present step: in the present tense this one would contradict it."""
    both = Lockstep(*PAIRS["recursion"]())
    first = both.first_divergence
    assert first is not None
    now, later = parting(both.cursor(first.index)), parting(both.cursor(len(both)))
    assert now is not None
    assert later is not None
    assert now[0].en == "First difference: b hands 1 on to a, although b still waits for a contribution."
    assert now[0].ja == "最初の食い違い：b から a へ 1 が渡ります（b にはまだ届いていない寄与があります）。"
    assert later[0].ja == "最初の食い違い：b から a へ 1 が渡りました（b にはまだ届いていない寄与がありました）。"


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
