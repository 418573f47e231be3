"""Random small programs on tensors, for property tests: what Hypothesis draws, run as a user would write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tracer.core.autograd import grad
from tracer.core.functions.all import FUNCTIONS
from tracer.core.grad_mode import no_grad
from tracer.core.record import Recorder, record
from tracer.core.tensor import Tensor
from tracer.trace.trace import Trace

UNARY = ("tanh", "sigmoid", "relu", "neg", "sin", "abs")
BINARY = ("add", "sub", "mul", "maximum")
REDUCE = ("sum", "mean", "amax", "softmax", "logsumexp")
SHAPE = ("flat", "turn", "unsqueeze", "first", "slice", "fancy", "expand", "cat", "join")
OTHER = ("matmul", "double", "square", "rsub", "detach", "no_grad")
COMPUTE = (*UNARY, *BINARY, *REDUCE, *SHAPE, *OTHER)
EVENTS = ("backward", "seeded", "grad", "zero", "none", "update", "retain", "hook", "write")
SMOOTH = tuple(name for name in COMPUTE if name not in ("relu", "abs", "maximum", "amax"))


@dataclass(frozen=True)
class Ran:
    """A program that has run."""

    trace: Trace
    leaves: tuple[Tensor, ...]
    retained: tuple[Tensor, ...]
    """Computed tensors whose `.grad` the program keeps."""


@dataclass(frozen=True)
class TensorProgram:
    """Leaves, then instructions: a name, and two places in the growing list of tensors, taken modulo its length."""

    shapes: tuple[tuple[int, ...], ...]
    dtype: str
    steps: tuple[tuple[str, int, int], ...]
    seed: int = 0

    def run(self) -> Ran:
        """Record the program. A `backward` of the last result ends it."""
        rng = np.random.default_rng(self.seed)
        recorder: Recorder
        retained: list[Tensor] = []
        with record() as recorder:
            known: list[Tensor] = []
            for i, shape in enumerate(self.shapes):
                leaf: Tensor = Tensor._wrap(np.asarray(rng.uniform(-1.5, 1.5, shape), self.dtype), i != 1)
                known.append(leaf.named(f"x{i}"))
            leaves = tuple(known)
            for name, i, j in (*self.steps, ("backward", -1, 0)):
                a, b = known[i % len(known)], known[j % len(known)]
                if name in COMPUTE:
                    known.append(compute(name, a, b))
                else:
                    event(name, known[-1], a, leaves[j % len(leaves)], retained, rng)
                if name == "update":
                    known = list(leaves)  # what was computed from the old numbers can hand no gradient back
        return Ran(recorder.trace, leaves, tuple(retained))


def compute(name: str, a: Any, b: Any) -> Tensor:
    """One more tensor; where shapes do not go together, what is nearest."""
    if name in BINARY:
        return getattr(a, name)(b if fits(a, b) else b.sum())  # type: ignore[no-any-return]
    if name in UNARY:
        return getattr(a, name)()  # type: ignore[no-any-return]
    last = a.ndim - 1
    made: dict[str, Any] = {
        "sum": lambda: a.sum(dim=last) if a.ndim else a.sum(),
        "mean": lambda: a.mean(dim=0, keepdim=True) if a.ndim else a.mean(),
        "amax": lambda: a.amax(dim=last) if a.ndim else a.amax(),
        "softmax": lambda: a.softmax(dim=last) if a.ndim else a.exp(),
        "logsumexp": lambda: a.logsumexp(dim=last) if a.ndim else a.exp(),
        "flat": lambda: a.reshape(-1),
        "turn": lambda: a.transpose(0, last) if a.ndim else a.clone(),
        "unsqueeze": lambda: a.unsqueeze(0) if a.ndim < 3 else a.clone(),
        "first": lambda: a[0] if a.ndim else a.clone(),
        "slice": lambda: a[..., ::2] if a.ndim else a.clone(),
        "fancy": lambda: a[[0, -1, 0]] if a.ndim else a.clone(),
        "expand": lambda: a.expand(2, *a.shape) if a.ndim < 3 else a.clone(),
        "cat": lambda: FUNCTIONS.cat([a, a * 2]) if a.ndim else a.clone(),
        "join": lambda: FUNCTIONS.stack([a, a]) if a.ndim < 3 else a.clone(),
        "matmul": lambda: product(a, b),
        "double": lambda: 2 * a,
        "square": lambda: a**2,
        "rsub": lambda: 1 - a,
        "detach": lambda: a.detach(),
        "no_grad": lambda: frozen(a),
    }
    return made[name]()  # type: ignore[no-any-return]


def fits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors broadcast to something small."""
    try:
        return len(np.empty(np.broadcast_shapes(a.shape, b.shape)).reshape(-1)) <= 64
    except ValueError:
        return False


def product(a: Any, b: Any) -> Any:
    if not a.ndim or not a._array.size:
        return a * b.sum()
    if a.ndim == 1:
        return a @ a
    other = b if b.ndim == 2 and b.shape[0] == a.shape[-1] else a.transpose(-1, -2)
    return a @ other


def frozen(a: Any) -> Any:
    with no_grad():
        return a * 3


def event(name: str, last: Any, a: Any, leaf: Any, retained: list[Tensor], rng: np.random.Generator) -> None:
    """Something that happens to gradients or leaves; nothing where it makes no sense."""
    if name in ("backward", "seeded", "grad"):
        if not last._requires_grad:
            return
        root = last.sum() if last.ndim and name != "seeded" else last
        if name == "grad":
            grad(root, [leaf] if leaf._requires_grad else [root], retain_graph=True, allow_unused=True)
        elif name == "backward":
            root.backward(retain_graph=True)
        else:
            root.backward(Tensor._wrap(np.asarray(rng.normal(size=root.shape), root._array.dtype)), retain_graph=True)
    elif name == "zero" and leaf._grad is not None:
        leaf._grad.zero_()
    elif name == "none":
        leaf.grad = None
    elif name == "write" and leaf._requires_grad:
        leaf.grad = Tensor._wrap(np.full(leaf.shape, 0.5, leaf._array.dtype))
    elif name == "update":
        with no_grad():
            leaf -= 0.1 * (leaf if leaf._grad is None else leaf._grad)
    elif name == "retain" and a._requires_grad and a._fn is not None and a._grad is None:
        a.retain_grad()
        retained.append(a)
    elif name == "hook" and a._requires_grad:
        a.register_hook(lambda g: g * 2)


@st.composite
def tensor_programs(
    draw: st.DrawFn, max_steps: int = 8, dtype: str | None = None, smooth: bool = False, events: bool = True
) -> TensorProgram:
    """Small programs; inputs used any number of times, also twice by one op.

    Args:
        smooth: only ops without kinks.
        events: whether anything else than computing happens before the last backward.
    """
    sizes = st.integers(1, 3)
    shapes = draw(st.lists(st.lists(sizes, max_size=2).map(tuple), min_size=1, max_size=3))
    names = st.sampled_from(SMOOTH if smooth else COMPUTE)
    if events:
        names = st.one_of(names, names, st.sampled_from(EVENTS))
    steps = draw(st.lists(st.tuples(names, st.integers(-3, 8), st.integers(0, 8)), min_size=1, max_size=max_steps))
    chosen = dtype or draw(st.sampled_from(["float32", "float64"]))
    return TensorProgram(tuple(shapes), chosen, tuple(steps), draw(st.integers(0, 9)))


def same(a: Any, b: Any) -> bool:
    """Whether two numbers, arrays or Nones are the same, to the last bit; nan counts as nan."""
    if a is None or b is None:
        return a is b
    one, other = np.asarray(a), np.asarray(b)
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
