"""The largest, the smallest and the middle element, and questions about all elements at once.

The gradient goes to the element that was found; several equal ones share it evenly, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracer.core.array import as_float
from tracer.core.op import Input, Op, register
from tracer.core.ops import opened, opened_choices
from tracer.core.ops.narrow import along_lines
from tracer.core.ops.reduce import Dims, over_axes, shown, spread
from tracer.text import Text


def _shared(xp: Any, g: Any, out: Any, a: Any, dim: Dims, keepdim: bool, nan: bool) -> Any:
    """`g` shared evenly among the elements that equal `out`.

    Args:
        nan: whether a nan counts as equal to a nan; else the gradient there is nan, as of PyTorch's amax.
    """
    g, out = spread(xp, g, a.shape, dim, keepdim), spread(xp, out, a.shape, dim, keepdim)
    found = (a == out) | ((a != a) & (out != out)) if nan else a == out
    share = as_float(xp, found, g)
    return g * xp.divide(share, xp.sum(share, axis=tuple(range(a.ndim)) if dim is None else dim, keepdims=True))


def _extreme(name: str, label: str, forward: Callable[..., Any], en: str, ja: str, *, grad_fn: str, nan: bool) -> Op:
    return register(
        Op(
            name=name,
            steps=getattr(opened_choices, {"max": "max_of", "min": "min_of"}.get(name, name)),
            narrow=along_lines,
            label=label,
            show=shown(name),
            what=Text(
                en=f"{{out}} is the {en} element of {{a}}, or along each line of the axes named.",
                ja=f"{{out}} は {{a}} の{ja}要素です。軸を指定したときは、その軸に沿った{ja}要素になります。",
            ),
            forward=forward,
            inputs=(
                Input(
                    "a",
                    vjp=lambda xp, g, out, a, dim, keepdim: _shared(xp, g, out, a, dim, keepdim, nan),
                    local="",
                    needs=("a", "out"),
                    why=Text(
                        en=f"Only the {en} element counts: nudge it, and {{out}} moves along; nudge another, and "
                        "nothing happens.",
                        ja=f"{ja}要素だけが効きます。それを動かすと {{out}} も一緒に動き、"
                        "ほかを動かしても何も起こりません。",
                    ),
                    back=Text(
                        en=f"The gradient goes to the {en} element; several equal ones share it evenly. All others "
                        "receive 0.",
                        ja=f"勾配は{ja}要素に届きます。同じ値がいくつかあれば等分します。ほかはすべて 0 です。",
                    ),
                ),
            ),
            samples=over_axes() if grad_fn.startswith("A") else lambda rng: list(over_axes()(rng))[:1],
            grad_fn=grad_fn,
        )
    )


def _max(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    return xp.max(a, axis=dim, keepdims=keepdim)


def _min(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    return xp.min(a, axis=dim, keepdims=keepdim)


MAX = _extreme("max", "max", _max, "largest", "最大の", grad_fn="MaxBackward1", nan=True)
MIN = _extreme("min", "min", _min, "smallest", "最小の", grad_fn="MinBackward1", nan=True)
AMAX = _extreme("amax", "max", _max, "largest", "最大の", grad_fn="AmaxBackward0", nan=False)
AMIN = _extreme("amin", "min", _min, "smallest", "最小の", grad_fn="AminBackward0", nan=False)


def _median(xp: Any, a: Any, dim: Dims, keepdim: bool) -> Any:
    """The lower of the two in the middle; nan if there is any (PyTorch's rules)."""
    line = xp.sort(a.reshape(-1))
    if not line.size or line[-1] != line[-1]:
        return xp.full((), float("nan"), a.dtype)
    return line[(line.size - 1) // 2].reshape(())


MEDIAN = _extreme("median", "median", _median, "middle", "中央の", grad_fn="MedianBackward0", nan=True)


# All of them, any of them, how many


def _counted(name: str, forward: Callable[..., Any], what: Text) -> Op:
    return register(
        Op(
            name=name,
            steps=getattr(opened, {"all": "all_of", "any": "any_of"}.get(name, name)),
            narrow=along_lines,
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
                        en="A small nudge of {a} changes neither an answer nor a count: no gradient flows.",
                        ja="{a} を少し動かしても答えや個数は変わらないので、勾配は流れません。",
                    ),
                ),
            ),
            samples=over_axes(),
        )
    )


ALL = _counted(
    "all",
    lambda xp, a, dim, keepdim: xp.all(a, axis=dim, keepdims=keepdim),
    Text(
        en="{out} is True where every element of {a} holds (is not 0).",
        ja="{out} は、{a} の要素がすべて真（0 でない）なら True です。",
    ),
)
ANY = _counted(
    "any",
    lambda xp, a, dim, keepdim: xp.any(a, axis=dim, keepdims=keepdim),
    Text(
        en="{out} is True where some element of {a} holds (is not 0).",
        ja="{out} は、{a} に真（0 でない）の要素が一つでもあれば True です。",
    ),
)
COUNT_NONZERO = _counted(
    "count_nonzero",
    lambda xp, a, dim, keepdim: xp.sum(a != 0, axis=dim, keepdims=keepdim, dtype=xp.int64),
    Text(
        en="{out} says how many elements of {a} are not 0.",
        ja="{out} は {a} の 0 でない要素の個数です。",
    ),
)
