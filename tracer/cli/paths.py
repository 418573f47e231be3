"""`tracer paths`: the routes from the loss to a node, their products, and what share of the gradient each brought."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.cells import cell_len

from tracer.cli.naming import Wish, position_of
from tracer.cli.opening import open_quietly
from tracer.cli.steps import json_number
from tracer.cli.terminal import choose_lang, line_of, plain, say
from tracer.errors import NotFoundError
from tracer.explain.parts_share import residual_of, stage_name
from tracer.explain.paths import PathsTold, no_route, tell_paths
from tracer.text import Lang
from tracer.trace.cursor import Cursor
from tracer.trace.paths import Paths
from tracer.trace.residual import Part, Residual
from tracer.trace.through import inside, named_parts, share_through
from tracer.trace.trace import Trace

DIGITS = 4_000
"""Digits up to which the number of routes is written as a whole number in JSON; Python refuses to read longer ones."""


@dataclass(frozen=True)
class Asked:
    """What `tracer paths` was asked for."""

    node: str
    most: int
    at: str
    through: Sequence[str]
    as_json: bool


def paths(name: str, values: Sequence[str], asked: Asked, *, lang: str | None, nodes: int, wish: Wish) -> int:
    """Print the routes; 1 where none leads to the node."""
    thing = open_quietly(name, values, nodes=nodes, lang=lang, wish=wish)
    trace, told = thing.trace, choose_lang(lang)
    cursor = trace.cursor(position_of(trace, asked.at))
    node, element = element_named(trace, asked.node)
    for part in asked.through:
        if not inside(trace, part).any():
            raise NotFoundError(
                f"--through {part}: nothing was made in a part of this name.",
                hint=f"Parts of this program: {', '.join(named_parts(trace)) or 'none'}.",
                ja=f"--through {part}：この名前のまとまりで作られたノードはありません。",
                hint_ja=f"このプログラムのまとまり：{'、'.join(named_parts(trace)) or 'なし'}。",
            )
    found = tell_paths(cursor, node, asked.most, element=element, through=asked.through)
    if found is None:
        say(no_route(cursor, node)[told])
        if asked.as_json:
            print(json.dumps({"node": asked.node, "gradient": None, "paths": 0, "mass": None, "top": []}))
        return 1
    if asked.as_json:
        print(
            json.dumps(to_json(cursor, found, asked.through or named_parts(trace)), ensure_ascii=False, allow_nan=False)
        )
    else:
        print_paths(found, told)
    return 0


def element_named(trace: Trace, name: str) -> tuple[int, int | None]:
    """A node by its name, or an element of a tensor: `W[0, 1]` -> (W, 1).

    Raises:
        NotFoundError: there is none of this name.
    """
    try:
        return trace.resolve(name), None
    except NotFoundError:
        stem, bracket, index = name.rstrip().rpartition("[")
        places = index.removesuffix("]").replace(" ", "").split(",")
        if not (bracket and index.endswith("]") and all(p.isdecimal() and len(p) < 10 for p in places)):
            raise
        node = trace.resolve(stem.rstrip())
        shape, wanted = trace.shape(node), tuple(map(int, places))
        if len(wanted) != len(shape) or any(i >= n for i, n in zip(wanted, shape, strict=True)):
            raise NotFoundError(
                f"{name}: {stem.rstrip()} has the shape {shape}; this is no element of it.",
                ja=f"{name}：{stem.rstrip()} の形は {shape} で、この添字の要素はありません。",
            ) from None
        return node, int(np.ravel_multi_index(wanted, shape))


# As text


def print_paths(found: PathsTold, lang: Lang) -> None:
    """Each route and its numbers; a trail that is the same as the one above is not printed again."""
    print(line_of(found.heading[lang]))
    width = max(cell_len(route.product[lang]) for route in found.routes)
    above = ""
    for i, route in enumerate(found.routes, start=1):
        product, trail = route.product[lang], route.trail[lang]
        share = f"{route.share[lang]:>8}  " if route.share[lang] else ""
        start = f"{i:>3}  {' ' * (width - cell_len(product))}{product}  {share}"
        numbers = "" if route.numbers == route.product else route.numbers[lang]
        numbers = f"{route.symbols} = {numbers}" if route.symbols and numbers else numbers
        if trail != above:
            print(line_of(f"{start}{trail}"))
            start = " " * cell_len(start)
        if numbers or trail == above:
            print(plain(f"{start}{numbers}"))
        above = trail
    print(line_of(found.total[lang]))
    for note in found.notes:
        print(line_of(note[lang]))


# As JSON


def to_json(cursor: Cursor, told: PathsTold, through: Sequence[str]) -> dict[str, Any]:
    """See `tracer paths --help`."""
    found, trace = told.paths, cursor.trace
    complete = found.rule == "sum" and found.arrived == found.count
    residual = residual_of(trace, found) if complete else None
    return {
        "node": trace.label(found.node),
        "id": found.node,
        "element": found.element,
        "root": trace.label(found.root),
        "pass": found.pass_index,
        "position": cursor.position,
        "gradient": json_number(found.gradient),
        "held": json_number(found.held),
        "paths": whole_number(found.count),
        "arrived": whole_number(found.arrived),
        "mass": json_number(found.mass),
        "explained": found.explained,
        "rule": found.rule,
        "top": [
            {
                "product": json_number(path.product),
                "share": found.share(path) if complete else None,
                "paths": whole_number(path.count),
                "log10": path.size if math.isfinite(path.size) else None,
                "nodes": [trace.label(node) for node in path.nodes],
                "ids": list(path.nodes),
                "edges": list(path.edges),
                "locals": [json_number(local) for local in path.locals],
            }
            for path in found.paths
        ],
        "residual": None if residual is None else _residual(trace, residual),
        "through": _through(trace, found, through) if complete and not found.tensor else {},
    }


def whole_number(n: int) -> int | str:
    """A count, exact; of one with thousands of digits, `about 1e9000`."""
    power = math.log10(n) if n > 0 else 0
    return n if power < DIGITS else f"about 1e{round(power)}"


def _residual(trace: Trace, residual: Residual) -> dict[str, Any]:
    return {
        "highway": {"branches": residual.branches, **_part(residual.highway, residual.whole)},
        "stages": [
            {
                "adds": stage_name(trace, stage),
                "count": len(stage.adds),
                "shortcut": _part(stage.identity, residual.whole),
                "branch": _part(stage.branch, residual.whole),
            }
            for stage in residual.stages
        ],
    }


def _part(part: Part, whole: Part) -> dict[str, Any]:
    """Its share of the gradient, and of the mass."""
    return {"share": _ratio(part.gradient, whole.gradient), "mass": _ratio(part.mass, whole.mass)}


def _ratio(part: float, whole: float) -> float | None:
    ratio = part / whole if whole else math.nan
    return ratio if math.isfinite(ratio) else None


def _through(trace: Trace, found: Paths, names: Sequence[str]) -> dict[str, Any]:
    whole = Part(float(found.gradient or 0.0), found.mass or 0.0)
    parts = share_through(trace, found.node, found.pass_index, names)
    return {name: _part(part, whole) for name, part in zip(names, parts, strict=True)}
