"""Where a tensor is taken apart into its numbers, and put together again: the seams of an unfolded node.

Inside the seams every number is a node of its own, of type float64 whatever the tensor has; whole numbers and answers
keep their type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.array import put
from tracer.core.op import JOINT, Input, Op, Sample, register
from tracer.text import Text


def _element(xp: Any, a: Any, *, index: tuple[int, ...]) -> Any:
    found = a[(*index, Ellipsis)]
    return found.astype(xp.float64 if a.dtype.kind == "f" else a.dtype)


def _show_element(inputs: Sequence[str], static: Any) -> str:
    index = static.get("index", ())
    first = f"({inputs[0]})" if inputs[0].startswith("-") else inputs[0]
    return f"{first}[{', '.join(map(str, index))}]" if index else first


ELEMENT = register(
    Op(
        name="element",
        unfolds="moves",
        label="[i]",
        show=_show_element,
        what=Text(
            en="{out} is one number of {a}, taken out so that it can be followed by itself.",
            ja="{out} は {a} の要素を一つだけ取り出したものです。この数だけを追うことができます。",
        ),
        forward=_element,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, index: put(xp, tuple(a.shape), (*index, Ellipsis), g),
                local="",
                needs=(),
                why=Text(
                    en="{out} is this very element of {a} and moves exactly as far; no other element touches it.",
                    ja="{out} は {a} のこの要素そのものなので、同じだけ動きます。ほかの要素は関係しません。",
                ),
                back=Text(
                    en="The gradient goes to the place the number was taken from; on this way every other element of "
                    "{a} receives 0.",
                    ja="勾配は、取り出した場所に届きます。この経路では、{a} のほかの要素に届くのは 0 です。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"index": (1, 2)}),
            Sample((rng.normal(size=3),), {"index": (0,)}),
            Sample((rng.normal(size=()),), {"index": ()}),
        ],
    )
)


def _join(xp: Any, *numbers: Any, shape: tuple[int, ...], dtype: str) -> Any:
    return xp.stack([xp.asarray(one).astype(dtype) for one in numbers]).reshape(shape)


def _join_back(
    xp: Any, g: Any, out: Any, *numbers: Any, wanted: tuple[bool, ...], shape: tuple[int, ...], dtype: str
) -> tuple[Any, ...]:
    line = xp.reshape(g, (len(numbers),))
    return tuple(line[place, ...] if want else None for place, want in enumerate(wanted))


def _listed(inputs: Sequence[str], most: int = 4) -> str:
    return ", ".join(inputs) if len(inputs) <= most else f"{inputs[0]}, {inputs[1]}, …, {inputs[-1]}"


JOIN = register(
    Op(
        name="join",
        unfolds="moves",
        label="[…]",
        show=lambda inputs, static: inputs[0] if static.get("shape") == () else f"[{_listed(inputs)}]",
        what=Text(
            en="{out} is put together from single numbers, each in its place: from here on they are one tensor again.",
            ja="{out} は、一つ一つの数をそれぞれの位置に並べたものです。ここからは、また一つのテンソルです。",
        ),
        forward=_join,
        inputs=(
            Input(
                "a",
                vjp=JOINT,
                local="",
                why=Text(
                    en="{a} is one element of {out}: nudge it, and that element moves as far, and no other.",
                    ja="{a} は {out} の要素の一つです。動かすと、その要素だけが同じだけ動きます。",
                ),
                back=Text(
                    en="{a} receives the gradient of its own element.",
                    ja="{a} には、自分が入った要素の勾配がそのまま届きます。",
                ),
            ),
        ),
        joint_vjp=_join_back,
        samples=lambda rng: [
            Sample(tuple(rng.normal(size=()) for _ in range(6)), {"shape": (2, 3), "dtype": "float64"}),
            Sample((rng.normal(size=()),), {"shape": (1,), "dtype": "float64"}),
        ],
        variadic=True,
    )
)


def _place(xp: Any, a: Any, *numbers: Any, places: tuple[int, ...]) -> Any:
    line = a.reshape(-1).copy()
    line[xp.asarray(places)] = xp.stack([xp.asarray(one).astype(a.dtype) for one in numbers])
    return line.reshape(a.shape)


def _place_back(
    xp: Any, g: Any, out: Any, a: Any, *numbers: Any, wanted: tuple[bool, ...], places: tuple[int, ...]
) -> tuple[Any, ...]:
    found: list[Any] = [None] * len(wanted)
    if wanted[0]:
        replaced = np.zeros(tuple(a.shape), bool)
        replaced.reshape(-1)[list(places)] = True
        here = replaced if hasattr(xp, "put_at") else xp.asarray(replaced)
        found[0] = xp.where(here, 0.0, g)
    line = xp.reshape(g, (-1,))
    for slot, place in enumerate(places, start=1):
        if wanted[slot]:
            found[slot] = line[place, ...]
    return tuple(found)


PLACE = register(
    Op(
        name="place",
        unfolds="moves",
        label="[i]=",
        show=lambda inputs, static: f"{inputs[0]} ← {_listed(inputs[1:], 3)}",
        what=Text(
            en="{out} is the whole tensor, with the numbers that were worked out one by one standing in their places.",
            ja="{out} は元のテンソル全体です。一つずつ計算した数だけを、それぞれの位置に入れ直しています。",
        ),
        forward=_place,
        inputs=(
            Input(
                "a",
                vjp=JOINT,
                local="",
                why=Text(
                    en="{a} gives all elements but those worked out one by one: nudge it, and only these others move.",
                    ja="{a} が受け持つのは、一つずつ計算した要素を除いた残りです。動かすと、その残りだけが動きます。",
                ),
                back=Text(
                    en="The gradient passes unchanged, but for 0 at the places that single numbers took over: there it "
                    "goes to them.",
                    ja="勾配はそのまま通ります。ただし一つずつの数が入った位置は 0 で、そこの勾配はその数に届きます。",
                ),
            ),
            Input(
                "b",
                vjp=JOINT,
                local="",
                why=Text(
                    en="{b} stands for one element of {out}: nudge it, and that element moves as far, and no other.",
                    ja="{b} は {out} の要素の一つです。動かすと、その要素だけが同じだけ動きます。",
                ),
                back=Text(
                    en="{b} receives the gradient of its own element.",
                    ja="{b} には、自分が入った要素の勾配がそのまま届きます。",
                ),
            ),
        ),
        joint_vjp=_place_back,
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)), rng.normal(size=()), rng.normal(size=())), {"places": (4, 0)}),
            Sample((rng.normal(size=3), rng.normal(size=())), {"places": (2,)}),
        ],
        variadic=True,
    )
)
