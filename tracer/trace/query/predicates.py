"""Tests put to columns: which rows each holds of. Of a tensor a comparison holds if it does of any element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST, LIVE
from tracer.trace.query.rows import Bools, Floats, Rows
from tracer.trace.query.steps import Compare, Is, Match, Measure, Phrase, Shape, Test, Word
from tracer.trace.query.words import SIGNS, Glob, found_by_words, in_files, in_names, in_scopes, key, of_ops
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
    if isinstance(test, Compare):
        return _compare(test, rows)
    if isinstance(test, Is):
        return _is(test, rows)
    return rows.of_nodes(of_graph(test, rows.trace))


def of_graph(test: Match | Shape | Phrase, trace: Trace) -> Bools:
    """(n,) nodes that a test holds of which reads no number."""
    if isinstance(test, Phrase):
        return _phrase(test.word, trace)
    if isinstance(test, Shape):
        found = _shape(test.sizes, trace)
    else:
        found = np.zeros(trace.n_nodes, bool)
        for word in test.words:
            found |= _match(test.field, word, trace, part=test.sign == "~")
    return ~found if test.sign == "!=" else found


# Numbers


def measured(measure: Measure, rows: Rows) -> Floats:
    """(k,) a number of each row; NaN where it is not known. Of tensors the peak, where the number is an element's."""
    c = rows.trace.columns
    if measure == "uses":
        return np.asarray(rows.of_nodes(_uses(rows.trace)), np.float64)
    if measure == "id":
        return np.asarray(rows.of_nodes(np.arange(rows.trace.n_nodes)), np.float64)
    if measure == "line":
        return np.asarray(rows.of_nodes(np.append(c.line_number.astype(np.float64), np.nan)[c.line]))
    if measure == "norm":
        return rows.norm
    found = rows.value if "value" in measure else rows.grad
    return np.abs(found) if measure[0] == "|" else found


def _uses(trace: Trace) -> NDArray[np.int64]:
    found: NDArray[np.int64] | None = trace.kept.get("use counts")
    if found is None:
        found = trace.kept["use counts"] = np.bincount(trace.columns.inputs, minlength=trace.n_nodes)
    return found


def known(of: str, rows: Rows) -> Bools:
    """(k,) rows whose value, or gradient, is known."""
    return rows.made if of == "value" else rows.has_grad


def elements(of: str, rows: Rows, row: int) -> Floats:
    """The elements of a tensor, as float64 in one line."""
    return np.asarray(rows.array(of, row), np.float64).reshape(-1)


def _compare(test: Compare, rows: Rows) -> Bools:
    sign, of = SIGN[test.sign], "value" if "value" in test.measure else "grad"
    numbers = measured(test.measure, rows)
    with np.errstate(invalid="ignore"):
        found: Bools = sign(numbers, test.number)
    if test.sign == "!=":
        found &= numbers == numbers  # nan and what is not known are not unequal to anything
    if test.measure in ("value", "grad", "|value|", "|grad|"):
        for row in np.flatnonzero(rows.tensor & known(of, rows)).tolist():
            found[row] = _any(elements(of, rows, row), test)
    return found


def _any(numbers: Floats, test: Compare) -> bool:
    if test.measure[0] == "|":
        numbers = np.abs(numbers)
    with np.errstate(invalid="ignore"):
        found = SIGN[test.sign](numbers, test.number)
    return bool((found & (numbers == numbers)).any())


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
        typed = SIGNS.get(wanted, wanted)
        if part:
            inside = _holds(wanted, part=True)
            return of_ops(trace, lambda name, sign: inside(name))
        return of_ops(trace, lambda name, sign: name == wanted or sign in (wanted, typed))
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
