"""Programs that the explanations, the checks and the panels are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tracer.core.record import mark, record
from tracer.core.value import Value, by_hand
from tracer.trace.trace import Trace


def product() -> Trace:
    """y = (x + 2)(x − 1) at 3, the graph of section 6.3."""
    with record() as rec:
        x = Value(3.0, name="x")
        a = x + 2
        b = x - 1
        y = a * b
        y.backward()
    assert y.grad == 1
    return rec.trace


def square() -> Trace:
    """One value in two places of one op."""
    with record() as rec:
        x = Value(3.0, name="x")
        (x * x).named("L").backward()
    return rec.trace


def cross_entropy() -> Trace:
    """Softmax and cross-entropy of three logits, class 1."""
    with record() as rec:
        z = [Value(1.0), Value(2.0), Value(3.0)]
        e = [value.exp() for value in z]
        total = e[0] + e[1] + e[2]
        p = [value / total for value in e]
        L = -(p[1].log())
        L.backward()
    return rec.trace


def loop(*, zero: bool = True, rounds: int = 2) -> Trace:
    """Gradient descent on (w − 3)², the gradient zeroed or not."""
    with record() as rec:
        w = Value(5.0, name="w")
        for _ in range(rounds):
            miss = (w - 3).named("miss")
            loss = (miss**2).named("loss")
            loss.backward()
            w.data -= 0.25 * w.grad
            if zero:
                w.grad = 0
    return rec.trace


def recursion(combine: str = "add", *, visited: bool = False) -> Trace:
    """b = a + a, c = b + b at 1, delivered by a recursion that keeps no order."""
    with record() as rec:
        a = Value(1.0, name="a")
        b = (a + a).named("b")
        c = (b + b).named("c")
        seen: set[Value] = set()
        with by_hand(c, combine) as hand:

            def walk(value: Value) -> None:
                if visited and value in seen:
                    return
                seen.add(value)
                mark(value, "visited")
                for slot, source in enumerate(value.inputs):
                    hand.deliver(value, slot)
                    walk(source)

            walk(c)
    return rec.trace


def gates() -> Trace:
    """A closed relu, an open one, tanh, sigmoid, division and a power."""
    with record() as rec:
        x = Value(-0.5, name="x")
        w = Value(0.7, name="w")
        z = (x * w).named("z")
        h = z.relu().named("h")
        t = (z.tanh() + x.sigmoid()).named("t")
        y = (h + t * (w**3) / 2 + w.relu()).named("y")
        y.backward()
    return rec.trace


def spoilt() -> Trace:
    """log(0), then 0 · (slope of √0)."""
    with record() as rec:
        x = Value(0.0, name="x")
        bad = x.log().named("bad")
        y = (bad * 2).named("y")
        root = x.sqrt().named("root")
        s = (y + root * 0).named("s")
        s.backward()
    return rec.trace


ALL = {
    "product": product,
    "square": square,
    "cross_entropy": cross_entropy,
    "loop": loop,
    "not_zeroed": lambda: loop(zero=False),
    "recursion": recursion,
    "visited": lambda: recursion(visited=True),
    "assign": lambda: recursion("assign"),
    "gates": gates,
    "spoilt": spoilt,
}
"""By name, for tests that hold for any program."""


def with_value(trace: Trace, node: int, value: float) -> Trace:
    """The same trace with one stored value changed."""
    values = trace.columns.value.copy()
    values[node] = value
    return Trace(replace(trace.columns, value=values))


def with_grad(trace: Trace, node: int, grad: float, pass_index: int = 0) -> Trace:
    """The same trace with one stored gradient changed."""
    passes = list(trace.columns.passes)
    old = passes[pass_index]
    grads = old.grads.copy()
    grads[list(old.nodes).index(node)] = grad
    passes[pass_index] = replace(old, grads=grads)
    return Trace(replace(trace.columns, passes=tuple(passes)))


def with_info(trace: Trace, info: Mapping[str, Any]) -> Trace:
    """The same trace that ended otherwise."""
    return Trace(replace(trace.columns, info=info))
