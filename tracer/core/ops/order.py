"""Ops that look for an element along an axis, or for an order: their gradient goes back to what was found.

*Which* is found first (`argmax`, `argsort`: whole numbers, without gradient), and then taken: the op of the values gets
the places as a second input, and its rule puts the gradient back there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tracer.core.array import put
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_choices
from tracer.core.ops.narrow import along_lines, indexed_lines, turns
from tracer.core.ops.reduce import shown
from tracer.text import Text

# Which one: whole numbers, which no gradient passes


def _places(name: str, what: Text, forward: Callable[..., Any], samples: Callable[[Any], Iterable[Sample]]) -> Op:
    return register(
        Op(
            name=name,
            steps=getattr(opened_choices, name),
            narrow=turns if name == "argsort" else along_lines,
            label=name,
            show=shown(name),
            what=what,
            forward=forward,
            inputs=(
                Input(
                    "a",
                    vjp=None,
                    local="",
                    why=Text(
                        en="{out} counts places. A small nudge of {a} moves nobody, so no gradient flows.",
                        ja="{out} は位置の番号です。{a} を少し動かしても順位は変わらないので、勾配は流れません。",
                    ),
                ),
            ),
            samples=samples,
        )
    )


def _arg(pick: str) -> Callable[..., Any]:
    def forward(xp: Any, a: Any, dim: int | None, keepdim: bool) -> Any:
        found = getattr(xp, pick)(a, axis=dim if a.ndim else None)
        shape = tuple(1 if dim is None or i == dim else n for i, n in enumerate(a.shape))
        return xp.asarray(found, dtype=xp.int64).reshape(shape if keepdim or not a.ndim else found.shape)

    return forward


def _arg_samples(rng: Any) -> Iterable[Sample]:
    yield Sample((rng.normal(0, 2, (2, 3)),), {"dim": None, "keepdim": False})
    yield Sample((rng.normal(0, 2, (2, 3)),), {"dim": 1, "keepdim": True})


ARGMAX = _places(
    "argmax",
    Text(
        en="{out} says where the largest element of {a} stands, counted from 0; with an axis, in each line "
        "along it. Of equal ones it is the first.",
        ja="{out} は {a} の最大の要素の位置です（0 から数えます）。軸を指定したときは、その軸に沿って求めます。"
        "同じ値があれば最初のものです。",
    ),
    _arg("argmax"),
    _arg_samples,
)
ARGMIN = _places(
    "argmin",
    Text(
        en="{out} says where the smallest element of {a} stands, counted from 0; with an axis, in each line "
        "along it. Of equal ones it is the first.",
        ja="{out} は {a} の最小の要素の位置です（0 から数えます）。軸を指定したときは、その軸に沿って求めます。"
        "同じ値があれば最初のものです。",
    ),
    _arg("argmin"),
    _arg_samples,
)


def _argsort(xp: Any, a: Any, dim: int, descending: bool) -> Any:
    """Equal elements keep their order, in both directions."""
    if not a.ndim:
        return xp.zeros((), xp.int64)
    if not descending:
        return xp.argsort(a, axis=dim, kind="stable").astype(xp.int64)
    turned = xp.argsort(xp.flip(a, axis=dim), axis=dim, kind="stable")
    return (a.shape[dim] - 1 - xp.flip(turned, axis=dim)).astype(xp.int64)


ARGSORT = _places(
    "argsort",
    Text(
        en="{out} lists the places of the elements of {a} along one axis, in order of their size.",
        ja="{out} は {a} の要素の位置を、一つの軸に沿って大きさの順に並べたものです。",
    ),
    _argsort,
    lambda rng: [Sample((rng.normal(0, 2, (2, 3)),), {"dim": 1, "descending": True})],
)

ARGMEDIAN = _places(
    "argmedian",
    Text(
        en="{out} is the place of the middle element of {a} along one axis; of two in the middle, the lower.",
        ja="{out} は {a} の一つの軸に沿った中央の要素の位置です。中央が二つあれば小さい方です。",
    ),
    lambda xp, a, dim, keepdim: _argmedian(xp, a, dim, keepdim),
    lambda rng: [Sample((rng.normal(0, 2, (2, 3)),), {"dim": 1, "keepdim": False})],
)


def _argmedian(xp: Any, a: Any, dim: int, keepdim: bool) -> Any:
    if not a.ndim:
        return xp.zeros((), xp.int64)
    middle = xp.take(_argsort(xp, a, dim, False), xp.asarray([(a.shape[dim] - 1) // 2]), axis=dim)
    is_nan = a != a
    first = xp.expand_dims(xp.argmax(is_nan, axis=dim), dim)
    found = xp.where(xp.any(is_nan, axis=dim, keepdims=True), first, middle).astype(xp.int64)
    return found if keepdim else xp.squeeze(found, axis=dim)


# What stands there


def _taken(xp: Any, a: Any, index: Any, dim: int, keepdim: bool) -> Any:
    """The elements at `index`, which lacks axis `dim` where `keepdim` is off."""
    if not a.ndim:
        return a.copy() if not index.ndim else a.reshape(1)[index]
    if keepdim:
        return xp.take_along_axis(a, index, dim)
    return xp.squeeze(xp.take_along_axis(a, xp.expand_dims(index, dim), dim), axis=dim)


def _put_back(xp: Any, g: Any, out: Any, a: Any, index: Any, dim: int, keepdim: bool) -> Any:
    if not a.ndim:
        return xp.reshape(g, ())
    index = getattr(index, "_array", index)  # under second derivatives a tensor
    module = namespace(index)
    if not keepdim:
        index, g = module.expand_dims(index, dim), xp.expand_dims(g, dim)
    ndim = len(a.shape)
    places = tuple(
        index if axis == dim else module.arange(n).reshape((n,) + (1,) * (ndim - axis - 1))
        for axis, n in enumerate(index.shape)
    )
    return put(xp, tuple(a.shape), places, g)


def _picked(name: str, grad_fn: str, show: Any, what: Text, why: Text, samples: Callable[[Any], Any]) -> Op:
    return register(
        Op(
            name=name,
            steps=opened_choices.picked,
            narrow=indexed_lines,
            label=name.removesuffix("_dim"),
            show=show,
            what=what,
            forward=_taken,
            inputs=(
                Input(
                    "a",
                    vjp=_put_back,
                    local="",
                    needs=("index",),
                    why=why,
                    back=Text(
                        en="Each gradient goes back to the place its element was taken from; all others receive 0.",
                        ja="それぞれの勾配は、要素を取り出した元の位置へ戻ります。ほかの位置は 0 です。",
                    ),
                ),
                Input(
                    "index",
                    vjp=None,
                    local="",
                    why=Text(
                        en="Places are whole numbers, which no gradient passes.",
                        ja="位置は整数なので、勾配は流れません。",
                    ),
                ),
            ),
            samples=samples,
            grad_fn=grad_fn,
        )
    )


def _shown_along(name: str) -> Callable[[Sequence[str], Mapping[str, Any]], str]:
    return lambda inputs, static: f"{name}({inputs[0]}, dim={static['dim']})"


def _one(pick: str) -> Callable[[Any], list[Sample]]:
    def samples(rng: Any) -> list[Sample]:
        a = rng.normal(0, 2, (2, 3))
        return [
            Sample((a, getattr(a, pick)(axis=1)), {"dim": 1, "keepdim": False}),
            Sample((a, getattr(a, pick)(axis=0)[None]), {"dim": 0, "keepdim": True}),
        ]

    return samples


_FOUND = Text(
    en="Only the element found counts: nudge it, and {out} moves along; nudge another, and nothing happens.",
    ja="見つかった要素だけが効きます。それを動かすと {out} も一緒に動き、ほかを動かしても何も起こりません。",
)
_ORDERED = Text(
    en="Each element only changes its place: nudge it, and its copy in {out} moves by the same amount.",
    ja="要素は場所が変わるだけです。動かした分だけ、{out} の中の同じ要素も動きます。",
)

MAX_DIM = _picked(
    "max_dim",
    "MaxBackward0",
    _shown_along("max"),
    Text(
        en="{out} holds the largest elements of {a} along one axis.",
        ja="{out} は {a} の一つの軸に沿った最大の要素です。",
    ),
    _FOUND,
    _one("argmax"),
)
MIN_DIM = _picked(
    "min_dim",
    "MinBackward0",
    _shown_along("min"),
    Text(
        en="{out} holds the smallest elements of {a} along one axis.",
        ja="{out} は {a} の一つの軸に沿った最小の要素です。",
    ),
    _FOUND,
    _one("argmin"),
)
MEDIAN_DIM = _picked(
    "median_dim",
    "MedianBackward1",
    _shown_along("median"),
    Text(
        en="{out} holds the middle elements of {a} along one axis.",
        ja="{out} は {a} の一つの軸に沿った中央の要素です。",
    ),
    _FOUND,
    _one("argmax"),
)
SORT = _picked(
    "sort",
    "SortBackward0",
    _shown_along("sort"),
    Text(
        en="{out} has the elements of {a} in order of their size along one axis.",
        ja="{out} は {a} の要素を一つの軸に沿って大きさの順に並べたものです。",
    ),
    _ORDERED,
    lambda rng: [Sample((a := rng.normal(0, 2, (2, 4)), a.argsort(1)), {"dim": 1, "keepdim": True})],
)
TOPK = _picked(
    "topk",
    "TopkBackward0",
    _shown_along("topk"),
    Text(
        en="{out} has the first elements of {a} in order of their size along one axis.",
        ja="{out} は {a} の要素のうち、一つの軸に沿って大きさの順で先頭のものです。",
    ),
    _ORDERED,
    lambda rng: [Sample((a := rng.normal(0, 2, (2, 4)), a.argsort(1)[:, :2]), {"dim": 1, "keepdim": True})],
)
