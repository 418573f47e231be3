"""The matrix product for all ranks, and what is made of it.

One rule of thumb gives both gradients of `a @ b`: there is one way to multiply the gradient, shaped like the output,
with the *other* factor so that the input's own shape comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.array import put
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened
from tracer.core.ops.narrow import products
from tracer.text import Text


def rows(shape: Sequence[int]) -> int:
    """How many vectors stand along the last axis."""
    return math.prod(shape[:-1])


def dense(xp: Any, g: Any) -> Any:
    """`g`, copied where it only pretends to be large: BLAS takes no repeated memory, and NumPy's own loop is slow."""
    return xp.ascontiguousarray(g) if 0 in getattr(g, "strides", ()) else g


def product(xp: Any, a: Any, b: Any) -> Any:
    """a @ b; a stack times one matrix goes to BLAS as a single product."""
    if a.ndim > 2 and b.ndim == 2:
        flat = xp.matmul(xp.reshape(a, (rows(a.shape), a.shape[-1])), b)
        return xp.reshape(flat, (*a.shape[:-1], b.shape[-1]))
    return xp.matmul(a, b)


def _first(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    """g @ bᵀ, with a vector as a row on the left and as a column on the right."""
    if b.ndim == 1:
        return g * b if a.ndim == 1 else xp.expand_dims(g, -1) * b
    g = dense(xp, g)
    if a.ndim == 1:
        return xp.squeeze(xp.matmul(b, xp.expand_dims(g, -1)), -1)
    return product(xp, g, xp.swapaxes(b, -1, -2))


def _second(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    """aᵀ @ g. Where one matrix served a whole stack, the stack is one tall matrix: that sums over it too."""
    if a.ndim == 1:
        return g * a if b.ndim == 1 else xp.expand_dims(a, -1) * xp.expand_dims(g, -2)
    g = dense(xp, g)
    if b.ndim <= 2:
        tall = a if a.ndim == 2 else xp.reshape(a, (rows(a.shape), a.shape[-1]))
        return xp.matmul(xp.swapaxes(tall, 0, 1), xp.reshape(g, (tall.shape[0], *b.shape[1:])))
    return xp.matmul(xp.swapaxes(a, -1, -2), g)


def _matmul_grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    left, right = len(inputs[0].shape), len(inputs[1].shape)
    if left <= 2 and right <= 2:
        return {(1, 1): "Dot", (2, 1): "Mv", (1, 2): "Squeeze", (2, 2): "Mm"}[left, right] + (
            "Backward4" if (left, right) == (1, 2) else "Backward0"
        )
    return "CloneBackward0" if left == 2 else "UnsafeViewBackward0"


def _matmul_samples(rng: Any) -> Iterable[Sample]:
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
        ((2, 3), (5, 3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
    )  # fmt: skip
    for left, right in shapes:
        yield Sample((rng.normal(0, 1, left), rng.normal(0, 1, right)))


_WHY_FIRST = Text(
    en="Nudge one element of {a}: the numbers of {out} in its row move, each by the element of {b} that it is "
    "multiplied "
    "with.",
    ja="{a} の要素を一つ動かすと、{out} の同じ行の数がすべて動きます。それぞれ、掛け合わされる {b} "
    "の要素の分だけです。",
)
_WHY_SECOND = Text(
    en="Nudge one element of {b}: the numbers of {out} in its column move, each by the element of {a} that it is "
    "multiplied with.",
    ja="{b} の要素を一つ動かすと、{out} の同じ列の数がすべて動きます。それぞれ、掛け合わされる {a} "
    "の要素の分だけです。",
)
_BACK_FIRST = Text(
    en="With {a} (m, n) and {b} (n, p), the gradient has the shape of {out}, (m, p). Times {b} transposed, (p, n), it "
    "gets "
    "the shape of {a}: (m, p) @ (p, n) is (m, n). The axis p is summed, for each element of {a} went into p numbers of "
    "{out}.",
    ja="{a} を (m, n)、{b} を (n, p) とすると、勾配の形は {out} と同じ (m, p) です。右から {b} の転置 (p, n) "
    "を掛けると、"
    "(m, p) @ (p, n) で {a} と同じ (m, n) になります。{a} の各要素は {out} の p 個の数に使われたので、軸 p について"
    "足し合わせるのです。",
)
_BACK_SECOND = Text(
    en="With {a} (m, n) and {b} (n, p), the gradient has the shape of {out}, (m, p). {a} transposed, (n, m), times it "
    "gets "
    "the shape of {b}: (n, m) @ (m, p) is (n, p). The axis m is summed, for each element of {b} went into m numbers of "
    "{out}.",
    ja="{a} を (m, n)、{b} を (n, p) とすると、勾配の形は {out} と同じ (m, p) です。左から {a} の転置 (n, m) "
    "を掛けると、"
    "(n, m) @ (m, p) で {b} と同じ (n, p) になります。{b} の各要素は {out} の m 個の数に使われたので、軸 m について"
    "足し合わせるのです。",
)

MATMUL = register(
    Op(
        name="matmul",
        steps=opened.matmul,
        narrow=products,
        label="@",
        show="{a} @ {b}",
        what=Text(
            en="{out} is the matrix product of {a} and {b}: a row of {a} and a column of {b}, multiplied element by "
            "element "
            "and added up, for every row and every column.",
            ja="{out} は {a} と {b} の行列積です。{a} の行と {b} の列を要素ごとに掛けて足し合わせることを、"
            "すべての行と列の"
            "組で行います。",
        ),
        forward=product,
        inputs=(
            Input("a", vjp=_first, local="", needs=("b",), why=_WHY_FIRST, back=_BACK_FIRST),
            Input("b", vjp=_second, local="", needs=("a",), why=_WHY_SECOND, back=_BACK_SECOND),
        ),
        samples=_matmul_samples,
        grad_fn=_matmul_grad_fn,
    )
)

OUTER = register(
    Op(
        name="outer",
        steps=opened.outer,
        label="⊗",
        show="{a} ⊗ {b}",
        what=Text(
            en="{out} is the outer product: a table of every element of {a} times every element of {b}.",
            ja="{out} は外積です。{a} の各要素と {b} の各要素の積をすべて並べた表になります。",
        ),
        forward=lambda xp, a, b: a[:, None] * b,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, b: xp.matmul(dense(xp, g), b),
                local="",
                needs=("b",),
                why=Text(
                    en="Nudge one element of {a}: its row of {out} moves, each number by its element of {b}.",
                    ja="{a} の要素を一つ動かすと、{out} の対応する行が、それぞれ {b} の要素の分だけ動きます。",
                ),
                back=Text(
                    en="The gradient, times {b}: along each row, gradient × element of {b}, added up.",
                    ja="勾配と {b} の積です。行ごとに、勾配 × {b} の要素を足し合わせます。",
                ),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, a, b: xp.matmul(a, dense(xp, g)),
                local="",
                needs=("a",),
                why=Text(
                    en="Nudge one element of {b}: its column of {out} moves, each number by its element of {a}.",
                    ja="{b} の要素を一つ動かすと、{out} の対応する列が、それぞれ {a} の要素の分だけ動きます。",
                ),
                back=Text(
                    en="{a}, times the gradient: along each column, gradient × element of {a}, added up.",
                    ja="{a} と勾配の積です。列ごとに、勾配 × {a} の要素を足し合わせます。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1, 3), rng.normal(0, 1, 2))],
        grad_fn="MulBackward0",
    )
)


def _added_show(inputs: Sequence[str], static: Mapping[str, Any]) -> str:
    def times(factor: float, text: str) -> str:
        return text if factor == 1 else f"{factor:g} × {text}"

    return f"{times(static['beta'], inputs[0])} + {times(static['alpha'], f'{inputs[1]} @ {inputs[2]}')}"


def _added(xp: Any, input: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    """beta · input + alpha · a @ b. With beta 0, `input` is not read: a nan in it does no harm (PyTorch's rule)."""
    out = xp.matmul(a, b)
    if alpha != 1:
        out *= alpha
    if beta != 0:
        out += input if beta == 1 else beta * input
    return out


def _scaled(g: Any, factor: float) -> Any:
    return g if factor == 1 else g * factor


def _added_op(name: str, grad_fn: str, samples: Any) -> Op:
    return register(
        Op(
            name=name,
            steps=opened.added_product,
            label="@ +",
            show=_added_show,
            what=Text(
                en="{out} is {input} plus the matrix product of {a} and {b}, each times its own factor (1 if none is "
                "given).",
                ja="{out} は、{input} に {a} と {b} の行列積を足した値です。それぞれに係数（指定がなければ 1）"
                "が掛かります。",
            ),
            forward=_added,
            inputs=(
                Input(
                    "input",
                    vjp=lambda xp, g, out, input, a, b, beta, alpha: _scaled(g, beta),
                    local="",
                    needs=(),
                    why=Text(
                        en="{input} is added: nudge it, and {out} moves as far, times its factor.",
                        ja="{input} は足されます。動かすと、{out} はその係数倍動きます。",
                    ),
                    back=Text(
                        en="The gradient times the factor; where {input} was broadcast, it is summed over the axes "
                        "repeated.",
                        ja="勾配に係数を掛けたものです。{input} が繰り返された軸があれば、"
                        "その軸について足し合わせます。",
                    ),
                ),
                Input(
                    "a",
                    vjp=lambda xp, g, out, input, a, b, beta, alpha: _scaled(_first(xp, g, out, a, b), alpha),
                    local="",
                    needs=("b",),
                    why=_WHY_FIRST,
                    back=_BACK_FIRST,
                ),
                Input(
                    "b",
                    vjp=lambda xp, g, out, input, a, b, beta, alpha: _scaled(_second(xp, g, out, a, b), alpha),
                    local="",
                    needs=("a",),
                    why=_WHY_SECOND,
                    back=_BACK_SECOND,
                ),
            ),
            samples=samples,
            grad_fn=grad_fn,
        )
    )


ADDMM = _added_op(
    "addmm",
    "AddmmBackward0",
    lambda rng: [
        Sample(
            (rng.normal(0, 1, 4), rng.normal(0, 1, (2, 3)), rng.normal(0, 1, (3, 4))), {"beta": beta, "alpha": alpha}
        )
        for beta, alpha in ((1, 1), (0.5, -2.0))
    ],
)
BADDBMM = _added_op(
    "baddbmm",
    "BaddbmmBackward0",
    lambda rng: [
        Sample(
            (rng.normal(0, 1, (1, 2, 4)), rng.normal(0, 1, (5, 2, 3)), rng.normal(0, 1, (5, 3, 4))),
            {"beta": 0.5, "alpha": 2.0},
        )
    ],
)
ADDMV = _added_op(
    "addmv",
    "AddmvBackward0",
    lambda rng: [
        Sample((rng.normal(0, 1, 2), rng.normal(0, 1, (2, 3)), rng.normal(0, 1, 3)), {"beta": 0.5, "alpha": 2.0})
    ],
)


def _on_diagonal(xp: Any, g: Any, out: Any, a: Any) -> Any:
    module = namespace(getattr(g, "_array", g))
    n = min(a.shape)
    along = module.arange(n)
    return put(xp, tuple(a.shape), (along, along), xp.broadcast_to(g, (n,)))


TRACE = register(
    Op(
        name="trace",
        steps=opened.trace,
        label="tr",
        show="trace({a})",
        what=Text(
            en="{out} is the sum of the diagonal of {a}.",
            ja="{out} は {a} の対角要素の和です。",
        ),
        forward=lambda xp, a: xp.trace(a, dtype=xp.int64 if a.dtype.kind in "iu" else a.dtype),
        inputs=(
            Input(
                "a",
                vjp=_on_diagonal,
                local="",
                needs=(),
                why=Text(
                    en="Nudge an element on the diagonal, and {out} moves by the same amount; the others do not count.",
                    ja="対角要素を動かすと、{out} も同じだけ動きます。ほかの要素は関係しません。",
                ),
                back=Text(
                    en="Each element on the diagonal receives the gradient, all others 0.",
                    ja="対角要素には勾配がそのまま届き、ほかは 0 です。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1, (3, 3)),), (rng.normal(0, 1, (2, 3)),)],
        grad_fn="TraceBackward0",
    )
)
