"""Small programs on tensors, recorded in this process, for the tests of what is said and shown of them."""

from __future__ import annotations

from collections.abc import Mapping

import tracer
from tracer.core.record import LeafKey, Override, record
from tracer.trace.trace import Trace


def layer(overrides: Mapping[LeafKey, Override] | None = None) -> Trace:
    """C = A @ B + b, a gate, a sum: (2, 3) @ (3, 4), and a row of four that both rows of C use."""
    with record(overrides) as rec:
        A = tracer.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
        A.name = "A"
        B = tracer.full((3, 4), 0.5).requires_grad_()
        B.name = "B"
        b = tracer.tensor([1.0, -2.0, -20.0, 4.0], requires_grad=True)
        b.name = "b"
        C = (A @ B + b).named("C")
        H = C.relu().named("H")
        L = H.sum().named("L")
        L.backward()
    return rec.trace


def moved() -> Trace:
    """Data movement: a view, a transpose, an index, two tensors joined; the sum of squares at the end."""
    with record() as rec:
        x = tracer.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], requires_grad=True).named("x")
        m = x.view(2, 3).named("m")
        t = m.T.named("t")
        row = t[1].named("row")
        both = tracer.cat([row, x]).named("both")
        (both * both).sum().named("L").backward()
    return rec.trace


def single() -> Trace:
    """Tensors without axes only: the numbers of section 6.7 of the document."""
    with record() as rec:
        x = tracer.tensor(2.0, requires_grad=True).named("x")
        y = (x**2 * 0.1).named("y")
        y.backward()
    return rec.trace


def trained(rule: str = "SGD", set_to_none: bool = True, steps: int = 2) -> Trace:
    """Steps of an optimizer on one weight matrix, cleared before each backward pass."""
    options = {"SGD": {"lr": 0.5, "momentum": 0.9}, "Adam": {"lr": 0.01}, "plain": {"lr": 0.5}}[rule]
    with record() as rec:
        X = tracer.tensor([[1.0, 2.0], [3.0, -1.0]]).named("X")
        W = tracer.tensor([[0.25, -0.5]], requires_grad=True).named("W")
        optimizer = (tracer.optim.Adam if rule == "Adam" else tracer.optim.SGD)([W], **options)
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=set_to_none)
            ((X @ W.T) ** 2).mean().named("loss").backward()
            optimizer.step()
    return rec.trace
