"""Ops that put elements side by side, repeat them, turn them round or pick a triangle or a diagonal.

Their rules run the arrangement backwards: what was joined is cut apart, what was repeated is summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.array import put, take
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops.shape import as_call, inverse
from tracer.core.subscript import here, plain
from tracer.text import Text


def along(dim: int, part: Any) -> tuple[Any, ...]:
    """An index with `part` on axis `dim` and everything elsewhere."""
    return (slice(None),) * dim + (part, Ellipsis)


DIM0: dict[str, Any] = {"dim": 0, "dtype": "float64"}
DIM1: dict[str, Any] = {"dim": 1, "dtype": "float64"}


def _joined(name: str) -> Any:
    def written(inputs: Sequence[str], static: Any) -> str:
        listed = ", ".join(inputs) if len(inputs) <= 4 else f"{inputs[0]}, {inputs[1]}, …, {inputs[-1]}"
        return f"{name}([{listed}], {static['dim']})"

    return written


def _as(tensors: Sequence[Any], dtype: str) -> list[Any]:
    """The arrays in the element type of the result: NumPy's own choice is not PyTorch's."""
    return [array.astype(dtype, copy=False) for array in tensors]


def _cat_back(xp: Any, g: Any, out: Any, *tensors: Any, dim: int, slot: int, **_: Any) -> Any:
    """The stretch of `g` that this tensor filled."""
    start = sum(tensor.shape[dim] for tensor in tensors[:slot])
    return take(xp, g, along(dim, slice(start, start + tensors[slot].shape[dim])))


CAT = register(
    Op(
        name="cat",
        unfolds="moves",
        label="cat",
        show=_joined("cat"),
        what=Text(
            en="{out} has the tensors one after another along an axis they already have.",
            ja="{out} は、すでにある軸に沿ってテンソルを順につないだものです。",
        ),
        forward=lambda xp, *tensors, dim, dtype: xp.concatenate(_as(tensors, dtype), axis=dim),
        inputs=(
            Input(
                "a",
                vjp=_cat_back,
                local="",
                why=Text(
                    en="{a} fills one stretch of {out}: nudge an element, and the one that came from it moves as far.",
                    ja="{a} は {out} の一区間を占めます。要素を動かすと、その区間の対応する要素が同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient is cut where the tensors were joined; {a} receives the piece it filled.",
                    ja="つないだ所で勾配を切り分け、{a} は自分が占めた区間の勾配を受け取ります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)), rng.normal(size=(1, 3))), DIM0),
            Sample(
                (rng.normal(size=(2, 1)), rng.normal(size=(2, 3)), rng.normal(size=(2, 0))),
                DIM1,
            ),
        ],
        grad_fn="CatBackward0",
        variadic=True,
    )
)

STACK = register(
    Op(
        name="stack",
        unfolds="moves",
        label="stack",
        show=_joined("stack"),
        what=Text(
            en="{out} has the tensors, all of one shape, side by side along a new axis.",
            ja="{out} は、同じ形のテンソルを新しい軸に沿って並べたものです。",
        ),
        forward=lambda xp, *tensors, dim, dtype: xp.stack(_as(tensors, dtype), axis=dim),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, *tensors, dim, slot, **_: take(xp, g, along(dim, slot)),
                local="",
                why=Text(
                    en="{a} is one layer of {out}: nudge an element, and the one that came from it moves as far.",
                    ja="{a} は {out} の一枚の層になります。要素を動かすと、対応する要素が同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient is taken apart along the new axis; {a} receives its own layer.",
                    ja="新しい軸に沿って勾配を分け、{a} は自分の層の勾配を受け取ります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), DIM1),
            Sample((rng.normal(size=2), rng.normal(size=2), rng.normal(size=2)), DIM0),
        ],
        grad_fn="StackBackward0",
        variadic=True,
    )
)

REPEATED = Text(
    en="One element of {a} stands in several places of {out}: nudge it, and all of them move as far.",
    ja="{a} のひとつの要素は {out} の何か所にも現れます。動かすと、そのすべてが同じだけ動きます。",
)
SUM_REPEATS = Text(
    en="Each element of {a} collects the gradients of all its copies: they are summed.",
    ja="{a} の各要素は、自分の複製すべての勾配を集めます。つまり足し合わせます。",
)


def _repeat_back(xp: Any, g: Any, out: Any, a: Any, *, repeats: tuple[int, ...]) -> Any:
    """`g` with each axis as (repeat, element), summed over the repeats."""
    new = len(repeats) - a.ndim
    split = list(repeats[:new])
    for times, size in zip(repeats[new:], a.shape, strict=True):
        split += [times, size]
    axes = (*range(new), *range(new, len(split), 2))
    return xp.sum(xp.reshape(g, tuple(split)), axis=axes) if axes else g


REPEAT = register(
    Op(
        name="repeat",
        unfolds="moves",
        label="repeat",
        show=as_call("repeat", "repeats"),
        what=Text(
            en="{out} has copies of the whole of {a}, one after another, as tiles on a floor.",
            ja="{out} は {a} 全体の複製を、床のタイルのように並べたものです。",
        ),
        forward=lambda xp, a, *, repeats: xp.tile(a, repeats),
        inputs=(Input("a", vjp=_repeat_back, local="", why=REPEATED, back=SUM_REPEATS),),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"repeats": (2, 1)}),
            Sample((rng.normal(size=3),), {"repeats": (2, 2)}),
            Sample((rng.normal(size=(1, 2)),), {"repeats": (3, 1, 2)}),
        ],
        grad_fn="RepeatBackward0",
    )
)


def _repeat_interleave_back(xp: Any, g: Any, out: Any, a: Any, *, repeats: int, dim: int) -> Any:
    split = (*a.shape[: dim + 1], repeats, *a.shape[dim + 1 :])
    return xp.sum(xp.reshape(g, split), axis=dim + 1)


REPEAT_INTERLEAVE = register(
    Op(
        name="repeat_interleave",
        unfolds="moves",
        label="repeat",
        show=as_call("repeat_interleave", "repeats", "dim"),
        what=Text(
            en="{out} has each element along one axis of {a} several times in a row.",
            ja="{out} は、{a} のひとつの軸に沿って各要素を数回ずつ続けて並べたものです。",
        ),
        forward=lambda xp, a, *, repeats, dim: xp.repeat(a, repeats, axis=dim),
        inputs=(Input("a", vjp=_repeat_interleave_back, local="", why=REPEATED, back=SUM_REPEATS),),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"repeats": 2, "dim": 0}),
            Sample((rng.normal(size=(2, 3)),), {"repeats": 3, "dim": 1}),
        ],
        grad_fn="ViewBackward0",
    )
)

MOVED = Text(
    en="Each element only changes its place: nudge it in {a}, and it moves as far where it now stands.",
    ja="要素は場所を変えるだけです。{a} で動かすと、移った先でも同じだけ動きます。",
)

FLIP = register(
    Op(
        name="flip",
        unfolds="moves",
        label="flip",
        show=as_call("flip", "dims"),
        what=Text(
            en="{out} is {a} read backwards along some axes.",
            ja="{out} は {a} を軸に沿って逆順に並べたものです。",
        ),
        forward=lambda xp, a, *, dims: xp.flip(a, axis=dims).copy(),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, dims: xp.flip(g, axis=dims),
                local="",
                why=MOVED,
                back=Text(
                    en="The gradient is turned round along the same axes, which undoes the turn.",
                    ja="上流の勾配を同じ軸に沿ってもう一度反転させ、元の並びに戻します。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"dims": (1,)}),
            Sample((rng.normal(size=(2, 3)),), {"dims": (0, 1)}),
        ],
        grad_fn="FlipBackward0",
    )
)


def _rolled(xp: Any, a: Any, shifts: Sequence[int], dims: Sequence[int]) -> Any:
    """Without dims, all elements in one row are pushed along."""
    if not dims:
        return xp.reshape(_rolled(xp, xp.reshape(a, (-1,)), shifts, (0,)), a.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        size = a.shape[dim]
        cut = -shift % size if size else 0
        if cut:
            a = xp.concatenate(
                (take(xp, a, along(dim, slice(cut, size))), take(xp, a, along(dim, slice(0, cut)))), axis=dim
            )
    return a


ROLL = register(
    Op(
        name="roll",
        unfolds="moves",
        label="roll",
        show=as_call("roll", "shifts", "dims"),
        what=Text(
            en="{out} is {a} pushed along some axes; what falls off one end comes back in at the other.",
            ja="{out} は {a} を軸に沿ってずらしたものです。端からはみ出た要素は反対側から入ります。",
        ),
        forward=lambda xp, a, *, shifts, dims: _rolled(xp, a, shifts, dims).copy(),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, shifts, dims: _rolled(xp, g, [-shift for shift in shifts], dims),
                local="",
                why=MOVED,
                back=Text(
                    en="The gradient is pushed the other way by as much.",
                    ja="上流の勾配を、反対向きに同じだけずらします。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=5),), {"shifts": (2,), "dims": (0,)}),
            Sample((rng.normal(size=(2, 3)),), {"shifts": (1, -4), "dims": (0, 1)}),
        ],
        grad_fn="RollBackward0",
    )
)


def _triangle(name: str, kept: Text) -> Op:
    def inside(xp: Any, shape: tuple[int, ...], diagonal: int) -> Any:
        return getattr(xp, name)(xp.ones(shape[-2:], bool), diagonal)

    return Op(
        name=name,
        unfolds="moves",
        label=name,
        show=as_call(name, "diagonal"),
        what=kept,
        forward=lambda xp, a, *, diagonal: xp.where(inside(xp, a.shape, diagonal), a, xp.zeros((), a.dtype)),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, diagonal: xp.where(inside(plain(xp, g), a.shape, diagonal), g, 0.0),
                local="",
                why=Text(
                    en="Elements inside the triangle are kept and move with {a}; those outside are 0 whatever {a} is.",
                    ja="三角形の内側の要素は {a} と一緒に動きます。外側は {a} が何であっても 0 です。",
                ),
                back=Text(
                    en="The gradient passes inside the triangle and is 0 outside it.",
                    ja="三角形の内側では勾配がそのまま通り、外側では 0 になります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 3)),), {"diagonal": 0}),
            Sample((rng.normal(size=(2, 2, 4)),), {"diagonal": 1}),
            Sample((rng.normal(size=(4, 2)),), {"diagonal": -1}),
        ],
        grad_fn=f"{name.capitalize()}Backward0",
    )


TRIL = register(
    _triangle(
        "tril",
        Text(
            en="{out} keeps the lower triangle of {a}: what stands above the diagonal becomes 0.",
            ja="{out} は {a} の下三角部分を残したものです。対角線より上は 0 になります。",
        ),
    )
)

TRIU = register(
    _triangle(
        "triu",
        Text(
            en="{out} keeps the upper triangle of {a}: what stands below the diagonal becomes 0.",
            ja="{out} は {a} の上三角部分を残したものです。対角線より下は 0 になります。",
        ),
    )
)


def _on_diagonal(xp: Any, size: int, offset: int) -> tuple[Any, ...]:
    """An index of the last two axes: `size` places on the diagonal that starts `offset` right of the corner."""
    steps = np.arange(size)
    return here(xp, (Ellipsis, steps + max(-offset, 0), steps + max(offset, 0)))


def _diagonal_back(xp: Any, g: Any, out: Any, a: Any, *, offset: int, dim1: int, dim2: int) -> Any:
    order = (*(axis for axis in range(a.ndim) if axis not in (dim1, dim2)), dim1, dim2)
    shape = tuple(a.shape[axis] for axis in order)
    return xp.transpose(put(xp, shape, _on_diagonal(xp, g.shape[-1], offset), g), inverse(order))


DIAGONAL = register(
    Op(
        name="diagonal",
        unfolds="moves",
        label="diag",
        show=as_call("diagonal", "offset", "dim1", "dim2"),
        what=Text(
            en="{out} is a diagonal of {a}: the elements whose row and column number agree, up to an offset.",
            ja="{out} は {a} の対角線です。行と列の番号が（ずらした分を除いて）等しい要素を取り出します。",
        ),
        forward=lambda xp, a, *, offset, dim1, dim2: xp.diagonal(a, offset, dim1, dim2),
        inputs=(
            Input(
                "a",
                vjp=_diagonal_back,
                local="",
                why=Text(
                    en="Only the elements on the diagonal are in {out}; each moves there as far as in {a}.",
                    ja="{out} に入るのは対角線上の要素だけで、それぞれ {a} と同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient is laid on the diagonal; all other elements of {a} receive 0.",
                    ja="勾配を対角線上に置きます。それ以外の {a} の要素の勾配は 0 です。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)),), {"offset": 1, "dim1": 0, "dim2": 1}),
            Sample((rng.normal(size=(3, 2, 4)),), {"offset": -1, "dim1": 2, "dim2": 0}),
        ],
        grad_fn="DiagonalBackward0",
        view=True,
    )
)


def _diag_embed(xp: Any, a: Any, *, offset: int) -> Any:
    size = a.shape[-1] + abs(offset)
    out = xp.zeros((*a.shape[:-1], size, size), a.dtype)
    out[_on_diagonal(xp, a.shape[-1], offset)] = a
    return out


DIAG_EMBED = register(
    Op(
        name="diag_embed",
        unfolds="moves",
        label="diag",
        show=as_call("diag_embed", "offset"),
        what=Text(
            en="{out} is a square matrix with {a} on a diagonal and 0 everywhere else.",
            ja="{out} は {a} を対角線上に置き、ほかをすべて 0 とした正方行列です。",
        ),
        forward=_diag_embed,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, offset: take(xp, g, _on_diagonal(xp, a.shape[-1], offset)),
                local="",
                why=Text(
                    en="Each element of {a} stands once on the diagonal and moves there as far.",
                    ja="{a} の各要素は対角線上に一度だけ現れ、同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient is read off the diagonal; the rest of it met constants.",
                    ja="勾配のうち対角線上の値だけを受け取ります。ほかの場所にあったのは定数の 0 です。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=3),), {"offset": 0}),
            Sample((rng.normal(size=(2, 3)),), {"offset": -1}),
        ],
        grad_fn="DiagEmbedBackward0",
    )
)
