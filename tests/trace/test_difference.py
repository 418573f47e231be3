"""What differs between two runs: pairs of nodes, the first thing in time, everything by size."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.strategies import Program, programs
from tracer import Trace, Value, assert_close, record, scope
from tracer.errors import FileFormatError, MismatchError, NotFoundError
from tracer.trace.difference import Difference
from tracer.trace.matching import match


def net(x: float = 3.0, *, lr: float = 0.1, more: bool = False, passes: int = 1) -> Trace:
    with record() as rec:
        a = Value(x, name="x")
        w = Value(0.5, name="w")
        if more:
            Value(7.0, name="unused")
        with scope("hidden"):
            h = (a * w).tanh().named("h")
        y = (h * h + a).named("y")
        for _ in range(passes):
            y.backward()
        w.data -= lr * w.grad
    return rec.trace


def test_equal_runs_are_the_same() -> None:
    found = Difference(net(), net())
    assert found.same
    assert not found
    assert (len(found), found.first, found.earliest, found.largest()) == (0, None, None, ())


def test_another_leaf_changes_what_follows_from_it_and_nothing_else() -> None:
    """All that depends on x differs, by as much as the two runs say; the weight itself does not until it is updated."""
    found = Difference(net(3.0), net(4.0))
    changed = {(change.fact, found.left.label(change.nodes[0])) for change in found.largest(100)}
    assert ("value", "w") not in changed
    assert {("value", "x"), ("value", "h"), ("value", "y"), ("gradient", "w"), ("end value", "w")} <= changed
    sizes = [change.size for change in found.largest(100)]
    assert sizes == sorted(sizes, reverse=True)
    ys = [float(str(trace.cursor(-1).data("y"))) for trace in (found.left, found.right)]
    assert found.largest(1)[0].size == pytest.approx(abs(ys[0] - ys[1]))
    assert found.first is not None
    assert found.first.nodes == (0, 0)
    assert found.earliest is not None
    assert (found.earliest.fact, found.earliest.numbers) == ("value", (3.0, 4.0))
    assert found.earliest.relative == 0.25


def test_an_update_alone_may_differ() -> None:
    found = Difference(net(), net(lr=0.2))
    assert [(c.fact, found.left.label(c.nodes[0])) for c in found.largest()] == [("end value", "w")]
    assert found.first is not None
    assert found.first.fact == "event"


def test_nodes_are_paired_by_what_they_say_after_the_runs_part() -> None:
    """A node that only one run has moves no other out of place."""
    left, right = net(), net(more=True)
    pairs = match(left, right)
    for a, b in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True):
        assert left.name(a) == right.name(b)
        assert left.columns.value[a] == right.columns.value[b]
    assert [len(nodes) for nodes in pairs.alone] == [0, 1]
    assert right.name(int(pairs.alone[1][0])) == "unused"
    found = Difference(left, right)
    assert not found.same
    assert len(found) == 0, "all numbers that both have agree"


def test_what_only_one_run_has_is_counted_on_its_side() -> None:
    found = Difference(net(more=True), net())
    assert [len(nodes) for nodes in found.matching.alone] == [1, 0]
    assert found.matching.partner(int(found.matching.alone[0][0])) is None
    assert found.matching.partner(0) == 0


def test_another_number_of_passes_is_a_difference() -> None:
    assert not Difference(net(), net(passes=2)).same


def test_nan_agrees_with_nan_and_with_nothing_else() -> None:
    assert Difference(net(math.nan), net(math.nan)).same
    found = Difference(net(math.nan), net())
    assert found.largest(1)[0].size == math.inf
    assert found.largest(1)[0].relative == math.inf


def test_tolerance_is_relative_or_absolute() -> None:
    left, right = net(3.0), net(3.0 + 1e-9)
    assert not Difference(left, right).same
    assert Difference(left, right, rtol=1e-6).same
    assert Difference(left, right, rtol=0, atol=1e-6).same


def test_tensors_are_compared_element_by_element() -> None:
    def run(corner: float) -> Trace:
        with record() as rec:
            w = tracer.tensor([[1.0, 2.0], [3.0, corner]], requires_grad=True)
            (w * w).sum().backward()
        return rec.trace

    found = Difference(run(4.0), run(5.0))
    changes = {(c.fact, found.left.label(c.nodes[0])): c for c in found.largest()}
    assert changes["value", "w"].size == 1
    assert changes["gradient", "w"].size == 2
    np.testing.assert_array_equal(changes["gradient", "w"].numbers[0], [[2, 4], [6, 8]])
    assert Difference(run(4.0), run(4.0)).same


def test_a_gradient_that_one_run_lacks_differs_without_bound() -> None:
    def run(*, cut: bool) -> Trace:
        with record() as rec:
            a, b = Value(2.0, name="a"), Value(3.0, name="b")
            y = a * (b.data if cut else b)
            y.backward()
        return rec.trace

    found = Difference(run(cut=False), run(cut=True))
    assert ("gradient", (3.0, None)) not in [(c.fact, c.numbers) for c in found.largest() if c.size < math.inf]
    assert not found.same


@given(programs(), st.floats(-2, 2))
def test_same_means_that_every_number_is(program: Program, leaf: float) -> None:
    """Against a plain comparison, node by node."""
    other = replace(program, leaves=(leaf, *program.leaves[1:]))
    left, right = program.record(), other.record()
    found = Difference(left, right, rtol=0)
    ends = left.cursor(-1), right.cursor(-1)
    plain = {
        (fact, node)
        for node in range(left.n_nodes)
        for fact, a, b in (
            ("value", ends[0].data(node), ends[1].data(node)),
            ("gradient", ends[0].grad(node), ends[1].grad(node)),
        )
        if not (a is b or a == b or (a is not None and b is not None and math.isnan(a) and math.isnan(b)))
    }
    assert {(change.fact, change.nodes[0]) for change in found.largest(1000)} == plain
    assert found.same == (not plain)


# Golden runs


def test_a_run_that_is_its_golden_one_passes(tmp_path: Path) -> None:
    net().save(tmp_path / "golden.trace")
    assert_close(net(), tmp_path / "golden.trace")
    assert_close(net(), str(tmp_path / "golden.trace"))
    assert_close(net(), net())


def test_what_has_changed_is_named_with_its_line() -> None:
    """The first number that differs, both numbers, and the largest change."""
    with pytest.raises(AssertionError) as caught:
        assert_close(net(3.0), net(4.0))
    error = caught.value
    assert isinstance(error, MismatchError)
    assert error.exit_code == 1
    assert "numbers that differ: 10; first at x: its value is 3, golden 4 (they differ by 1)." in str(error)
    assert "largest: at y: its value is 3.8192934, golden 4.9293492" in str(error)
    assert "test_difference.py:" in str(error)


def test_close_is_close_enough() -> None:
    assert_close(net(3.0), net(3.0 + 1e-11))
    with pytest.raises(MismatchError):
        assert_close(net(3.0), net(3.0 + 1e-11), rtol=1e-13)
    assert_close(net(3.0), net(3.1), atol=1.0)


def test_nodes_and_passes_that_came_or_went_are_told() -> None:
    with pytest.raises(MismatchError, match="nodes that only one has: 1 in this run, 0 in the golden one"):
        assert_close(net(more=True), net())
    with pytest.raises(MismatchError, match="this run has 2 backward passes, the golden one 1"):
        assert_close(net(passes=2), net())


def test_a_golden_file_that_cannot_be_read_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "no.trace").write_bytes(b"not a trace")
    with pytest.raises(FileFormatError):
        assert_close(net(), tmp_path / "no.trace")
    with pytest.raises(NotFoundError):
        assert_close(net(), tmp_path / "absent.trace")


def test_of_an_array_the_element_that_differs_most_is_told_once() -> None:
    def run(last: float) -> tracer.Trace:
        with tracer.record() as rec:
            w = tracer.tensor([[1.0, 2.0], [3.0, last]], dtype=tracer.float64, requires_grad=True).named("w")
            w.detach()
        return rec.trace

    with pytest.raises(MismatchError) as raised:
        tracer.assert_close(run(5.0), run(4.0))
    assert "at w[1, 1]: its value is 5, golden 4 (they differ by 1)" in str(raised.value)
    with pytest.raises(MismatchError) as raised:
        tracer.assert_close(run(float("nan")), run(4.0))
    assert str(raised.value).count("at w[1, 1]") == 1
