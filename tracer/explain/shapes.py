"""Shape algebra in words: why an output has its shape, which axes were broadcast, what comes back to an input.

Pure functions of names and shapes. What an op does with the numbers is said by the op itself; what is said here follows
from the shapes alone, and from a few words on the product of matrices, whose shapes are a rule of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tracer.explain.amount import shape_text
from tracer.explain.words import EMPTY, join, listed
from tracer.text import Text

Shape = tuple[int, ...]


# Broadcasting


@dataclass(frozen=True)
class Broadcast:
    """How an input was stretched to the shape of the output it met."""

    shape: Shape
    out: Shape

    @property
    def added(self) -> tuple[int, ...]:
        """Axes of the output that the input has not."""
        return tuple(range(len(self.out) - len(self.shape)))

    @property
    def stretched(self) -> tuple[int, ...]:
        """Axes of the output along which the input has length 1 and the output has more."""
        lead = len(self.added)
        return tuple(
            lead + i for i, (mine, its) in enumerate(zip(self.shape, self.out[lead:], strict=True)) if mine == 1 != its
        )

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes along which the input was used again and again; gradients add up along them."""
        return self.added + self.stretched

    @property
    def copies(self) -> int:
        """How often each element was used."""
        return math.prod(self.out[axis] for axis in self.axes)

    def __bool__(self) -> bool:
        return bool(self.axes)


def _each(use: Broadcast) -> Text:
    """For what each copy was used: `for each row`."""
    if math.prod(use.shape) == 1:
        return Text("for every element", "要素ごとに")
    if len(use.out) == 2 and use.axes == (0,):
        return Text("for each row", "行ごとに")
    if len(use.out) == 2 and use.axes == (1,):
        return Text("for each column", "列ごとに")
    where = axes_text(use.axes)
    return Text(f"along {where.en}", f"{where.ja}に沿って")


def axes_text(axes: Sequence[int]) -> Text:
    """`axis 0`, `axes 0 and 2` / `軸 0 と 2`."""
    names = [str(axis) for axis in axes]
    en = listed(names).en
    return Text(f"{'axis' if len(names) == 1 else 'axes'} {en}", f"軸 {' と '.join(names)}")


def broadcast_forward(name: str, use: Broadcast) -> Text:
    """`b (4,) is used 3 times, once for each row.`"""
    each, shape = _each(use), shape_text(use.shape)
    return Text(
        f"{name} has the shape {shape}; it is broadcast to {shape_text(use.out)}: "
        f"used {_times_en(use.copies)}, once {each.en}.",
        f"{name} の形は {shape} です。{shape_text(use.out)} に合わせて{each.ja}一度ずつ、"
        f"合わせて {use.copies:,} 回使われます（ブロードキャスト）。",
    )


def broadcast_back(name: str, use: Broadcast) -> Text:
    """`Each row used b, so the rows' gradients add up: (3, 4) summed over axis 0 is (4,).`"""
    who = _who(use)
    where, out, shape = axes_text(use.axes), shape_text(use.out), shape_text(use.shape)
    return Text(
        f"{who.en} used {name}, so {_theirs(use).en} add up: {out} summed over {where.en} gives {shape}, "
        f"the shape of {name}.",
        f"{name} は{who.ja}でも使われたので、{_theirs(use).ja}を足し合わせます。"
        f"{out} を{where.ja} で合計すると {shape}、{name} の形になります。",
    )


def _who(use: Broadcast) -> Text:
    if math.prod(use.shape) == 1:
        return Text("Every element", "どの要素")
    if len(use.out) == 2 and use.axes in ((0,), (1,)):
        return Text("Each row", "どの行") if use.axes == (0,) else Text("Each column", "どの列")
    return Text(f"All {use.copies:,} places along {axes_text(use.axes).en}", f"{axes_text(use.axes).ja} のどの位置")


def _theirs(use: Broadcast) -> Text:
    if math.prod(use.shape) == 1:
        return Text("all their gradients", "要素ごとの勾配")
    if len(use.out) == 2 and use.axes in ((0,), (1,)):
        which = ("rows", "行") if use.axes == (0,) else ("columns", "列")
        return Text(f"the {which[0]}' gradients", f"{which[1]}ごとの勾配")
    return Text("their gradients", "それぞれの勾配")


def _times_en(n: int) -> str:
    return "twice" if n == 2 else f"{n:,} times"


def elementwise_forward(names: Sequence[str], shapes: Sequence[Shape], out: str, out_shape: Shape) -> Text:
    """Why an op that works element by element gives this shape."""
    shape = shape_text(out_shape)
    stretched = [(name, Broadcast(s, out_shape)) for name, s in zip(names, shapes, strict=True)]
    uses = list(dict.fromkeys((name, use) for name, use in stretched if use))
    if not uses:
        if not out_shape:
            return EMPTY
        return Text(
            f"It works element by element, so the shape stays {shape}.",
            f"要素ごとの計算なので、形は {shape} のままです。",
        )
    return join(
        Text("It works element by element.", "要素ごとの計算です。"),
        *(broadcast_forward(name, use) for name, use in uses),
    )


# The product of matrices


@dataclass(frozen=True)
class Product:
    """A product of matrices as it stands in a calculation."""

    formula: str
    """`∂L/∂C @ Bᵀ`"""
    shapes: str
    """`(3, 5) @ (5, 4)`"""
    result: Shape
    """Its shape, before axes that were broadcast are summed."""
    why: Text = EMPTY
    """What it does, where the op's own words do not fit: a product with a vector is an outer product."""


def matmul_forward(a: str, b: str, a_shape: Shape, b_shape: Shape, out: str, out_shape: Shape) -> Text:
    """Why `a @ b` has its shape: the inner axes meet and are summed away, the outer ones remain."""
    inner = a_shape[-1]
    shapes = f"{shape_text(a_shape)} @ {shape_text(b_shape)}"
    if len(a_shape) == 1 and len(b_shape) == 1:
        return Text(
            f"{shapes}: both have {inner} numbers, which meet pair by pair. {out} is the sum of {inner} products, "
            "a single number.",
            f"{shapes} では {inner} 個ずつの数が一つずつ出会い、{out} は {inner} 個の積の和、ただ一つの数になります。",
        )
    left = shape_text(out_shape)
    meet = Text(
        f"{shapes}: the last axis of {a} ({inner}) meets the {_met(b_shape).en} axis of {b} ({inner}). "
        f"Each element of {out} is a sum of {inner} products.",
        f"{shapes} では {a} の最後の軸（{inner}）と {b} の{_met(b_shape).ja}軸（{inner}）が出会い、"
        f"{out} の各要素は {inner} 個の積の和になります。",
    )
    rest = Text(f"What is left is {out}'s shape: {left}.", f"残った軸が {out} の形 {left} です。")
    vector = EMPTY
    if len(a_shape) == 1 or len(b_shape) == 1:
        name, as_ = (a, ("row", "行")) if len(a_shape) == 1 else (b, ("column", "列"))
        vector = Text(
            f"{name} has one axis: it stands as a {as_[0]}, and its own axis is gone from the result.",
            f"{name} は軸が一つなので{as_[1]}ベクトルとして扱われ、その軸は結果に残りません。",
        )
    batch = EMPTY
    if len(out_shape) > 2 or (len(a_shape) > 2 or len(b_shape) > 2):
        before = out_shape[: len(out_shape) - (len(a_shape) > 1) - (len(b_shape) > 1)]
        batch = Text(
            f"The axes in front, {shape_text(before)}, count the matrices: each pair is multiplied separately.",
            f"前にある軸 {shape_text(before)} は行列の並びで、一組ずつ別々に掛けます。",
        )
    return join(meet, vector, rest, batch)


def _met(b_shape: Shape) -> Text:
    if len(b_shape) == 1:
        return Text("only", "ただ一つの")
    return Text("first", "最初の") if len(b_shape) == 2 else Text("last but one", "最後から二番目の")


def matmul_back(which: int, g: str, a: str, b: str, a_shape: Shape, b_shape: Shape, out_shape: Shape) -> Product:
    """The rule of one input of `a @ b` with its shapes: `g @ Bᵀ` for `a`, `Aᵀ @ g` for `b`."""
    if len(a_shape) == 1 and len(b_shape) == 1:
        other, shape = (b, b_shape) if which == 0 else (a, a_shape)
        return Product(f"{g} · {other}", f"() · {shape_text(shape)}", shape)
    if which == 0:
        if len(b_shape) == 1:
            columns: Shape = (*out_shape, 1)
            row: Shape = (1, *b_shape)
            return Product(
                f"{g} ⊗ {b}", f"{shape_text(columns)} @ {shape_text(row)}", (*out_shape, *b_shape), _outer(g, b, a)
            )
        turned = _turned(b_shape)
        # a vector that met several matrices: its gradient comes as a row for each of them
        upstream = (*out_shape[:-1], 1, out_shape[-1]) if len(a_shape) == 1 and len(b_shape) > 2 else out_shape
        result = (*upstream[:-1], b_shape[-2])
        return Product(f"{g} @ {b}ᵀ", f"{shape_text(upstream)} @ {shape_text(turned)}", result)
    if len(a_shape) == 1:
        column, row = (a_shape[0], 1), (*out_shape[:-1], 1, out_shape[-1])
        return Product(
            f"{a} ⊗ {g}",
            f"{shape_text(column)} @ {shape_text(row)}",
            (*out_shape[:-1], a_shape[0], out_shape[-1]),
            _outer(a, g, b),
        )
    turned = _turned(a_shape)
    upstream = (*out_shape, 1) if len(b_shape) == 1 and len(a_shape) > 2 else out_shape
    outer = out_shape[:-1] if len(b_shape) == 1 else out_shape[:-2]
    result = (*outer, a_shape[-1], *upstream[len(outer) + 1 :])
    return Product(f"{a}ᵀ @ {g}", f"{shape_text(turned)} @ {shape_text(upstream)}", result)


def linear_forward(x: str, w: str, b: str | None, x_shape: Shape, w_shape: Shape, out: str, out_shape: Shape) -> Text:
    """Why `x @ wᵀ + b` has its shape: the weight is stored (out, in), so both last axes meet."""
    meet = Text(
        f"{w} is stored as (out, in) = {shape_text(w_shape)}. The last axis of {x} ({x_shape[-1]}) meets its last axis "
        f"({w_shape[-1]}), and {w_shape[0]} takes its place: {shape_text(out_shape)}.",
        f"{w} は (出力, 入力) = {shape_text(w_shape)} の形で置かれています。{x} の最後の軸（{x_shape[-1]}）と {w} の"
        f"最後の軸（{w_shape[-1]}）が出会い、代わりに {w_shape[0]} が入って {shape_text(out_shape)} になります。",
    )
    use = Broadcast((w_shape[0],), out_shape)
    return join(meet, broadcast_forward(b, use)) if b is not None and use else meet


def linear_back(which: int, g: str, x: str, w: str, x_shape: Shape, w_shape: Shape, out_shape: Shape) -> Product:
    """The rule of `x` (0) or `w` (1) in `x @ wᵀ + b`."""
    if which == 0:
        return Product(f"{g} @ {w}", f"{shape_text(out_shape)} @ {shape_text(w_shape)}", x_shape)
    if len(x_shape) == 1:
        column, row = (out_shape[0], 1), (1, x_shape[0])
        return Product(f"{g} ⊗ {x}", f"{shape_text(column)} @ {shape_text(row)}", w_shape, _outer(g, x, w))
    n = math.prod(x_shape[:-1])
    return Product(f"({g})ᵀ @ {x}", f"{shape_text((out_shape[-1], n))} @ {shape_text((n, x_shape[-1]))}", w_shape)


def _turned(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2])


def _outer(left: str, right: str, to: str) -> Text:
    return Text(
        f"⊗ is the outer product: every element of {left} times every element of {right}. Nothing is added up, for "
        f"each element of {to} went into one number only.",
        f"⊗ は外積（outer product）です。{left} の各要素と {right} の各要素をすべて掛け合わせます。{to} の各要素は"
        "一つの数にしか使われていないので、足し合わせはありません。",
    )


def fits(which: str, shape: Shape) -> Text:
    """`the shape of A`: what every contribution must have."""
    return Text(f"the shape of {which}", f"{which} の形")


# Everything else


def other_forward(
    names: Sequence[str], shapes: Sequence[Shape], out: str, out_shape: Shape, *, dim: Sequence[int] | None, keep: bool
) -> Text:
    """Why any other op gives this shape, as far as the shapes tell: axes gone, lengths added up, numbers moved.

    Args:
        dim: the axes the op was told, not negative; None where it was told none.
        keep: whether they were kept with length 1.
    """
    after = shape_text(out_shape)
    if len(shapes) > 1 and dim is not None and len(dim) == 1:
        return _put_together(shapes, out_shape, dim[0])
    if len(shapes) != 1:
        return EMPTY
    shape = shapes[0]
    before = f"{shape_text(shape)} → {after}"
    if shape == out_shape:
        return Text(f"The shape stays {after}.", f"形は {after} のままです。") if shape else EMPTY
    if math.prod(shape) == math.prod(out_shape) and shape and out_shape:
        n = math.prod(shape)
        return Text(f"{before}: {n:,} numbers before, {n:,} after.", f"{before}：数は前も後も {n:,} 個です。")
    if not out_shape:
        return Text(
            f"{before}: all {math.prod(shape):,} numbers become one.",
            f"{before}：{math.prod(shape):,} 個が一つの数になります。",
        )
    if dim is not None and _dropped(shape, dim, keep) == out_shape:
        where, lengths = axes_text(dim), " × ".join(str(shape[axis]) for axis in dim)
        end = Text(", kept with length 1", "（長さ 1 で残します）") if keep else EMPTY
        return Text(
            f"{before}: along {where.en}, {lengths} numbers become one{end.en}.",
            f"{before}：{where.ja} に沿って {lengths} 個の数が一つになります{end.ja}。",
        )
    return Text(f"{before}.", f"{before} です。")


def _dropped(shape: Shape, dim: Sequence[int], keep: bool) -> Shape:
    found = ((1 if i in dim else n) for i, n in enumerate(shape) if keep or i not in dim)
    return tuple(found)


def _put_together(shapes: Sequence[Shape], out_shape: Shape, axis: int) -> Text:
    if len(out_shape) == len(shapes[0]) and all(len(s) == len(out_shape) for s in shapes):
        lengths = [s[axis] for s in shapes]
        if sum(lengths) == out_shape[axis]:
            sum_ = " + ".join(map(str, lengths))
            return Text(
                f"Along axis {axis} the lengths add up: {sum_} = {out_shape[axis]}.",
                f"軸 {axis} の長さが足されます。{sum_} = {out_shape[axis]} です。",
            )
    if len(out_shape) == len(shapes[0]) + 1 and out_shape[axis] == len(shapes):
        return Text(
            f"A new axis {axis} counts them: {len(shapes)}.",
            f"新しい軸 {axis} がその個数 {len(shapes)} を数えます。",
        )
    return EMPTY


def jacobian(out: str, name: str, out_shape: Shape, shape: Shape) -> Text:
    """What the local gradient would be, and why nobody writes it down."""
    rows, columns = math.prod(out_shape), math.prod(shape)
    return Text(
        f"∂{out}/∂{name} would be a Jacobian of {rows:,} × {columns:,} numbers: how each element of {out} reacts to "
        f"each of {name}. It is never formed; the rule gives the product with the upstream gradient at once.",
        f"∂{out}/∂{name} は、書き下せば {rows:,} × {columns:,} 個の数が並ぶヤコビ行列です（{name} の各要素に対する "
        f"{out} の各要素の傾き）。実際には作らず、上流の勾配との積だけを規則から直接求めます。",
    )
