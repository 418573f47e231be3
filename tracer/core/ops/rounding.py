"""Ops that cut or wrap numbers: stairs, whose slope is 0 wherever they have one, and remainders.

They jump, and a jump has no slope; as in PyTorch the gradient is 0 there too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops.math import SHAPE, unary
from tracer.errors import GraphError
from tracer.text import Text


def _between_whole(rng: Any) -> Any:
    return rng.integers(-3, 3, SHAPE) + rng.uniform(0.1, 0.4, SHAPE) + 0.5 * rng.integers(0, 2, SHAPE)


def _nothing(xp: Any, g: Any, out: Any, a: Any, **_: Any) -> Any:
    return xp.zeros(g.shape, g.dtype)


def _is_whole(a: Any) -> Any:
    return a % 1 == 0


_FLAT = Text(
    en="{out} climbs in steps. Between two steps a small nudge of {a} changes nothing, so the gradient is 0.",
    ja="{out} は階段状に変わります。段の途中では {a} を少し動かしても変わらないので、勾配は 0 です。",
)

FLOOR = unary(
    "floor",
    lambda xp, a: a.copy() if a.dtype.kind in "iub" else xp.floor(a),
    _nothing,
    "0",
    needs=(),
    label="⌊ ⌋",
    show="⌊{a}⌋",
    what=Text(
        en="{out} is the largest whole number not above {a}.",
        ja="{out} は {a} 以下で最大の整数です。",
    ),
    why=_FLAT,
    samples=lambda rng: [(_between_whole(rng),)],
    floating=False,
    kink=_is_whole,
)

CEIL = unary(
    "ceil",
    lambda xp, a: a.copy() if a.dtype.kind in "iub" else xp.ceil(a),
    _nothing,
    "0",
    needs=(),
    label="⌈ ⌉",
    show="⌈{a}⌉",
    what=Text(
        en="{out} is the smallest whole number not below {a}.",
        ja="{out} は {a} 以上で最小の整数です。",
    ),
    why=_FLAT,
    samples=lambda rng: [(_between_whole(rng),)],
    floating=False,
    kink=_is_whole,
)

TRUNC = unary(
    "trunc",
    lambda xp, a: a.copy() if a.dtype.kind in "iub" else xp.trunc(a),
    _nothing,
    "0",
    needs=(),
    what=Text(
        en="{out} is {a} with what stands behind the point cut off.",
        ja="{out} は {a} の小数部分を切り捨てた値です。",
    ),
    why=_FLAT,
    samples=lambda rng: [(_between_whole(rng),)],
    floating=False,
    kink=_is_whole,
)


def _round(xp: Any, a: Any, decimals: int | None = None) -> Any:
    if a.dtype.kind in "iub":
        return a.copy()
    if not decimals:
        return xp.rint(a)
    scale = a.dtype.type(10.0 ** abs(decimals))  # as PyTorch does it: not through a decimal text
    return xp.rint(a * scale) / scale if decimals > 0 else xp.rint(a / scale) * scale


ROUND = register(
    Op(
        name="round",
        label="round",
        show="round({a})",
        what=Text(
            en="{out} is {a} rounded to the nearest; a tie goes to the even neighbour.",
            ja="{out} は {a} を最も近い値に丸めたものです。ちょうど中間なら偶数の側になります。",
        ),
        forward=_round,
        inputs=(Input("a", vjp=_nothing, local="0", why=_FLAT, needs=()),),
        samples=lambda rng: [Sample((_between_whole(rng),)), Sample((_between_whole(rng) / 10,), {"decimals": 1})],
        kink=lambda a, decimals=None: (a * 10.0 ** (decimals or 0)) % 1 == 0.5,
        grad_fn=lambda inputs, static: "RoundBackward0" if static.get("decimals") is None else "RoundBackward1",
        elementwise=True,
    )
)


def _sign(xp: Any, a: Any) -> Any:
    if a.dtype.kind == "b":
        return a.copy()
    return xp.where(a != a, a.dtype.type(0), xp.sign(a))  # PyTorch's sign of nan is 0


SIGN = unary(
    "sign",
    _sign,
    _nothing,
    "0",
    needs=(),
    what=Text(
        en="{out} is 1 where {a} is positive, −1 where it is negative, 0 where it is 0.",
        ja="{out} は {a} が正なら 1、負なら −1、0 なら 0 です。",
    ),
    why=_FLAT,
    samples=lambda rng: [(_between_whole(rng),)],
    floating=False,
    kink=lambda a: a == 0,
)


def _quotients(rng: Any) -> list[tuple[Any, ...]]:
    """Dividend and divisor whose quotient stays off whole numbers."""
    b = rng.uniform(0.5, 2, SHAPE) * rng.choice([-1.0, 1.0], SHAPE)
    return [(_between_whole(rng) * b, b)]


def _underived(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    raise GraphError(
        "floor_divide: the derivative of // is not implemented; it is 0 wherever there is one.",
        hint="Write tracer.div(x, y, rounding_mode='floor'), which hands back 0, or use x.detach() // y.",
        ja="floor_divide：// の微分は定義されていません（段の途中ではどこでも 0 です）。",
        hint_ja="勾配 0 を返す tracer.div(x, y, rounding_mode='floor') か、x.detach() // y を使ってください。",
    )


def _division(name: str, label: str, forward: Callable[..., Any], what: Text, *, whole: bool = False) -> Op:
    """`whole`: the operator `//`, through which PyTorch lets no gradient pass: it raises."""
    rule = _underived if whole else lambda xp, g, out, a, b: _nothing(xp, g, out, a)
    b_why = Text(
        en="{out} climbs in steps. Between two steps a small nudge of {b} changes nothing, so the gradient is 0.",
        ja="{out} は階段状に変わります。段の途中では {b} を少し動かしても変わらないので、勾配は 0 です。",
    )
    return register(
        Op(
            name=name,
            label=label,
            show=f"{label[0]}{{a}} / {{b}}{label[-1]}" if label[0] == "⌊" else f"{label}({{a}} / {{b}})",
            what=what,
            forward=forward,
            inputs=(
                Input("a", vjp=rule, local="0", why=_FLAT, needs=()),
                Input("b", vjp=rule, local="0", why=b_why, needs=()),
            ),
            samples=(lambda rng: [(rng.integers(-9, 9, SHAPE), rng.integers(1, 5, 3))]) if whole else _quotients,
            domain=Text(en="Division by zero has no finite result.", ja="0 で割ると、有限の値になりません。"),
            grad_fn="torch::autograd::NotImplemented" if whole else "DivBackward2",
            elementwise=True,
        )
    )


def _is_int(x: Any) -> bool:
    return isinstance(x, int) or (hasattr(x, "dtype") and x.dtype.kind in "iub")


def _div_floor(xp: Any, a: Any, b: Any) -> Any:
    """The quotient rounded down; over zero it is inf or nan, as plain division gives it."""
    whole = xp.floor_divide(a, b)
    return whole if _is_int(a) and _is_int(b) else xp.where(b == 0, xp.divide(a, b), whole)


def _div_trunc(xp: Any, a: Any, b: Any) -> Any:
    if not (_is_int(a) and _is_int(b)):
        return xp.trunc(xp.divide(a, b))
    quotient = abs(a) // abs(b)
    return xp.where((a < 0) != (b < 0), -quotient, quotient)


_WHOLE_TIMES = Text(
    en="{out} says how many whole times {b} goes into {a}, rounded down.",
    ja="{out} は {a} を {b} で割った商を、小さい方へ切り下げた整数です。",
)
FLOOR_DIVIDE = _division("floor_divide", "⌊÷⌋", _div_floor, _WHOLE_TIMES, whole=True)
DIV_FLOOR = _division("div_floor", "⌊÷⌋", _div_floor, _WHOLE_TIMES)
DIV_TRUNC = _division(
    "div_trunc",
    "trunc",
    _div_trunc,
    Text(
        en="{out} is {a} divided by {b}, with what stands behind the point cut off.",
        ja="{out} は {a} を {b} で割った商の小数部分を切り捨てた整数です。",
    ),
)

_PASSES = Text(
    en="Between two jumps the remainder moves with {a}: nudge {a}, and {out} moves by the same amount.",
    ja="余りは、跳ぶ所を除けば {a} と一緒に動きます。{a} を動かした分だけ、{out} も動きます。",
)
_TIMES = Text(
    en="{out} is {a} less a whole number of times {b}: nudge {b}, and {out} moves that many times as far, backwards.",
    ja="{out} は {a} から {b} を整数回引いた残りです。{b} を動かすと、{out} はその回数倍だけ逆向きに動きます。",
)


def _times(xp: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    return -g * xp.divide(a - out, b)


def _second(inputs: Any, name: str) -> str:
    return f"{name}Backward1" if hasattr(inputs[1], "shape") else f"{name}Backward0"


_REMAINDER_DOMAIN = Text(en="A remainder over zero does not exist.", ja="0 で割った余りは存在しません。")

REMAINDER = register(
    Op(
        name="remainder",
        label="mod",
        show="{a} mod {b}",
        what=Text(
            en="{out} is what is left of {a} after dividing by {b}; it has the sign of {b}, as Python's %.",
            ja="{out} は {a} を {b} で割った余りです。Python の % と同じく、符号は {b} に合わせます。",
        ),
        forward=lambda xp, a, b: xp.remainder(a, b),
        inputs=(
            Input("a", vjp=lambda xp, g, out, a, b: g, local="1", why=_PASSES, needs=()),
            Input("b", vjp=_times, local="(out - a) / b", why=_TIMES),
        ),
        samples=_quotients,
        domain=_REMAINDER_DOMAIN,
        kink=lambda a, b: (a / b) % 1 == 0,
        grad_fn=lambda inputs, static: _second(inputs, "Remainder"),
        elementwise=True,
    )
)

FMOD = register(
    Op(
        name="fmod",
        label="fmod",
        show="fmod({a}, {b})",
        what=Text(
            en="{out} is what is left of {a} after dividing by {b}; it has the sign of {a}, as C's fmod.",
            ja="{out} は {a} を {b} で割った余りです。C の fmod と同じく、符号は {a} に合わせます。",
        ),
        forward=lambda xp, a, b: xp.fmod(a, b),
        inputs=(
            Input("a", vjp=lambda xp, g, out, a, b: g, local="1", why=_PASSES, needs=()),
            Input("b", vjp=_times, local="(out - a) / b", why=_TIMES),
        ),
        samples=_quotients,
        domain=_REMAINDER_DOMAIN,
        kink=lambda a, b: (a / b) % 1 == 0,
        grad_fn=lambda inputs, static: _second(inputs, "Fmod"),
        elementwise=True,
    )
)
