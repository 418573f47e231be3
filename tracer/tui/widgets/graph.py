"""The graph panel: a window onto the scene that stays where the walk is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Size
from textual.message import Message
from textual.strip import Strip

from tracer.scene.canvas import Ink, draw, style_of
from tracer.scene.palette import Palette
from tracer.scene.prose import Prose
from tracer.scene.raster import Viewport
from tracer.scene.scene import Box, Scene, build_scene
from tracer.text import Lang, Text
from tracer.tui.view import Show, View
from tracer.tui.widgets.panel import Panel

WHEEL = 3
"""Cells that one notch of the wheel moves."""
READABLE = 60
"""Cells of a line of words."""


class GraphPanel(Panel):
    """Draws the scene of the view. A click selects, wheel and drag move the window until the next step."""

    HEADING = Text(en="Graph", ja="グラフ")

    class Selected(Message):
        """A node was clicked, or empty ground (None)."""

        def __init__(self, node: int | None, again: bool) -> None:
            super().__init__()
            self.node = node
            self.again = again
            """Whether it was the second click of a double click."""

    class Folded(Message):
        """The title of a frame was clicked: what it holds is to be folded again."""

        def __init__(self, unfolding: int) -> None:
            super().__init__()
            self.unfolding = unfolding
            """Which of the trace's."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.scene: Scene | None = None
        self._moved = Offset(0, 0)
        """How far the user has pushed the window away from where it follows the walk."""
        self._grabbed: Offset | None = None
        self._dragged = False

    def watch_view(self) -> None:
        self._moved = Offset(0, 0)
        super().watch_view()

    def paint(self, view: View, size: Size) -> list[Strip]:
        self.scene = scene_of(view, self.lang)
        if view.nothing is not None:
            return self._say_why(view.nothing, size)
        self._say(self.scene.note)
        at = self._window(self.scene, size)
        canvas = draw(self.scene, Viewport(at.x, at.y, size.width, size.height))
        self._at = at
        inks, ground = emphasis(self.palette, view.show), self.ground
        return [_line(row, inks, ground) for row in canvas.rows]

    _at = Offset(0, 0)

    def _say_why(self, nothing: Text, size: Size) -> list[Strip]:
        """Where there is no graph: why, in the upper half."""
        room = min(size.width - 4, READABLE)
        words = self.wrapped([Prose(nothing[self.lang])], max(room, 1))
        left = (size.width - room) // 2
        blank = Strip.blank(size.width, self.ground)
        above = max(0, (size.height - len(words)) // 3)
        indent = Strip.blank(left, self.ground)
        return [
            *[blank] * above,
            *(Strip.join([indent, line]).adjust_cell_length(size.width, self.ground) for line in words),
        ]

    def _say(self, note: str) -> None:
        if (self.border_subtitle or "") != note:
            self.border_subtitle = note

    # Where the window is

    def _window(self, scene: Scene, size: Size) -> Offset:
        """The scene's cell in the panel's top left corner: a function of the view, plus what the user pushed."""
        opened = next((frame for frame in scene.frames if self.view and frame.number == self.view.opened), None)
        if opened is not None:
            wide, high = min(opened.width, size.width), min(opened.height, size.height)
            return Offset(
                _place(scene.width, size.width, [(opened.x, opened.x + wide - 1)], self._moved.x),
                _place(scene.height, size.height, [(opened.y, opened.y + high - 1)], self._moved.y),
            )
        boxes = [box for box in scene.boxes if box.working or box.receiving] or list(scene.boxes[:1])
        chosen = [box for box in scene.boxes if box.selected and self.view is not None and self.view.about == box.node]
        return Offset(
            _place(scene.width, size.width, [(box.x, box.right) for box in chosen or boxes], self._moved.x),
            _place(scene.height, size.height, [(box.y, box.bottom) for box in chosen or boxes], self._moved.y),
        )

    def box_at(self, x: int, y: int) -> Box | None:
        """The box drawn in this cell of the panel's inside."""
        if self.scene is None:
            return None
        node = self.scene.node_at(x + self._at.x, y + self._at.y)
        return None if node is None else self.scene.by_node[node]

    def push(self, dx: int, dy: int) -> None:
        """Move the window over the scene, until the next step takes it back."""
        before = self._moved
        self._moved += Offset(dx, dy)
        if self.scene is not None and self._window(self.scene, self.size) == self._at:
            self._moved = before  # at the edge: do not pile up
        else:
            self.redraw()

    # Mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.push(*((WHEEL * 2, 0) if event.shift or event.ctrl else (0, WHEEL)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.push(*((-WHEEL * 2, 0) if event.shift or event.ctrl else (0, -WHEEL)))

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.push(WHEEL * 2, 0)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.push(-WHEEL * 2, 0)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._grabbed, self._dragged = Offset(event.x, event.y), False

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grabbed is not None and event.button:
            here = Offset(event.x, event.y)
            by = self._grabbed - here
            if by:
                self._grabbed, self._dragged = here, True
                self.push(by.x, by.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
        self._grabbed = None

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is not None and not self._dragged:
            box = self.box_at(inside.x, inside.y)
            frame = self.scene.frame_at(inside.x + self._at.x, inside.y + self._at.y) if self.scene else None
            if box is None and frame is not None:
                self.post_message(self.Folded(frame.number))
                return
            self.post_message(self.Selected(None if box is None else box.node, event.chain > 1))


@cache
def emphasis(palette: Palette, show: Show) -> Palette:
    """The palette in which what is looked at stands out: the other direction's numbers are dim."""
    if show == "both":
        return palette
    return replace(palette, grad=palette.muted) if show == "values" else replace(palette, data=palette.muted)


@lru_cache(maxsize=2048)
def _line(row: tuple[tuple[str, Ink | None], ...], palette: Palette, ground: Style) -> Strip:
    """One line of the canvas. Most lines of a step are those of the step before: they are kept."""
    return Strip([Segment(text, ground + style_of(ink, palette)) for text, ink in row])


def scene_of(view: View, lang: Lang) -> Scene:
    """The scene of a view: what canvas and export both draw."""
    return build_scene(
        view.cursor,
        by=view.by,
        notation=view.notation,
        selected=view.pointed_out,
        lang=lang,
        checks=view.marks(),
        blanks=view.blanks,
    )


def _place(whole: int, seen: int, spans: list[tuple[int, int]], moved: int) -> int:
    """Where the window begins along one axis.

    What fits is centred. Else the window stands on a grid of half its size, so that it jumps seldom, and so that where
    it stands depends on the boxes at work and not on the way there.

    Args:
        whole, seen: cells of the scene and of the window.
        spans: first and last cell of each box that should be seen, the most important first.
        moved: how far the user has pushed it.
    """
    if whole <= seen:
        return (whole - seen) // 2
    wanted = 0
    if spans:
        low, high = min(a for a, _ in spans), max(b for _, b in spans)
        if high - low >= seen:
            low, high = spans[0]
        half = max(1, seen // 2)
        middle = (low + high) // 2
        wanted = round((middle - seen / 2) / half) * half
        if low < wanted or high >= wanted + seen:  # on the grid it would be cut off
            wanted = middle - seen // 2
    return max(0, min(max(0, min(wanted, whole - seen)) + moved, whole - seen))
