"""Follows the wires of a drawn picture cell by cell, as a reader's eye does, and says which nodes they join.

Nothing but the characters is used, and where the boxes are. A picture is right if this finds exactly the graph's edges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracer.scene.glyphs import JUNCTION, LINES
from tracer.scene.scene import Box, Scene

NORTH, EAST, SOUTH, WEST = (0, -1), (1, 0), (0, 1), (-1, 0)
SIDES = (NORTH, EAST, SOUTH, WEST)

_ARMS: dict[str, tuple[int, int, int, int]] = {
    glyph: (n % 3, n // 3 % 3, n // 9 % 3, n // 27) for n, glyph in enumerate(LINES) if n
}
_ARMS |= {"╎": (1, 0, 1, 0), "╌": (0, 1, 0, 1), JUNCTION: (1, 1, 1, 1)}
_ARROWS = {"▲": NORTH, "▶": EAST, "▼": SOUTH, "◀": WEST}
_DOUBLE = {"╤": SOUTH, "╧": NORTH, "╟": EAST, "╢": WEST}

Part = tuple[int, int, int]
"""A cell, and 0; a crossing's level wire has 1 of its own."""


def edges_drawn(lines: Sequence[str], scene: Scene) -> Counter[tuple[int, int]]:
    """(input, user) of every edge the characters show, with multiplicity.

    Raises:
        AssertionError: an arm leads nowhere, a wire has no source or two, or it ends in thin air.
    """
    eye = _Eye(lines, scene)
    for x, y in eye.cells():
        eye.look(x, y)
    return eye.edges()


class _Eye:
    def __init__(self, lines: Sequence[str], scene: Scene) -> None:
        self.lines, self.textbook = lines, scene.notation == "textbook"
        self.owner = {
            (x, y): box
            for box in scene.boxes
            for x in range(box.x, box.right + 1)
            for y in range(box.y, box.bottom + 1)
        }
        self.plain = {box.node for box in scene.boxes if box.shape in ("plain", "glyph")}
        self.parent: dict[Part, Part] = {}
        self.sources: list[tuple[Part, int]] = []
        self.users: list[tuple[Part, int]] = []
        self.open: set[Part] = set()

    def cells(self) -> list[tuple[int, int]]:
        return [(x, y) for y, line in enumerate(self.lines) for x in range(len(line))]

    def glyph(self, x: int, y: int) -> str:
        return self.lines[y][x] if 0 <= y < len(self.lines) and 0 <= x < len(self.lines[y]) else " "

    def arms(self, x: int, y: int) -> list[tuple[int, int]]:
        """The sides by which the wire in a cell goes on: an arrowhead goes both ways."""
        glyph = self.glyph(x, y)
        if glyph in _ARROWS:
            dx, dy = _ARROWS[glyph]
            return [(dx, dy), (-dx, -dy)]
        return [side for side, weight in zip(SIDES, _ARMS.get(glyph, (0, 0, 0, 0)), strict=True) if weight]

    def part(self, x: int, y: int, side: tuple[int, int]) -> Part:
        """What the arm on this side belongs to: in a crossing, the upright or the level wire."""
        crossing = len(self.arms(x, y)) == 4 and self.glyph(x, y) != JUNCTION
        return (x, y, int(crossing and side in (EAST, WEST)))

    def root(self, part: Part) -> Part:
        self.parent.setdefault(part, part)
        while self.parent[part] != part:
            self.parent[part] = self.parent[self.parent[part]]
            part = self.parent[part]
        return part

    def look(self, x: int, y: int) -> None:
        """Joins a cell to the neighbours its arms point at, or notes the box it ends at."""
        if (x, y) in self.owner:
            return
        for dx, dy in self.arms(x, y):
            here, (u, v) = self.part(x, y, (dx, dy)), (x + dx, y + dy)
            box = self.owner.get((u, v))
            if box is not None:
                self.end(here, box, (u, v), (dx, dy), pointed=self.glyph(x, y) in _ARROWS)
            elif (-dx, -dy) in self.arms(u, v):
                self.parent[self.root(here)] = self.root(self.part(u, v, (-dx, -dy)))
            else:
                # only a result's arrowhead may point at nothing
                assert self.glyph(x, y) in _ARROWS, f"a wire breaks off at {x}, {y}: {self.glyph(x, y)!r}"
                self.open.add(here)

    def end(self, here: Part, box: Box, cell: tuple[int, int], side: tuple[int, int], *, pointed: bool) -> None:
        """A wire reaches a box: from below or from the right it is the box's own, else it arrives."""
        inwards = EAST if self.textbook else SOUTH
        assert side in (inwards, (-inwards[0], -inwards[1])), "wires meet boxes on the sides that the flow crosses"
        if not pointed and box.node not in self.plain:
            border = self.glyph(*cell)
            outwards = (-side[0], -side[1])
            arm = _DOUBLE.get(border) == outwards or _ARMS.get(border, (0, 0, 0, 0))[SIDES.index(outwards)]
            assert arm, f"no port at {cell}: {border!r}"
        (self.users if side == inwards else self.sources).append((here, box.node))

    def edges(self) -> Counter[tuple[int, int]]:
        of: dict[Part, set[int]] = {}
        for part, node in self.sources:
            of.setdefault(self.root(part), set()).add(node)
        roots = {self.root(part) for part in list(self.parent)} | {self.root(part) for part, _ in self.users}
        for root in roots:
            assert len(of.get(root, ())) == 1, f"a wire with the sources {of.get(root)}"
        used = {self.root(part) for part, _ in self.users} | {self.root(part) for part in self.open}
        assert roots == used, "a wire that leads nowhere"
        return Counter((next(iter(of[self.root(part)])), node) for part, node in self.users)
