"""Pinning a run: `assert_close(trace, golden)` for a test suite, `tracer check --against golden.trace` for a shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tracer.core.rerun import Number
from tracer.errors import MismatchError
from tracer.numbers import format_number
from tracer.trace.difference import Change, Difference
from tracer.trace.store import load
from tracer.trace.trace import Trace

CLOSE = 1e-9
"""Relative: what another processor, or another order of adding, may change."""
DIGITS = 8
"""Significant digits of numbers that hardly differ."""


def assert_close(trace: Trace, golden: Trace | str | Path, *, rtol: float = CLOSE, atol: float = 0.0) -> None:
    """Raise unless a run computes what a golden run did: the same nodes, values, gradients and updates.

    Args:
        trace: what was recorded now: `rec.trace`.
        golden: the run it shall agree with, or the file it was saved to.
        rtol, atol: numbers agree within `atol + rtol * |golden|`; nan agrees with nan.

    Raises:
        MismatchError: an AssertionError that names the first difference, its line and the largest change.
        FileFormatError, NotFoundError: the golden file cannot be read.
    """
    other = golden if isinstance(golden, Trace) else load(golden)
    found = Difference(trace, other, rtol, atol)
    if not found.same:
        raise MismatchError(message(found), where=where(found))


def message(found: Difference) -> str:
    """What differs, in a few lines: how much of it, the earliest and the largest."""
    lines = []
    counts = [len(nodes) for nodes in found.matching.alone]
    if any(counts):
        lines.append(f"nodes that only one has: {counts[0]:,} in this run, {counts[1]:,} in the golden one.")
    passes = len(found.left.passes), len(found.right.passes)
    if passes[0] != passes[1]:
        lines.append(f"this run has {passes[0]} backward passes, the golden one {passes[1]}.")
    earliest = found.earliest
    if earliest is not None:
        lines.append(f"numbers that differ: {len(found):,}; first {_told(found, earliest)}")
        largest = found.largest(1)[0]
        if (largest.fact, largest.nodes, largest.pass_index) != (earliest.fact, earliest.nodes, earliest.pass_index):
            lines.append(f"largest: {_told(found, largest)}")
    return "\n  ".join(["the run differs from the golden one: " + lines[0], *lines[1:]])


def where(found: Difference) -> str | None:
    """`file:line` of the earliest difference."""
    earliest = found.earliest
    line = None if earliest is None else found.left.source(earliest.nodes[0])
    return f"{line.file}:{line.line}" if line else None


def _told(found: Difference, change: Change) -> str:
    label = found.left.label(change.nodes[0])
    what = "its gradient" if change.fact == "gradient" else "its value"
    again = " after updates" if change.fact == "end value" else ""
    at, numbers = _element(*change.numbers)
    got, wanted = (_number(number) for number in numbers)
    return f"at {label}{at}: {what}{again} is {got}, golden {wanted} (they differ by {format_number(change.size)})."


def _element(left: Number | None, right: Number | None) -> tuple[str, tuple[Number | None, Number | None]]:
    """Of two arrays of one shape where they differ most, "[2, 0]", and what they hold there; else both as they are."""
    if not isinstance(left, np.ndarray) or not isinstance(right, np.ndarray) or left.shape != right.shape:
        return "", (left, right)
    a, b = left.reshape(-1).astype(np.float64), right.reshape(-1).astype(np.float64)
    if not a.size:
        return "", (left, right)
    with np.errstate(all="ignore"):
        sizes = np.abs(a - b)
    sizes[np.isnan(sizes)] = np.inf
    sizes[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    at = int(np.argmax(sizes))
    place = ", ".join(str(int(i)) for i in np.unravel_index(at, left.shape))
    return f"[{place}]" if place else "", (float(a[at]), float(b[at]))


def _number(number: Number | None) -> str:
    if number is None:
        return "none"
    if isinstance(number, float):
        return format_number(number, DIGITS)
    return f"an array of shape {number.shape}"
