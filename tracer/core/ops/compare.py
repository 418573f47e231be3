"""Ops that answer yes or no, and those on bits. No gradient flows through them: an answer does not move, it flips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops.math import SHAPE
from tracer.text import Text


def _why(name: str) -> Text:
    return Text(
        en=f"A small nudge of {{{name}}} leaves a yes or a no as it is, until it flips at once: no gradient flows.",
        ja=f"{{{name}}} を少し動かしても真偽は変わらず、変わるときは一度に入れ替わるので、勾配は流れません。",
    )


def _numbers(rng: Any) -> list[tuple[Any, ...]]:
    a = rng.normal(0, 2, SHAPE)
    return [(a, rng.normal(0, 2, 3)), (a, a)]


def _answers(rng: Any) -> list[tuple[Any, ...]]:
    return [(rng.normal(0, 1, SHAPE) > 0, rng.normal(0, 1, 3) > 0)]


def _mask(
    name: str,
    sign: str,
    forward: Callable[..., Any],
    what: Text,
    *,
    samples: Callable[[Any], Any] = _numbers,
    names: tuple[str, ...] = ("a", "b"),
    boolean: bool = True,
) -> Op:
    """Register an op without gradient, of one or two inputs."""
    return register(
        Op(
            name=name,
            label=sign,
            show=f"{{a}} {sign} {{b}}" if len(names) == 2 else f"{sign}({{a}})",
            what=what,
            forward=forward,
            inputs=tuple(Input(one, vjp=None, local="", why=_why(one)) for one in names),
            samples=samples if len(names) == 2 else lambda rng: [one[:1] for one in samples(rng)],
            elementwise=True,
            boolean=boolean,
        )
    )


def _asks(en: str, ja: str) -> Text:
    return Text(
        en=f"{{out}} is True where {en}, False elsewhere.", ja=f"{{out}} は、{ja}ところで True、ほかで False です。"
    )


EQ = _mask("eq", "=", lambda xp, a, b: xp.equal(a, b), _asks("{a} equals {b}", "{a} と {b} が等しい"))
NE = _mask("ne", "≠", lambda xp, a, b: xp.not_equal(a, b), _asks("{a} differs from {b}", "{a} と {b} が異なる"))
LT = _mask("lt", "<", lambda xp, a, b: xp.less(a, b), _asks("{a} is less than {b}", "{a} が {b} より小さい"))
LE = _mask("le", "≤", lambda xp, a, b: xp.less_equal(a, b), _asks("{a} is at most {b}", "{a} が {b} 以下の"))
GT = _mask("gt", ">", lambda xp, a, b: xp.greater(a, b), _asks("{a} is greater than {b}", "{a} が {b} より大きい"))
GE = _mask("ge", "≥", lambda xp, a, b: xp.greater_equal(a, b), _asks("{a} is at least {b}", "{a} が {b} 以上の"))

ISNAN = _mask(
    "isnan", "isnan", lambda xp, a: xp.isnan(a), _asks("{a} is not a number", "{a} が非数（nan）の"), names=("a",)
)
ISINF = _mask("isinf", "isinf", lambda xp, a: xp.isinf(a), _asks("{a} is infinite", "{a} が無限大の"), names=("a",))
ISFINITE = _mask(
    "isfinite",
    "isfinite",
    lambda xp, a: xp.isfinite(a),
    _asks("{a} is a finite number", "{a} が有限の数の"),
    names=("a",),
)

LOGICAL_AND = _mask(
    "logical_and",
    "and",
    lambda xp, a, b: xp.logical_and(a, b),
    _asks("both {a} and {b} hold (are not 0)", "{a} も {b} も真（0 でない）の"),
    samples=_answers,
)
LOGICAL_OR = _mask(
    "logical_or",
    "or",
    lambda xp, a, b: xp.logical_or(a, b),
    _asks("{a} or {b} or both hold (are not 0)", "{a} か {b} の少なくとも一方が真（0 でない）の"),
    samples=_answers,
)
LOGICAL_XOR = _mask(
    "logical_xor",
    "xor",
    lambda xp, a, b: xp.logical_xor(a, b),
    _asks("just one of {a} and {b} holds (is not 0)", "{a} と {b} の一方だけが真（0 でない）の"),
    samples=_answers,
)
LOGICAL_NOT = _mask(
    "logical_not",
    "not",
    lambda xp, a: xp.logical_not(a),
    _asks("{a} does not hold (is 0)", "{a} が偽（0）の"),
    samples=_answers,
    names=("a",),
)

_BITS = Text(
    en="{out} joins {a} and {b} bit by bit; of masks, it answers for each element.",
    ja="{out} は {a} と {b} をビットごとに組み合わせた値です。マスクなら要素ごとの真偽になります。",
)
BITWISE_AND = _mask("bitwise_and", "&", lambda xp, a, b: xp.bitwise_and(a, b), _BITS, samples=_answers, boolean=False)
BITWISE_OR = _mask("bitwise_or", "|", lambda xp, a, b: xp.bitwise_or(a, b), _BITS, samples=_answers, boolean=False)
BITWISE_XOR = _mask("bitwise_xor", "^", lambda xp, a, b: xp.bitwise_xor(a, b), _BITS, samples=_answers, boolean=False)
BITWISE_NOT = _mask(
    "bitwise_not",
    "~",
    lambda xp, a: xp.bitwise_not(a),
    Text(
        en="{out} is {a} with every bit turned; of a mask, True and False change places.",
        ja="{out} は {a} の全ビットを反転した値です。マスクなら True と False が入れ替わります。",
    ),
    samples=_answers,
    names=("a",),
    boolean=False,
)


def _numbers_close(rng: Any) -> list[Sample]:
    a = rng.normal(0, 2, SHAPE)
    return [Sample((a, a + rng.choice([0.0, 1e-12, 1.0], SHAPE)), {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False})]


ISCLOSE = register(
    Op(
        name="isclose",
        label="≈",
        show="{a} ≈ {b}",
        what=_asks("{a} equals {b} up to rounding", "丸め誤差を除いて {a} と {b} が等しい"),
        forward=lambda xp, a, b, rtol, atol, equal_nan: xp.isclose(a, b, rtol, atol, equal_nan),
        inputs=tuple(Input(one, vjp=None, local="", why=_why(one)) for one in ("a", "b")),
        samples=_numbers_close,
        elementwise=True,
        boolean=True,
    )
)
