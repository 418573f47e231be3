"""The share of a gradient's flow against all routes, listed one by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.strategies import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.share import shares_of
from tracer.trace.trace import Trace


def routes(trace: Trace) -> list[tuple[float, frozenset[int]]]:
    """(mass, nodes) of every route of the first pass from the root to where gradient ends, by recursion."""
    this = trace.passes[0]
    leaving: dict[int, list[tuple[int, float]]] = {}
    for delivery, user in enumerate(this.users.tolist()):
        local = trace.contribution(0, delivery)[1]
        leaving.setdefault(user, []).append((int(this.targets[delivery]), abs(float(local))))

    def walk(node: int) -> list[tuple[float, frozenset[int]]]:
        if node not in leaving:
            return [(1.0, frozenset({node}))]
        return [(size * mass, path | {node}) for to, size in leaving[node] for mass, path in walk(to)]

    return walk(this.root)


@given(programs(max_steps=9), st.data())
def test_a_share_is_the_mass_of_the_routes_through_over_that_of_all(program, data):
    """Also of nodes that a route leaves and comes back to, and however often it does."""
    trace = program.record()
    every = routes(trace)
    total = math.fsum(mass for mass, _ in every)
    nodes = data.draw(st.sets(st.integers(0, trace.n_nodes - 1), min_size=1))
    share = shares_of(trace, 0).of(np.array(sorted(nodes)))
    if total == 0:
        assert share is None
        return
    expected = math.fsum(mass for mass, path in every if path & nodes) / total
    assert share == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert 0 <= share <= 1


@given(programs(max_steps=9))
def test_every_node_by_itself_and_every_delivery(program):
    trace = program.record()
    shares = shares_of(trace, 0)
    if not shares.known:
        return
    for node in range(trace.n_nodes):
        alone = shares.of(np.array([node]), once=True)
        assert alone == pytest.approx(float(shares.through[node]), abs=1e-12)
    assert shares.through[trace.passes[0].root] == 1.0
    ends = np.setdiff1d(np.arange(trace.n_nodes), trace.passes[0].users)
    assert math.fsum(shares.through[ends]) == pytest.approx(1.0)


@pytest.mark.parametrize("factor", [1e-40, 1e40])
def test_products_that_leave_the_range_of_floats_have_shares_all_the_same(factor):
    """Thirty more factors of 1e40, or of 1e-40, on both branches: only the first one parts the flow."""
    with record() as rec:
        x, y = Value(1.0, name="x"), Value(1.0, name="y")
        big, other = x * factor, y * 3.0
        for _ in range(30):
            big, other = big * factor, other * factor
        (big + other).backward()
    trace = rec.trace
    shares = shares_of(trace, 0)
    x, y = (np.array([int(trace.find(name))]) for name in "xy")
    assert shares.of(x) == pytest.approx(factor / (factor + 3.0))
    assert shares.of(y) == pytest.approx(3.0 / (factor + 3.0))


def test_what_comes_back_from_far_below_the_range_of_floats_counts():
    """1e-300 twice and then 1e300 twice: a product of 1, though it is 0 on the way."""
    with record() as rec:
        x, y = Value(1.0, name="x"), Value(1.0, name="y")
        (x * 1e-300 * 1e-300 * 1e300 * 1e300 + y).backward()
    found = shares_of(rec.trace, 0).of(np.array([int(rec.trace.find("x"))]))
    assert found == pytest.approx(0.5)


def test_without_plain_finite_numbers_there_is_no_share():
    """Nothing flows through a closed gate; nan is no mass; arrays hand on more than one number."""
    with record() as closed:
        Value(-1.0).relu().backward()
    with record() as bad:
        Value(-1.0).log().mul(0.0).sqrt().backward()
    with record() as arrays:
        (tracer.tensor([1.0, 2.0], requires_grad=True) * 2.0).sum().backward()
    for rec in (closed, bad, arrays):
        assert shares_of(rec.trace, 0).of(np.array([0])) is None
