"""How much of a gradient came past each x + f(x), held to a list of all routes."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tracer as torch
from tests.trace.test_paths import listed
from tracer import Value, scope
from tracer.core.record import record
from tracer.lessons.runner import open_thing
from tracer.trace.array_residual import array_residual
from tracer.trace.residual import Residual, residual_adds, residual_share
from tracer.trace.sweep import sweep_of
from tracer.trace.through import named_parts, share_through
from tracer.trace.trace import Trace

WIDTH, LAYERS = 2, 3


def residual_mlp(seed: int, *, shortcut: bool = True) -> Trace:
    """x + fc2(tanh(fc1(x))), three times, in scopes."""
    rng = random.Random(seed)

    def dense(x: list[Value], name: str) -> list[Value]:
        rows = [[Value(rng.gauss(0, 1), name=f"{name}[{i},{j}]") for j in range(len(x))] for i in range(WIDTH)]
        return [sum((w * v for w, v in zip(row, x, strict=True)), start=Value(0.0)) for row in rows]

    with record() as recorder:
        x = [Value(rng.gauss(0, 1), name=f"x{i}") for i in range(WIDTH)]
        for layer in range(LAYERS):
            with scope(f"layer {layer}"):
                with scope("mlp"):
                    out = dense([v.tanh() for v in dense(x, f"fc1.{layer}")], f"fc2.{layer}")
                with scope("residual"):
                    x = [a + b for a, b in zip(x, out, strict=True)] if shortcut else out
        with scope("loss"):
            sum((v * v for v in x), start=Value(0.0)).backward()
    return recorder.trace


@pytest.mark.parametrize("seed", range(3))
def test_each_stage_and_the_highway_are_the_sums_over_the_routes_that_pass_them(seed: int) -> None:
    trace = residual_mlp(seed)
    adds, sweep = residual_adds(trace, 0), sweep_of(trace, 0)
    assert len(adds.nodes) == WIDTH * LAYERS
    identity, branch = sweep.edges[adds.identity], sweep.edges[adds.branch]
    for name in ("x0", "fc1.0[1,0]", "fc2.1[0,1]", "fc2.2[0,0]"):
        node = trace.resolve(name)
        routes, found = listed(trace, node), residual_share(trace, node, 0)
        assert isinstance(found, Residual)
        for stage in found.stages:
            here = np.isin(adds.nodes, stage.adds)
            for part, edges in ((stage.identity, identity[here]), (stage.branch, branch[here])):
                some = [product for path, product in routes if set(path) & set(edges.tolist())]
                assert part.gradient == pytest.approx(sum(some), rel=1e-9, abs=1e-12)
                assert part.mass == pytest.approx(sum(map(abs, some)), rel=1e-9)
        taken = [len(set(path) & set(branch.tolist())) for path, _ in routes]
        assert found.branches == min(taken)
        highway = [product for (_, product), n in zip(routes, taken, strict=True) if n == min(taken)]
        assert found.highway.gradient == pytest.approx(sum(highway), rel=1e-9, abs=1e-12)
        assert found.highway.mass == pytest.approx(sum(map(abs, highway)), rel=1e-9)
        assert found.whole.mass == pytest.approx(sum(abs(p) for _, p in routes), rel=1e-9)


def test_without_a_shortcut_there_is_no_residual_route() -> None:
    trace = residual_mlp(0, shortcut=False)
    assert not len(residual_adds(trace, 0).nodes)
    assert residual_share(trace, trace.resolve("x0"), 0) is None


@pytest.mark.parametrize("lesson", ["6.3", "6.2.2", "start/02_used_twice"])
def test_a_value_used_twice_is_no_residual_connection(lesson: str) -> None:
    trace = open_thing(lesson).trace
    assert not len(residual_adds(trace, 0).nodes)


def test_what_came_through_a_scope_is_the_sum_over_the_routes_that_pass_it() -> None:
    trace = residual_mlp(1)
    assert set(named_parts(trace)) == {"mlp", "residual", "loss"}
    names = ("mlp", "layer 1.mlp", "layer 1", "loss", "nowhere")
    for leaf in ("x0", "fc1.1[0,1]"):
        node = trace.resolve(leaf)
        for name, part in zip(names, share_through(trace, node, 0, names), strict=True):
            passed = []
            for edges, product in listed(trace, node):
                between = [trace.scope(trace.edge(edge).user) for edge in edges[1:]]
                if any(f".{name}." in f".{one}." for one in between):
                    passed.append(product)
            assert part.gradient == pytest.approx(sum(passed), rel=1e-9, abs=1e-9)
            assert part.mass == pytest.approx(sum(map(abs, passed)), rel=1e-9, abs=1e-9)


def test_shares_of_tensors_are_those_of_what_each_route_carries() -> None:
    """Of h + relu(h @ v) twice: identity and branch make the whole, and the highway is the gradient with v held off."""
    torch.manual_seed(0)
    start = torch.randn(4, 3)
    w = torch.randn(3, 3, requires_grad=True)
    with record() as recorder:
        h = torch.tanh(start @ w)
        top = h + torch.relu(h @ torch.ones(3, 3))
        top = top + torch.tanh(top @ torch.ones(3, 3))
        (top * top).sum().backward()
    trace = recorder.trace
    node = trace.resolve(w)
    found = array_residual(trace, node, 0)
    assert found is not None
    assert len(found.stages) == 2
    for stage in found.stages:
        assert stage.identity.gradient + stage.branch.gradient == pytest.approx(1.0, abs=1e-5)
    whole = w.grad.numpy()
    h = torch.tanh(start @ w)
    (h * (2 * top).detach()).sum().backward()
    alone = w.grad.numpy() - whole
    assert found.highway.gradient == pytest.approx(float((alone * whole).sum() / (whole * whole).sum()), rel=1e-4)
