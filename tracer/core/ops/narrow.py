"""Which numbers of its inputs an op reads for a few elements of its output, as a smaller application of the same op.

So that one element of a large product is opened without computing all the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.op import Narrow, Static

Places = NDArray[np.int64]


def places_in(shape: Sequence[int]) -> Places:
    """Every place, row by row counted, in the shape itself."""
    return np.arange(math.prod(shape)).reshape(tuple(shape))


def spread_places(places: Places, full: Sequence[int], shape: Sequence[int]) -> Places:
    """Where the number that is used at each place of `full` stands in an array of `shape`, which broadcasts to it."""
    if tuple(shape) == tuple(full):
        return places
    if not shape:
        return np.zeros(len(places), np.int64)
    coordinates = np.unravel_index(places, tuple(full))[len(full) - len(shape) :]
    found = np.zeros(len(places), np.int64)
    for at, n in zip(coordinates, shape, strict=True):
        found = found * n + (at if n > 1 else 0)
    return found


def along_lines(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of a reduction: the lines that the elements are made of, one below the other."""
    shape, dim = shapes[0], static["dim"]
    axes = tuple(range(len(shape))) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if not shape:
        return Narrow((np.zeros((len(places), 1), np.int64),), _one_axis(static), np.arange(len(places)))
    others = [axis for axis in range(len(shape)) if axis not in axes]
    count = math.prod(shape[axis] for axis in axes)
    outputs = math.prod(shape[axis] for axis in others)
    rows = places_in(shape).transpose(*others, *axes).reshape(outputs, count)[places]
    return Narrow((rows,), _one_axis(static), np.arange(len(places)))


def _one_axis(static: Static) -> Static:
    dim = static["dim"]
    return {**static, "dim": 1 if isinstance(dim, int) else (1,), "keepdim": False}


def products(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of a matrix product: for each element its row of `a` and its column of `b`, as a stack of products of the two."""
    a, b = (tuple(shape) for shape in shapes)
    left, right = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    m, n, p = left[-2], left[-1], right[-1]
    stack, within = np.divmod(places, m * p)
    row, column = np.divmod(within, p)
    first = spread_places(stack, batch, left[:-2]) * m * n + row * n
    second = spread_places(stack, batch, right[:-2]) * n * p + column
    along = np.arange(n)
    return Narrow(
        (
            (first[:, None] + along)[:, None, :],
            (second[:, None] + along * p)[:, :, None],
        ),
        static,
        np.arange(len(places)),
    )


def rows_and_columns(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of a linear layer: the rows of the input and the rows of the weight that are used at all."""
    x, weight = tuple(shapes[0]), tuple(shapes[1])
    row, column = np.divmod(places, weight[0])
    rows, at_row = np.unique(row, return_inverse=True)
    columns, at_column = np.unique(column, return_inverse=True)
    n = x[-1]
    found = [rows[:, None] * n + np.arange(n), columns[:, None] * n + np.arange(n), columns]
    return Narrow(tuple(found[: len(shapes)]), static, at_row * len(columns) + at_column)


def whole_lines(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of an op that works along one axis and keeps it: the lines in which the elements stand."""
    shape, dim = tuple(shapes[0]), int(static["dim"])
    if not shape:
        return Narrow((places_in(()),), static, places)
    inside = math.prod(shape[dim + 1 :])
    before, rest = np.divmod(places, shape[dim] * inside)
    at, after = np.divmod(rest, inside)
    lines, which = np.unique(before * inside + after, return_inverse=True)
    start = lines // inside * shape[dim] * inside + lines % inside
    numbers = start[:, None] + np.arange(shape[dim]) * inside
    return Narrow((numbers,), {**static, "dim": 1}, which * shape[dim] + at)


def turns(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of an order along one axis: the line of each element, and whose turn it is there."""
    shape, dim = tuple(shapes[0]), int(static["dim"])
    if not shape:
        rows, at = np.zeros((len(places), 1), np.int64), np.zeros(len(places), np.int64)
    else:
        inside = math.prod(shape[dim + 1 :])
        before, rest = np.divmod(places, shape[dim] * inside)
        at, after = np.divmod(rest, inside)
        rows = (before * shape[dim] * inside + after)[:, None] + np.arange(shape[dim]) * inside
    return Narrow((rows,), {**static, "dim": 1, "at": at}, np.arange(len(places)))


def indexed_lines(shapes: Sequence[Any], static: Static, places: Places) -> Narrow:
    """Of taking one element a line by an index: the line of each, and the index."""
    shape, index, dim = tuple(shapes[0]), tuple(shapes[1]), int(static["dim"])
    if not shape:
        return Narrow((np.zeros((len(places), 1), np.int64), places), {**static, "dim": 1}, np.arange(len(places)))
    full = index if len(index) == len(shape) else (*index[:dim], 1, *index[dim:])
    start = np.zeros(len(places), np.int64)
    for axis, (at, n) in enumerate(zip(np.unravel_index(places, full), shape, strict=True)):
        start = start * n + (0 if axis == dim else at)
    rows = start[:, None] + np.arange(shape[dim]) * math.prod(shape[dim + 1 :])
    return Narrow((rows, places), {**static, "dim": 1}, np.arange(len(places)))
