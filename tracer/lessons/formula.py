"""An expression and its values as a trace: parsed by our own grammar, computed with `Value`, never by Python itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tracer.core.expression import Expression, parse
from tracer.core.record import LeafKey, Override, Recorder
from tracer.core.value import Value, apply
from tracer.errors import ExpressionError, did_you_mean
from tracer.lessons.given import shorten
from tracer.numbers import format_full
from tracer.trace.trace import Trace

FILE = "expression"
"""What the source panel calls it."""
RESULTS = ("y", "L", "out", "result")
"""What the result is called: the first of these that the expression does not use itself."""
_FEW = 8
"""Names listed in a message."""


def run_expression(
    text: str, values: Mapping[str, float], overrides: Mapping[LeafKey, Override] | None = None
) -> Trace:
    """The trace of an expression: a leaf for each name, one node for each operation and number, one backward pass.

    Args:
        text: as `tracer.core.expression.parse` takes it.
        values: a number for every name in it, and for no other.
        overrides: leaf key -> the value that leaf or number shall have instead.

    Raises:
        ExpressionError: it does not parse; a name without a value; a value without a name; no name at all.
    """
    expression = parse(text)
    check_values(expression, values)
    names = expression.names
    result = next(name for name in (*RESULTS, f"{'_'.join(names)}_") if name not in names)
    keys = _keys(len(names), sum(step.kind == "number" for step in expression.steps))
    wanted = overrides or {}
    recorder = Recorder({("", -1, k): wanted[key] for k, key in enumerate(keys) if key in wanted}, lines=False)
    with recorder:
        leaves = {name: Value(values[name], name=name) for name in names}
        root = expression.evaluate(leaves, apply)
        if root._name is None:
            root.named(result)
        root.backward()
    lines = [f"{name} = {format_full(values[name])}" for name in names]
    lines += [f"{result} = {' '.join(text.split())}", f"{result}.backward()"]
    return _with_source(Trace(recorder.columns()), lines)


def check_values(expression: Expression, values: Mapping[str, float]) -> None:
    """Raise unless every name of the expression has a value and every value a name."""
    names, text = expression.names, shorten(expression.text)
    for name in values:
        if name not in names:
            given = f"{shorten(name)}={format_full(values[name])}"
            raise ExpressionError(
                f"{given}: there is no {shorten(name)} in {text!r}.",
                hint=_names_hint(name, names, values),
                ja=f"{given}: 式 {text!r} に {shorten(name)} という名前はありません。",
            )
    missing = [shorten(name, 20) for name in names if name not in values]
    if missing:
        shown = ", ".join(repr(name) for name in missing[:_FEW]) + (
            f" and {len(missing) - _FEW} more" if missing[_FEW:] else ""
        )
        give = " ".join(f"{name}={3 - k if k < 3 else 1}" for k, name in enumerate(missing[:_FEW]))
        more = " …" if missing[_FEW:] else ""
        rest = shown.replace(" and ", "、ほか ").replace(" more", " 個") if missing[_FEW:] else shown
        raise ExpressionError(
            f"no value is given for {shown}.",
            hint=f'Add it: tracer open "{text}" {give}{more}',
            ja=f"値が与えられていません: {rest}",
            hint_ja=f'値を付けてください: tracer open "{text}" {give}{more}',
        )
    if not names:
        raise ExpressionError(
            f"{text!r} has no names, so there is nothing to differentiate.",
            hint='For example: tracer open "x * 3" x=2',
            ja=f"{text!r} には名前がないので、微分するものがありません。",
            hint_ja='例: tracer open "x * 3" x=2',
        )


def _names_hint(got: str, names: Sequence[str], values: Mapping[str, float]) -> str:
    """Which name was meant, else which there are; where one was meant as a product, that it needs its sign."""
    joined = next((name for name in names if name not in values and len(name) > 1 and set(name) <= set(values)), None)
    if joined is not None:
        return f"{shorten(joined)} is one name. To multiply, write {shorten(' * '.join(joined))}."
    near = did_you_mean(got, [name for name in names if name not in values])
    return near or f"Its names: {shorten(', '.join(names)) or 'none'}."


def _keys(leaves: int, numbers: int) -> list[LeafKey]:
    """Leaf keys in order of creation: the names have a line each, the numbers share the expression's."""
    return [*((FILE, i + 1, 0) for i in range(leaves)), *((FILE, leaves + 1, i) for i in range(numbers))]


def _with_source(trace: Trace, lines: Sequence[str]) -> Trace:
    """The same trace with the expression as its program: a line for each leaf, one for the result, one for the pass."""
    c = trace.columns
    leaves = len(lines) - 2
    rows = np.minimum(np.arange(trace.n_nodes), leaves).astype(np.int32)  # leaves were made first, one by one
    for column in (
        rows,
        files := np.zeros(len(lines), np.int32),
        numbers := np.arange(1, len(lines) + 1, dtype=np.int32),
    ):
        column.flags.writeable = False
    return Trace(
        replace(
            c,
            line=rows,
            line_file=files,
            line_number=numbers,
            files=(FILE,),
            sources={FILE: "\n".join(lines) + "\n"},
            passes=tuple(replace(one, line=leaves + 1) for one in c.passes),
            info={**c.info, "title": lines[-2], "expression": lines[-2].partition(" = ")[2]},
        )
    )
