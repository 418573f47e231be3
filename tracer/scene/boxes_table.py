"""The values panel of a folded graph: a line for each box of the picture, in the order of creation.

It is made of the scene alone, so it knows what the picture knows, and nothing of what comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.numbers import percent
from tracer.scene.foldsize import BETWEEN
from tracer.scene.ink import Ink, end_of, fit, grad_ink, style_of, value_ink
from tracer.scene.palette import DARK, Palette
from tracer.scene.picture import Box, Scene
from tracer.text import Lang, Text

HEADS = (
    Text("part or node", "部分・ノード"),
    Text("nodes", "ノード"),
    Text("values", "値"),
    Text("∂ ‖·‖", "∂ ‖·‖"),
    Text("flow", "流れ"),
)
WORKING, SELECTED = "▸", "›"
NAME_LEAST, NAME_MOST = 12, 28
NODES, VALUES, GRAD, FLOW = 7, 16, 10, 6
OPEN, INDENT = "▾", " "
BAR = "█▉▊▋▌▍▎▏"
BAR_MOST = 12


@dataclass(frozen=True)
class BoxesTable:
    """A Rich renderable of `height` lines at most; it takes the width it is given."""

    scene: Scene
    lang: Lang
    palette: Palette
    height: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(options.max_width)

    @property
    def rows(self) -> Sequence[Box | str]:
        """The rows in view, from the top: those around the selected box, else around the one at work."""
        every = rows(self.scene)
        size = max(1, self.height - 1)
        boxes = [(i, row) for i, row in enumerate(every) if isinstance(row, Box)]
        focus = [i for i, box in boxes if box.selected] or [i for i, box in boxes if box.working]
        top = max(0, min((focus[0] if focus else 0) - size // 2, len(every) - size))
        return every[top : top + size]

    def node_at(self, row: int) -> int | None:
        """The box in this line of the panel, or None."""
        seen = self.rows
        found = seen[row - 1] if 1 <= row <= len(seen) else None
        return found.node if isinstance(found, Box) else None

    def lines(self, width: int) -> list[RichText]:
        """The panel as lines of at most `width` cells."""
        names = _order(self.scene).names
        known = any(box.share is not None for box in self.scene.boxes)
        columns = _columns(width, max(NAME_LEAST, min(names, NAME_MOST)), known)
        head = tuple((word[self.lang], Ink("muted")) for word in HEADS)
        found = [self._line(" ", head, columns)]
        for row in self.rows:
            if isinstance(row, Box):
                found.append(self._row(row, columns))
            else:
                found.append(self._line(" ", ((row, Ink("accent")),), (width - 1,)))
        return found

    def _row(self, box: Box, columns: Sequence[int]) -> RichText:
        sign = SELECTED if box.selected else WORKING if box.working else " "
        role = Ink("active", bold=True) if box.working else Ink("receiver") if box.receiving else Ink("text")
        if not box.known:
            role = Ink("muted")
        cells = (
            (_name(box), role),
            (f"{box.size:,}" if box.size else "", Ink("muted")),
            (box.value, value_ink(box.value)),
            (box.grad, grad_ink(box.grad, box.receiving)),
            (percent(box.share) if box.share is not None else "", Ink("grad")),
        )
        line = self._line(sign, cells, columns)
        if box.share is not None and len(columns) > 5 and columns[5]:
            line.append(" " + _bar(box.share, columns[5]), style_of(Ink("grad"), self.palette))
        return line

    def _line(self, sign: str, cells: Sequence[tuple[str, Ink]], columns: Sequence[int]) -> RichText:
        """Sign, name, then numbers at the right of their columns; a column without room is left out."""
        line = RichText(no_wrap=True)
        line.append(sign, style_of(Ink("active" if sign == WORKING else "accent", bold=True), self.palette))
        for i, ((text, ink), room) in enumerate(zip(cells, columns, strict=False)):
            if not room:
                continue
            said = end_of(text, room) if i == 0 and not text.startswith(INDENT) else fit(text, room)
            gap = " " * (room - cell_len(said))
            line.append("" if i == 0 else " ")
            line.append(said + gap if i == 0 else gap + said, style_of(ink, self.palette))
        return line


def rows(scene: Scene) -> list[Box | str]:
    """The boxes in the order of creation, with a heading where an opened part begins: `▾ layer 1`."""
    return [scene.boxes[row] if isinstance(row, int) else row for row in _order(scene).rows]


@dataclass(frozen=True)
class _Order:
    """The lines of a table, which are the same at every position."""

    boxes: tuple[Box, ...]
    rows: tuple[int | str, ...]
    """Numbers of boxes, and headings."""
    names: int
    """Cells of the longest name."""

    def suits(self, boxes: tuple[Box, ...]) -> bool:
        """Whether boxes have the same names and places; those that are the very same objects cost nothing."""
        return len(boxes) == len(self.boxes) and all(
            a is b or (a.path == b.path and _name(a) == _name(b)) for a, b in zip(self.boxes, boxes, strict=True)
        )


_LAST: list[_Order] = []
_KEPT = 4


def _order(scene: Scene) -> _Order:
    for known in _LAST:
        if known.suits(scene.boxes):
            return known
    found: list[int | str] = []
    around: list[str] = []
    for number, box in enumerate(scene.boxes):
        path = box.path.split(BETWEEN) if box.path else []
        same = next((i for i, (a, b) in enumerate(zip(around, path, strict=False)) if a != b), len(around))
        found += [f"{INDENT * i}{OPEN} {title}" for i, title in enumerate(path) if i >= same]
        around = path
        found.append(number)
    names = max((cell_len(_name(box)) for box in scene.boxes), default=NAME_LEAST)
    order = _Order(scene.boxes, tuple(found), names)
    _LAST.insert(0, order)
    del _LAST[_KEPT:]
    return order


def _name(box: Box) -> str:
    """Its name, set in by how deep it lies in what is opened."""
    depth = box.path.count(BETWEEN) + 1 if box.path else 0
    return INDENT * depth + (box.title if box.shape == "fold" else box.label)


def _columns(width: int, name: int, flow: bool) -> tuple[int, ...]:
    """Room of each column; 0 where there is none: the number of nodes goes first. The last is the bar's.

    Args:
        flow: whether there is any flow to show.
    """
    wanted = sum(room + 1 for room in (GRAD, FLOW * flow, VALUES) if room)
    name = max(NAME_LEAST, min(name, width - 1 - wanted))
    left = width - 1 - name
    found = [name, 0, 0, 0, 0]
    for column, room in ((3, GRAD), (4, FLOW * flow), (2, VALUES), (1, NODES)):
        if room and left >= room + 1:
            found[column] = room
            left -= room + 1
    return (*found, max(0, min(left - 1, BAR_MOST)) if flow else 0)


def _bar(share: float, width: int) -> str:
    """A bar as long as the share of `width` cells; a share that is not zero is at least a sliver."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    full, rest = divmod(min(eighths, width * 8), 8)
    return BAR[0] * full + (BAR[8 - rest] if rest else "")


def boxes_table(scene: Scene, lang: Lang = "en", palette: Palette = DARK, height: int = 20) -> BoxesTable:
    """A Rich renderable of the boxes around the selected one, or around the one at work."""
    return BoxesTable(scene, lang, palette, height)
