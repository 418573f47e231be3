"""The frame that a panel of a run stands in. What is in it, `tracer.panels` works out; here it is shown and pointed at.

What a panel shows follows from what it reads of the run and what it follows of the choice: as long as those are the
same, nothing is worked out again, and of what is, only lines that changed are painted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tracer.panels.data import Data, Direction
from tracer.panels.drawing import Drawn
from tracer.panels.panel import Choice, RunView
from tracer.panels.panel import Panel as Contents
from tracer.text import Text, clean
from tracer.trace.cells import Cell
from tracer.tui.tiles import Tile
from tracer.tui.widgets.panel import Panel

NOTHING = Drawn(())
SEARCHED = 5_000
"""Cells among which a selected one is looked for; of more, the place stays."""


class RunPanel(Panel, can_focus=False):
    """One panel of a run. It paints its frame itself, so that a new title is two lines and not a widget.

    Args:
        contents: what it shows.
    """

    DEFAULT_CSS = """
    RunPanel { border: none; }
    """

    class Pointed(Message):
        """The user pointed at a cell, or beside all of them.

        Args:
            again: whether it was the selected one.
            held: whether the button was held down and the mouse moved.
        """

        def __init__(self, panel: RunPanel, index: int | None, *, again: bool, held: bool) -> None:
            super().__init__()
            self.panel, self.index, self.again, self.held = panel, index, again, held

    def __init__(self, contents: Contents) -> None:
        super().__init__(id=contents.id)
        self.contents = contents
        self.data: Data | Text | None = None
        """What is shown; in words, why nothing is."""
        self.choice = Choice()
        self.selected: int | None = None
        """An index into the data's cells."""
        self._chosen: Cell | None = None
        """That cell."""
        self.place = ""
        """Stands before its name: its number, and of how many."""
        self.front = False
        """Whether it is the one that keys act on."""
        self._of: tuple[Any, ...] = ()
        """What `data` was worked out from."""
        self._picture = NOTHING

    # What is shown

    def show_run(self, view: RunView, choice: Choice, awaited: int | None = None) -> None:
        """Show a run at a step.

        Args:
            awaited: the step that is about to be observed.
        """
        reads = ("observation",) if self.shows_one(choice) else self.contents.reads
        read = tuple(getattr(view, name) for name in reads)
        followed = tuple(getattr(choice, name) for name in self.contents.chooses)
        grad = choice.grad and self.contents.twin is not None
        nothing = view.observation is None and "observation" in self.contents.reads
        of = (*read, view.setup, followed, grad, awaited if nothing else None)
        if _same(of, self._of):
            return
        self._of, self.choice = of, choice
        self.data = self.contents.data(view, choice)
        if isinstance(self.data, Text) and nothing and awaited is not None:
            self.data = _AWAITED.format(step=f"{awaited:,}")
        self._keep_selection()
        self.redraw()

    def shows_one(self, choice: Choice) -> bool:
        """Whether it shows one observed step: then it is as new as that, whatever has been told since."""
        chooses, reads = self.contents.chooses, self.contents.reads
        return reads == ("observation",) or ("observation" in reads and "history" in chooses and not choice.history)

    def _keep_selection(self) -> None:
        """The selected cell stays the same cell, wherever it stands now; where it is not there, the place stays."""
        data, chosen = self.data, self._chosen
        if self.selected is None or not isinstance(data, Data) or not data.size:
            return
        self.selected = min(self.selected, data.size - 1)
        if chosen is None or not _alike(_cell(data, self.selected), chosen):
            cells = data.cells if data.size <= SEARCHED else ()
            places = (index for index, cell in enumerate(cells) if _alike(cell, chosen))
            self.selected = next(places, self.selected)
        self._chosen = _cell(data, self.selected) or chosen

    def select(self, index: int | None) -> None:
        """Point out a cell."""
        self.selected = index
        self._chosen = self.cell
        self.redraw()

    def moved(self, direction: Direction, shown: int) -> int | None:
        """The cell next to the selected one; where none is and cells are steps, that of the step shown."""
        data = self.data
        if not isinstance(data, Data):
            return None
        if self.selected is None and shown in data.steps:
            return data.steps.index(shown)
        return data.moved(self.selected, direction)

    @property
    def cell(self) -> Cell | None:
        """The selected cell, where it can be opened."""
        return _cell(self.data, self.selected) if isinstance(self.data, Data) and self.selected is not None else None

    @property
    def step(self) -> int | None:
        """The step that the selected cell is of."""
        data = self.data
        return data.step_of(self.selected) if isinstance(data, Data) and self.selected is not None else None

    @property
    def told(self) -> str:
        """The selected cell in words, with all digits of its number; empty where none is selected."""
        data = self.data
        if not isinstance(data, Data) or self.selected is None:
            return ""
        return data.told(self.selected, self.lang, full=True)

    def stand(self, tile: Tile) -> None:
        """Take a place on the page, which begins under the top line."""
        if tile != self._tile:
            self._tile = tile
            self.styles.offset = tile.x, tile.y + 1
            self.styles.width, self.styles.height = tile.width, tile.height

    _tile: Tile | None = None

    def bring(self, *, front: bool) -> None:
        """Whether keys act on it now."""
        if front != self.front:
            self.front = front
            self.redraw()

    def set_heading(self) -> None:
        """The name stands in the frame, which is painted with the rest."""

    @property
    def titled(self) -> str:
        """The name, and of which layer and head it is."""
        data = self.data
        name = self.contents.title[self.lang]
        title = clean(data.title[self.lang]) if isinstance(data, Data) else name
        if self.choice.grad and self.contents.twin is not None and self.contents.twin[self.lang] not in title:
            title = f"{title}  {self.contents.twin[self.lang]}"
        return f"{self.place} {title}".lstrip()

    @property
    def dated(self) -> str:
        """The step that the numbers are of."""
        data = self.data
        return _STEP.format(step=f"{data.step:,}")[self.lang] if isinstance(data, Data) and data.step else ""

    def _inputs(self, size: Size) -> tuple[Any, ...]:
        return (self.data, self.choice, self.selected, self.place, self.front, self.lang, self.app.theme, size)

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        lines: list[Strip] = []
        inside = Size(max(0, size.width - 2), max(0, size.height - 2))
        if self.data is not None:
            self._picture = self.contents.draw(
                self.data,
                self.choice,
                lang=self.lang,
                palette=self.palette,
                width=inside.width,
                height=inside.height,
                selected=self.selected,
            )
            lines = self.strips(self._picture.lines, inside.width)
        self._lines = self._framed(self.filled(lines, inside), size)

    def _framed(self, lines: list[Strip], size: Size) -> list[Strip]:
        """The lines in a frame, with the name above and the step below."""
        palette = self.palette
        line = palette.style("accent" if self.front else "muted")
        name = palette.style("accent" if self.front else "text", bold=True)
        above = RichText("╭─", line, no_wrap=True)
        titled = RichText(f" {self.titled} ", name)
        titled.truncate(max(0, size.width - 4), overflow="ellipsis")
        above.append_text(titled)
        above.append("─" * (size.width - 1 - above.cell_len) + "╮", line)
        dated = f" {self.dated} " if self.dated and cell_len(self.dated) <= size.width - 6 else ""
        below = RichText("╰" + "─" * (size.width - 3 - cell_len(dated)), line, no_wrap=True)
        below.append(dated, palette.style("muted"))
        below.append("─╯", line)
        side = self.strips([RichText("│", line)], 1)[0]
        top, bottom = self.strips([above, below], size.width)
        return [top, *(Strip.join([side, one, side]) for one in lines), bottom][: size.height]

    # Pointing

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._point(event, held=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button:
            self._point(event, held=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def _point(self, event: events.MouseEvent, *, held: bool) -> None:
        place = event.get_content_offset_capture(self)
        index = self._picture.at(place.x - 1, place.y - 1)
        again = index is not None and index == self.selected
        self.post_message(self.Pointed(self, index, again=again and not held, held=held))


def _cell(data: Data, index: int) -> Cell | None:
    return data.cells[index] if 0 <= index < len(data.cells) else None


def _alike(cell: Cell | None, other: Cell | None) -> bool:
    """Whether two cells are of the same number, be it its value or its gradient."""
    return cell is not None and other is not None and replace(cell, grad=other.grad) == other


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two tuples hold the same objects, or equal ones of the small things among them."""
    return len(one) == len(other) and all(a is b or (_small(a) and a == b) for a, b in zip(one, other, strict=True))


def _small(thing: object) -> bool:
    return isinstance(thing, int | tuple)


_AWAITED = Text(en="Step {step} is being looked at …", ja="ステップ {step} を観察しています…")
_STEP = Text(en="step {step}", ja="ステップ {step}")
