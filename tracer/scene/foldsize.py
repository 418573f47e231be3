"""How much room folds and ports take, where a box lies among the opened parts, and where a bundle's `×64` may stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from rich.cells import cell_len

from tracer.layout.fold import Drawn, Fold, Port
from tracer.layout.layered import Placed, Point, Size
from tracer.scene.folded import shown_ports
from tracer.scene.notation import Notation
from tracer.text import clean

LEAST, MOST = 31, 39
"""Cells that a fold is wide."""
STEP = 4
ROWS = 6
"""Of a fold without ports: borders, name, nodes, range, gradient."""
PORT_GRAD = 13
"""Cells that `∂ 1.235e-5 …` takes."""
BETWEEN = " › "
TRIED = 6
"""Places looked at for a bundle's number."""


def fold_size(drawn: Drawn, fold: Fold, notation: Notation) -> Size:
    """A fold's box; in textbook notation its wires come from the left."""
    ports = drawn.ports.get(fold.id, ())
    count = drawn.graph.in_degree(fold.id)
    inner = max([cell_len(fold.title) + 2, *(cell_len(row) + 3 + PORT_GRAD for row in _port_names(ports))])
    width = LEAST + STEP * -(-max(inner + 4 - LEAST, 0) // STEP)
    width = min(width, MOST)
    height = ROWS + shown_ports(ports)
    if notation == "boxes":
        return Size(max(width, 2 * count + 3), height)
    height = max(height, 2 * count + 3)
    first = (height - 1 - 2 * max(count - 1, 0)) // 2
    return Size(width, height, tuple(first + 2 * i for i in range(count)), room_in=6, room_out=3)


def _port_names(ports: Sequence[Port]) -> list[str]:
    return [port.name for port in ports] if shown_ports(ports) == len(ports) else []


def paths(drawn: Drawn) -> dict[int, str]:
    """Box -> the opened parts it lies in, from the outside: `position 3 › layer 1`."""
    found: dict[int, str] = {}
    for fold in drawn.opened:
        if fold.kind == "scope":
            for box in drawn.inside[fold.key]:
                found[box] = found[box] + BETWEEN + clean(fold.title) if box in found else clean(fold.title)
    return found


def opened(drawn: Drawn) -> dict[int, tuple[str, ...]]:
    """Box -> the keys of the opened parts it lies in, from the outside."""
    found: dict[int, tuple[str, ...]] = {}
    for fold in drawn.opened:
        for box in drawn.inside[fold.key]:
            found[box] = (*found.get(box, ()), fold.key)
    return found


def counts(drawn: Drawn, placed: Placed, sizes: Mapping[int, Size]) -> dict[int, Point]:
    """Bundle -> where `×64` can stand: beside its last upright (or level) piece, over nothing else.

    The one bundle of a box needs none twice: places that another number took are taken.
    """
    bundles = {key: edges for key, edges in drawn.bundles.items() if len(edges) > 1 and key in placed.routes}
    if not bundles:
        return {}
    widest = max(len(f"×{len(edges)}") for edges in bundles.values())
    # (rows, columns), from one row above the picture; beside and below it there is room for a number
    taken = np.zeros((placed.height + 2, placed.width + widest + 4), np.bool_)
    for node, (x, y) in placed.at.items():
        size = sizes[node]
        taken[y + 1 : y + 1 + size.height, x : x + size.width] = True
    for route in placed.routes.values():
        for (x0, y0), (x1, y1) in pairwise(route):
            taken[min(y0, y1) + 1 : max(y0, y1) + 2, min(x0, x1) : max(x0, x1) + 1] = True
    found: dict[int, Point] = {}
    for key, edges in bundles.items():
        length = len(f"×{len(edges)}")
        for x, y in _beside(placed.routes[key], length):
            if x < 0:
                continue
            row = taken[y + 1]
            before = x > 0 and row[x - 1]
            if not row[x : x + length].any() and not (before and row[x + length]):
                found[key] = (x, y)
                row[x : x + length] = True
                break
    return found


def _beside(route: tuple[Point, ...], size: int) -> list[Point]:
    """Cells for a text beside a wire, from the user's end."""
    places: list[Point] = []
    for (x0, y0), (x1, y1) in list(pairwise(route))[::-1]:
        if x0 == x1:
            rows = range(max(y0, y1) - 2, min(y0, y1), -1)
            places += [(x, y) for y in rows[:2] for x in (x1 + 2, x1 - 1 - size)]
        elif abs(x1 - x0) > size + 2:
            places += [(max(x0, x1) - size - 1, y1 - 1), (min(x0, x1) + 2, y1 - 1)]
        if len(places) >= TRIED:
            break
    return places
