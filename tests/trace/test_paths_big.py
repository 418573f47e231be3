"""Routes in a GPT's training step: a quarter of a million nodes, and more routes than can be listed."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from tests.trace.test_rebuild import MODEL, recorded
from tracer.explain.paths import tell_paths
from tracer.trace.paths import mass_of_paths, top_paths
from tracer.trace.residual import residual_adds, residual_share
from tracer.trace.sweep import sweep_of
from tracer.trace.trace import Trace

pytestmark = pytest.mark.deep
SECONDS = 0.5
"""Of this process's own time, for ten routes once the pass is in order."""


@pytest.fixture(scope="module")
def step() -> Trace:
    """Two layers, sixteen tokens."""
    rng = random.Random(0)
    return recorded(MODEL["Config"](n_layer=2), [26, *(rng.randrange(26) for _ in range(15)), 26])[0]


def test_the_sum_over_all_routes_is_the_gradient_of_every_node(step: Trace) -> None:
    """Of 250,000 nodes: to within rounding of what the routes weigh before they cancel."""
    columns, sweep = step.passes[0].columns, sweep_of(step, 0)
    off = np.abs(sweep.sum_down[columns.nodes] - columns.grads)
    assert (off <= 1e-13 * sweep.mass_down[columns.nodes]).all()


def test_the_ten_largest_of_any_weight_are_found_in_half_a_second(step: Trace) -> None:
    rng = random.Random(1)
    names = [name for name in step.columns.names.values() if "[" in name]
    tell_paths(step.cursor(-1), step.resolve("layer0.attn_wq[3,5]"))
    for name in rng.sample(names, 20):
        node, begun = step.resolve(name), time.process_time()
        found = top_paths(step, node)
        assert time.process_time() - begun < SECONDS
        if found is not None:
            products = [abs(path.product) for path in found.paths if path.product is not None]
            assert products == sorted(products, reverse=True)
            assert (
                len({path.edges for path in found.paths}) == len(products) == min(10, found.count) or found.count < 1000
            )
            assert found.mass is not None
            assert sum(products) <= found.mass * (1 + 1e-9)
            assert found.mass == pytest.approx(mass_of_paths(step, node))


def test_the_residual_adds_are_found_by_their_shape_alone(step: Trace) -> None:
    """All those of the residual scopes, and no other addition of 100,000."""
    adds = residual_adds(step, 0)
    residual = [step.scope(node) for node in adds.nodes.tolist()]
    assert len(residual) == 2 * 2 * 16 * 16
    assert all(".residual " in scope for scope in residual)
    found = residual_share(step, step.resolve("layer0.mlp_fc1[7,2]"), 0)
    assert found is not None
    assert found.branches == 1
    for stage in found.stages:
        assert stage.identity.mass + stage.branch.mass == pytest.approx(found.whole.mass)
        assert stage.identity.gradient + stage.branch.gradient == pytest.approx(found.whole.gradient)
