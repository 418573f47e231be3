"""Healthy graphs have no culprit; the largest route of an ordinary gradient multiplies up to its contribution."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

import tracer
from tests.strategies import Program, programs
from tracer import Value
from tracer.trace.trace import Trace
from tracer.trace.why import why, worst

OPERATIONS: tuple[Callable[[Value, Value], Value], ...] = (
    lambda a, b: (a + b) * 0.7,
    lambda a, b: a - b * 0.5,
    lambda a, b: (a * b).tanh(),
    lambda a, b: a.tanh() + b * 0.3,
    lambda a, b: a.sigmoid() * b,
    lambda a, b: ((a * a + 1.0).log() + b) * 0.7,
    lambda a, b: (a * 0.3).exp() * 0.5 - b * 0.2,
)


def healthy(seed: int, steps: int = 30) -> Trace:
    """A random graph whose values and slopes stay moderate, every leaf of which is used."""
    rng = np.random.default_rng(seed)
    with tracer.record() as rec:
        values = [Value(float(rng.uniform(0.5, 1.5) * rng.choice([-1, 1])), f"x{i}") for i in range(5)]
        for i in range(steps):
            a = values[i % 5] if i < 5 else values[int(rng.integers(max(0, len(values) - 10), len(values)))]
            b = values[int(rng.integers(max(0, len(values) - 10), len(values)))]
            made = OPERATIONS[int(rng.integers(len(OPERATIONS)))](a, b)
            values.append(made.tanh() * 1.5 if i % 6 == 5 else made)
        (sum(values[-10:], values[0]) * 0.1).backward()
    return rec.trace


def healthy_tensors(seed: int) -> Trace:
    """A small network of random shape on random numbers, with a residual route and no gate."""
    rng = np.random.default_rng(seed)
    width, rows = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    with tracer.record() as rec:
        x = tracer.tensor(rng.normal(0, 1, (rows, width)), dtype=tracer.float64)
        w = tracer.tensor(rng.normal(0, 0.5, (width, width)), dtype=tracer.float64, requires_grad=True)
        b = tracer.tensor(rng.normal(0, 0.5, width), dtype=tracer.float64, requires_grad=True)
        h = tracer.tanh(x @ w + b) + x * 0.5
        p = tracer.softmax(h @ w.T, dim=-1)
        (-(p * tracer.tensor(rng.uniform(0.1, 1, width), dtype=tracer.float64)).sum(dim=-1).log().mean()).backward()
    return rec.trace


@pytest.mark.parametrize("seed", range(100))
def test_a_healthy_graph_has_no_culprit(seed: int) -> None:
    """Neither at any node that received gradient, nor when the whole trace is looked through."""
    for trace in (healthy(seed), healthy_tensors(seed)) if seed % 4 == 0 else (healthy(seed),):
        assert worst(trace) is None
        end = trace.cursor(-1)
        for node in range(seed % 4, trace.n_nodes, 4):
            if end.grad(node) is not None:
                answer = why(trace, node)
                assert (answer.verdict, answer.culprit) == ("ordinary", None), trace.label(node)


@pytest.mark.parametrize("seed", [1])
def test_the_route_of_an_ordinary_gradient_multiplies_up_to_what_it_brings(seed: int) -> None:
    """Start times every local gradient is what the route hands on, also through ops that are not elementwise."""
    for trace in (healthy(seed), healthy_tensors(seed)):
        end = trace.cursor(-1)
        for node in range(trace.n_nodes):
            if end.grad(node) is None:
                continue
            answer = why(trace, node, question="ordinary")
            handed = [link for link in answer.chain if link.kind == "handed"]
            product = 1.0
            for link in handed:
                assert link.local is not None
                product *= link.local
            assert answer.contribution == pytest.approx(product, rel=1e-9)
            for link in handed:
                assert link.upstream is not None
                assert link.local is not None
                assert link.contribution is not None
                assert link.contribution == pytest.approx(link.upstream * link.local, rel=1e-12)
                assert link.share is not None
                assert 0 < link.share <= 1


@given(programs())
@settings(max_examples=30)
def test_the_product_along_the_chain_is_the_contribution_it_explains(program: Program) -> None:
    """Of any program: start times the local gradients equals, link by link, upstream times local."""
    trace = program.record()
    for node in range(trace.n_nodes):
        answer = why(trace, node, question="ordinary")
        brought = answer.contribution
        if brought is None or not math.isfinite(brought):
            continue
        one_route = all(link.routes == 1 for link in answer.chain if link.kind == "handed")
        grad = trace.cursor(-1).grad(node)
        if one_route:
            assert brought == pytest.approx(grad, rel=1e-9)
        product = answer.start
        assert product is not None
        for link in reversed([one for one in answer.chain if one.kind == "handed"]):
            assert link.local is not None
            product *= link.local
        assert product == pytest.approx(brought, rel=1e-12)


@given(programs())
@settings(max_examples=20)
def test_nothing_later_than_the_position_is_used(program: Program) -> None:
    """At every position, every number of the answer is the cursor's own, and no link happened later."""
    trace = program.record(update=True)
    for position in range(0, len(trace) + 1, 3):
        cursor = trace.cursor(position)
        for node in range(trace.n_nodes):
            answer = why(trace, node, position)
            if cursor.grad(node) is None and cursor.is_made(node) is False:
                assert answer.verdict == "not yet"
            for link in answer.chain:
                assert link.position <= position
                assert cursor.is_made(link.at.node) or (link.value, link.grad) == (None, None)
                assert link.value is None or _same(link.value, cursor.data(link.at.node))
                assert link.grad is None or _same(link.grad, cursor.grad(link.at.node))
                if link.kind == "handed" and link.contribution is not None:
                    assert link.other is not None
                    assert cursor.grad(link.other.node) is not None


def _same(a: float, b: float | None) -> bool:
    return b is not None and (a == b or (math.isnan(a) and math.isnan(b)))
