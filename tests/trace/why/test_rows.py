"""Which element of an output an element's gradient came from, op by op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tracer
import tracer.core.ops.all
from tracer.core.apply import apply
from tracer.core.op import OPS, Op, Sample
from tracer.trace.trace import Trace
from tracer.trace.why import QUESTIONS, why
from tracer.trace.why.rows import largest, local_at, products, rule_of, supporting


def network(rows: int = 3) -> Trace:
    rng = np.random.default_rng(7)
    with tracer.record() as rec:
        x = tracer.tensor(rng.normal(size=(rows, 4)), dtype=tracer.float64, requires_grad=True)
        w = tracer.tensor(rng.normal(size=(5, 4)), dtype=tracer.float64, requires_grad=True)
        b = tracer.tensor(rng.normal(size=5), dtype=tracer.float64, requires_grad=True)
        m = tracer.tensor(rng.normal(size=(5, 2)), dtype=tracer.float64, requires_grad=True)
        y = tracer.nn.functional.linear(x, w, b)
        (tracer.softmax(y @ m, dim=1)[:, 0] * tracer.arange(1.0, rows + 1)).sum().backward()
    return rec.trace


@pytest.mark.parametrize(("made", "slots"), [("linear", 3), ("matmul", 2)])
def test_the_row_of_a_matrix_product_is_what_its_rule_says(made: str, slots: int) -> None:
    """Each element's local gradients, and 0 at all other elements of the output."""
    trace = network()
    user = next(n for n in range(trace.n_nodes) if trace.op(n) is not None and trace.op(n).name == made)  # type: ignore[union-attr]
    shape, args = trace.shape(user), trace.args(user)
    for slot in range(slots):
        for element in range(np.size(args[slot])):
            found = products(made, args, slot, shape, element)
            assert found is not None
            whole = np.zeros(math.prod(shape))
            whole[found[0]] = found[1]
            rule = rule_of(trace, user, slot, element)
            wanted = [local_at(rule, shape, place) for place in range(whole.size)]
            np.testing.assert_allclose(whole, wanted, rtol=1e-12, atol=1e-15)


def test_halving_finds_the_element_that_hands_on_the_most() -> None:
    """Of a softmax, whose rule is only known as a whole."""
    trace = network(rows=6)
    user = next(n for n in range(trace.n_nodes) if trace.op(n) is not None and trace.op(n).name == "softmax")  # type: ignore[union-attr]
    shape = trace.shape(user)
    upstream = np.random.default_rng(3).normal(size=shape)
    for element in range(math.prod(shape)):
        rule = rule_of(trace, user, 0, element)
        found = largest(rule, upstream)
        assert found is not None
        parts = [local_at(rule, shape, place) * upstream.reshape(-1)[place] for place in range(math.prod(shape))]
        assert abs(found[1] * upstream.reshape(-1)[found[0]]) == pytest.approx(max(map(abs, parts)))


def test_an_element_that_nothing_reacts_to_has_no_row() -> None:
    """Of an embedding, the rows that were not looked up."""
    with tracer.record() as rec:
        table = tracer.tensor(np.ones((3, 2)), dtype=tracer.float64, requires_grad=True)
        out = tracer.nn.functional.embedding(tracer.tensor([0, 2]), table)
    trace, user = rec.trace, rec.trace.resolve(out)
    found = [supporting(rule_of(trace, user, 0, element), np.ones((2, 2))) is not None for element in range(6)]
    assert found == [True, True, False, False, True, True]


def program(op: Op, sample: Sample) -> Trace | None:
    """One application of an op in a small program with a pass; None where no gradient flows."""
    given: list[Any] = []
    with tracer.record() as rec:
        for arg in sample.args:
            if isinstance(arg, np.ndarray) and arg.dtype.kind == "f":
                given.append(tracer.tensor(arg, dtype=tracer.float64, requires_grad=True))
            else:
                given.append(tracer.tensor(arg) if isinstance(arg, np.ndarray) else arg)
        out = apply(op, *given, **sample.static)
        if not out.requires_grad:
            return None
        (out * out * 0.5).sum().backward()
    return rec.trace


OF_TENSORS = [name for name in OPS if name not in ("gate", "winner", "lowest", "ranked")]


@pytest.mark.deep
@pytest.mark.parametrize("name", OF_TENSORS)
def test_every_op_is_followed_whatever_is_asked(name: str) -> None:
    """No question about any element of any op fails, and each link is upstream times local."""
    op = OPS[name]
    for sample in op.tries(np.random.default_rng(1))[:2]:
        trace = program(op, sample)
        for node in range(trace.n_nodes) if trace is not None else ():
            assert trace is not None
            grad = trace.cursor(-1).grad(node)
            size = np.size(grad) if grad is not None else 0
            for element in sorted({0, size - 1}) if size else [None]:
                for question in (None, *QUESTIONS):
                    answer = why(trace, node, question=question, element=element)
                    for link in answer.chain:
                        if link.kind == "handed" and link.local is not None and question == "ordinary":
                            assert link.upstream is not None
                            assert link.contribution == pytest.approx(link.upstream * link.local, rel=1e-9)
