"""Where the panels of a page stand: columns of panels that fill a rectangle without a gap, whatever their number.

Pure arithmetic on cells. A page reads from left to right and from top to bottom; a panel that has much to show has two
places, one above the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST_WIDTH, LEAST_HEIGHT = 100, 28
"""The smallest terminal on which panels stand side by side."""
TALL: Mapping[str, int] = {"flow": 2, "boundary": 2}
"""Panels that count more than once: a bar for every matrix, a map of the plane."""

GROW: tuple[str, ...] = ("embedding", "mlp", "attention")
"""Panels that get a second place where a page has one left."""

UNDER: Mapping[str, str] = {"samples": "flow"}
"""A panel of few lines -> the one under which it stands where that one has lines to spare."""
SHARED = 3
"""Rows of a plan in which it does: with fewer there is no room, with more each has a place."""


@dataclass(frozen=True)
class Tile:
    """Where a panel stands, frame included, in cells from the upper left corner of the page."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Plan:
    """How panels stand side by side on a terminal of some size."""

    columns: int
    rows: int

    @property
    def room(self) -> int:
        """Panels on a page, those that count twice counted so."""
        return self.columns * self.rows


ALONE = Plan(1, 1)
PLANS: tuple[tuple[int, int, Plan], ...] = (
    (200, 56, Plan(5, 4)),
    (160, 46, Plan(4, 3)),
    (112, 36, Plan(3, 3)),
    (LEAST_WIDTH, LEAST_HEIGHT, Plan(3, 2)),
)
"""The least width and height of a terminal, and its plan, the largest first."""


def plan_for(width: int, height: int) -> Plan:
    """The plan of a terminal of so many cells."""
    return next((plan for wide, high, plan in PLANS if width >= wide and height >= high), ALONE)


def pages_of(panels: Sequence[str], plan: Plan, spare: Collection[str] = ()) -> list[tuple[str, ...]]:
    """The panels in pages, in their order; none is left out.

    Args:
        spare: those that count twice and need less.
    """
    pages: list[list[str]] = []
    left = 0
    for panel in panels:
        under = pages and _is_under(panel, pages[-1], plan, spare)
        weight = 0 if under else _weight(panel, plan)
        if weight > left:
            pages.append([])
            left = plan.room
        pages[-1].append(panel)
        left -= weight
    return [tuple(page) for page in pages]


def tiles(page: Sequence[str], plan: Plan, width: int, height: int, spare: Collection[str] = ()) -> dict[str, Tile]:
    """Where each panel of a page stands in `width` x `height` cells. Together they cover them once.

    Args:
        spare: those that count twice and need less.
    """
    below = {UNDER[panel]: panel for panel in page if _is_under(panel, page, plan, spare)}
    weights = {panel: _weight(panel, plan) for panel in page if panel not in below.values()}
    free = plan.room - sum(weights.values())
    grown = [panel for panel in GROW if panel in weights]
    if plan.rows > 2 and free <= len(grown):
        weights |= dict.fromkeys(grown[:free], 2)
    number = min(plan.columns, len(weights))
    columns = _columns(weights, number, max(1, min(plan.rows, -(-sum(weights.values()) // number))))
    found: dict[str, Tile] = {}
    for column, (x, wide) in zip(columns, _shares(number, width), strict=True):
        rows = _shares(len(column), height)
        for panel in dict.fromkeys(column):
            mine = [row for row, there in zip(rows, column, strict=True) if there == panel]
            found[panel] = Tile(x, mine[0][0], wide, sum(high for _, high in mine))
            if panel in below:
                whole = found[panel]
                upper = whole.height - whole.height * 3 // 8
                found[panel] = Tile(x, whole.y, wide, upper)
                found[below[panel]] = Tile(x, whole.y + upper, wide, whole.height - upper)
    return {panel: found[panel] for panel in page}


def _is_under(panel: str, page: Sequence[str], plan: Plan, spare: Collection[str]) -> bool:
    """Whether a panel stands under another one of its page."""
    upper = UNDER.get(panel)
    return plan.rows == SHARED and upper in page and upper in spare


def _weight(panel: str, plan: Plan) -> int:
    """Rows that a panel takes, where there are enough."""
    return TALL.get(panel, 1) if plan.rows > 2 else 1


def _columns(weights: Mapping[str, int], number: int, rows: int) -> list[list[str]]:
    """What stands in each row of each column: every panel in the first place that is free, from left to right and from
    top to bottom. What stays free at the lower end goes to the panel above it.
    """
    columns: list[list[str]] = [[""] * rows for _ in range(number)]
    for panel, weight in weights.items():
        free = [(y, x) for y in range(rows) for x in range(number) if not columns[x][y]]
        y, x = next(((y, x) for y, x in free if y + weight <= rows and not any(columns[x][y : y + weight])), free[0])
        columns[x][y : y + weight] = [panel] * min(weight, rows - y)
    for column in columns:
        for y in range(1, rows):
            column[y] = column[y] or column[y - 1]
    return columns


def _shares(parts: int, cells: int) -> list[tuple[int, int]]:
    """`cells` in equal parts: where each begins, and its length."""
    ends = [round(part * cells / parts) for part in range(parts + 1)]
    return [(start, end - start) for start, end in pairwise(ends)]
