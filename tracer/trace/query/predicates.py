"""Tests put to columns: which rows each holds of. Of a tensor a comparison holds if it does of any element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core.columns import CONST, LIVE
from tracer.trace.query.rows import Bools, Floats, Rows
from tracer.trace.query.steps import (
    COUNTED,
    Compare,
    Is,
    Match,
    Measure,
    Phrase,
    Shape,
    Test,
    Word,
    reads_numbers,
)
from tracer.trace.query.words import Glob, found_by_words, in_files, in_names, in_scopes, key, of_ops, sign_key
from tracer.trace.trace import Trace

SIGN: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds_of(test: Test, rows: Rows) -> Bools:
    """(k,) rows that a test holds of."""
    if isinstance(test, Is):
        return _is(test, rows)
    if isinstance(test, Compare) and test.measure not in COUNTED:
        return _compare(test, rows)
    return rows.of_nodes(of_graph(test, rows.trace))


def of_graph(test: Test, trace: Trace) -> Bools:
    """(n,) nodes that a test holds of which reads neither values nor gradients."""
    assert not reads_numbers(test), "this one depends on the position"
    if isinstance(test, Phrase):
        return _phrase(test.word, trace)
    if isinstance(test, Compare):
        return _compared(counted(test.measure, trace), test)
    if isinstance(test, Shape):
        found = _shape(test.sizes, trace)
    else:
        assert isinstance(test, Match), "the others were asked for"
        found = np.zeros(trace.n_nodes, bool)
        for word in test.words:
            found |= _match(test.field, word, trace, part=test.sign == "~")
    return ~found if test.sign == "!=" else found


# Numbers


def measured(measure: Measure, rows: Rows) -> Floats:
    """(k,) a number of each row; NaN where it is not known. Of tensors the peak, where the number is an element's."""
    if measure in COUNTED:
        return rows.of_nodes(counted(measure, rows.trace))
    if measure == "norm":
        return rows.norm
    found = rows.value if "value" in measure else rows.grad
    return np.abs(found) if measure[0] == "|" else found


def counted(measure: Measure, trace: Trace) -> Floats:
    """(n,) what the graph alone tells: how often a node is used, its number, its line; NaN without a line."""
    c = trace.columns
    if measure == "id":
        return np.arange(trace.n_nodes, dtype=np.float64)
    if measure == "line":
        lines: Floats = np.append(c.line_number.astype(np.float64), np.nan)[c.line]  # no line is row -1: the last
        return lines
    found: Floats | None = trace.kept.get("use counts")
    if found is None:
        found = np.bincount(c.inputs, minlength=trace.n_nodes).astype(np.float64)
        trace.kept["use counts"] = found
    return found


def known(of: str, rows: Rows) -> Bools:
    """(k,) rows whose value, or gradient, is known."""
    return rows.made if of == "value" else rows.has_grad


def elements(of: str, rows: Rows, row: int) -> Floats:
    """The elements of a tensor, as float64 in one line."""
    return np.asarray(rows.array(of, row), np.float64).reshape(-1)


def _compare(test: Compare, rows: Rows) -> Bools:
    of = "value" if "value" in test.measure else "grad"
    found = _compared(measured(test.measure, rows), test)
    if test.measure in ("value", "grad", "|value|", "|grad|"):
        for row in np.flatnonzero(rows.tensor & known(of, rows)).tolist():
            found[row] = _any(elements(of, rows, row), test)
    return found


def _any(numbers: Floats, test: Compare) -> bool:
    if test.measure[0] == "|":
        numbers = np.abs(numbers)
    return bool(_compared(numbers, test).any())


def _compared(numbers: Floats, test: Compare) -> Bools:
    with np.errstate(invalid="ignore"):
        found: Bools = SIGN[test.sign](numbers, test.number)
    if test.sign == "!=":
        found &= numbers == numbers  # nan and what is not known are not unequal to anything
    return found


def _is(test: Is, rows: Rows) -> Bools:
    if not test.of:
        either: Bools = _state("value", test.state, rows) | _state("grad", test.state, rows)
        if test.state == "finite":
            return _state("value", "finite", rows) & (_state("grad", "finite", rows) | ~rows.has_grad)
        return either
    return _state(test.of, test.state, rows)


def _state(of: str, state: str, rows: Rows) -> Bools:
    is_known = known(of, rows)
    live: Bools = rows.of_nodes(rows.trace.columns.flags & LIVE > 0)
    if state == "known":
        return is_known
    if state == "unknown":
        return ~is_known if of == "value" else live & ~is_known
    if state == "none":
        return ~live
    if state == "complete":
        return rows.complete
    if state == "partial":
        return live & is_known & ~rows.complete
    peaks = rows.value if of == "value" else rows.grad
    finite: Bools = np.isfinite(peaks) & is_known  # of a tensor the peak is the first element that is not
    if state == "finite":
        for row in np.flatnonzero(rows.tensor & is_known & np.isnan(peaks)).tolist():
            finite[row] = not elements(of, rows, row).size  # the peak of no elements is nan
        return finite
    looks = np.isnan if state == "nan" else np.isinf
    found: Bools = looks(peaks) & is_known
    for row in np.flatnonzero(rows.tensor & is_known & ~finite).tolist():
        found[row] = bool(looks(elements(of, rows, row)).any())
    return found


# The graph


def _phrase(word: Word, trace: Trace) -> Bools:
    if word.glob:
        return _match("name", word, trace, part=False)
    found = np.zeros(trace.n_nodes, bool)
    found[found_by_words(trace, word.text)] = True
    return found


def _match(field: str, word: Word, trace: Trace, *, part: bool) -> Bools:
    wanted = word.text.casefold()
    if field == "name":
        wanted = key(word.text)
        return in_names(trace, _holds(wanted, part, word.glob))
    if field == "op":
        if part:
            inside = _holds(wanted, part=True)
            return of_ops(trace, lambda name, sign: inside(name))
        return of_ops(trace, lambda name, sign: name == wanted or sign == sign_key(word.text))
    if field == "kind":
        return _kinds(trace, _holds(wanted, part))
    if field == "file":
        return in_files(trace, _holds(wanted, part))
    if part:
        return in_scopes(trace, _holds(wanted, part))
    within = f"{wanted}."
    return in_scopes(trace, lambda scope: scope == wanted or scope.startswith(within))


def _holds(wanted: str, part: bool, glob: bool = False) -> Callable[[str], bool]:
    if part:
        return Glob(wanted).part
    return Glob(wanted).whole if glob else wanted.__eq__


def _kinds(trace: Trace, holds: Callable[[str], bool]) -> Bools:
    c = trace.columns
    computed = c.op > 0
    const = (c.flags & CONST > 0) & ~computed
    masks = {"op": computed, "const": const, "leaf": ~computed & ~const}
    found: Bools = np.zeros(trace.n_nodes, bool)
    for kind, mask in masks.items():
        if holds(kind):
            found |= mask
    return found


def _shape(sizes: tuple[int | None, ...], trace: Trace) -> Bools:
    slots = trace.columns.slot
    if not len(slots):
        return np.full(trace.n_nodes, not sizes)
    fits = [
        len(a.shape) == len(sizes) and all(want in (None, got) for want, got in zip(sizes, a.shape, strict=True))
        for a in trace.columns.arena
    ]
    return np.array([*fits, not sizes])[slots]  # a plain number's slot is -1: the last
