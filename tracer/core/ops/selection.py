"""Choices as nodes of their own: the gate that is open or shut, the winner among candidates, and taking what won.

A maximum hides two things in one: *which* number is largest, and that number. An op that is opened shows both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.core.array import as_float
from tracer.core.backend import namespace
from tracer.core.op import JOINT, Input, Op, Sample, register
from tracer.core.ops.math import SHAPE
from tracer.text import Text

GATE = register(
    Op(
        name="gate",
        label="gate",
        show="gate({a})",
        what=Text(
            en="The gate of relu: 1 while {a} is above 0, and the way is open; otherwise 0, and it is shut.",
            ja="relu のゲートです。{a} が 0 より大きければ 1 で開き、そうでなければ 0 で閉じます。",
        ),
        forward=lambda xp, a: xp.where(a <= 0, 0, 1).astype(xp.int64),  # nan passes, as through relu
        inputs=(
            Input(
                "a",
                vjp=None,
                local="0",
                why=Text(
                    en="A small nudge of {a} leaves the gate as it is, open or shut: no gradient flows through the "
                    "question, only through what the gate lets pass.",
                    ja="{a} を少し動かしても、ゲートは開いたまま、または閉じたままです。"
                    "勾配は、この判定ではなく、ゲートを通る値のほうを流れます。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 2, SHAPE),)],
        unfolds="elements",
    )
)


GATED = register(
    Op(
        name="gated",
        label="×",
        show="{gate} × {a}",
        what=Text(
            en="{out} is {a}, let through by the gate: {a} itself while the gate is 1, and 0 while it is 0.",
            ja="{out} は、ゲートを通った {a} です。ゲートが 1 なら {a} がそのまま通り、0 なら 0 になります。",
        ),
        # not a product: a shut gate stops what is infinite too
        forward=lambda xp, gate, a: xp.where(gate > 0, a, 0.0).astype(a.dtype),
        inputs=(
            Input(
                "gate",
                vjp=None,
                local="0",
                why=Text(
                    en="The gate is open or shut. It is a decision, not an amount: no gradient flows to it.",
                    ja="ゲートは開くか閉じるかのどちらかです。量ではなく判定なので、勾配は流れません。",
                ),
            ),
            Input(
                "a",
                vjp=lambda xp, g, out, gate, a: xp.where(gate > 0, g, 0.0),
                local="gate",
                why=Text(
                    en="The local gradient is the gate itself. At 1 it is open, and the gradient passes unchanged; at "
                    "0 it is shut, and nothing comes back.",
                    ja="局所勾配はゲートの値そのものです。1 なら開いていて、勾配はそのまま通ります。"
                    "0 なら閉じていて、何も戻りません。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.integers(0, 2, SHAPE), rng.normal(0, 2, SHAPE))],
        unfolds="elements",
    )
)


def _stacked(xp: Any, candidates: Sequence[Any], *others: Any) -> Any:
    """The candidates as one array, a line of them for each element that they and `others` make."""
    arrays = [xp.asarray(one) for one in candidates]
    full = np.broadcast_shapes(*(tuple(getattr(one, "shape", ())) for one in (*arrays, *others)))
    return xp.stack([xp.broadcast_to(one, full) for one in arrays])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]}, {names[1]}, …, {names[-1]}"


def _called(name: str) -> Any:
    return lambda inputs, static: f"{name}({_listed(inputs)})"


def _rows(rng: Any, count: int = 3) -> tuple[Any, ...]:
    """Candidates that nowhere come near each other."""
    order = rng.permutation(count)
    return tuple(rng.uniform(-0.4, 0.4, SHAPE) + 2.0 * place for place in order)


_UNMOVED = Text(
    en="{out} is the number of a place. A small nudge of {a} does not change who wins, so no gradient flows through "
    "the question.",
    ja="{out} は番号です。{a} を少し動かしても選ばれる候補は変わらないので、ここに勾配は流れません。",
)


def _which(name: str, label: str, forward: Callable[..., Any], what: Text, samples: Callable[[Any], Any]) -> Op:
    return register(
        Op(
            name=name,
            label=label,
            show=_called(label),
            what=what,
            forward=forward,
            inputs=(Input("a", vjp=None, local="", why=_UNMOVED),),
            samples=samples,
            variadic=True,
            unfolds="elements",
        )
    )


WINNER = _which(
    "winner",
    "argmax",
    lambda xp, *candidates: xp.argmax(_stacked(xp, candidates), axis=0).astype(xp.int64),
    Text(
        en="{out} says which of the candidates is the largest: its number, counted from 0. Of equal ones it is the "
        "first.",
        ja="{out} は、候補のうち最大のものの番号です（0 から数えます）。同じ値なら先にあるものです。",
    ),
    lambda rng: [_rows(rng)],
)
LOWEST = _which(
    "lowest",
    "argmin",
    lambda xp, *candidates: xp.argmin(_stacked(xp, candidates), axis=0).astype(xp.int64),
    Text(
        en="{out} says which of the candidates is the smallest: its number, counted from 0. Of equal ones it is the "
        "first.",
        ja="{out} は、候補のうち最小のものの番号です（0 から数えます）。同じ値なら先にあるものです。",
    ),
    lambda rng: [_rows(rng)],
)


def _ranked(xp: Any, *candidates: Any, rank: Any, descending: bool, nan: str) -> Any:
    """Which candidate comes `rank`-th in order; equal ones keep theirs.

    Args:
        rank: a number, or one an element.
        nan: "last": in the order nan stands behind all numbers; "wins": it comes before them whatever is asked.
    """
    line = _stacked(xp, candidates)
    count = len(candidates)
    if descending:
        order = count - 1 - xp.flip(xp.argsort(xp.flip(line, axis=0), axis=0, kind="stable"), axis=0)
    else:
        order = xp.argsort(line, axis=0, kind="stable")
    at = xp.broadcast_to(xp.asarray(rank), line.shape[1:])
    found = xp.take_along_axis(order, xp.expand_dims(at, 0), 0)[0, ...]
    if nan == "wins":
        lost = line != line
        found = xp.where(xp.any(lost, axis=0), xp.argmax(lost, axis=0), found)
    return found.astype(xp.int64)


RANKED = _which(
    "ranked",
    "which",
    _ranked,
    Text(
        en="Put in order of their size, one of the candidates stands at the place that was asked for; {out} says "
        "which: its number, counted from 0. Equal ones keep their order.",
        ja="候補を大きさの順に並べたとき、求められた順位に来るものの番号が {out} です（0 から数えます）。"
        "同じ値なら元の順のままです。",
    ),
    lambda rng: [
        Sample(_rows(rng), {"rank": 0, "descending": True, "nan": "last"}),
        Sample(_rows(rng), {"rank": 1, "descending": False, "nan": "wins"}),
    ],
)


def _place(xp: Any, index: Any, number: Any) -> Any:
    """The index as a place among the candidates given."""
    return xp.asarray(0 if number is not None else index).astype(xp.int64)


def _select(xp: Any, index: Any, *candidates: Any, ties: str, number: Any = None) -> Any:
    """The candidate whose number the index is.

    Args:
        ties: of the gradient: "one": all to the one taken; "share": evenly to all that equal it, nan too; "strict": the
            same, but nan equals nothing.
        number: that of the single candidate given, where the others were left out.
    """
    line = _stacked(xp, candidates, index)
    at = xp.broadcast_to(_place(xp, index, number), line.shape[1:])
    return xp.take_along_axis(line, xp.expand_dims(at, 0), 0)[0, ...]


def _select_back(
    xp: Any, g: Any, out: Any, index: Any, *candidates: Any, wanted: tuple[bool, ...], ties: str, number: Any = None
) -> tuple[Any, ...]:
    plain = [getattr(one, "_array", one) for one in candidates]
    chosen = getattr(index, "_array", index)
    arrays = namespace(next(one for one in (getattr(g, "_array", g), chosen) if hasattr(one, "shape")))
    if ties == "one":
        at = arrays.broadcast_to(_place(arrays, chosen, number), tuple(g.shape))
        found = [xp.where(at == place, g, 0.0) for place in range(len(plain))]
    else:
        value = _select(arrays, chosen, *plain, ties=ties, number=number)
        equal = [one == value for one in plain]
        if ties == "share":
            equal = [share | ((one != one) & (value != value)) for share, one in zip(equal, plain, strict=True)]
        count = sum(share.astype(arrays.int64) for share in equal)
        found = [g * as_float(xp, arrays.divide(share.astype(arrays.int64), count), g) for share in equal]
    return (None, *(one if want else None for one, want in zip(found, wanted[1:], strict=True)))


def _show_select(inputs: Sequence[str], static: Mapping[str, Any]) -> str:
    if static.get("number") is not None:
        return f"pick({inputs[0]}, {_listed(inputs[1:])})"
    return f"[{_listed(inputs[1:])}][{inputs[0]}]"


def _select_samples(rng: Any) -> Iterable[Sample]:
    for ties in ("one", "share", "strict"):
        yield Sample((rng.integers(0, 3, SHAPE), *_rows(rng)), {"ties": ties})
    yield Sample((rng.integers(4, 5, SHAPE), rng.normal(size=SHAPE)), {"ties": "one", "number": 4})


SELECT = register(
    Op(
        name="select",
        label="pick",
        show=_show_select,
        what=Text(
            en="{out} is the candidate whose number is {index}; the others are not looked at.",
            ja="{out} は、番号 {index} の候補の値です。ほかの候補は使われません。",
        ),
        forward=_select,
        inputs=(
            Input(
                "index",
                vjp=None,
                local="",
                why=Text(
                    en="{index} says which candidate is meant. It is a choice, not an amount: no gradient flows.",
                    ja="{index} は「どの候補か」を表します。量ではなく選択なので、勾配は流れません。",
                ),
            ),
            Input(
                "a",
                vjp=JOINT,
                local="",
                why=Text(
                    en="The candidate taken is {out} and moves as far; nudging any other changes nothing.",
                    ja="選ばれた候補は {out} そのもので、同じだけ動きます。"
                    "選ばれなかった候補を動かしても何も変わりません。",
                ),
                back=Text(
                    en="The gradient goes to the candidate that was taken, and 0 to the others; where a largest or "
                    "smallest was asked for, equal ones share it.",
                    ja="勾配は選ばれた候補に届き、ほかは 0 です。最大や最小を選ぶときは、同じ値どうしで分け合います。",
                ),
            ),
        ),
        joint_vjp=_select_back,
        needs=("index", "a"),
        samples=_select_samples,
        variadic=True,
        unfolds="elements",
    )
)
