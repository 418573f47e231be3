"""A scene as character cells: boxes, wires, numbers. One frame is one viewport of one scene; nothing is remembered.

Everything is drawn in Unicode (`tracer.scene.glyphs` translates at the very end). What matters is never said by colour
alone: the node at work has a double border, the wire at work is heavy and ends in an arrowhead, what is not yet known
is dashed and reads `?`, the selected node is reversed and has a `▸`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text as RichText

from tracer.explain.amount import NORM
from tracer.numbers import NO_GRADIENT, NOT_YET
from tracer.scene.compact import cells_of
from tracer.scene.glyphs import ARROWS, HEAVY, LIGHT, line_glyph
from tracer.scene.ink import Ink as Ink
from tracer.scene.ink import end_of, frame_ink
from tracer.scene.ink import fit as fit
from tracer.scene.ink import grad_ink as grad_ink
from tracer.scene.ink import style_of as style_of
from tracer.scene.ink import value_ink as value_ink
from tracer.scene.label import label_place
from tracer.scene.palette import Palette, Role
from tracer.scene.raster import Tone, Viewport
from tracer.scene.scene import BLANK, Box, Frame, Point, Scene, Wire
from tracer.scene.stamps import TONES, ground, keep_stamp, stamp_of

SELECTED = "▸"
HIDDEN = "⋯"
GRAD = "∂"
OPEN, CLOSED = "▾", "⊞"
"""Before the title of what is unfolded, and of a part of the graph that can be opened."""
BREAKPOINT = "◆"
PORT, RECEIVES = "⊳", "◂"
"""Before a parameter in the box that uses it, and before the one to which a contribution goes now."""


# top left, horizontal, top right, vertical, bottom left, bottom right
_BORDERS = {"known": tuple("╭─╮│╰╯"), "unknown": tuple("╭╌╮╎╰╯"), "working": tuple("╔═╗║╚╝")}
_DOUBLE_PORTS = {"N": "╧", "S": "╤", "W": "╢", "E": "╟"}


@dataclass(frozen=True)
class Canvas:
    """A drawn viewport."""

    scene: Scene
    view: Viewport
    rows: tuple[tuple[tuple[str, Ink | None], ...], ...]
    """For each line, its runs: text and how it is written. Every line is `view.width` cells."""

    def lines(self) -> list[str]:
        """The characters alone."""
        return ["".join(text for text, _ in row) for row in self.rows]

    def segments(self, y: int, palette: Palette) -> list[Segment]:
        """One line for a Textual strip."""
        return [Segment(text, style_of(ink, palette)) for text, ink in self.rows[y]]

    def text(self, palette: Palette) -> RichText:
        """All of it as one Rich text, for printing."""
        text = RichText(no_wrap=True, end="")
        for number, row in enumerate(self.rows):
            text.append("\n" if number else "")
            for run, ink in row:
                text.append(run, style_of(ink, palette))
        return text

    def node_at(self, column: int, row: int) -> int | None:
        """The node drawn in this cell of the viewport, or None."""
        return self.scene.node_at(column + self.view.x, row + self.view.y)


def draw(scene: Scene, view: Viewport | None = None) -> Canvas:
    """Draws `view` of the scene; all of it when None."""
    view = view or Viewport(0, 0, scene.width, scene.height)
    page = _Page(scene, view)
    page.arrowheads()
    for box in scene.boxes:
        if view.meets(box.x, box.y, box.right, box.bottom):
            page.box(box)
    page.ports()
    page.numbers()
    page.label()
    page.counts()
    return Canvas(scene, view, page.rows())


class _Page:
    """The cells of one frame while it is drawn."""

    def __init__(self, scene: Scene, view: Viewport) -> None:
        self.scene, self.view = scene, view
        self.boxes = scene.by_node
        selected = {box.node for box in scene.boxes if box.selected}
        # the wires in sight; the one at work comes last, over the others
        self.wires = sorted(
            (wire for wire in scene.wires if view.meets(*wire.bounds)), key=lambda w: w.working or w.on_route
        )
        lines = [(wire, self._tone(wire, selected)) for wire in self.wires]
        self.raster, cells, inks = ground(lines, view)
        self.solid = [bytearray(view.width) for _ in range(view.height)]
        self._ends_at_work = frozenset(
            end for w in self.wires if w.working or w.on_route for end in (w.points[0], w.points[-1])
        )
        self.cells = [row[:] for row in cells]
        self.inks = [row[:] for row in inks]
        for frame in scene.frames:
            if view.meets(frame.x, frame.y, frame.right, frame.bottom):
                self._around(frame)

    def _tone(self, wire: Wire, selected: set[int]) -> Tone:
        if wire.working:
            return Tone.WORKING
        if wire.on_route:
            return Tone.TRACED
        end = self.boxes.get(wire.input if wire.user is None else wire.user)
        if end is None or not end.known:
            return Tone.UNKNOWN
        if wire.input in selected or wire.user in selected:
            return Tone.TRACED
        if wire.flowing:
            return Tone.DELIVERED
        return Tone.KNOWN if wire.grad in ("", NOT_YET, NO_GRADIENT, BLANK) else Tone.DELIVERED

    # -- cells --------------------------------------------------------------------------------------------------------

    def put(self, x: int, y: int, text: str, ink: Ink | None) -> None:
        """Writes text at a cell of the scene, clipped to the viewport. A wide character takes two cells."""
        row, column = y - self.view.y, x - self.view.x
        if not 0 <= row < self.view.height:
            return
        cells, inks = self.cells[row], self.inks[row]
        if text.isascii() and text.isprintable():  # most text: no width to ask for
            start, stop = max(column, 0), min(column + len(text), self.view.width)
            if start < stop:
                cells[start:stop] = text[start - column : stop - column]
                inks[start:stop] = [ink] * (stop - start)
            return
        for character in text:
            width = cell_len(character)
            if width == 0:
                continue
            if column >= 0 and column + width <= self.view.width:
                cells[column], inks[column] = character, ink
                if width == 2:
                    cells[column + 1], inks[column + 1] = "", ink
            column += width

    def rows(self) -> tuple[tuple[tuple[str, Ink | None], ...], ...]:
        """Runs of equal ink."""
        found = []
        for cells, inks in zip(self.cells, self.inks, strict=True):
            runs: list[tuple[str, Ink | None]] = []
            start, ink = 0, inks[0] if inks else None
            for column, here in enumerate(inks):
                if here is not ink and here != ink:
                    runs.append(("".join(cells[start:column]), ink))
                    start, ink = column, here
            if cells:
                runs.append(("".join(cells[start:]), ink))
            found.append(tuple(runs))
        return tuple(found)

    # -- wires --------------------------------------------------------------------------------------------------------

    def arrowheads(self) -> None:
        """At the user, or at the receiver of the wire at work in a backward pass."""
        for wire in self.wires:
            cell, glyph = _arrow(wire)
            if cell in self.view:
                self.put(*cell, glyph, self._ink(cell))

    def ports(self) -> None:
        """Where a wire meets a border without an arrowhead, the border has an arm."""
        pointed_at = {wire.points[0] for wire in self.wires if wire.backward}
        for wire in self.wires:
            node, cell = (wire.user, wire.points[-1]) if wire.backward else (wire.input, wire.points[0])
            box = self.boxes.get(node) if node is not None else None
            if box and box.shape not in ("plain", "glyph") and cell in self.view and cell not in pointed_at:
                self.put(*cell, _port(box, cell, HEAVY if wire.working or wire.on_route else LIGHT), self._ink(cell))

    def _ink(self, cell: Point) -> Ink | None:
        """What the wire in a cell is written with."""
        return TONES[self.raster.tones[cell[1] - self.view.y, cell[0] - self.view.x]]

    # -- frames -------------------------------------------------------------------------------------------------------

    def _around(self, frame: Frame) -> None:
        """A frame's border, where no wire goes through it, with its title."""
        inner = frame.width - 2
        self._border(frame.x, frame.y, "┌" + "┄" * inner + "┐", False)
        for y in range(max(frame.y + 1, self.view.y), min(frame.bottom, self.view.y + self.view.height)):
            self._border(frame.x, y, "┆", False)
            self._border(frame.right, y, "┆", False)
        self._border(frame.x, frame.bottom, "└" + "┄" * inner + "┘", False)
        x, room = _free(frame, self.scene.wires)
        self.put(x, frame.y, fit(f" {OPEN} {frame.title} ", room), Ink("accent", bold=True))

    def _border(self, x: int, y: int, text: str, said: bool) -> None:
        """Writes a piece of a frame around the wires that cross it."""
        if not 0 <= y - self.view.y < self.view.height:
            return
        for character in text:
            column = x - self.view.x
            if 0 <= column < self.view.width and self.cells[y - self.view.y][column] == " ":
                self.put(x, y, character, Ink("accent", bold=said))
            x += cell_len(character)

    # -- boxes --------------------------------------------------------------------------------------------------------

    def box(self, box: Box) -> None:
        """One node: border, title, numbers, what is hung on it."""
        left, right = max(box.x - self.view.x, 0), min(box.right + 1 - self.view.x, self.view.width)
        for y in range(max(box.y, self.view.y), min(box.bottom + 1, self.view.y + self.view.height)):
            self.solid[y - self.view.y][left:right] = b"\1" * (right - left)
        if box.shape == "glyph":
            for x, y, sign, ink in cells_of(box, self._ends_at_work):
                self.put(x, y, sign, ink)
            return
        whole = left == box.x - self.view.x and right == box.right + 1 - self.view.x
        whole = whole and box.y >= self.view.y and box.bottom < self.view.y + self.view.height
        stamp = stamp_of(box) if whole else None
        if stamp is not None:
            for y, (cells, inks) in enumerate(stamp, start=box.y - self.view.y):
                self.cells[y][left:right], self.inks[y][left:right] = cells, inks
            return
        {"box": self._full_box, "circle": self._circle, "plain": self._plain, "fold": self._fold}[box.shape](box)
        if box.breakpoint:  # a corner: no wire, count or check ever stands there
            corner = (box.right - 3, box.y + box.height // 2 + 1) if box.shape == "plain" else (box.x, box.y)
            self.put(*corner, BREAKPOINT, Ink("wrong", bold=True))
        if whole:
            seen = range(box.y - self.view.y, box.bottom + 1 - self.view.y)
            keep_stamp(box, [(self.cells[y][left:right], self.inks[y][left:right]) for y in seen])

    def _frame(self, box: Box) -> None:
        """The border: double at work, dashed while unknown."""
        kind = "working" if box.working else "known" if box.known else "unknown"
        top_left, flat, top_right, upright, bottom_left, bottom_right = _BORDERS[kind]
        ink = frame_ink(box)
        inner = box.width - 2
        self.put(box.x, box.y, top_left + flat * inner + top_right, ink)
        for y in range(box.y + 1, box.bottom):
            self.put(box.x, y, upright + " " * inner + upright, ink)
        self.put(box.x, box.bottom, bottom_left + flat * inner + bottom_right, ink)
        if box.stacked:  # the edge of the next one, behind it
            for y, edge in ((box.y, top_right), (box.bottom, bottom_right)):
                self.put(box.right - 1, y, edge, ink)
            for y in range(box.y + 1, box.bottom):
                self.put(box.right - 1, y, upright, ink)
        if box.path:
            self.put(box.x + 2, box.y, f" {end_of(box.path, box.width - 8)} ", Ink("muted"))

    def _left_out(self, box: Box) -> None:
        """How many inputs and users are outside the window: `⋯2` on the border they would be at."""
        for count, y in ((box.inputs_left_out, box.y), (box.users_left_out, box.bottom)):
            if count:
                said = f"{HIDDEN}{count}"
                x = box.right - len(said) if box.path and y == box.y else box.x + 1
                self.put(x, y, said, Ink("muted"))

    def _full_box(self, box: Box) -> None:
        """Title left, numbers right: value on the title's row if the box is low (a leaf), gradient on the last."""
        self._frame(box)
        self._left_out(box)
        left, room = box.x + 2, box.width - 4
        low = box.height - box.marks_row - box.ports_rows <= 4
        value_row = box.y + (1 if low else 2)
        title_room = room - cell_len(box.value) - 1 if low else room
        self._title(box, left, box.y + 1, title_room)
        if box.dims:
            self.put(left, value_row, fit(box.dims, max(0, room - cell_len(box.value) - 1)), Ink("data"))
        self.put(left + room - cell_len(box.value), value_row, box.value, value_ink(box.value))
        self.put(left, value_row + 1, GRAD, Ink("grad" if box.grad_state != "none" else "muted"))
        self.put(left + room - cell_len(box.grad), value_row + 1, box.grad, grad_ink(box.grad, box.receiving))
        if box.marks:
            self.put(left, value_row + 2, fit(", ".join(box.marks), room), Ink("mark"))
        self._ports(box, left, value_row + 2 + box.marks_row, room)
        self._check(box, box.right - 3, box.bottom)

    def _fold(self, box: Box) -> None:
        """A part of the graph: its name, how many nodes, their values' range, their gradients' norm and flow."""
        self._frame(box)
        self._left_out(box)
        left, room = box.x + 2, box.width - 4 - box.stacked
        self.put(left, box.y + 1, CLOSED, Ink("accent", bold=True))
        self._title(box, left + 2, box.y + 1, room - 2)
        self.put(left, box.y + 2, fit(box.count, room), Ink("muted"))
        self._right(left, box.y + 3, room, box.value, value_ink(box.value))
        said = f"{GRAD} {NORM} {box.grad}" if box.grad_state in ("partial", "complete") else f"{GRAD} {box.grad}"
        self.put(left, box.y + 4, said, grad_ink(box.grad, box.receiving))
        if cell_len(said) + cell_len(box.flow) < room:
            self._right(left, box.y + 4, room, box.flow, Ink("grad"))
        self._ports(box, left, box.y + 5, room)

    def _right(self, left: int, y: int, room: int, text: str, ink: Ink) -> None:
        """Writes text at the right of `room` cells."""
        self.put(left + room - cell_len(text), y, text, ink)

    def _ports(self, box: Box, left: int, y: int, room: int) -> None:
        """The parameters a box uses, a row each; the one that receives points to the left."""
        for row, port in enumerate(box.ports):
            sign, ink = (RECEIVES, Ink("receiver", bold=True)) if port.receiving else (PORT, Ink("accent"))
            numbers = f"{port.value}  " * bool(port.value) + f"{GRAD} {port.grad}"
            if cell_len(numbers) > room - 6:
                numbers = f"{GRAD} {port.grad}"
            name = end_of(port.name, room - 3 - cell_len(numbers))
            self.put(left, y + row, sign, ink)
            words = Ink("receiver", bold=True) if port.receiving else Ink("text")
            self.put(left + 2, y + row, name, words._replace(reverse=port.selected))
            if port.selected:
                self.put(left + 1, y + row, SELECTED, Ink("accent", bold=True))
            self._right(left, y + row, room, numbers, grad_ink(port.grad, port.receiving))

    def _circle(self, box: Box) -> None:
        """An operator's sign in the middle; its numbers stand on its wire."""
        self._frame(box)
        middle = box.y + box.height // 2
        sign = fit(box.title, box.width - 2)
        self._title(box, box.x + (box.width - cell_len(sign)) // 2, middle, box.width - 2)
        if box.marks:
            self.put(box.x + 1, middle + 1, fit(", ".join(box.marks), box.width - 2), Ink("mark"))
        self._left_out(box)
        self._check(box, box.x + box.width // 2, box.bottom)

    def _plain(self, box: Box) -> None:
        """A leaf's name, close to its wire; in brackets when it is at work."""
        room = box.width - 2
        middle = box.y + box.height // 2
        left, right = "[]" if box.working else "  "
        self.put(box.x, middle, left + " " * room + right, frame_ink(box))
        self._title(box, box.right - cell_len(fit(box.title, room)), middle, room)
        if box.marks:
            self.put(box.x + 1, middle - 1, fit(", ".join(box.marks), room), Ink("mark"))
        self._check(box, box.right - 1, middle + 1)

    def _title(self, box: Box, x: int, y: int, room: int) -> None:
        ink = Ink("muted") if not box.known else Ink("text", bold=True)
        if box.working:
            ink = Ink("active", bold=True)
        elif box.receiving:
            ink = Ink("receiver", bold=True)
        self.put(x, y, fit(box.title, room), ink._replace(reverse=box.selected))
        if box.selected and not (box.working and box.shape == "plain"):  # its bracket stands there
            self.put(x - 1, y, SELECTED, Ink("accent", bold=True))

    def _check(self, box: Box, x: int, y: int) -> None:
        if box.check:
            role: Role = "ok" if box.check == "✓" else "wrong" if box.check in "✗≠" else "muted"
            self.put(x, y, box.check, Ink(role, bold=True))

    # -- textbook numbers ---------------------------------------------------------------------------------------------

    def numbers(self) -> None:
        """Textbook notation: each wire's value above it and its gradient below, at its root and at its branches."""
        if self.scene.notation != "textbook" or self.scene.compact:
            return
        for node, wires in self.scene.wires_from.items():
            if not any(self._near(wire) for wire in wires):
                continue
            box = self.boxes[node]
            if box.shape == "fold":
                continue  # its numbers stand in it
            x, y = wires[0].points[0]
            value = box.number
            if box.name and box.shape != "plain":
                value = f"{box.name} {value}" if value != box.value else f"{box.name} = {value}"
            self._number(x + 2, y - 1, value, value_ink(box.value))
            self._number(x + 2, y + 1, f"{GRAD} {box.grad}", grad_ink(box.grad, box.receiving))
            if len(wires) > 1:
                for wire in wires:
                    if -1 <= wire.points[-1][1] - self.view.y <= self.view.height:
                        self._branch(wire)

    def _near(self, wire: Wire) -> bool:
        """Whether the wire or the rows over and under it are in sight."""
        left, top, right, bottom = wire.bounds
        return self.view.meets(left, top - 1, right, bottom + 1)

    def _branch(self, wire: Wire) -> None:
        """The numbers of one of several wires of a net, before its arrowhead."""
        x, y = wire.points[-1]
        self._number(x - 2 - cell_len(wire.value), y - 1, wire.value, value_ink(wire.value))
        if not wire.label:
            self._number(x - 2 - cell_len(wire.grad), y + 1, wire.grad, grad_ink(wire.grad, False))

    def _number(self, x: int, y: int, text: str, ink: Ink) -> None:
        """Writes a number on a wire, where no label may cover it."""
        self.put(x, y, text, ink)
        left, right = max(x - self.view.x, 0), min(x - self.view.x + len(text), self.view.width)
        if 0 <= y - self.view.y < self.view.height and left < right:
            self.solid[y - self.view.y][left:right] = b"\1" * (right - left)

    def label(self) -> None:
        """What the wire at work carries."""
        for wire in self.wires:
            if wire.working and wire.label:
                text = f" {wire.label} "
                self._number(*label_place(wire, cell_len(text), self._cost), text, Ink("active", bold=True))

    def counts(self) -> None:
        """How many edges a bundle stands for, where nothing else stands."""
        for wire in self.wires:
            if wire.count_at is not None:
                x, y, text = *wire.count_at, f"×{wire.count}"
                if not any(self._cost(column, y) for column in range(x - 1, x + len(text) + 1)):
                    self.put(x, y, text, Ink("active" if wire.working else "muted"))

    def _cost(self, x: int, y: int) -> int:
        """How bad it is to write over a cell: a number or a box worst, then what is out of sight, then a wire."""
        if (x, y) not in self.view:
            return 10
        row, column = y - self.view.y, x - self.view.x
        if self.solid[row][column]:
            return 100
        return int(self.cells[row][column] != " ")


def _free(frame: Frame, wires: Iterable[Wire]) -> tuple[int, int]:
    """Where a frame's title goes, and the cells it may take: the first place that no wire crosses, else the widest."""
    crossed = {
        x0
        for wire in wires
        for (x0, y0), (x1, y1) in pairwise(wire.points)
        if x0 == x1 and min(y0, y1) <= frame.y <= max(y0, y1) and frame.x < x0 < frame.right
    }
    stops = [frame.x + 1, *sorted(crossed), frame.right - 1]
    gaps = [(left + 1, right - left - 1) for left, right in pairwise(stops)]
    wanted = cell_len(frame.title) + 4
    return next((gap for gap in gaps if gap[1] >= wanted), max(gaps, key=lambda gap: gap[1]))


def _arrow(wire: Wire) -> tuple[Point, str]:
    """The arrowhead's cell and glyph: next to the border it points at."""
    (x0, y0), (x1, y1) = (wire.points[1], wire.points[0]) if wire.backward else (wire.points[-2], wire.points[-1])
    dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
    if wire.user is None:  # a result's wire ends in the open
        return (x1, y1), ARROWS[dx, dy]
    return (x1 - dx, y1 - dy), ARROWS[dx, dy]


def _port(box: Box, cell: Point, weight: int) -> str:
    """The border's glyph with an arm added to the outside, where a wire ends."""
    x, y = cell
    side = "N" if y == box.y else "S" if y == box.bottom else "W" if x == box.x else "E"
    if box.working:
        return _DOUBLE_PORTS[side]
    upright, flat = (0, LIGHT) if side in "NS" else (LIGHT, 0)
    arms = zip("NESW", (upright, flat, upright, flat), strict=True)
    return line_glyph(*(weight if name == side else thick for name, thick in arms))
