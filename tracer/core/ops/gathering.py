"""Ops that read or write along one axis at places a tensor of indices names: gather, scatter, embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.array import put, take
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_choices
from tracer.core.ops.indexing import no_gradient
from tracer.core.ops.narrow import indexed_lines
from tracer.core.subscript import plain
from tracer.text import Text


def places(index: Any, dim: int) -> tuple[Any, ...]:
    """The index that reads `a[i][index[i][j]]`-wise: `index` on axis `dim`, each element's own place on the others."""
    index = _plain(index)
    if index.ndim == 0:
        return (Ellipsis,)  # one element, which every index names
    if index.size == 0:
        return tuple(index for _ in range(index.ndim))
    xp = namespace(index)
    grid = [xp.arange(size).reshape((-1,) + (1,) * (index.ndim - axis - 1)) for axis, size in enumerate(index.shape)]
    grid[dim] = index
    return tuple(grid)


def _plain(index: Any) -> Any:
    """The array of an index, which is a tensor where rules run on tensors."""
    return getattr(index, "_array", index)


def _corner(shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The part of a larger source that an index of this shape uses."""
    return (*(slice(0, size) for size in shape), Ellipsis)


def _last_writers(xp: Any, shape: tuple[int, ...], index: Any, dim: int) -> Any:
    """Of each element scattered, whether it is the one that stayed."""
    at = places(index, dim)
    order = xp.zeros(shape, np.int64)
    turns = xp.arange(order[at].size).reshape(index.shape)
    order[at] = turns
    return order[at] == turns


GATHER = register(
    Op(
        name="gather",
        steps=opened_choices.picked,
        narrow=indexed_lines,
        label="gather",
        show="{a}.gather({dim}, {index})",
        what=Text(
            en="{out} picks elements of {a} along one axis: {index} says which, for each place of {out} by itself.",
            ja="{out} は、軸に沿って {a} の要素を取り出したものです。どれを取るかは {index} が場所ごとに決めます。",
        ),
        forward=lambda xp, a, index, *, dim: a[places(index, dim)].copy(),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, index, *, dim: put(xp, a.shape, places(index, dim), g),
                local="",
                why=Text(
                    en="The elements picked move {out} exactly as far; nudging any other element changes nothing.",
                    ja="取り出された要素を動かすと {out} も同じだけ動きます。ほかの要素を動かしても何も変わりません。",
                ),
                back=Text(
                    en="Each gradient goes back to the element it was picked from; one picked several times receives "
                    "the sum, one never picked 0.",
                    ja="勾配はそれぞれ、取り出した元の要素に戻ります。"
                    "何度も取り出された要素は合計を受け取り、取り出されなかった要素は 0 です。",
                ),
                needs=("index",),
            ),
            no_gradient("index"),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)), rng.integers(0, 4, (3, 2))), {"dim": 1}),
            Sample((rng.normal(size=(3, 4)), rng.integers(0, 3, (5, 2))), {"dim": 0}),
        ],
        grad_fn="GatherBackward0",
    )
)


def _scattered(xp: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    out = a.copy(order="K")
    out[places(index, dim)] = src[_corner(index.shape)] if getattr(src, "ndim", 0) else src
    return out


def _scatter_back_to_a(xp: Any, g: Any, out: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    covered = plain(xp, g).zeros(a.shape, bool)
    covered[places(index, dim)] = True
    return xp.where(covered, 0.0, g)


def _scatter_back_to_src(xp: Any, g: Any, out: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    stayed = _last_writers(plain(xp, g), a.shape, index, dim)
    found = xp.where(stayed, take(xp, g, places(index, dim)), 0.0)
    return put(xp, src.shape, _corner(index.shape), found) if src.shape != index.shape else found


SCATTER = register(
    Op(
        name="scatter",
        steps=opened_choices.scatter,
        label="scatter",
        show="{a}.scatter({dim}, {index}, {src})",
        what=Text(
            en="{out} is {a} with elements of {src} written over it along one axis, where {index} says.",
            ja="{out} は、軸に沿って {index} が指す場所に {src} の要素を上書きした {a} です。",
        ),
        forward=_scattered,
        inputs=(
            Input(
                "a",
                vjp=_scatter_back_to_a,
                local="",
                why=Text(
                    en="Elements of {a} that were not overwritten move {out} as far; the others have lost their say.",
                    ja="上書きされなかった {a} の要素を動かすと {out} も同じだけ動きます。"
                    "上書きされた要素は何の影響も与えません。",
                ),
                back=Text(
                    en="The gradient passes, but is 0 wherever an element was overwritten.",
                    ja="勾配はそのまま通りますが、上書きされた場所では 0 になります。",
                ),
                needs=("index",),
            ),
            no_gradient("index"),
            Input(
                "src",
                vjp=_scatter_back_to_src,
                local="",
                why=Text(
                    en="Each element of {src} that stayed moves the place it was written to as far.",
                    ja="書き込まれて残った {src} の要素は、その場所を同じだけ動かします。",
                ),
                back=Text(
                    en="Each element of {src} reads the gradient at the place it was written to; one that another "
                    "overwrote receives 0.",
                    ja="{src} の各要素は、書き込まれた場所の勾配を受け取ります。あとから上書きされた要素は 0 です。",
                ),
                needs=("index",),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)), np.array([[0, 2], [1, 3]]), rng.normal(size=(2, 2))), {"dim": 1}),
            Sample((rng.normal(size=5), np.array([1, 4, 1]), rng.normal(size=4)), {"dim": 0}),
        ],
        grad_fn="ScatterBackward0",
    )
)


def _scatter_added(xp: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    return a + put(xp, a.shape, places(index, dim), src[_corner(index.shape)])


def _scatter_add_back(xp: Any, g: Any, out: Any, a: Any, index: Any, src: Any, *, dim: int) -> Any:
    found = take(xp, g, places(index, dim))
    return put(xp, src.shape, _corner(index.shape), found) if src.shape != index.shape else found


SCATTER_ADD = register(
    Op(
        name="scatter_add",
        steps=opened_choices.scatter_add,
        label="scatter +",
        show="{a}.scatter_add({dim}, {index}, {src})",
        what=Text(
            en="{out} is {a} with elements of {src} added along one axis, where {index} says; several may meet.",
            ja="{out} は、軸に沿って {index} が指す場所に {src} の要素を足した {a} です。"
            "同じ場所に何度足してもかまいません。",
        ),
        forward=_scatter_added,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, index, src, **_: g,
                local="",
                why=Text(
                    en="A sum passes every change straight on: nudge {a}, and {out} moves by the same amount.",
                    ja="足し算は変化をそのまま伝えます。{a} を動かした分だけ、{out} も動きます。",
                ),
                back=Text(en="The gradient passes unchanged.", ja="勾配はそのまま通ります。"),
            ),
            no_gradient("index"),
            Input(
                "src",
                vjp=_scatter_add_back,
                local="",
                why=Text(
                    en="Each element of {src} is added at one place of {out}, which moves as far.",
                    ja="{src} の各要素は {out} のひとつの場所に足され、その場所が同じだけ動きます。",
                ),
                back=Text(
                    en="Each element of {src} reads the gradient at the place it was added to.",
                    ja="{src} の各要素は、自分が足された場所の勾配を受け取ります。",
                ),
                needs=("index",),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)), np.array([[0, 2], [1, 1]]), rng.normal(size=(2, 2))), {"dim": 1}),
            Sample((rng.normal(size=(3, 2)), rng.integers(0, 3, (4, 2)), rng.normal(size=(5, 2))), {"dim": 0}),
        ],
        grad_fn="ScatterAddBackward0",
    )
)


def _embedding_back(xp: Any, g: Any, out: Any, weight: Any, idx: Any, *, padding_idx: int | None) -> Any:
    rows = _plain(idx)
    if padding_idx is not None:
        g = xp.where((rows == padding_idx)[..., None], 0.0, g)
    return put(xp, weight.shape, (rows,), g)


EMBEDDING = register(
    Op(
        name="embedding",
        steps=opened_choices.embedding,
        label="embed",
        show="{weight}[{idx}]",
        what=Text(
            en="{out} looks up one row of the table {weight} for each number in {idx}.",
            ja="{out} は、{idx} の番号ごとに表 {weight} の行を引いたものです。",
        ),
        forward=lambda xp, weight, idx, *, padding_idx: weight[idx],
        inputs=(
            Input(
                "weight",
                vjp=_embedding_back,
                local="",
                why=Text(
                    en="Only the rows looked up are in {out}; each moves there exactly as far as in the table.",
                    ja="{out} に現れるのは引かれた行だけで、表の中と同じだけ動きます。",
                ),
                back=Text(
                    en="Each gradient goes to the row it was looked up from: a row used twice receives the sum, a row "
                    "not used receives 0 and does not learn in this step.",
                    ja="勾配は引かれた行に戻ります。二度引かれた行は合計を受け取り、"
                    "引かれなかった行の勾配は 0 で、このステップでは学習しません。",
                ),
                needs=("idx",),
            ),
            no_gradient("idx"),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(4, 3)), rng.integers(0, 4, (2, 3))), {"padding_idx": None}),
            Sample((rng.normal(size=(4, 3)), np.array(2)), {"padding_idx": None}),
            Sample((rng.normal(size=(4, 3)), np.array([3, 1, 3])), {"padding_idx": None}),
        ],
        grad_fn="EmbeddingBackward0",
    )
)


def _one_hot(xp: Any, idx: Any, *, num_classes: int) -> Any:
    return (idx[..., None] == xp.arange(num_classes)).astype(np.int64)


ONE_HOT = register(
    Op(
        name="one_hot",
        steps=opened_choices.one_hot,
        label="one-hot",
        show="one_hot({idx}, {num_classes})",
        what=Text(
            en="{out} writes each number of {idx} as a row of zeros with a single 1 at that place.",
            ja="{out} は、{idx} の各番号を「その場所だけ 1、ほかは 0」の行で表したものです。",
        ),
        forward=_one_hot,
        inputs=(no_gradient("idx"),),
        samples=lambda rng: [Sample((rng.integers(0, 3, (2, 2)),), {"num_classes": 3})],
    )
)

NONZERO = register(
    Op(
        name="nonzero",
        steps=opened_choices.nonzero,
        label="≠ 0",
        show="nonzero({a})",
        what=Text(
            en="{out} lists the places of the elements of {a} that are not 0, one a row.",
            ja="{out} は、{a} の 0 でない要素の場所を 1 行にひとつずつ並べたものです。",
        ),
        forward=lambda xp, a: xp.stack(xp.nonzero(a), axis=1) if a.ndim else xp.zeros((int(a != 0), 0), np.int64),
        inputs=(
            Input(
                "a",
                vjp=None,
                local="",
                why=Text(
                    en="{out} is a list of places: a small nudge of {a} does not change it, so no gradient flows.",
                    ja="{out} は場所の一覧です。{a} を少し動かしても変わらないので、勾配は流れません。",
                ),
                needs=(),
            ),
        ),
        samples=lambda rng: [Sample((rng.integers(0, 2, (2, 3)).astype(float),))],
    )
)
