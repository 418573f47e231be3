"""Small programs with one fault planted in each: what to ask about, and where the fault is.

A fault is a function that runs the program; the name it gives to the planted node is `planted`, the node asked about is
`w` unless it says otherwise. Scalars and tensors have a program of their own wherever the fault exists for both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tracer
from tracer import Value
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Fault:
    """One planted fault."""

    name: str
    run: Callable[[], object]
    verdicts: tuple[str, ...]
    """Any of these names it rightly."""
    ask: str = "w"
    planted: str = "planted"
    element: int | None = None
    """Of the culprit, where the fault is in one element of a tensor."""
    ask_element: int | None = None
    """Of what is asked about."""

    def trace(self) -> Trace:
        with tracer.record() as rec:
            self.run()
        return rec.trace


FAULTS: list[Fault] = []


def fault(
    name: str,
    *verdicts: str,
    ask: str = "w",
    planted: str = "planted",
    element: int | None = None,
    ask_element: int | None = None,
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Adds the program below it to the list."""

    def add(run: Callable[[], object]) -> Callable[[], object]:
        FAULTS.append(Fault(name, run, verdicts, ask, planted, element, ask_element))
        return run

    return add


def layers(w: Value, x: float = 0.7) -> Value:
    """A healthy beginning: w is used twice."""
    return (w * x + 0.3) * 1.1 + (w * 0.2).tanh()


def loss(y: Value) -> Value:
    """A healthy end."""
    return (y - 0.5) * (y - 0.5) + y * 0.1


def leaf(*numbers: float, dtype: object = None) -> tracer.Tensor:
    made: tracer.Tensor = tracer.tensor(list(numbers), dtype=dtype or tracer.float64, requires_grad=True)
    return made.named("w")


# Nothing gets through


@fault("scalar dead relu", "closed gate")
def _() -> None:
    h = layers(Value(0.4, "w")) - 9
    loss(h.relu().named("planted") * 2).backward()


@fault("tensor dead relu", "closed gate", ask_element=1, element=1)
def _() -> None:
    h = (leaf(0.5, 0.4, 0.6) * 2 + tracer.tensor([1.0, -9.0, 1.0], dtype=tracer.float64)) * 1.5
    (tracer.relu(h).named("planted") * 2).sum().backward()


@fault("scalar saturated sigmoid", "saturated")
def _() -> None:
    loss((layers(Value(0.4, "w")) * 100).sigmoid().named("planted")).backward()


@fault("tensor saturated tanh", "saturated", ask_element=2, element=2)
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) * tracer.tensor([1.0, 1.0, 90.0], dtype=tracer.float64)
    tracer.tanh(h).named("planted").sum().backward()


@fault("scalar saturated softmax", "saturated softmax", "exp underflow")
def _() -> None:
    w = Value(0.4, "w")
    logits = [w * 3 - 900, Value(2.0, "a"), Value(1.0, "b")]
    exps = [(z - 2.0).exp() for z in logits]
    exps[0].named("planted")
    total = exps[0] + exps[1] + exps[2]
    loss(exps[0] / total + (exps[1] / total) * 2).backward()


@fault("tensor saturated softmax", "saturated softmax")
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) * tracer.tensor([900.0, 1.0, 1.0], dtype=tracer.float64)
    p = tracer.softmax(h * 5, dim=0).named("planted")
    (p * tracer.tensor([1.0, 2.0, 3.0], dtype=tracer.float64)).sum().backward()


@fault("scalar zeroed weight", "zero factor")
def _() -> None:
    planted = Value(0.0, "planted")
    loss(layers(Value(0.4, "w")) * planted + planted * 2).backward()


@fault("tensor zeroed weight", "zero factor")
def _() -> None:
    planted = tracer.zeros(3, 2, dtype=tracer.float64).requires_grad_().named("planted")
    (leaf(0.5, 0.4, 0.6).reshape(1, 3) @ planted).sum().backward()


@fault("scalar loss times 0", "zero factor", planted="v2")
def _() -> None:
    w = Value(0.4, "w")
    (w.tanh() * 0).named("L").backward()


@fault("tensor times a mask", "zero factor", "masked", ask_element=1, element=1)
def _() -> None:
    planted = tracer.tensor([1.0, 0.0, 1.0], dtype=tracer.float64).named("planted")
    ((leaf(0.5, 0.4, 0.6) * 2) * planted).sum().backward()


@fault("tensor where", "masked", ask_element=0, element=0)
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) * 3
    away = tracer.tensor([True, False, False])
    tracer.where(away, tracer.zeros(3, dtype=tracer.float64), h).named("planted").sum().backward()


@fault("tensor maximum", "masked", ask_element=1, element=1)
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) * 3
    other = tracer.tensor([0.0, 9.0, 0.0], dtype=tracer.float64)
    tracer.maximum(h, other).named("planted").sum().backward()


@fault("tensor clamp", "masked", ask_element=1, element=1)
def _() -> None:
    (leaf(0.5, 0.4, 0.6) * tracer.tensor([1.0, 50.0, 1.0], dtype=tracer.float64)).clamp(-2, 2).named(
        "planted"
    ).sum().backward()


@fault("tensor max over elements", "masked", ask_element=0)
def _() -> None:
    (leaf(0.5, 0.4, 0.6) * 3).max().named("planted").backward()


@fault("tensor row not looked up", "masked", ask_element=2)
def _() -> None:
    table = tracer.tensor([[0.5, 0.4], [0.1, 0.2]], dtype=tracer.float64, requires_grad=True).named("w")
    tracer.nn.functional.embedding(tracer.tensor([0, 0]), table).named("planted").sum().backward()


@fault("scalar exp underflow", "exp underflow")
def _() -> None:
    loss((layers(Value(0.4, "w")) - 900).exp().named("planted")).backward()


@fault("tensor exp underflow in float32", "exp underflow")
def _() -> None:
    (leaf(0.5, dtype=tracer.float32) - 200).exp().named("planted").sum().backward()


@fault("scalar shared weight cancels", "cancelled", planted="w")
def _() -> None:
    w = Value(0.4, "w")
    loss(w * 3 + w * -3).backward()


@fault("tensor shared weight cancels", "cancelled", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4, 0.6)
    ((w * 3).sum() - (w * 3).sum()).backward()


@fault("tensor bias cancels over the batch", "cancelled", planted="w")
def _() -> None:
    x = tracer.tensor([[1.0], [2.0]], dtype=tracer.float64)
    ((x + leaf(0.5)) * tracer.tensor([[1.0], [-1.0]], dtype=tracer.float64)).sum().backward()


@fault("scalar gradient underflow", "gradient underflow")
def _() -> None:
    ((Value(0.4, "w") * 1e-200).named("planted") * 1e-200).backward()


@fault("float16 gradient underflow", "gradient underflow")
def _() -> None:
    w = leaf(0.5, dtype=tracer.float16)
    ((w * 1e-4).named("planted") * 1e-4).sum().backward()


@fault("float32 gradient underflow", "gradient underflow")
def _() -> None:
    w = leaf(0.5, dtype=tracer.float32)
    ((w * 1e-30).named("planted") * 1e-30).sum().backward()


@fault("tensor pass started from 0", "zero start", planted="L")
def _() -> None:
    y = (leaf(0.5, 0.4) * 3).sum().named("L")
    y.backward(gradient=tracer.tensor(0.0, dtype=tracer.float64))


@fault("scalar power of 0", "flat")
def _() -> None:
    w = Value(0.0, "w")
    loss((w**3).named("planted")).backward()


@fault("tensor rounding", "flat")
def _() -> None:
    (tracer.round(leaf(0.5, 1.4) * 3).named("planted") * 2).sum().backward()


@fault("tensor sum of no elements", "masked", "flat")
def _() -> None:
    w = leaf(0.5, 1.4)
    (w[2:].named("planted") * 2).sum().backward()


# The program changed it


@fault("scalar zeroed after the pass", "zeroed", planted="w")
def _() -> None:
    w = Value(0.4, "w")
    loss(layers(w)).backward()
    w.grad = 0.0


@fault("tensor zeroed after the pass", "zeroed", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4)
    (w * 3).sum().backward()
    assert w.grad is not None
    w.grad.zero_()


@fault("tensor cleared after the pass", "cleared", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4)
    (w * 3).sum().backward()
    w.grad = None


@fault("tensor gradient clipped", "written", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4)
    (w * 3).sum().backward()
    tracer.nn.utils.clip_grad_norm_([w], 1e-3)


@fault("tensor hook gives 0", "hooked")
def _() -> None:
    h = (leaf(0.5, 0.4) * 3).named("planted")
    h.register_hook(lambda g: g * 0)
    (h * 2).sum().backward()


@fault("tensor hook on the leaf", "hooked", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4)
    w.register_hook(lambda g: g * 0.5)
    (w * 2).sum().backward()


# It is not there


@fault("scalar read as data", "read")
def _() -> None:
    h = (Value(0.4, "w") * 3).named("planted")
    x = Value(0.1, "x")
    loss(x * h.data).backward()


@fault("tensor detached", "detached")
def _() -> None:
    other = tracer.tensor([0.1, 0.2], dtype=tracer.float64, requires_grad=True)
    h = (leaf(0.5, 0.4) * 3).detach().named("planted")
    (h * other).sum().backward()


@fault("tensor no_grad", "no_grad")
def _() -> None:
    other = tracer.tensor([0.1, 0.2], dtype=tracer.float64, requires_grad=True)
    w = leaf(0.5, 0.4) * 2
    with tracer.no_grad():
        h = (w * 3).named("planted")
    (h * other).sum().backward()


@fault("tensor argmax", "no slope")
def _() -> None:
    other = tracer.tensor([0.1, 0.2], dtype=tracer.float64, requires_grad=True)
    at = tracer.argmax(leaf(0.5, 0.4) * 2).named("planted")
    (other * at).sum().backward()


@fault("scalar never used", "unused", planted="w")
def _() -> None:
    _w = Value(0.4, "w")
    loss(layers(Value(0.3, "v"))).backward()


@fault("scalar used off the route", "unused")
def _() -> None:
    (Value(0.4, "w") * 3).named("planted")
    loss(layers(Value(0.3, "v"))).backward()


@fault("scalar made after the loss", "after", ask="late", planted="late")
def _() -> None:
    loss(layers(Value(0.3, "v"))).backward()
    Value(0.4, "late")


@fault("tensor takes none", "takes none", planted="w")
def _() -> None:
    w = tracer.tensor([0.5, 0.4], dtype=tracer.float64).named("w")
    other = tracer.tensor([0.1, 0.2], dtype=tracer.float64, requires_grad=True)
    (w * other).sum().backward()


@fault("tensor gradient handed out", "handed out", planted="w")
def _() -> None:
    w = leaf(0.5, 0.4)
    tracer.autograd.grad((w * 3).sum(), w)
    w * 2


@fault("scalar no pass", "no pass", planted="w")
def _() -> None:
    loss(layers(Value(0.4, "w")))


# Not finite


@fault("scalar log of 0", "log of zero")
def _() -> None:
    w = Value(0.4, "w")
    loss((w * 0).log().named("planted") * 2 + w).backward()


@fault("tensor log of 0", "log of zero", element=1)
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) * tracer.tensor([1.0, 0.0, 1.0], dtype=tracer.float64)
    (tracer.log(h).named("planted") * 2).sum().backward()


@fault("scalar log of a negative", "log of negative", ask="L")
def _() -> None:
    loss((layers(Value(0.4, "w")) - 9).log().named("planted") * 2).named("L").backward()


@fault("tensor log of a negative", "log of negative", ask="L", element=1)
def _() -> None:
    h = leaf(0.5, 0.4, 0.6) - tracer.tensor([0.0, 9.0, 0.0], dtype=tracer.float64)
    (tracer.log(h).named("planted") * 2).sum().named("L").backward()


@fault("scalar division by 0", "division by zero", "zero over zero")
def _() -> None:
    w = Value(0.4, "w")
    loss((layers(w) / (w - 0.4)).named("planted")).backward()


@fault("tensor normalised by a std of 0", "division by zero", "zero over zero")
def _() -> None:
    x = leaf(0.5, 0.5, 0.5)
    std = ((x - x.mean()) ** 2).mean().sqrt()
    ((x - x.mean()) / std).named("planted").sum().backward()


@fault("scalar 0 times inf forward", "overflow", ask="L")
def _() -> None:
    w = Value(800.0, "w")
    ((w - 800) * w.exp().named("planted")).named("L").backward()


@fault("scalar 0 times an infinite slope", "zero times inf")
def _() -> None:
    w = Value(0.0, "w")
    (w.sqrt().named("planted") * w).backward()


@fault("tensor 0 times an infinite slope", "zero times inf", element=0)
def _() -> None:
    w = leaf(0.0, 0.4)
    keep = tracer.tensor([0.0, 1.0], dtype=tracer.float64)
    (tracer.sqrt(w).named("planted") * keep).sum().backward()


@fault("scalar inf minus inf as data", "inf minus inf", ask="L")
def _() -> None:
    a, b = Value(float("inf"), "a"), Value(float("inf"), "b")
    ((a - b).named("planted") * Value(0.4, "w")).named("L").backward()


@fault("scalar inf minus inf of exps", "overflow", ask="L")
def _() -> None:
    w = Value(0.4, "w")
    big = (w + 900).exp().named("planted")
    ((big - big * 2) * 3).named("L").backward()


@fault("scalar exp overflow", "overflow")
def _() -> None:
    loss((layers(Value(0.4, "w")) + 900).exp().named("planted") * 0.1).backward()


@fault("tensor exp overflow in float32", "overflow", element=1)
def _() -> None:
    h = leaf(0.5, 0.4, dtype=tracer.float32) + tracer.tensor([0.0, 100.0])
    (tracer.exp(h).named("planted") * 2).sum().backward()


@fault("scalar sqrt at 0", "infinite slope")
def _() -> None:
    w = Value(0.0, "w")
    loss(w.sqrt().named("planted")).backward()


@fault("tensor sqrt at 0", "infinite slope", element=1)
def _() -> None:
    tracer.sqrt(leaf(0.5, 0.0)).named("planted").sum().backward()


@fault("scalar bad base", "bad power", ask="L")
def _() -> None:
    ((Value(-0.4, "w") ** 0.5).named("planted") * 2).named("L").backward()


@fault("scalar 0 to a negative power", "bad power", ask="L")
def _() -> None:
    ((Value(0.0, "w") ** -1.0).named("planted") * 2).named("L").backward()


@fault("scalar nan as data", "bad data")
def _() -> None:
    x = Value(float("nan"), "planted")
    loss(layers(Value(0.4, "w")) * x).backward()


@fault("scalar step too large", "bad update", planted="w")
def _() -> None:
    w = Value(1e200, "w")
    (w * 3).backward()
    w.data = w.data - 1e308 * w.grad
    loss(w - w).backward()


@fault("tensor root's infinite slope, two steps ago", "infinite slope")
def _() -> None:
    w = leaf(0.0, 4.0)
    for step in range(3):
        w.grad = None
        h = w.sqrt() if step else w.sqrt().named("planted")
        (h * 2).sum().backward()
        assert w.grad is not None
        with tracer.no_grad():
            w -= 0.1 * w.grad


@fault("tensor nan as data", "bad data", element=1)
def _() -> None:
    x = tracer.tensor([0.5, float("nan")], dtype=tracer.float64).named("planted")
    (leaf(0.5, 0.4) * x).sum().backward()


@fault("tensor mean of nothing", "empty", ask="L")
def _() -> None:
    w = leaf(0.5, 0.4)
    (w[2:].mean().named("planted") * 3).named("L").backward()


@fault("tensor softmax of a row that is all masked", "bad operation", "inf minus inf", ask="L")
def _() -> None:
    h = leaf(0.5, 0.4).masked_fill(tracer.tensor([True, True]), float("-inf"))
    (tracer.softmax(h, dim=0).named("planted") * 2).sum().named("L").backward()


@fault("scalar gradient overflow", "gradient overflow")
def _() -> None:
    w = Value(1e-250, "w")
    ((w * 1e200).named("planted") * 1e200).backward()


# Large and small


@fault("scalar dominating factor", "dominating factor")
def _() -> None:
    loss((layers(Value(0.4, "w")) * 1e6).named("planted") * 1e-1).backward()


@fault("tensor dominating factor", "dominating factor", element=1)
def _() -> None:
    scale = tracer.tensor([1.0, 1e7], dtype=tracer.float64)
    (leaf(0.5, 0.4) * scale).named("planted").sum().backward()


@fault("scalar exploding product", "exploding product")
def _() -> None:
    h = layers(Value(0.4, "w"))
    for i in range(20):
        h = h * 3
        if i == 19:
            h.named("planted")
    (h * 0.5).backward()


@fault("tensor exploding product", "exploding product")
def _() -> None:
    h = leaf(0.5, 0.4)
    m = tracer.tensor([[3.0, 0.5], [0.5, 3.0]], dtype=tracer.float64)
    for i in range(20):
        h = m @ h
        if i == 19:
            h.named("planted")
    h.sum().backward()


@fault("scalar vanishing product", "vanishing product")
def _() -> None:
    h = layers(Value(0.4, "w"))
    for i in range(20):
        h = h.sigmoid()
        if i == 19:
            h.named("planted")
    (h * 1.2).backward()


@fault("tensor vanishing product", "vanishing product")
def _() -> None:
    h = leaf(0.5, 0.4)
    for i in range(20):
        h = tracer.sigmoid(h)
        if i == 19:
            h.named("planted")
    h.sum().backward()


@fault("scalar small factor", "small factor")
def _() -> None:
    loss((layers(Value(0.4, "w")) * 1e-9).named("planted") * 2).backward()


@fault("scalar nearly saturated", "saturated")
def _() -> None:
    loss((layers(Value(0.4, "w")) + 18).sigmoid().named("planted")).backward()


@fault("scalar nearly cancels", "cancelled", planted="w")
def _() -> None:
    w = Value(0.4, "w")
    (w * 3 - w * (3 - 1e-9)).backward()


@fault("scalar many contributions", "many contributions", planted="w")
def _() -> None:
    w = Value(0.4, "w")
    total = w * 1.0
    for _i in range(3000):
        total = total + w * 1.5
    total.backward()


@fault("tensor subnormal", "subnormal")
def _() -> None:
    w = leaf(0.5, dtype=tracer.float32)
    ((w * 1e-20).named("planted") * 1e-20).sum().backward()


@fault("scalar accumulated over passes", "accumulated", planted="w")
def _() -> None:
    w = Value(0.4, "w")
    for _i in range(3):
        loss(w * 3000).backward()


@fault("tensor started from a million", "large start", planted="L")
def _() -> None:
    y = (leaf(0.5, 0.4) * 3).sum().named("L")
    y.backward(gradient=tracer.tensor(1e6, dtype=tracer.float64))
