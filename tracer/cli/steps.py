"""`tracer steps`: a walk from the first step to the last, as text or as JSON lines (schema `tracer-steps`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tracer.cli.check import trouble
from tracer.cli.naming import Wish, document_file
from tracer.cli.opening import exit_code, open_quietly
from tracer.cli.terminal import choose_lang, plain
from tracer.explain.amount import Amount, labelled
from tracer.explain.explain import explain
from tracer.explain.statistics import statistics
from tracer.lessons.runner import Thing
from tracer.numbers import MORE_TO_COME, format_number
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.node import SourceLine
from tracer.trace.segment import By
from tracer.trace.trace import Trace

LARGE = 64
"""Elements up to which a record holds a tensor's numbers."""
SCHEMA, VERSION = "tracer-steps", 2
"""Raised when a key changes its meaning; new keys may come without. Documented in `tracer steps --help`. Since 2 a key
that holds a number may hold a list or a summary of them, of a tensor."""


def steps(
    name: str,
    values: Sequence[str],
    *,
    by: By,
    as_json: bool,
    lang: str | None,
    nodes: int,
    unfold: Sequence[str] = (),
    wish: Wish | None = None,
) -> int:
    """Print every step of `name`; of a document, those of each block."""
    document = document_file(name, choose_lang(lang))
    if document is not None and not values and not unfold:
        from tracer.cli.pages import steps_of_document

        return steps_of_document(document, by, wish or Wish(), as_json=as_json, lang=choose_lang(lang), nodes=nodes)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, output=True, unfold=unfold, wish=wish)
    if as_json:
        for record in records(thing, by):
            print(json.dumps(record, ensure_ascii=False, allow_nan=False))
    else:
        print_steps(thing, by, choose_lang(lang))
    return exit_code(thing)


# As text


def print_steps(thing: Thing, by: By, lang: Lang, *, title: bool = True) -> None:
    """A heading, then each step as a short paragraph, and what it all came to."""
    trace = thing.trace
    total = len(trace.stops(by))
    if title:
        print(plain(thing.titled(lang) if thing.lesson is None else thing.lesson.title[lang]))
    print(_WORDS["head"].format(nodes=f"{trace.n_nodes:,}", steps=f"{total:,}")[lang])
    if thing.lesson is not None and thing.lesson.intro[lang]:
        print(plain(thing.lesson.intro[lang]))
    says = _says(thing, by)
    for step, cursor in walk(trace, by):
        print(plain(f"\n{step}/{total}  {explain(cursor, by=by).plain(lang)}"))
        if step in says:
            print(plain(f"» {says[step][lang]}"))
    print(f"\n{_WORDS['end'][lang]}")
    for line in (*summary(trace, lang), *trouble(trace, lang)):
        print(plain(line))


def summary(trace: Trace, lang: Lang = "en") -> Iterator[str]:
    """The named nodes with the numbers they end with: `x = 3   ∂ 7`."""
    end = trace.cursor(len(trace))
    for node in sorted(trace.columns.names):
        value, grad = end.data(node), end.grad(node)
        state = end.grad_state(node)
        mark = "–" if state == "none" else labelled(grad)[lang]
        shown = labelled(value)[lang]
        sign = ":" if shown.startswith("(") else " ="  # a summary is not what the node is equal to
        yield f"{trace.label(node)}{sign} {shown}   ∂ {mark}{MORE_TO_COME if state == 'partial' else ''}"


def walk(trace: Trace, by: By) -> Iterator[tuple[int, Cursor]]:
    """Each step of this granularity, counted from 1, with the moment it leads to."""
    for step, position in enumerate(trace.stops(by).tolist(), start=1):
        yield step, trace.cursor(position)


def _says(thing: Thing, by: By) -> Mapping[int, Text]:
    """Step -> what the lesson says there; at a coarser granularity, at the step that passes its stop."""
    if thing.lesson is None:
        return {}
    found: dict[int, Text] = {}
    for arrival in thing.lesson.stops_at(thing.trace, thing.folded.trace if thing.folded is not None else None):
        step = thing.trace.cursor(arrival.position).index(by)[0]
        said = found.get(step)
        found[step] = arrival.say if said is None else Text(f"{said.en} {arrival.say.en}", f"{said.ja}{arrival.say.ja}")
    return found


# As JSON


def records(thing: Thing, by: By) -> Iterator[dict[str, Any]]:
    """The header and one record a step; every one is valid JSON as it stands."""
    trace = thing.trace
    yield {
        "schema": SCHEMA,
        "version": VERSION,
        "title": thing.title,
        "by": by,
        "steps": len(trace.stops(by)),
        "positions": len(trace),
        "nodes": trace.n_nodes,
        "edges": trace.n_edges,
        "passes": len(trace.passes),
        "outcome": thing.outcome.to_json(),
        "unfolded": [] if thing.unfolding is None else list(thing.unfolding.names),
    }
    says = _says(thing, by)
    for step, cursor in walk(trace, by):
        yield {"step": step, **record(cursor, by), "say": _both(says.get(step))}


def record(cursor: Cursor, by: By = "edge") -> dict[str, Any]:
    """One moment. Nothing in it is later than the moment."""
    moment, line, said = cursor.moment, cursor.line, explain(cursor, by=by)
    node = moment.node
    return {
        "position": cursor.position,
        "kind": moment.kind,
        "node": json_node(cursor, node),
        "user": json_node(cursor, moment.user),
        "edge": moment.edge,
        "part": moment.part or None,
        "pass": moment.pass_index,
        "value": json_number(None if node is None else cursor.data(node)),
        "grad": json_number(None if node is None else cursor.grad(node)),
        "upstream": json_number(moment.upstream),
        "local": json_number(moment.local),
        "contribution": json_number(moment.contribution),
        "before": json_number(moment.before),
        "after": json_number(moment.after),
        "note": None if moment.note is None else {key: _noted(value) for key, value in moment.note.items()},
        "text": moment.text or None,
        "line": json_line(line),
        "title": _both(said.title),
        "sentence": _both(said.lead),
        "why": _both(said.sentence),
    }


def json_node(cursor: Cursor, node: int | None) -> dict[str, Any] | None:
    if node is None:
        return None
    trace = cursor.trace
    op = trace.op(node)
    return {
        "id": node,
        "label": trace.label(node),
        "op": trace.kind(node) if op is None else op.name,
        "formula": trace.formula(node),
        "scope": trace.scope(node),
        "shape": list(trace.shape(node)) if trace.is_tensor(node) else None,
        "dtype": trace.dtype(node).name if trace.is_tensor(node) else None,
    }


def json_line(line: SourceLine | None) -> dict[str, Any] | None:
    return None if line is None else {"file": line.file, "line": line.line}


def json_number(value: Amount | None) -> Any:
    """A number, nested lists of an array's numbers; of a large array its shape and statistics.

    JSON has no NaN and no infinity; a line that holds one must still be JSON.
    """
    if isinstance(value, np.ndarray):
        if value.size > LARGE:
            return _summary(value)
        return json_number(value.item()) if value.ndim == 0 else [json_number(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return value if value is None or math.isfinite(value) else format_number(value)


def _summary(value: Any) -> dict[str, Any]:
    """Figures of the finite elements of a large array, and how many of all are zero, nan or infinite."""
    found = statistics(value)
    figures = {"min": found.low, "max": found.high, "mean": found.mean, "std": found.std, "norm": found.norm}
    counts = {"count": found.count, "zeros": found.zeros, "nan": found.nan, "inf": found.inf}
    return {"shape": list(value.shape), **{key: json_number(number) for key, number in figures.items()}, **counts}


def _noted(value: Any) -> Any:
    """A value of an optimizer's note."""
    if isinstance(value, tuple | list):
        return [_noted(one) for one in value]
    if isinstance(value, np.generic):
        return json_number(value.item())
    if value is None or isinstance(value, np.ndarray | float):
        return json_number(value)
    return value if isinstance(value, bool | int | str) else str(value)


def _both(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"en": text.en, "ja": text.ja}


_WORDS = {
    "head": Text(en="{nodes} nodes, {steps} steps", ja="ノード {nodes} 個、{steps} ステップ"),
    "end": Text(en="At the end:", ja="最後の値:"),
}
