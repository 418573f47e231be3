"""A query answered: a stack of columns of yes and no, and for a ranking the sizes in order."""

from __future__ import annotations

import numpy as np

from tracer.trace.query.predicates import elements, holds_of, known, measured, of_graph
from tracer.trace.query.rows import Bools, Floats, Ints, Rows, all_rows, some_rows
from tracer.trace.query.steps import Phrase, Query, Ranking, Step, reads_numbers
from tracer.trace.query.words import found_by_words
from tracer.trace.trace import Trace


def matches(query: Query, trace: Trace, position: int) -> Ints:
    """Nodes that `query` finds; see `Query.matches`."""
    if query.ranking is None and len(query.steps) == 1 and isinstance(query.steps[0], Phrase):
        word = query.steps[0].word
        if not word.glob:
            return found_by_words(trace, word.text)
    if query.structural and query.ranking is None:
        return np.flatnonzero(possible(query.steps, trace))
    rows = all_rows(trace, position)
    if query.ranking is None:
        return np.flatnonzero(run(query.steps, rows))
    return _ranked(query.ranking, query.steps, rows)


def holds(query: Query, trace: Trace, position: int, node: int) -> bool:
    """Whether `query` finds `node`."""
    if query.structural and query.ranking is None:
        return bool(possible(query.steps, trace)[node])
    if query.ranking is None:
        return bool(run(query.steps, some_rows(trace, position, np.array([node])))[0])
    return bool((matches(query, trace, position) == node).any())


def run(steps: tuple[Step, ...], rows: Rows) -> Bools:
    """(k,) rows that a condition holds of; all of them where there is none."""
    if not steps:
        return np.ones(len(rows.made), bool)
    stack: list[Bools] = []
    for step in steps:
        if step == "not":
            stack.append(~stack.pop())
        elif step == "and":
            right = stack.pop()
            stack.append(stack.pop() & right)
        elif step == "or":
            right = stack.pop()
            stack.append(stack.pop() | right)
        else:
            assert not isinstance(step, str), "the three joints were all asked for"
            stack.append(holds_of(step, rows))
    return stack[0]


def possible(steps: tuple[Step, ...], trace: Trace) -> Bools:
    """(n,) nodes that a condition may hold of at some position: those that the graph alone does not rule out."""
    nobody, everybody = np.zeros(trace.n_nodes, bool), np.ones(trace.n_nodes, bool)
    stack: list[tuple[Bools, Bools]] = []  # of whom it holds for certain, and of whom it may
    for step in steps:
        if step == "not":
            surely, maybe = stack.pop()
            stack.append((~maybe, ~surely))
        elif isinstance(step, str):
            (surely, maybe), (also, or_maybe) = stack.pop(), stack.pop()
            stack.append((surely & also, maybe & or_maybe) if step == "and" else (surely | also, maybe | or_maybe))
        elif reads_numbers(step):
            stack.append((nobody, everybody))
        else:
            found = of_graph(step, trace)
            stack.append((found, found))
    return stack[0][1] if stack else everybody


def _ranked(ranking: Ranking, steps: tuple[Step, ...], rows: Rows) -> Ints:
    sizes = _sizes(ranking, rows)
    fits = run(steps, rows) & ~np.isnan(sizes)
    if ranking.measure in ("|value|", "|grad|", "norm"):
        fits &= sizes != 0
    found = np.flatnonzero(fits)
    order = -sizes[found] if ranking.largest else sizes[found]
    if len(found) > ranking.most:  # sort only what can be among the first, ties of the last one too
        last = np.partition(order, ranking.most - 1)[ranking.most - 1]
        near = order <= last
        found, order = found[near], order[near]
    return found[np.argsort(order, kind="stable")][: ranking.most]


def _sizes(ranking: Ranking, rows: Rows) -> Floats:
    """What rows are ordered by. Of a tensor its largest, or smallest, element that counts; NaN where none does."""
    found = measured(ranking.measure, rows)
    if ranking.measure in ("norm", "uses", "id", "line"):
        return found
    of = "value" if "value" in ranking.measure else "grad"
    tensors = np.flatnonzero(rows.tensor & known(of, rows)).tolist()
    if tensors:
        found = found.copy()
    for row in tensors:
        numbers = elements(of, rows, row)
        if ranking.measure[0] == "|":
            numbers = np.abs(numbers)
            numbers = numbers[numbers != 0]
        numbers = numbers[~np.isnan(numbers)]
        found[row] = (numbers.max() if ranking.largest else numbers.min()) if len(numbers) else np.nan
    return found
