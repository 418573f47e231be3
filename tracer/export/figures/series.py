"""A panel's numbers as CSV and as JSON, each to the last bit.

CSV has a header line; numbers are written so that reading them gives the same float; nothing stands where there is no
number, `nan`, `inf`, `-inf` where such a one was computed. What a line is depends on the kind of panel:

    lines       step, and a column for each series; a line a step
    heat, grid  row, column, their names, value; a line a cell
    bars        index, name, value, what else is known of it, marks; a line a bar
    scatter     step, index, name, the two coordinates, marks; a line a point (earlier steps first, if asked for)
    histogram   from, to, count; a line a bin
    words       name, value; a line an entry

JSON is one object; `--help` of the command says what is in it.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.export.figures.sheet import Sheet
from tracer.panels.data import Data
from tracer.text import Lang, Text, clean

SCHEMA, VERSION = "tracer-panel", 1


def to_csv(data: Data, lang: Lang = "en") -> str:
    """Its numbers as lines."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(_lines(data, lang))
    return out.getvalue()


def _lines(data: Data, lang: Lang) -> Iterator[Sequence[object]]:
    if data.table:
        yield "name", "value"
        yield from ((clean(name[lang]), clean(words[lang])) for name, words in data.table)
    elif data.kind == "lines":
        yield from _series(data, lang)
    elif data.kind in ("heat", "grid"):
        yield "row", "column", "row_name", "column_name", "value"
        for (row, column), _ in np.ndenumerate(data.values):
            name = _at(data.columns, column)
            yield (
                row,
                column,
                clean(data.label(row, lang)),
                clean(name),
                _cell(data, row * data.values.shape[1] + column),
            )
    elif data.kind == "bars":
        more = [name for name, of in data.extra.items() if of.shape == (data.size,)]
        yield "index", "name", "value", *more, "marks"
        for i in range(data.size):
            beside = [_exact(float(data.extra[name][i])) for name in more]
            yield i, clean(data.label(i, lang)), _cell(data, i), *beside, _marks(data, i)
    elif data.kind == "scatter":
        yield from _points(data, lang)
    elif data.kind == "histogram":
        yield "from", "to", "count"
        edges = data.extra.get("edges", np.arange(data.size + 1, dtype=np.float64))
        for i in range(data.size):
            yield _exact(float(edges[i])), _exact(float(edges[i + 1])), _exact(float(data.values[i]))
    else:
        yield ("value",)
        yield (clean(data.note[lang]),)


def _series(data: Data, lang: Lang) -> Iterator[Sequence[object]]:
    series, columns = data.values.shape
    yield "step", *(clean(data.label(k, lang)) or clean(data.title[lang]) for k in range(series))
    steps = data.extra.get("x", np.arange(1, columns + 1, dtype=np.float64))
    for column in range(columns):
        yield int(steps[column]), *(_cell(data, k * columns + column) for k in range(series))


def _points(data: Data, lang: Lang) -> Iterator[Sequence[object]]:
    axes = data.columns if len(data.columns) == 2 else ("x", "y")
    yield "step", "index", "name", *axes, "marks"
    earlier = [(int(name.split()[1]), of) for name, of in sorted(data.extra.items()) if name.startswith("way ")]
    for step, of in (*earlier, (data.step, data.values)):
        for i, (x, y) in enumerate(of.tolist()):
            yield step, i, clean(data.label(i, lang)), _exact(x), _exact(y), _marks(data, i)


def _cell(data: Data, index: int) -> str:
    """A number, exactly; nothing where there is none."""
    if data.absent is not None and data.absent.reshape(-1)[index]:
        return ""
    return _exact(float(data.values.reshape(-1)[index]))


def _exact(number: float) -> str:
    return repr(number)


def _marks(data: Data, index: int) -> str:
    return " ".join(name for name, of in sorted(data.marks.items()) if index in of)


def _at(labels: Sequence[str], index: int) -> str:
    return labels[index] if index < len(labels) else str(index)


# As JSON


def to_json(sheet: Sheet) -> str:
    """One object: see `tracer export --help`."""
    data = sheet.data
    assert isinstance(data, Data), "there is something to write"
    chooses = () if sheet.panel is None else sheet.panel.chooses
    told = {
        "schema": SCHEMA,
        "version": VERSION,
        "panel": None if sheet.panel is None else sheet.panel.id,
        "step": data.step,
        "title": _both(sheet.title),
        "kind": data.kind,
        "gradient": sheet.twin is not None,
        "choice": {name: getattr(sheet.choice, name) for name in chooses},
        "axis": _both(data.axis),
        "log": data.log,
        "low": data.low,
        "high": data.high,
        "signed": data.signed,
        "rows": [_both(name) for name in data.names or map(Text.same, data.rows)],
        "columns": [clean(name) for name in data.columns],
        "steps": _steps(data),
        "values": _nested(data.values, data.absent),
        "extra": {name: _nested(of) for name, of in data.extra.items() if name != "until"},
        "marks": {name: sorted(of) for name, of in sorted(data.marks.items())},
        "refs": [{"name": _both(ref.name), "value": _number(ref.value)} for ref in data.refs],
        "badges": [_both(badge) for badge in data.badges],
        "table": [{"name": _both(name), "value": _both(words)} for name, words in data.table],
        "note": _both(data.note),
        "caption": _both(sheet.caption),
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _both(words: Text) -> dict[str, str]:
    return {"en": clean(words.en, lines=True), "ja": clean(words.ja, lines=True)}


def _steps(data: Data) -> list[int] | None:
    """The step of each column of a history."""
    if data.kind != "lines":
        return None
    columns = data.values.shape[1]
    return [int(step) for step in data.extra.get("x", np.arange(1, columns + 1))]


def _number(value: float) -> float | str | None:
    """JSON has no nan and no inf: they are words."""
    return value if math.isfinite(value) else repr(value)


def _nested(values: NDArray[Any], absent: NDArray[np.bool_] | None = None) -> Any:
    """Nested lists; null where there is no number."""
    if values.ndim > 1:
        rows = values.reshape(len(values), -1) if values.ndim > 2 else values
        masks = [None] * len(rows) if absent is None else list(absent.reshape(rows.shape))
        return [_nested(row, mask) for row, mask in zip(rows, masks, strict=True)]
    gone = [False] * len(values) if absent is None else absent.reshape(-1).tolist()
    return [None if no else _number(float(one)) for one, no in zip(values.tolist(), gone, strict=True)]
