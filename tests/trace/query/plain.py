"""A query answered in plain Python, node by node over a `Cursor`: what the columns are held against."""

from __future__ import annotations

import fnmatch
import math
from typing import Any

import numpy as np

from tracer.trace.cursor import Cursor
from tracer.trace.query.steps import Compare, Is, Match, Phrase, Query, Shape, Test
from tracer.trace.query.words import find_nodes
from tracer.trace.summaries import summary

SIGNS = {"*": "×", "+": "+", "-": "−", "/": "÷", "**": "^", "sigmoid": "σ"}


def filtered(query: Query, cursor: Cursor) -> list[int]:
    """The nodes `query` finds, in the order they are listed."""
    trace = cursor.trace
    if query.ranking is None and len(query.steps) == 1 and isinstance(query.steps[0], Phrase):
        word = query.steps[0].word
        if not word.glob:
            return find_nodes(trace, word.text, trace.n_nodes)
    found = [node for node in range(trace.n_nodes) if satisfies(query, cursor, node)]
    if query.ranking is None:
        return found
    sizes = {node: rank_of(query, cursor, node) for node in found}
    ranked = [node for node in found if sizes[node] is not None]
    ranked.sort(key=lambda node: -sizes[node] if query.ranking.largest else sizes[node])  # type: ignore
    return ranked[: query.ranking.most]


def satisfies(query: Query, cursor: Cursor, node: int) -> bool:
    """Whether the condition of `query` holds of a node."""
    stack: list[bool] = []
    for step in query.steps:
        if step == "not":
            stack.append(not stack.pop())
        elif step == "and" or step == "or":
            right, left = stack.pop(), stack.pop()
            stack.append((left and right) if step == "and" else (left or right))
        else:
            stack.append(test(step, cursor, node))
    return stack[0] if stack else True


def numbers(measure: str, cursor: Cursor, node: int) -> list[float]:
    """The numbers a comparison looks at: those of all elements; none where they are not known."""
    trace = cursor.trace
    if measure == "uses":
        return [float(len(trace.uses(node)))]
    if measure == "id":
        return [float(node)]
    if measure == "line":
        source = trace.source(node)
        return [] if source is None else [float(source.line)]
    held = cursor.data(node) if "value" in measure else cursor.grad(node)
    if held is None:
        return []
    if measure == "norm":
        return [norm(held)]
    found = [float(x) for x in np.asarray(held).reshape(-1)]
    return [abs(x) for x in found] if measure[0] == "|" else found


def norm(held: Any) -> float:
    return summary(held).norm if isinstance(held, np.ndarray) else abs(held)


def rank_of(query: Query, cursor: Cursor, node: int) -> float | None:
    assert query.ranking is not None
    measure = query.ranking.measure
    counted = [x for x in numbers(measure, cursor, node) if not math.isnan(x)]
    if measure in ("|value|", "|grad|", "norm"):
        counted = [x for x in counted if x != 0]
    return (max(counted) if query.ranking.largest else min(counted)) if counted else None


def test(step: Test, cursor: Cursor, node: int) -> bool:
    trace = cursor.trace
    if isinstance(step, Compare):
        return any(compare(x, step.sign, step.number) for x in numbers(step.measure, cursor, node))
    if isinstance(step, Is):
        return state(step, cursor, node)
    if isinstance(step, Shape):
        shape = trace.shape(node)
        same = len(shape) == len(step.sizes) and all(
            w is None or w == g for w, g in zip(step.sizes, shape, strict=True)
        )
        return same == (step.sign == "==")
    if isinstance(step, Phrase):
        if step.word.glob:
            return trace.name(node) is not None and fnmatch.fnmatchcase(
                tight(trace.name(node) or ""), bracketless(tight(step.word.text))
            )
        return node in find_nodes(trace, step.word.text, trace.n_nodes)
    any_ = any(match(step, word.text, word.glob, cursor, node) for word in step.words)
    return any_ != (step.sign == "!=")


def match(step: Match, typed: str, glob: bool, cursor: Cursor, node: int) -> bool:
    trace, part, wanted = cursor.trace, step.sign == "~", typed.casefold()
    if step.field == "op":
        op = trace.op(node)
        if op is None:
            return False
        if part:
            return contains(wanted, op.name)
        if len(op.label) == 1:  # Σ is not σ
            return wanted == op.name or op.label in (SIGNS.get(wanted), typed)
        return wanted in (op.name, op.label.casefold())
    if step.field == "kind":
        return contains(wanted, trace.kind(node)) if part else trace.kind(node) == wanted
    if step.field == "scope":
        scope = trace.scope(node).casefold()
        return contains(wanted, scope) if part else scope == wanted or scope.startswith(wanted + ".")
    if step.field == "file":
        source = trace.source(node)
        if source is None:
            return False
        file = source.file.casefold()
        return contains(wanted, file) if part else file == wanted
    name = trace.name(node)
    if name is None:
        return False
    if part:
        return contains(tight(wanted), tight(name))
    if glob:
        return fnmatch.fnmatchcase(tight(name), bracketless(tight(wanted)))
    return tight(name) == tight(wanted)


def tight(name: str) -> str:
    return name.casefold().replace(", ", ",").replace("][", ",")


def bracketless(pattern: str) -> str:
    """For `fnmatch`, to which brackets mean a set."""
    return pattern.replace("[", "[[]")


def contains(wanted: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, f"*{bracketless(wanted)}*")


def compare(x: float, sign: str, number: float) -> bool:
    if math.isnan(x):
        return False
    return {"<": x < number, "<=": x <= number, ">": x > number, ">=": x >= number, "==": x == number}.get(
        sign, x != number
    )


def state(step: Is, cursor: Cursor, node: int) -> bool:
    if not step.of:
        value, grad = (state(Is(of, step.state), cursor, node) for of in ("value", "grad"))
        if step.state == "finite":
            return value and (grad or cursor.grad(node) is None)
        return value or grad
    held = cursor.data(node) if step.of == "value" else cursor.grad(node)
    if step.state == "known":
        return held is not None
    how = cursor.grad_state(node)
    if step.state == "unknown":
        return held is None if step.of == "value" else how == "not_yet"
    if step.state in ("none", "partial", "complete"):
        return how == step.state
    if held is None:
        return False
    elements = np.asarray(held, np.float64).reshape(-1)
    found = {"nan": np.isnan(elements).any(), "inf": np.isinf(elements).any(), "finite": np.isfinite(elements).all()}
    return bool(found[step.state])
