"""`tracer find`: the nodes that a query finds at a moment, with their numbers there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tracer.cli.naming import Wish, position_of
from tracer.cli.opening import open_quietly
from tracer.cli.steps import json_line, json_node, json_number
from tracer.cli.terminal import choose_lang, plain, say
from tracer.scene.hits import KINDS, grad_told, value_told
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.query import Query, parse_query

MOST = 20
"""Nodes printed where nobody says how many."""
WIDE = 60
"""Cells of a name or a scope at most: a file's own words may be of any length."""


@dataclass(frozen=True)
class Asked:
    """What `tracer find` was asked for."""

    query: str
    at: str
    most: int | None
    as_json: bool


def find(name: str, values: Sequence[str], asked: Asked, *, lang: str | None, nodes: int, wish: Wish) -> int:
    """Print what is found; 1 where nothing is."""
    query = parse_query(asked.query)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, wish=wish)
    cursor = thing.trace.cursor(position_of(thing.trace, asked.at))
    found = query.matches(thing.trace, cursor.position).tolist()
    most = asked.most
    if most is None:
        most = MOST if query.ranking is None else query.ranking.most
    if asked.as_json:
        print(json.dumps(to_json(cursor, query, found, most), ensure_ascii=False, allow_nan=False))
    else:
        print_hits(cursor, query, found, most, choose_lang(lang))
    return 0 if found else 1


def print_hits(cursor: Cursor, query: Query, found: Sequence[int], most: int, lang: Lang) -> None:
    """A heading, and a line for each; where nothing is found, a word on stderr."""
    told = {"query": str(query), "position": f"{cursor.position:,}", "end": f"{len(cursor.trace):,}"}
    if not found:
        say(_NONE.format(**told)[lang])
        return
    print(plain(_HEAD.format(n=f"{len(found):,}", **told)[lang]))
    rows = [[words[lang] for words in _COLUMNS], *(_row(cursor, node, lang) for node in found[:most])]
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    for row in rows if most else ():
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        print(f"  {'  '.join(cells)}".rstrip())
    if len(found) > most:
        print(_MORE.format(n=f"{len(found) - most:,}")[lang])


def _row(cursor: Cursor, node: int, lang: Lang) -> list[str]:
    trace = cursor.trace
    op, line = trace.op(node), trace.source(node)
    return [
        _short(trace.label(node)),
        KINDS[trace.kind(node)][lang] if op is None else op.name,
        value_told(cursor, node, lang).words,
        grad_told(cursor, node, lang).words,
        "" if line is None else _short(f"{line.file.replace(chr(92), '/').rpartition('/')[2]}:{line.line}"),
        _short(trace.scope(node)),
    ]


def _short(words: str) -> str:
    """On one line, the end cut off where it is long."""
    line = plain(words[: 2 * WIDE]).replace("\n", " ").replace("\t", " ")
    if cell_len(line) <= WIDE:
        return line
    while cell_len(line) >= WIDE:
        line = line[:-1]
    return line + "…"


def to_json(cursor: Cursor, query: Query, found: Sequence[int], most: int) -> dict[str, Any]:
    """See `tracer find --help`."""
    return {
        "query": str(query),
        "position": cursor.position,
        "found": len(found),
        "nodes": [_node_json(cursor, node) for node in found[:most]],
    }


def _node_json(cursor: Cursor, node: int) -> dict[str, Any]:
    return {
        **(json_node(cursor, node) or {}),
        "value": json_number(cursor.data(node)),
        "grad": json_number(cursor.grad(node)),
        "grad_state": cursor.grad_state(node),
        "line": json_line(cursor.trace.source(node)),
    }


_COLUMNS = (
    Text("node", "ノード"),
    Text("op", "演算"),
    Text("value", "値"),
    Text("gradient", "勾配"),
    Text("line", "行"),
    Text("scope", "まとまり"),
)
_HEAD = Text(
    en="{query}: {n} found at position {position} of {end}",
    ja="{query}：{n} 個（位置 {position}/{end}）",
)
_NONE = Text(
    en="{query}: nothing found at position {position} of {end}.",
    ja="{query}：位置 {position}/{end} では、当てはまるノードがありません。",
)
_MORE = Text(en="  … and {n} more (--most N)", ja="  … ほか {n} 個（--most N）")
