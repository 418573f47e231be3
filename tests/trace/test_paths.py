"""Routes from the loss to a node: their products, their sum, their order, their number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given

import tracer as torch
from tests.strategies import Program, programs
from tests.tensor_programs import TensorProgram, tensor_programs
from tracer import Value
from tracer.core.record import record
from tracer.lessons.runner import open_thing
from tracer.trace.paths import Paths, count_paths, mass_of_paths, sum_over_paths, top_paths
from tracer.trace.sweep import Sweep, sweep_of
from tracer.trace.trace import Trace


def listed(trace: Trace, node: int, pass_index: int = 0) -> list[tuple[tuple[int, ...], float]]:
    """Every route to a node with its product, by walking up from it."""
    this = trace.passes[pass_index]
    delivered = set(this.edges.tolist())

    def above(at: int) -> Iterator[tuple[tuple[int, ...], float]]:
        if at == this.root:
            yield (), 1.0
        for edge in trace.uses(at):
            if edge in delivered:
                for edges, product in above(trace.edge(edge).user):
                    yield (*edges, edge), product * trace.local_gradient(edge)

    return list(above(node))


def products(found: Paths) -> list[float]:
    """Of a list of which everything has arrived."""
    return [float(path.product) for path in found.paths if path.product is not None]


def close(a: float, b: float, scale: float = 1.0) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12 * max(1.0, scale))


@given(programs(max_steps=10))
def test_the_products_of_all_routes_add_up_to_the_gradient(program: Program) -> None:
    trace = program.record()
    for node in trace.passes[0].columns.nodes.tolist():
        gradient, mass = trace.passes[0].recorded_grad(node), mass_of_paths(trace, node)
        assert close(sum_over_paths(trace, node), gradient, mass)
        found = top_paths(trace, node)
        assert found is not None
        assert found.count > 1000 or close(math.fsum(products(found)), gradient, mass)
        assert found.gradient == gradient


@given(programs(max_steps=9))
def test_routes_are_counted_and_ordered_as_a_list_of_all_of_them_is(program: Program) -> None:
    trace = program.record()
    for node in trace.passes[0].columns.nodes.tolist():
        all_of_them = listed(trace, node)
        found = top_paths(trace, node)
        assert found is not None
        assert found.count == count_paths(trace, node) == len(all_of_them)
        wanted = sorted((abs(product) for _, product in all_of_them), reverse=True)[: len(found.paths)]
        assert [abs(p) for p in products(found)] == pytest.approx(wanted, rel=1e-9, abs=1e-300)
        assert len({p.edges for p in found.paths}) == len(found.paths)
        assert products(found) == pytest.approx([dict(all_of_them)[p.edges] for p in found.paths], rel=1e-9)
        assert close(found.mass or 0.0, math.fsum(abs(p) for _, p in all_of_them))


def ladder(n: int, gain: float = 1.0) -> Trace:
    """x doubled up n times, x + gain * x each: 2^n routes."""
    with record() as recorder:
        x = Value(1.0, name="x")
        y: Value = x
        for _ in range(n):
            y = y + y * gain
        y.backward()
    return recorder.trace


def test_a_number_of_routes_beyond_all_floats_is_exact() -> None:
    trace = ladder(1200)
    assert count_paths(trace, trace.resolve("x")) == 2**1200


def test_the_largest_of_more_routes_than_can_be_listed_are_found_in_order() -> None:
    """Of 2^60 routes through 60 rungs with gains 1 and 0.5: one takes no 0.5, 60 take one, and so on."""
    trace = ladder(60, 0.5)
    found = top_paths(trace, trace.resolve("x"), k=70)
    assert found is not None
    assert found.count == 2**60
    assert [p.product for p in found.paths] == [1.0] + [0.5] * 60 + [0.25] * 9
    assert found.mass == pytest.approx(1.5**60, rel=1e-12)
    assert found.explained == pytest.approx((1 + 30 + 9 / 4) / 1.5**60, rel=1e-12)
    again = top_paths(ladder(60, 0.5), trace.resolve("x"), k=70)
    assert again is not None
    assert [p.edges for p in again.paths] == [p.edges for p in found.paths]


def test_products_too_large_and_too_small_for_floats_are_still_in_order() -> None:
    with record() as recorder:
        x = Value(1.0, name="x")
        a, b = x * 1e-200, x * 1e-150
        ((a * 1e-200) + (b * 1e-190)).backward()
    trace = recorder.trace
    found = top_paths(trace, trace.resolve("x"))
    assert found is not None
    assert [p.product for p in found.paths] == [0.0, 0.0]
    assert [round(p.size) for p in found.paths] == [-340, -400]


def test_routes_with_a_zero_factor_come_last_and_with_nan_first() -> None:
    with record() as recorder:
        x = Value(2.0, name="x")
        y = x * 0.0 + x * 3.0 + (x - 2.0).log() * 0.0
        y.backward()
    found = top_paths(recorder.trace, recorder.trace.resolve("x"))
    assert found is not None
    assert [str(p.product) for p in found.paths] == ["nan", "3.0", "0.0"]
    assert found.explained is None


def test_what_has_not_been_delivered_is_not_known() -> None:
    """At every moment the routes that arrived add up to the gradient so far, and the others have no product."""
    with record() as recorder:
        x = Value(3.0, name="x")
        ((x + 2) * (x - 1)).backward()
    trace = recorder.trace
    leaf = trace.resolve("x")
    for position in range(len(trace) + 1):
        found = top_paths(trace, leaf, position=position)
        assert found is not None
        assert found.count == 2 == len(found.paths)
        so_far = trace.cursor(position).grad(leaf)
        assert found.gradient == so_far
        assert (found.total or 0.0) == (so_far or 0.0)
        assert sum(p.arrived for p in found.paths) == found.arrived
        done = trace.passes[0].delivered_by(position)
        came = set(trace.passes[0].edges[:done].tolist())
        for path in found.paths:
            assert [local is not None for local in path.locals] == [edge in came for edge in path.edges]


def test_a_leaf_keeps_what_it_held_apart_from_what_the_routes_of_a_pass_bring() -> None:
    with record() as recorder:
        x = Value(3.0, name="x")
        for _ in range(2):
            (x * x).backward()
    trace = recorder.trace
    found = top_paths(trace, trace.resolve("x"))
    assert found is not None
    assert (found.pass_index, found.held, found.gradient, found.total) == (1, 6.0, 6.0, 6.0)


def test_a_node_that_no_gradient_reaches_has_no_routes() -> None:
    with record() as recorder:
        x, y = Value(3.0, name="x"), Value(1.0, name="y")
        (x * x + y.data).backward()
    trace = recorder.trace
    assert top_paths(trace, trace.resolve("y")) is None


def test_the_root_has_the_empty_route() -> None:
    with record() as recorder:
        x = Value(3.0, name="x")
        (x * x).named("y").backward()
    found = top_paths(recorder.trace, recorder.trace.resolve("y"))
    assert found is not None
    assert [(p.edges, p.product) for p in found.paths] == [((), 1.0)]


@given(programs(max_steps=8))
def test_a_long_thin_graph_is_swept_one_by_one_to_the_same_sums(program: Program) -> None:
    trace = program.record()
    wide, thin = sweep_of(trace, 0), Sweep(trace, 0)
    thin.__dict__["_levels"] = None
    keep = np.ones((trace.n_nodes, 2), bool)
    keep[::2, 1] = False
    start = np.zeros(trace.n_nodes)
    start[0] = 1.0
    np.testing.assert_allclose(thin.sum_down, wide.sum_down, rtol=1e-12)
    np.testing.assert_allclose(thin.down(thin.size, keep), wide.down(wide.size, keep), rtol=1e-12)
    np.testing.assert_allclose(thin.up(thin.local, start), wide.up(wide.local, start), rtol=1e-12)
    np.testing.assert_allclose(thin.best(thin.size), wide.best(wide.size), rtol=1e-12)


def test_a_pass_that_assigns_is_told_from_its_routes() -> None:
    trace = open_thing("microgpt/10_assign").trace
    wrong = [i for i, p in enumerate(trace.passes) if p.combine == "assign"]
    assert wrong
    for node in trace.passes[wrong[0]].columns.nodes.tolist():
        found = top_paths(trace, node, pass_index=wrong[0])
        assert found is None or found.rule == "assign"


# Tensors


def network() -> Trace:
    with record() as recorder:
        torch.manual_seed(0)
        x = torch.randn(4, 3)
        w, v = torch.randn(3, 3, requires_grad=True), torch.randn(3, 3, requires_grad=True)
        h = torch.tanh(x @ w)
        h = h + torch.relu(h @ v)
        h = h + torch.relu(h @ v)
        (h * h).mean().backward()
    return recorder.trace


def test_arrays_of_routes_between_tensors_add_up_to_the_gradient() -> None:
    trace = network()
    for node in trace.passes[0].columns.nodes.tolist():
        for k in (2, 10):
            found = top_paths(trace, node, k)
            assert found is not None
            if found.tensor:
                total = np.asarray(found.total)
                np.testing.assert_allclose(total, trace.passes[0].recorded_grad(node), rtol=1e-5, atol=1e-7)
                assert found.listed == found.arrived == found.count
                assert sum(found.share(p) or 0.0 for p in found.paths) == pytest.approx(1.0, abs=1e-5)


@given(tensor_programs(max_steps=6, dtype="float64"))
def test_arrays_of_routes_add_up_whatever_the_program_does_with_tensors(program: TensorProgram) -> None:
    """Of what each pass brought to each node, where no hook of the program spoke on the way."""
    trace = program.run().trace
    for this in trace.passes:
        for node in this.columns.nodes.tolist():
            for k in (3, 10):
                found = top_paths(trace, node, k, pass_index=this.index)
                assert found is not None
                if found.rule == "sum":
                    total, gradient = np.asarray(found.total), np.asarray(found.gradient)
                    np.testing.assert_allclose(total, gradient, rtol=1e-9, atol=1e-9)
                    assert found.listed == found.count


def test_routes_of_many_thousand_steps_are_listed_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer of them, and no number of thousands of digits is kept for every node on the way."""
    monkeypatch.setattr("tracer.trace.paths.MOST_STEPS", 10_000)
    trace = ladder(1200, 0.5)
    node = trace.resolve("x")
    for position, arrived in ((len(trace), 2**1200), (0, 0)):
        found = top_paths(trace, node, 400, position)
        assert found is not None
        assert (found.count, found.arrived) == (2**1200, arrived)
        assert 1 < len(found.paths) < 400
        assert sum(len(path.edges) for path in found.paths) <= 10_000
        assert {path.arrived for path in found.paths} == {arrived > 0}
    assert len(sweep_of(trace, 0)._exact) < 5


def test_more_routes_between_tensors_than_can_be_carried_stand_together_and_still_add_up() -> None:
    """2^16 routes: at most k groups of them, whose arrays make the gradient; before the pass, where they come from."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with record() as recorder:
        y = x
        for _ in range(16):
            y = y + y * 0.5
        y.sum().backward()
    trace = recorder.trace
    node = trace.resolve(x)
    found = top_paths(trace, node, 7)
    assert found is not None
    assert found.count == found.arrived == found.listed == 2**16
    assert len(found.paths) <= 8
    np.testing.assert_allclose(np.asarray(found.total), np.full(2, 1.5**16), rtol=1e-5)
    early = top_paths(trace, node, 7, position=0)
    assert early is not None
    assert early.paths
    assert not any(path.arrived for path in early.paths)
