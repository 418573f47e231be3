"""The array module of plain Python floats: the same names as NumPy's, IEEE results, never an exception."""

from __future__ import annotations

import math
from typing import Any

_INF = math.inf
_NAN = math.nan


def exp(a: float) -> float:
    try:
        return math.exp(a)
    except OverflowError:
        return _INF


def log(a: float) -> float:
    if a > 0:
        return math.log(a)
    return -_INF if a == 0 else _NAN


def sqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0 else _NAN


def sin(a: float) -> float:
    return math.sin(a) if math.isfinite(a) else _NAN


def cos(a: float) -> float:
    return math.cos(a) if math.isfinite(a) else _NAN


def divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or a != a:
        return _NAN
    return math.copysign(_INF, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -_INF if a < 0 and b % 2 == 1 else _INF
    except ValueError:
        if a != 0:
            return _NAN  # a negative base and a broken exponent
        return math.copysign(_INF, a) if b % 2 == 1 else _INF  # 0 to a negative power


def where(condition: bool, a: float, b: float) -> float:
    return a if condition else b


def sign(a: float) -> float:
    return float((a > 0) - (a < 0)) if a == a else a


absolute = abs
tanh = math.tanh


def isfinite(a: Any) -> bool:
    return math.isfinite(a)
