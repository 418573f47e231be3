"""Random programs of mixed tensor ops: lines of code that fit their operands' shapes, drawn before any is run."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]
LARGEST = 150
"""Elements of one tensor."""


@dataclass(frozen=True)
class Leaf:
    """A tensor the program starts from, its numbers given by a seed."""

    shape: Shape
    dtype: str
    seed: int

    def array(self, nudge: float = 0.0) -> np.ndarray[Any, Any]:
        rng = np.random.default_rng(self.seed)
        if self.dtype == "int64":
            return rng.integers(-3, 4, self.shape)
        return np.asarray(rng.normal(size=self.shape) * (1 + nudge * rng.normal(size=self.shape))).astype(self.dtype)


@dataclass(frozen=True)
class Graph:
    """`v0`, `v1`, … are the leaves; each line makes the next."""

    leaves: tuple[Leaf, ...]
    lines: tuple[str, ...]

    def first(self, count: int) -> Graph:
        """The program cut off after so many lines."""
        return Graph(self.leaves, self.lines[:count])

    def __str__(self) -> str:
        return "\n".join([*(f"v{i} = {leaf}" for i, leaf in enumerate(self.leaves)), *self.lines])

    def run(self, lib: Any, nn: Any, make: Callable[[Any], Any], nudge: float = 0.0) -> tuple[list[Any], list[Any]]:
        """Every tensor, and the gradient of every leaf (None where none comes)."""
        names: dict[str, Any] = {"torch": lib, "F": nn}
        for place, leaf in enumerate(self.leaves):
            names[f"v{place}"] = make(leaf.array(nudge))
            if leaf.dtype != "int64":
                names[f"v{place}"].requires_grad_()
        exec("\n".join(self.lines), names)
        loss = None  # takes in all that nothing was computed from
        values = [names[f"v{place}"] for place in range(len(self.leaves) + len(self.lines))]
        for place, v in enumerate(values):
            later = self.lines[max(0, place + 1 - len(self.leaves)) :]
            if any(re.search(rf"\bv{place}\b", line) for line in later) or not v.is_floating_point():
                continue
            weight = lib.cos(lib.arange(v.numel(), dtype=lib.float64)).reshape(v.shape)
            term = (v.double() * weight).sum()
            loss = term if loss is None else loss + term
        if loss is not None and loss.requires_grad:
            loss.backward()
        return values, [one.grad for one in values[: len(self.leaves)]]


@dataclass
class Sketch:
    """A program being drawn: shapes and categories of what exists so far."""

    rng: random.Random
    shapes: list[Shape] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    """Whether its elements are integers."""
    lines: list[str] = field(default_factory=list)

    def one_of(self, things: Any) -> Any:
        return self.rng.choice(list(things))

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def maybe(self) -> bool:
        return self.rng.random() < 0.5

    def pick(self, fits: Callable[[Shape], bool] = lambda shape: True, *, whole: bool = False) -> int | None:
        """A tensor whose shape fits, the newest ones more often."""
        places = [p for p, s in enumerate(self.shapes) if fits(s) and (whole or not self.whole[p])]
        return self.one_of(places + 2 * places[-2:]) if places else None

    def made(self, code: str, shape: Shape, more: str | None = None) -> None:
        """`code` makes the next tensor, unless it would be large; a further line works on it, named `{new}`."""
        if math.prod(shape) > LARGEST:
            return
        new = f"v{len(self.shapes)}"
        self.lines.append(f"{new} = {code}" + ("" if more is None else "; " + more.format(new=new)))
        self.shapes.append(shape)
        self.whole.append(False)


ELEMENTWISE = (
    "torch.tanh({a})", "{a}.sigmoid()", "{a}.sin()", "torch.cos({a})", "-{a}", "{a} * 0.5", "2 - {a}", "{a} ** 2",
    "{a}.abs()", "torch.relu({a})", "({a}.abs() + 0.5).log()", "({a} * {a} + 1).sqrt()", "{a}.clamp(-1, 1)",
    "torch.exp({a}.tanh())", "1 / ({a} ** 2 + 1)", "{a}.square() / 3", "F.gelu({a})", "F.silu({a})", "F.softplus({a})",
    "F.leaky_relu({a}, 0.1)", "({a}.abs() + 1).rsqrt()", "{a}.erf()", "{a}.clone()", "{a}.float()", "{a}.double()",
    "{a} + {a}.detach()", "({a}.abs() + 1) ** -1.5", "torch.where({a} > 0, {a}, {a} * 0.1)", "{a}.clamp(min=0.25)",
    "{a}.masked_fill({a} < 0, 0.5)", "{a}.round() + {a}", "{a}.tanh().expm1()", "{a}.sign() * {a}",
)  # fmt: skip
PAIRS = (
    "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / ({b}.abs() + 1)", "torch.maximum({a}, {b})",
    "torch.minimum({a}, {b})", "torch.where({a} > {b}, {a}, {b})", "torch.lerp({a}.double(), {b}.double(), 0.25)",
    "({a}.abs() + 1) ** ({b}.tanh())", "torch.add({a}, {b}, alpha=0.5)", "torch.mul({b}, {a})",
)  # fmt: skip
WHOLE_PAIRS = ("{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / ({b}.abs() + 1)")
REDUCTIONS = ("sum", "mean", "amax", "amin", "logsumexp", "prod")
ALONG = ("softmax", "log_softmax", "cumsum", "var", "std", "max", "min", "norm", "sort", "cumprod", "median")


def elementwise(s: Sketch) -> None:
    a = s.pick()
    if a is not None:
        s.made(s.one_of(ELEMENTWISE).format(a=f"v{a}"), s.shapes[a])


def arithmetic(s: Sketch) -> None:
    a = s.pick()
    if a is None:
        return
    b = s.pick(lambda shape: _together(s.shapes[a], shape) is not None, whole=True)
    assert b is not None, "a tensor always goes with itself"
    first, second = (b, a) if s.maybe() and not s.whole[b] else (a, b)
    code = s.one_of(WHOLE_PAIRS if s.whole[second] else PAIRS).format(a=f"v{first}", b=f"v{second}")
    s.made(code, _together(s.shapes[a], s.shapes[b]) or ())


def reduction(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0)
    if a is None:
        return
    shape, name, keep = s.shapes[a], s.one_of(REDUCTIONS), s.maybe()
    if name != "prod" and s.maybe():
        dims = tuple(sorted(s.rng.sample(range(len(shape)), s.number(1, len(shape)))))
    else:
        dims = (s.number(0, len(shape) - 1),)
    given_dims: Any = dims if len(dims) > 1 else dims[0] - len(shape) * s.maybe()
    kept = tuple(1 if i in dims else n for i, n in enumerate(shape) if keep or i not in dims)
    s.made(f"v{a}.{name}(dim={given_dims}, keepdim={keep})", kept)


def along(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0 and min(shape) > 1)
    if a is None:
        return
    shape, name = s.shapes[a], s.one_of(ALONG)
    dim = s.number(0, len(shape) - 1)
    without = shape[:dim] + shape[dim + 1 :]
    if name in ("softmax", "log_softmax", "cumsum", "cumprod"):
        s.made(f"torch.{name}(v{a}, dim={dim})", shape)
    elif name == "median":  # of an expanded tensor, PyTorch 2.13 answers from memory nobody wrote
        s.made(f"v{a}.contiguous().median(dim={dim}).values", without)
    elif name in ("max", "min"):
        s.made(f"v{a}.{name}(dim={dim}).values", without)
    elif name == "sort":
        s.made(f"v{a}.sort(dim={dim}, descending={s.maybe()}).values", shape)
    else:
        s.made(f"v{a}.{name}(dim={dim})", without)


def total(s: Sketch) -> None:
    a = s.pick()
    if a is not None:
        name = s.one_of(["sum()", "mean()", "max()", "min()", "norm()", "prod()", "var(correction=0)"])
        s.made(f"v{a}.{name}", ())


def product(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0)
    if a is None:
        return
    length = s.shapes[a][-1]
    b = s.pick(lambda shape: len(shape) > 0 and shape[-1] == length)
    assert b is not None, "a tensor always goes with itself"
    left, right = s.shapes[a], s.shapes[b]
    if len(right) == 1:
        s.made(f"v{a}.double() @ v{b}.double()", left[:-1])
    elif len(left) == 1:
        s.made(f"v{b}.double() @ v{a}.double()", right[:-1])
    else:
        batch = _together(left[:-2], right[:-2])
        if batch is not None:
            code = s.one_of(
                [
                    "v{a}.double() @ v{b}.double().transpose(-1, -2)",
                    "torch.matmul(v{a}.double(), v{b}.double().mT)",
                    "torch.einsum('...ik,...jk->...ij', v{a}.double(), v{b}.double())",
                ]
            )
            s.made(code.format(a=a, b=b), (*batch, left[-2], right[-2]))


def reshaping(s: Sketch) -> None:
    a = s.pick()
    if a is None:
        return
    shape = s.shapes[a]
    ways: list[tuple[str, Shape]] = [
        ("unsqueeze(0)", (1, *shape)), ("unsqueeze(-1)", (*shape, 1)), ("flatten()", (math.prod(shape),)),
        ("reshape(-1, 1)", (math.prod(shape), 1)), ("squeeze()", tuple(n for n in shape if n != 1)),
        ("reshape(1, -1)", (1, math.prod(shape))), ("expand(2, *v{a}.shape)", (2, *shape)),
    ]  # fmt: skip
    if len(shape) > 1:
        order = s.rng.sample(range(len(shape)), len(shape))
        ways += [
            (f"permute({', '.join(map(str, order))})", tuple(shape[i] for i in order)),
            ("transpose(0, -1)", (shape[-1], *shape[1:-1], shape[0])),
            ("flatten(0, 1)", (shape[0] * shape[1], *shape[2:])),
            ("mT", (*shape[:-2], shape[-1], shape[-2])),
            ("tril()", shape),
            ("triu(1)", shape),
        ]
    if shape:
        ways += [
            ("flip(0)", shape), ("roll(1, 0)", shape),
            (f"repeat(2{', 1' * (len(shape) - 1)})", (2 * shape[0], *shape[1:])),
            ("movedim(0, -1)", (*shape[1:], shape[0])), ("contiguous().view(-1)", (math.prod(shape),)),
        ]  # fmt: skip
    code, after = s.one_of(ways)
    s.made(f"v{a}.{code.format(a=a)}", after)


def indexing(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0 and math.prod(shape) > 0)
    if a is None:
        return
    shape = s.shapes[a]
    n = shape[0]
    i, places = s.number(-n, n - 1), [s.number(-n, n - 1) for _ in range(s.number(1, 4))]
    rows = "torch.tensor(" + str(places) + ")"
    start, step = s.number(0, n - 1), s.number(1, 2)
    ways: list[tuple[str, Shape]] = [
        (f"v{a}[{i}]", shape[1:]), (f"v{a}[{start}::{step}]", (len(range(start, n, step)), *shape[1:])),
        (f"v{a}[{rows}]", (len(places), *shape[1:])), (f"v{a}[{places}]", (len(places), *shape[1:])),
        (f"v{a}[..., None]", (*shape, 1)), (f"v{a}[None, ..., {shape[-1] - 1}]", (1, *shape[:-1])),
        (f"v{a}.index_select(0, {rows} % {n})", (len(places), *shape[1:])),
        (f"torch.gather(v{a}, 0, torch.zeros(v{a}.shape, dtype=torch.int64) + {i % n})", shape),
        (f"v{a}.split(1)[{i % n}]", (1, *shape[1:])), (f"v{a}.unbind(0)[{i}]", shape[1:]),
        (f"v{a}.chunk({n})[{i % n}]", (1, *shape[1:])), (f"v{a}.narrow(0, {start}, 1)", (1, *shape[1:])),
        (f"v{a}[v{a} > 0].sum()", ()), (f"v{a}.topk(1, dim=0).values", (1, *shape[1:])),
    ]  # fmt: skip
    if len(shape) > 1:
        columns = "torch.tensor(" + str([p % shape[1] for p in places]) + ")"
        ways += [
            (f"v{a}[{rows}, {columns}]", (len(places), *shape[2:])),
            (f"v{a}[:, {columns}, ...]", (n, len(places), *shape[2:])),
        ]
    code, after = s.one_of(ways)
    s.made(code, after)


def joining(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0)
    if a is None:
        return
    shape = s.shapes[a]
    b = s.pick(lambda other: other == shape)
    assert b is not None, "a tensor always goes with itself"
    if s.maybe():
        dim = s.number(0, len(shape))
        s.made(f"torch.stack([v{a}, v{b}], dim={dim})", (*shape[:dim], 2, *shape[dim:]))
    else:
        dim = s.number(0, len(shape) - 1)
        s.made(f"torch.cat([v{a}, v{b}], dim={dim})", (*shape[:dim], 2 * shape[dim], *shape[dim + 1 :]))


def overwriting(s: Sketch) -> None:
    """In place, on a copy: operators, twins, and into a part."""
    a = s.pick(lambda shape: len(shape) > 0 and shape[0] > 0)
    if a is None:
        return
    shape = s.shapes[a]
    b = s.pick(lambda other: _together(shape, other) == shape)
    part = s.pick(lambda other: _together(shape[1:], other) == shape[1:])
    ways = ["{new} *= 0.5", "{new}.sub_(1)", "{new}[0] = 0.25", "{new}[0].mul_(3)", "{new}.clamp_(-1, 1)"]
    if b is not None:
        ways += [f"{{new}} += v{b}.to({{new}}.dtype)", f"{{new}}.mul_(v{b}.tanh().to({{new}}.dtype))"]
    if part is not None:
        ways += [f"{{new}}[-1] = v{part}.to({{new}}.dtype)", f"{{new}}[torch.tensor([0])] = v{part}.to({{new}}.dtype)"]
    line = s.one_of(ways)
    s.made(f"v{a}.clone()", shape, line)


def layer(s: Sketch) -> None:
    a = s.pick(lambda shape: len(shape) > 0 and shape[-1] > 1)
    if a is not None:
        n = s.shapes[a][-1]
        name = s.one_of([f"F.layer_norm(v{a}, ({n},))", f"F.rms_norm(v{a}, ({n},))", f"F.softmax(v{a}, -1)"])
        s.made(name, s.shapes[a])


STEPS = (
    elementwise, elementwise, arithmetic, arithmetic, reduction, along, total, product, reshaping, reshaping, indexing,
    joining, overwriting, layer,
)  # fmt: skip


def _together(a: Shape, b: Shape) -> Shape | None:
    try:
        return tuple(np.broadcast_shapes(a, b))
    except ValueError:
        return None


def graph(seed: int, most: int = 16) -> Graph:
    """A program of up to `most` steps on up to four leaves, one of them perhaps of integers."""
    s = Sketch(random.Random(seed))
    kind = "float32" if s.number(0, 3) == 0 else "float64"
    leaves = []
    for place in range(s.number(1, 3)):
        shape = tuple(s.number(1, 4) for _ in range(s.number(0, 3)))
        leaves.append(Leaf(shape, kind, 10 * seed + place))
    if s.maybe():
        leaves.append(Leaf(tuple(s.number(1, 3) for _ in range(s.number(0, 2))), "int64", 10 * seed + 9))
    s.shapes, s.whole = [leaf.shape for leaf in leaves], [leaf.dtype == "int64" for leaf in leaves]
    for _ in range(s.number(3, most)):
        s.one_of(STEPS)(s)
    return Graph(tuple(leaves), tuple(s.lines))
