"""What is written on a fold is what a walk over its members has seen by then."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.layout.folding_programs import opened, scoped
from tests.strategies import programs
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.boxes import Fold
from tracer.layout.fold import Folding, draw_graph, stats
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace


def fold_of(nodes: list[int]) -> Fold:
    return Fold(-2, "scope", "some", "some", len(nodes), 0, None, find=lambda: np.array(sorted(nodes)))


def norm(cursor: Cursor, nodes: list[int]) -> float | None:
    """By hand: the root of the sum of squares of all gradients a cursor knows."""
    grads = [grad for node in nodes if (grad := cursor.grad(node)) is not None]
    return math.sqrt(sum(float(np.square(grad).sum()) for grad in grads)) if grads else None


def missing(cursor: Cursor, nodes: list[int]) -> bool:
    """Whether a gradient is partial, or one that the pass under way reaches is not there yet."""
    if any(cursor.grad_state(node) == "partial" for node in nodes):
        return True
    for this in cursor.trace.passes:
        if this.start < cursor.position < this.stop:
            return any(cursor.grad(node) is None and this.reached(node) for node in nodes)
    return False


def compare(trace: Trace, nodes: list[int], position: int) -> None:
    cursor, found = trace.cursor(position), stats(trace, fold_of(nodes)).at(position)
    made = [node for node in nodes if cursor.is_made(node)]
    counted = [node for node in made if trace.kind(node) != "const"] or made
    values = [float(v) for node in counted for v in np.ravel(cursor.data(node)) if not math.isnan(float(v))]
    assert (found.nodes, found.made) == (len(nodes), len(made))
    assert (found.low, found.high) == ((min(values), max(values)) if values else (None, None))
    expected = norm(cursor, nodes)
    assert (found.grad_norm is None) == (expected is None)
    if expected is not None:
        assert found.grad_norm == pytest.approx(expected, rel=1e-12, nan_ok=True)
        assert found.partial == missing(cursor, nodes)
    over = [this for this in trace.passes if this.start < position]
    assert found.share is None or over[-1].stop <= position


@settings(max_examples=25)
@given(programs(max_steps=8), st.integers(1, 2), st.booleans(), st.data())
def test_numbers_are_those_of_a_walk_over_the_members(program, passes, update, data):
    """At any position, of any nodes, over several passes, updates and zeroed gradients: nothing before its time."""
    trace = program.record(passes, update=update)
    nodes = sorted(data.draw(st.sets(st.integers(0, trace.n_nodes - 1), min_size=1)))
    for _ in range(3):
        compare(trace, nodes, data.draw(st.integers(0, len(trace))))


def test_of_arrays_every_element_counts():
    with record() as rec:
        x = tracer.tensor([[3.0, -4.0], [0.5, 2.0]], requires_grad=True)
        ((x * x).sum() * 2.0).backward()
    for position in range(len(rec.trace) + 1):
        compare(rec.trace, list(range(rec.trace.n_nodes)), position)


def test_a_constant_is_no_part_of_the_range_unless_it_is_alone():
    """x / 16 ranges over what is computed; before that there is only the 16."""
    with record() as rec:
        y = Value(4.0, name="x") / 16.0
        assert y.data == 0.25
    inside = stats(rec.trace, fold_of([1, 2]))
    assert (inside.at(2).low, inside.at(2).high) == (16.0, 16.0)
    assert (inside.at(3).low, inside.at(3).high) == (0.25, 0.25)


def test_nan_is_counted_and_leaves_the_range_of_the_others():
    with record() as rec:
        y = Value(-1.0).log() + Value(2.0)
        assert math.isnan(y.data)
    found = stats(rec.trace, fold_of(list(range(rec.trace.n_nodes)))).at(len(rec.trace))
    assert (found.low, found.high, found.nans) == (-1.0, 2.0, 2)


def test_a_norm_does_not_overflow_where_its_gradients_do_not():
    with record() as rec:
        (Value(1.0) * 1e200 + Value(1.0) * 1e200).backward()
    found = stats(rec.trace, fold_of(list(range(rec.trace.n_nodes)))).at(len(rec.trace))
    assert found.grad_norm == pytest.approx(math.sqrt(2) * 1e200)


def test_all_flow_goes_through_the_loss_and_shares_of_parallel_parts_add_up():
    """Two heads side by side with a local gradient of 3 and 1 on the way: 75 % and 25 %."""
    with record() as rec:
        x = Value(1.0, name="x")
        with scope("left"):
            a = x * 3.0
        with scope("right"):
            b = x + 0.0
        with scope("loss"):
            ((a + b) * 1.0).backward()
    trace = rec.trace
    drawn = draw_graph(trace, 0, folding=Folding())
    end = len(trace)
    found = {fold.key: stats(trace, fold).at(end).share for fold in drawn.folds.values()}
    assert found == pytest.approx({"left": 0.75, "right": 0.25, "loss": 1.0})
    assert all(stats(trace, fold).at(end - 1).share is None for fold in drawn.folds.values())


@settings(max_examples=15)
@given(st.data())
def test_the_share_of_a_box_is_that_of_a_group_however_routes_run(data):
    """A drawn box is left for good, so one sum over what enters it is enough."""
    trace = data.draw(scoped(passes=1, large=False))
    drawn = draw_graph(trace, 0, folding=Folding(data.draw(opened(trace))))
    for fold in drawn.folds.values():
        once, always = (stats(trace, fold, opened=way).at(len(trace)).share for way in (False, True))
        assert (once is None) == (always is None)
        assert once is None or once == pytest.approx(always, rel=1e-9, abs=1e-12)
