"""Pinning a run: `assert_close(trace, golden)` for a test suite, `tracer check --against golden.trace` for a shell."""

from __future__ import annotations

from pathlib import Path

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
        if found.largest(1)[0] != earliest:
            lines.append(f"largest: {_told(found, found.largest(1)[0])}")
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
    got, wanted = (_number(number) for number in change.numbers)
    return f"at {label}: {what}{again} is {got}, golden {wanted} (they differ by {format_number(change.size)})."


def _number(number: Number | None) -> str:
    if number is None:
        return "none"
    if isinstance(number, float):
        return format_number(number, DIGITS)
    return f"an array of shape {number.shape}"
