"""What an author says a number or a tensor is, held to what the trace has.

A number written with four decimals or more is rounded there, as in the documents; with fewer it is exact, as far as the
trace's dtype goes. An array is written nested, as the tensor is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from tracer.numbers import format_full

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.explain.amount import Amount

Expected: TypeAlias = "Decimal | tuple[Expected, ...]"
"""A number with the digits it was written with, or rows of them."""

ROUNDED_PLACES = 4
"""An expected number written with this many decimals is rounded there; with fewer it is exact."""
EXACT = 1e-9
SLACK = {"float32": 1e-6, "float16": 1e-3, "bfloat16": 1e-2}
"""Relative error of an exact number in dtypes that cannot hold it: a few roundings of the last bit."""
STEP = {"float32": 1.5e-45, "float16": 6e-8}
"""The least number above 0 of a dtype: numbers near 0 lie so far apart, however small they are."""
WRITTEN_AT_MOST = 12
"""Numbers of an array that a message writes out."""


def agrees(expected: Decimal, got: float | None, slack: float = EXACT, step: float = 0.0) -> bool:
    """Whether `got` is the number that was written, as exactly as it was written.

    Args:
        slack: relative error that its dtype may have; `step`: absolute error.
    """
    if got is None:
        return False
    if not expected.is_finite() or not math.isfinite(got):
        return (expected.is_nan() and math.isnan(got)) or float(expected) == got
    exponent = expected.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent >= ROUNDED_PLACES:
        room = slack * abs(got) + step if slack > EXACT else 0.0
        return abs(got - float(expected)) <= 0.5 * 10.0**exponent * (1 + 1e-9) + room
    return math.isclose(got, float(expected), rel_tol=slack, abs_tol=max(step, 1e-12))


def shape_of(expected: Expected) -> tuple[int, ...]:
    """() of a number, (2, 3) of two rows of three.

    Raises:
        ValueError: rows of different shapes, with the reason.
    """
    if isinstance(expected, Decimal):
        return ()
    shapes = [shape_of(row) for row in expected]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(f"row {i} has shape {shape}, row 0 has {shapes[0]}")
    return (len(expected), *(shapes[0] if shapes else ()))


def denied(expected: Expected, got: Amount | None, what: str) -> str | None:
    """Why `got` is not what was expected, or None where it is.

    Args:
        what: for the message: `as the gradient of W`.
    """
    if got is None:
        return f"expects {written(expected)} {what}; the trace has none."
    from tracer.explain.amount import shape_of as shape
    from tracer.explain.amount import shape_text

    wanted, there = shape_of(expected), shape(got)
    if wanted != there:
        has = f"the trace has shape {shape_text(there)}" if there else f"the trace has {written_out(got)}"
        if not wanted:
            return f"expects one number {what}; {has}. Write all of them, or name an element."
        return f"expects an array of shape {shape_text(wanted)} {what}; {has}."
    dtype = str(getattr(got, "dtype", "float64"))
    slack, step = SLACK.get(dtype, EXACT), STEP.get(dtype, 0.0)
    wrong = [(at, e, g) for at, e, g in _pairs(expected, got) if not agrees(e, g, slack, step)]
    if not wrong:
        return None
    at, number, found = wrong[0]
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    more = f" {len(wrong) - 1} more differ." if len(wrong) > 1 else ""
    return f"expects {number} {what}{where}; the trace has {format_full(found)}.{more}"


def written(expected: Expected) -> str:
    """`[[1, 0.5], [0, 2]]`, with the digits of the file; a large array as its shape."""
    if isinstance(expected, Decimal):
        return str(expected)
    if math.prod(shape_of(expected)) > WRITTEN_AT_MOST:
        return f"an array of shape {shape_of(expected)}"
    return f"[{', '.join(written(row) for row in expected)}]"


def written_out(got: Amount) -> str:
    """What the trace has, with every digit where it is one number."""
    from tracer.explain.amount import exact, is_single, labelled, plain

    if is_single(got):
        return format_full(exact(plain(got)))
    return labelled(got).en


def _pairs(expected: Expected, got: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Decimal, float]]:
    """(where, expected, found) of each number."""
    from tracer.explain.amount import exact, plain

    if isinstance(expected, Decimal):
        yield at, expected, exact(plain(got))
        return
    for i, (row, there) in enumerate(zip(expected, got, strict=True)):
        yield from _pairs(row, there, (*at, i))
