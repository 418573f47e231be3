"""Ops that give the same elements another shape: nothing is computed, so the gradient only takes the way back.

Each element of the output is one element of the input, so every local gradient is 1; what is left to say is where each
element's gradient goes. Sizes and axes are static, and final: no -1, no axis counted from the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.text import Text


def as_call(name: str, *static: str) -> Callable[[Sequence[str], Any], str]:
    """Written as a method's call: `x.permute(2, 0, 1)`, `x.roll((1, 2), (0, 1))`."""

    def written(inputs: Sequence[str], given: Any) -> str:
        first = f"({inputs[0]})" if inputs[0].startswith("-") else inputs[0]
        values = [given[key] for key in static]
        if len(values) == 1 and isinstance(values[0], tuple):
            values = list(values[0])
        values = [one[0] if isinstance(one, tuple) and len(one) == 1 else one for one in values]
        return f"{first}.{name}({', '.join(map(str, values))})"

    return written


SAME_ORDER = Text(
    en="Only the shape changes: each element of {out} is one element of {a} and moves exactly as far as it does.",
    ja="変わるのは形だけです。{out} の各要素は {a} の要素そのもので、同じだけ動きます。",
)


def _reshaping(name: str, what: Text, samples: Callable[[Any], list[Sample]], *said: str) -> Op:
    """One of PyTorch's words for: the same elements, read in the same order, in a new shape."""
    return Op(
        name=name,
        unfolds="moves",
        label=name,
        show=as_call(name, *said),
        what=what,
        forward=lambda xp, a, *, shape: xp.reshape(a, shape),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, **_: xp.reshape(g, a.shape),
                local="",
                why=SAME_ORDER,
                back=Text(
                    en="The gradient is reshaped back into the shape of {a}: the same numbers in the same order.",
                    ja="上流の勾配を {a} の形に戻すだけです。数もその並び順も変わりません。",
                ),
            ),
        ),
        samples=samples,
        grad_fn="ViewBackward0",
        view=True,
    )


RESHAPE = register(
    _reshaping(
        "reshape",
        Text(
            en="{out} has the elements of {a}, read row by row, in a new shape.",
            ja="{out} は、{a} の要素を行の順に読み、新しい形に並べたものです。",
        ),
        lambda rng: [
            Sample((rng.normal(size=(2, 6)),), {"shape": (3, 4)}),
            Sample((rng.normal(size=(1, 1)),), {"shape": ()}),
            Sample((rng.normal(size=(4, 3)).T,), {"shape": (2, 6)}),
        ],
        "shape",
    )
)

VIEW = register(
    _reshaping(
        "view",
        Text(
            en="{out} looks at the memory of {a} in a new shape: no element is copied.",
            ja="{out} は {a} と同じメモリを別の形で見たものです。要素の複製は作られません。",
        ),
        lambda rng: [Sample((rng.normal(size=(2, 3, 4)),), {"shape": (6, 4)})],
        "shape",
    )
)

FLATTEN = register(
    _reshaping(
        "flatten",
        Text(
            en="{out} has the elements of {a} with several axes laid out as one, the last of them running fastest.",
            ja="{out} は、{a} の続いた軸をひとつにまとめたものです。要素は後ろの軸から先に進む順に並びます。",
        ),
        lambda rng: [Sample((rng.normal(size=(2, 3, 2)),), {"shape": (2, 6)})],
    )
)


def _swapped(ndim: int, dim0: int, dim1: int) -> tuple[int, ...]:
    """The order of axes with two of them swapped."""
    order = list(range(ndim))
    if ndim:  # a tensor without axes has none to swap
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return tuple(order)


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """The order of axes that undoes `order`."""
    back = [0] * len(order)
    for place, axis in enumerate(order):
        back[axis] = place
    return tuple(back)


TRANSPOSE = register(
    Op(
        name="transpose",
        unfolds="moves",
        label="T",
        show=as_call("transpose", "dim0", "dim1"),
        what=Text(
            en="{out} is {a} with two of its axes swapped; of a matrix, rows become columns.",
            ja="{out} は {a} の軸を 2 本入れ替えたものです。行列なら行と列が入れ替わります。",
        ),
        forward=lambda xp, a, *, dim0, dim1: xp.transpose(a, _swapped(a.ndim, dim0, dim1)),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, dim0, dim1: xp.transpose(g, _swapped(a.ndim, dim0, dim1)),
                local="",
                why=Text(
                    en="Each element only changes its place: nudge it in {a}, and it moves as far where it now stands.",
                    ja="要素は場所を変えるだけです。{a} で動かすと、移った先でも同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient has its axes swapped the same way, which puts each number back where its element "
                    "came from.",
                    ja="上流の勾配でも同じ 2 本の軸を入れ替えます。"
                    "もう一度入れ替えると、どの数も元の要素の場所に戻ります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"dim0": 0, "dim1": 1}),
            Sample((rng.normal(size=(2, 3, 4)),), {"dim0": 0, "dim1": 2}),
        ],
        grad_fn="TransposeBackward0",
        view=True,
    )
)


def _permuted(inputs: Sequence[str], static: Any) -> str:
    """A matrix transposed is `x.T`, whatever it was called."""
    if static["dims"] != (1, 0):
        return as_call("permute", "dims")(inputs, static)
    return f"({inputs[0]}).T" if inputs[0].startswith("-") else f"{inputs[0]}.T"


PERMUTE = register(
    Op(
        name="permute",
        unfolds="moves",
        label="permute",
        show=_permuted,
        what=Text(
            en="{out} is {a} with its axes in another order.",
            ja="{out} は {a} の軸の順番を並べ替えたものです。",
        ),
        forward=lambda xp, a, *, dims: xp.transpose(a, dims),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, dims: xp.transpose(g, inverse(dims)),
                local="",
                why=Text(
                    en="Each element only changes its place: nudge it in {a}, and it moves as far where it now stands.",
                    ja="要素は場所を変えるだけです。{a} で動かすと、移った先でも同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient's axes are put back into their old order, so that each number stands where its "
                    "element came from.",
                    ja="上流の勾配の軸を元の順番に戻します。どの数も、元の要素の場所に戻ります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3, 4)),), {"dims": (2, 0, 1)}),
            Sample((rng.normal(size=(2, 3)),), {"dims": (1, 0)}),
        ],
        grad_fn="PermuteBackward0",
        view=True,
    )
)

SQUEEZE = register(
    Op(
        name="squeeze",
        unfolds="moves",
        label="squeeze",
        show=as_call("squeeze", "dims"),
        what=Text(
            en="{out} is {a} without axes of length 1: the same elements, fewer brackets.",
            ja="{out} は {a} から長さ 1 の軸を取り除いたものです。要素は同じで、括弧が減ります。",
        ),
        forward=lambda xp, a, *, dims: xp.squeeze(a, dims),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, **_: xp.reshape(g, a.shape),
                local="",
                why=SAME_ORDER,
                back=Text(
                    en="The axes of length 1 are put back, and the gradient has the shape of {a} again.",
                    ja="取り除いた長さ 1 の軸を付け直し、勾配を {a} の形に戻します。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 1, 3)),), {"dims": (1,)}),
            Sample((rng.normal(size=(1, 2, 1)),), {"dims": (0, 2)}),
        ],
        grad_fn="SqueezeBackward1",
        view=True,
    )
)

UNSQUEEZE = register(
    Op(
        name="unsqueeze",
        unfolds="moves",
        label="unsqueeze",
        show=as_call("unsqueeze", "dim"),
        what=Text(
            en="{out} is {a} with a new axis of length 1: the same elements, one more pair of brackets.",
            ja="{out} は {a} に長さ 1 の軸を加えたものです。要素は同じで、括弧がひと組増えます。",
        ),
        forward=lambda xp, a, *, dim: xp.expand_dims(a, dim),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, dim: xp.squeeze(g, dim),
                local="",
                why=SAME_ORDER,
                back=Text(
                    en="The axis of length 1 is taken out of the gradient again.",
                    ja="加えた長さ 1 の軸を、勾配から取り除きます。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"dim": 1}),
            Sample((rng.normal(size=3),), {"dim": 0}),
        ],
        grad_fn="UnsqueezeBackward0",
        view=True,
    )
)

EXPAND = register(
    Op(
        name="expand",
        unfolds="moves",
        label="expand",
        show=as_call("expand", "shape"),
        what=Text(
            en="{out} shows {a} as if it were repeated along new axes and along those of length 1; nothing is copied.",
            ja="{out} は、新しい軸や長さ 1 の軸に沿って {a} が繰り返されているように見せたものです。"
            "複製は作られません。",
        ),
        forward=lambda xp, a, *, shape: xp.broadcast_to(a, shape),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, **_: g,  # the engine sums it over the axes that were repeated
                local="",
                why=Text(
                    en="One element of {a} stands in several places of {out}: nudge it, and all of them move as far.",
                    ja="{a} のひとつの要素は {out} の何か所にも現れます。動かすと、そのすべてが同じだけ動きます。",
                ),
                back=Text(
                    en="Each element of {a} collects the gradient of all its places in {out}: the gradient is summed "
                    "over the axes that were repeated.",
                    ja="{a} の各要素は、{out} で自分が現れた場所すべての勾配を集めます。"
                    "つまり、繰り返された軸に沿って勾配を足し合わせます。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(1, 3)),), {"shape": (4, 3)}),
            Sample((rng.normal(size=3),), {"shape": (2, 2, 3)}),
            Sample((rng.normal(size=1),), {"shape": (2, 2)}),
        ],
        grad_fn="ExpandBackward0",
        view=True,
    )
)

CLONE = register(
    Op(
        name="clone",
        unfolds="moves",
        label="copy",
        show=lambda inputs, static: f"{inputs[0]}.{'contiguous' if static['order'] == 'C' else 'clone'}()",
        what=Text(
            en="{out} is a copy of {a} in memory of its own; writing to one leaves the other as it is.",
            ja="{out} は {a} の複製で、自分のメモリを持ちます。一方に書き込んでも、もう一方は変わりません。",
        ),
        forward=lambda xp, a, *, order: a.copy(order=order),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, **_: g,
                local="",
                why=Text(
                    en="A copy moves exactly as far as its original.",
                    ja="複製は元の値とまったく同じだけ動きます。",
                ),
                back=Text(
                    en="The gradient passes unchanged: a copy is still part of the graph.",
                    ja="勾配はそのまま通ります。複製しても計算グラフからは切り離されません。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"order": "K"}),
            Sample((rng.normal(size=(2, 3)).T,), {"order": "C"}),
        ],
        grad_fn="CloneBackward0",
    )
)
