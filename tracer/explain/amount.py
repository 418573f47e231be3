"""A number or an array of numbers, as it is written in a box, a sentence or a calculation.

A few numbers are written out: `[0, 2, 0, 3]`. Of more there is a summary which says what it is, so that nobody takes it
for a value: `‖·‖ 2.31` (the norm), `all 1`, `nan ×2`. A shape is written as Python writes a tuple: `(3, 4)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracer.explain.explanation import Colour, Row
from tracer.numbers import NOT_YET, format_full, format_number, is_rounded
from tracer.text import Text

Array: TypeAlias = NDArray[Any]
Amount: TypeAlias = float | Array
"""What a node holds or receives: a float, or an array of any shape."""

FEW = 4
"""Numbers at most that are written out in one line."""
ROOM = 28
"""Cells at most that they may take; with a digit less if that helps."""
ROWS, COLUMNS = 4, 5
"""Rows and numbers in a row at most that a calculation writes out."""
IN_A_ROW = 8
"""Numbers of a vector at most."""
NORM = "‖·‖"


def plain(value: Amount) -> Amount:
    """An array without axes as the number that it is in its own dtype; everything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return bool(value) if value.dtype == bool else exact(value[()])
    return value


def single(value: Amount) -> float:
    """One number as a float."""
    found = plain(value)
    assert not isinstance(found, np.ndarray), "a single number has no axes"
    return float(found)


def is_single(value: Amount) -> bool:
    """Whether it is one number: a float or an array without axes."""
    return not isinstance(value, np.ndarray) or value.ndim == 0


def shape_of(value: Amount) -> tuple[int, ...]:
    """The shape; () of a float."""
    return value.shape if isinstance(value, np.ndarray) else ()


def shape_text(shape: Sequence[int]) -> str:
    """`(3, 4)`, `(4,)`, `()`."""
    return str(tuple(int(n) for n in shape))


def number(value: Any, digits: int = 4) -> str:
    """One element: `0.5`, `True`."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return format_number(float(value), digits)


def brief(value: Amount | None, digits: int = 4, room: int = ROOM) -> Text:
    """The value where it is few numbers, else what can be said of all of them in a word; `?` for None."""
    if value is None:
        return Text.same(NOT_YET)
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return Text.same(number(value if isinstance(value, float | int) else value.item(), digits))
    if value.size == 0:
        return Text("no elements", "要素なし")
    if value.size <= FEW:
        for precision in (digits, digits - 1):
            text = written_out(value, precision)
            if len(text) <= room:
                return Text.same(text)
    return summary(value, digits)


def written_out(value: Array, digits: int = 4) -> str:
    """Every number, nested as its axes are: `[[1, 2], [3, 4]]`."""
    if value.ndim == 0:
        return number(value.item(), digits)
    return f"[{', '.join(written_out(part, digits) for part in value)}]"


def summary(value: Array, digits: int = 4) -> Text:
    """What can be said of many numbers in a word."""
    if value.dtype == bool:
        return Text.same(f"True ×{int(value.sum())}")
    flat = value.reshape(-1)
    if (flat == flat[0]).all():
        one = number(flat[0].item(), digits)
        return Text(f"all {one}", f"すべて {one}")
    bad = odd_ones(flat)
    if bad:
        return Text.same(bad)
    if not np.issubdtype(value.dtype, np.floating):
        low, high = int(flat.min()), int(flat.max())
        return Text(f"{low} to {high}", f"{low} 〜 {high}")
    return Text.same(f"{NORM} {format_number(norm(value), digits)}")


def odd_ones(flat: Array) -> str:
    """`nan ×2`, `inf ×1`: how many elements are not finite, the worst kind first; "" where all are."""
    if not np.issubdtype(flat.dtype, np.floating):
        return ""
    for name, which in (("nan", np.isnan(flat)), ("inf", np.isinf(flat))):
        if which.any():
            return f"{name} ×{int(which.sum())}"
    return ""


def norm(value: Array) -> float:
    """The Euclidean norm over all elements, in float64."""
    return math.sqrt(float((value.astype(np.float64) ** 2).sum()))


def labelled(value: Amount | None, digits: int = 4) -> Text:
    """`[1, 2]` as it is; a summary with the shape it is of: `(3, 4) ‖·‖ 2.31`."""
    words = brief(value, digits)
    if value is None or is_single(value) or words.en.startswith("["):
        return words
    shape = shape_text(shape_of(value))
    return Text(f"{shape} {words.en}", f"{shape} {words.ja}")


def equals(value: Amount, digits: int = 4) -> str:
    """`=` where every number of it is shown exactly, as far as its dtype goes; else `≈`."""
    flat = [value] if not isinstance(value, np.ndarray) else list(value.reshape(-1)[: ROWS * COLUMNS])
    return "≈" if any(is_rounded(exact(v), digits) for v in flat) else "="


def exact(value: Any) -> float:
    """An element as the decimal it is in its own dtype: 0.1 as float32 is 0.1, not 0.10000000149."""
    return float(str(value)) if isinstance(value, np.float32 | np.float16) else float(value)


def fits_rows(value: Amount) -> bool:
    """Whether a calculation can write it out: few rows of few numbers."""
    shape = shape_of(value)
    if len(shape) > 2 or 0 in shape:
        return False
    if len(shape) == 1:
        return shape[0] <= IN_A_ROW
    return all(n <= most for n, most in zip(reversed(shape), (COLUMNS, ROWS), strict=False))


def rows_of(
    value: Amount,
    left: Text,
    *,
    sign: str | None = None,
    digits: int = 4,
    colour: Colour = "data",
    now: bool = False,
    tag: Text | None = None,
) -> tuple[Row, ...]:
    """`left = [[1, 2],` and ` [3, 4]]` below it; of an array too large for that, the summary.

    Args:
        sign: instead of `=` or `≈`.
        now, tag: of the last row.
    """
    behind = tag if tag is not None else Text.same("")
    if is_single(value) or not fits_rows(value):
        # a colon: a summary is not what the thing is equal to
        between = sign or (equals(value, digits) if is_single(value) else ":")
        return (Row((labelled(value, digits),), left, between, colour=colour, now=now, tag=behind),)
    assert isinstance(value, np.ndarray), "it has axes"
    lines = list(matrix_lines(value, digits))
    found = []
    for i, line in enumerate(lines):
        last = i == len(lines) - 1
        found.append(
            Row(
                (Text.same(line),),
                left if i == 0 else Text.same(""),
                (sign or equals(value, digits)) if i == 0 else "",
                colour=colour,
                now=now and last,
                tag=behind if last else Text.same(""),
            )
        )
    return tuple(found)


def matrix_lines(value: Array, digits: int = 4) -> Iterator[str]:
    """The lines of a vector or a matrix, its columns under each other."""
    if value.ndim == 1:
        yield f"[{', '.join(number(v, digits) for v in value.tolist())}]"
        return
    texts = [[number(v, digits) for v in line] for line in value.tolist()]
    widths = [max(len(line[i]) for line in texts) for i in range(len(texts[0]))]
    for i, line in enumerate(texts):
        body = ", ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
        yield f"{'[[' if i == 0 else ' ['}{body}{']]' if i == len(texts) - 1 else '],'}"


def full(value: Any) -> str:
    """One element of an array with every digit of its own dtype: 0.1 as float32 is `0.1`."""
    if isinstance(value, np.floating) and not isinstance(value, np.float64):
        return str(value).removesuffix(".0")
    return format_full(value.item()) if isinstance(value, np.floating) else number(value)
