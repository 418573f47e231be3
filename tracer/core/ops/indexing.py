"""Ops that pick elements or write them: the gradient goes to the elements that were picked, and nowhere else.

An element picked twice receives both gradients; one that was not picked, or was overwritten, receives 0. Where an
index or a mask is a tensor of the user's, it is an input of the op (no gradient flows to it); between brackets it is
static.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened_choices
from tracer.core.subscript import Index, assign, pick, plain, scatter, written
from tracer.text import Text

NO_GRADIENT = Text(
    en="{a} says which elements are meant, not how large something is: there is no slope, and no gradient flows.",
    ja="{a} は大きさではなく「どの要素か」を表します。傾きというものがないので、勾配は流れません。",
)


def no_gradient(name: str) -> Input:
    """An index or a mask."""
    return Input(name, vjp=None, local="", why=NO_GRADIENT.format(a=f"{{{name}}}", out="{out}"), needs=())


def _show_index(inputs: Sequence[str], static: Any) -> str:
    first = f"({inputs[0]})" if inputs[0].startswith("-") else inputs[0]
    return f"{first}[{written(static['index'])}]"


PICKED = Text(
    en="The elements picked move {out} exactly as far; nudging any other element changes nothing.",
    ja="取り出された要素を動かすと {out} も同じだけ動きます。ほかの要素を動かしても何も変わりません。",
)

SLICE = register(
    Op(
        name="slice",
        unfolds="moves",
        label="[ ]",
        show=_show_index,
        what=Text(
            en="{out} looks at a part of {a}, given by numbers and ranges; nothing is copied.",
            ja="{out} は、番号や範囲で指定した {a} の一部を見たものです。複製は作られません。",
        ),
        forward=lambda xp, a, *, index: pick(xp, a, index),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, index: scatter(xp, a.shape, index, g),
                local="",
                why=PICKED,
                back=Text(
                    en="The gradient is put back into a field of zeros, at the places it was cut out of: what was not "
                    "picked receives 0.",
                    ja="0 を並べた配列の、切り出した場所に勾配を戻します。取り出されなかった要素の勾配は 0 です。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)),), {"index": (slice(0, 3, 2), 1)}),
            Sample((rng.normal(size=(3, 4)),), {"index": (1, -1)}),
            Sample((rng.normal(size=(3, 4)),), {"index": (None, Ellipsis, slice(1, None))}),
        ],
        grad_fn="SliceBackward0",
        view=True,
    )
)

INDEX = register(
    Op(
        name="index",
        unfolds="moves",
        label="[ ]",
        show=_show_index,
        what=Text(
            en="{out} picks elements of {a} one by one, by lists of places or by a mask, into memory of its own.",
            ja="{out} は、場所の一覧やマスクで指定した {a} の要素をひとつずつ取り出して並べた、新しい配列です。",
        ),
        # NumPy may lay the result out column by column; PyTorch's stands row by row, and `view` depends on it
        forward=lambda xp, a, *, index: xp.asarray(pick(xp, a, index), order="C"),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, index: scatter(xp, a.shape, index, g),
                local="",
                why=PICKED,
                back=Text(
                    en="The gradient is put back into a field of zeros, at the places it was picked from. A place "
                    "picked twice receives both; one never picked receives 0.",
                    ja="0 を並べた配列の、取り出した場所に勾配を戻します。"
                    "二度取り出された場所には両方が足され、取り出されなかった場所は 0 のままです。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)),), {"index": (np.array([2, 0, 2]),)}),
            Sample((rng.normal(size=(2, 3, 4)),), {"index": (0, slice(None), np.array([1, 1, 3]))}),
            Sample((rng.normal(size=(2, 3)),), {"index": (None, Ellipsis, np.array([True, False, True]))}),
        ],
        grad_fn="IndexBackward0",
    )
)

PUT = register(
    Op(
        name="put",
        steps=opened_choices.put,
        label="+[ ]",
        show=lambda inputs, static: f"zeros[{written(static['index'])}] += {inputs[0]}",
        what=Text(
            en="{out} is 0 everywhere, with {a} added at the places named.",
            ja="{out} は、すべて 0 の配列の指定した場所に {a} を足したものです。",
        ),
        forward=lambda xp, a, *, shape, index: scatter(xp, shape, index, a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, index, **_: pick(xp, g, index),
                local="",
                why=Text(
                    en="Each element of {a} is added at one place of {out}, which moves as far.",
                    ja="{a} の各要素は {out} のひとつの場所に足され、その場所が同じだけ動きます。",
                ),
                back=Text(
                    en="Each element of {a} reads the gradient at the place it was added to.",
                    ja="{a} の各要素は、自分が足された場所の勾配を受け取ります。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"shape": (4, 3), "index": (slice(1, 3),)}),
            Sample((rng.normal(size=3),), {"shape": (4,), "index": (np.array([1, 0, 1]),)}),
        ],
        grad_fn="IndexPutBackward0",
    )
)


def _assigned(xp: Any, a: Any, value: Any, *, index: Index) -> Any:
    out = a.copy(order="K")
    assign(xp, out, index, value)
    return out


def _kept_back(xp: Any, g: Any, out: Any, a: Any, value: Any, *, index: Index) -> Any:
    arrays = plain(xp, g)
    covered = arrays.zeros(a.shape, bool)
    assign(arrays, covered, index, True)
    return xp.where(covered, 0.0, g)


def _written_back(xp: Any, g: Any, out: Any, a: Any, value: Any, *, index: Index) -> Any:
    found = pick(xp, g, index)
    stayed = _last_writers(plain(xp, g), a.shape, index)
    return found if stayed is None else xp.where(stayed, found, 0.0)


def _last_writers(xp: Any, shape: tuple[int, ...], index: Index) -> Any:
    """Of each element written, whether it is the one that stayed; None where no place can be named twice."""
    if not any(isinstance(part, np.ndarray) and part.dtype != np.bool_ for part in index):
        return None
    order = xp.zeros(shape, np.int64)
    written_to = pick(xp, order, index).shape
    turns = xp.arange(math.prod(written_to)).reshape(written_to)
    assign(xp, order, index, turns)
    return pick(xp, order, index) == turns


OVERWRITTEN = Text(
    en="What was overwritten no longer counts: its gradient is 0. Everywhere else the gradient passes unchanged.",
    ja="上書きされた要素はもう結果に関わらないので、勾配は 0 です。ほかの場所では勾配がそのまま通ります。",
)
KEPT = Text(
    en="Elements of {a} that were not overwritten move {out} as far; the others have lost their say.",
    ja="上書きされなかった {a} の要素を動かすと {out} も同じだけ動きます。上書きされた要素は何の影響も与えません。",
)

INDEX_PUT = register(
    Op(
        name="index_put",
        unfolds="moves",
        label="[ ]=",
        show=lambda inputs, static: f"{inputs[0]}[{written(static['index'])}] = {inputs[1]}",
        what=Text(
            en="{out} is {a} with {value} written over the elements at the places named.",
            ja="{out} は、{a} の指定した場所を {value} で上書きしたものです。",
        ),
        forward=_assigned,
        inputs=(
            Input(
                "a",
                vjp=_kept_back,
                local="",
                why=KEPT,
                back=OVERWRITTEN,
            ),
            Input(
                "value",
                vjp=_written_back,
                local="",
                why=Text(
                    en="{value} stands in {out} at the places written, and they move as far as it does.",
                    ja="{value} は書き込まれた場所に現れ、その場所は {value} と同じだけ動きます。",
                ),
                back=Text(
                    en="{value} reads the gradient at the places it was written to; where one number went to several "
                    "places, their gradients are summed.",
                    ja="{value} は書き込まれた場所の勾配を受け取ります。"
                    "ひとつの数が何か所にも書かれたときは、その勾配を足し合わせます。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(3, 4)), rng.normal(size=4)), {"index": (slice(0, 2),)}),
            Sample((rng.normal(size=(3, 4)), rng.normal(size=1)), {"index": (np.array([2, 0]), 1)}),
            Sample((rng.normal(size=5), rng.normal(size=3)), {"index": (np.array([4, 0, 4]),)}),
            Sample((rng.normal(size=(2, 2)), rng.normal(size=1)), {"index": (np.eye(2, dtype=bool),)}),
        ],
        grad_fn="IndexPutBackward0",
    )
)

MASKED_FILL = register(
    Op(
        name="masked_fill",
        unfolds="elements",
        label="fill",
        show="{a}.masked_fill({mask}, {value})",
        what=Text(
            en="{out} is {a} with {value} written wherever {mask} is true.",
            ja="{out} は、{mask} が真の場所を {value} に置き換えた {a} です。",
        ),
        forward=lambda xp, a, mask, value: xp.where(mask, xp.asarray(value).astype(a.dtype), a),
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, mask, value: xp.where(mask, 0.0, g),
                local="",
                why=KEPT,
                back=Text(
                    en="The gradient passes where {mask} is false and is 0 where it is true: the mask shuts the way.",
                    ja="{mask} が偽の場所では勾配がそのまま通り、真の場所では 0 になります。マスクが道を閉ざすのです。",
                ),
                needs=("mask",),
            ),
            no_gradient("mask"),
            Input(
                "value",
                vjp=lambda xp, g, out, a, mask, value: xp.where(mask, g, 0.0),
                local="",
                why=Text(
                    en="{value} stands wherever {mask} is true, and all those places move with it.",
                    ja="{value} は {mask} が真のすべての場所に現れ、どこも一緒に動きます。",
                ),
                back=Text(
                    en="{value} collects the gradients of all the places it filled.",
                    ja="{value} は、自分が入ったすべての場所の勾配を足し合わせます。",
                ),
                needs=("mask",),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)), rng.random((2, 3)) < 0.5, rng.normal(size=1))),
            Sample((rng.normal(size=(2, 3)), rng.random(3) < 0.5, rng.normal(size=1))),
        ],
        grad_fn="MaskedFillBackward0",
    )
)

WHERE = register(
    Op(
        name="where",
        unfolds="elements",
        label="where",
        show="where({condition}, {a}, {b})",
        what=Text(
            en="{out} takes each element from {a} where {condition} is true, and from {b} where it is false.",
            ja="{out} は、{condition} が真の場所では {a}、偽の場所では {b} の要素を取ります。",
        ),
        forward=lambda xp, condition, a, b, *, dtype: xp.where(condition, a, b).astype(dtype, copy=False),
        inputs=(
            no_gradient("condition"),
            Input(
                "a",
                vjp=lambda xp, g, out, condition, a, b, **_: xp.where(condition, g, 0.0),
                local="",
                why=Text(
                    en="Where {condition} is true, {out} is {a} and moves as far; elsewhere {a} is not looked at.",
                    ja="{condition} が真の場所では {out} は {a} そのもので、同じだけ動きます。"
                    "ほかの場所では {a} は使われません。",
                ),
                back=Text(
                    en="A switch: the gradient goes to {a} where {condition} is true; elsewhere {a} receives 0.",
                    ja="切り替えスイッチです。{condition} が真の場所の勾配が {a} に流れ、ほかの場所では 0 です。",
                ),
                needs=("condition",),
            ),
            Input(
                "b",
                vjp=lambda xp, g, out, condition, a, b, **_: xp.where(condition, 0.0, g),
                local="",
                why=Text(
                    en="Where {condition} is false, {out} is {b} and moves as far; elsewhere {b} is not looked at.",
                    ja="{condition} が偽の場所では {out} は {b} そのもので、同じだけ動きます。"
                    "ほかの場所では {b} は使われません。",
                ),
                back=Text(
                    en="A switch: the gradient goes to {b} where {condition} is false; elsewhere {b} receives 0.",
                    ja="切り替えスイッチです。{condition} が偽の場所の勾配が {b} に流れ、ほかの場所では 0 です。",
                ),
                needs=("condition",),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.random((2, 3)) < 0.5, rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), {"dtype": "float64"}),
            Sample((rng.random((2, 1)) < 0.5, rng.normal(size=3), rng.normal(size=1)), {"dtype": "float64"}),
        ],
        grad_fn="WhereBackward0",
    )
)
