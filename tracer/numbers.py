"""One way to write a number, for every panel, file and message."""

from __future__ import annotations

import math

NOT_YET = "?"
"""A value or gradient the walk has not reached."""
NO_GRADIENT = "–"
"""A node that takes no gradient, such as the constant in `x + 2`."""
MORE_TO_COME = "…"
"""Follows a gradient that still misses a contribution."""

MINUS = "−"


def format_number(value: float, digits: int = 4) -> str:
    """`value` as it is shown: integers as integers, else `digits` significant digits.

    Exponents are used outside 1e-3..1e5 (integers: from 1e7). A non-zero number never reads as zero.

    >>> [format_number(v) for v in (5.0, -0.5, 1 / 3, 1234567.5, 2e-5, float("inf"), float("nan"))]
    ['5', '-0.5', '0.3333', '1.235e6', '2e-5', 'inf', 'nan']
    """
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if value == 0:
        return "0"
    if value == int(value) and size < 1e7:  # wide enough for counts, narrow enough for a box
        return str(int(value))
    if 1e-3 <= size < 1e5:
        text = f"{value:.{digits}g}"
        if "e" not in text:
            return text
        # rounding to `digits` lost the integer part's width, as in 12345.6 -> 1.235e+04
        return f"{value:.0f}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def format_full(value: float) -> str:
    """`value` with every digit that is needed to get the same float back."""
    return repr(float(value)).removesuffix(".0") if math.isfinite(value) and abs(value) < 1e16 else repr(float(value))


def is_rounded(value: float, digits: int = 4) -> bool:
    """Whether `format_number` drops digits, so that shown terms may not add up (write ≈).

    The last bits of float64 do not count: 0.15 · 6 is shown as 0.9, and is.
    """
    return math.isfinite(value) and not math.isclose(float(format_number(value, digits)), value, rel_tol=1e-12)


def equals_sign(*values: float, digits: int = 4) -> str:
    """`=` when every number is shown exactly, else `≈`."""
    return "≈" if any(is_rounded(v, digits) for v in values) else "="


def percent(share: float) -> str:
    """`12 %`, `0.3 %`; never `0 %` of a share that is not zero, nor `100 %` of one that is not all.

    >>> [percent(share) for share in (0.0, 1e-9, 0.00312, 0.04567, 0.1234, 0.999, 1.0)]
    ['0 %', '<0.01 %', '0.31 %', '4.6 %', '12 %', '>99 %', '100 %']
    """
    part = share * 100
    if part == 0:
        return "0 %"
    if part < 0.01:
        return "<0.01 %"
    if part > 99:
        return ">99 %" if part < 100 - 1e-7 else "100 %"
    return f"{part:.0f} %" if part >= 9.95 else f"{part:.1f} %" if part >= 0.995 else f"{part:.2g} %"
