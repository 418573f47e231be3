"""The graph panel: a window onto the scene that stays where the walk is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from typing import TypedDict

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Size
from textual.message import Message
from textual.strip import Strip

from tracer.layout.fold import LIMIT, Folding
from tracer.scene.canvas import Ink, draw, fit, style_of
from tracer.scene.compact import compacted, reading
from tracer.scene.minimap import Minimap, minimap, overlaid, wanted
from tracer.scene.notation import Notation
from tracer.scene.palette import Palette
from tracer.scene.prose import Prose
from tracer.scene.raster import Viewport
from tracer.scene.scene import Box, Scene, build_scene
from tracer.scene.scene import read_ahead as scene_ahead
from tracer.text import Lang, Text
from tracer.trace.segment import By
from tracer.tui.breaks import marked_at
from tracer.tui.view import Show, View
from tracer.tui.widgets.panel import Panel

WHEEL = 3
"""Cells that one notch of the wheel moves."""
LEAST_ROWS = 5
"""Rows that the window is thought to have at least, however much of it is covered."""
READABLE = 60
"""Cells of a line of words."""


class GraphPanel(Panel):
    """Draws the scene of the view. A click selects, wheel and drag move the window until the next step."""

    HEADING = Text(en="Graph", ja="グラフ")
    PUSHED = ("_moved",)
    PAINTED = ("_below", "scene", "_map", "_at")

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

    class Closed(Message):
        """What stands in a box's border was clicked: the part that the box lies in is to be folded again."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.scene: Scene | None = None
        self._moved = Offset(0, 0)
        """How far the user has pushed the window away from where it follows the walk."""
        self._map: Minimap | None = None
        self._grabbed: Offset | None = None
        self._dragged = False
        self._steered = False
        """Whether the mouse went down on the map: it says where the window is to be."""

    def let_go(self) -> None:
        self._moved = Offset(0, 0)

    def paint(self, view: View, size: Size) -> list[Strip]:
        large = scene_of(view, self.lang)
        self.scene = scene = compacted(large, view.cursor.trace) if view.compact else large
        before, self._map = self._map, None
        if view.nothing is not None:
            return self._say_why(view.nothing, size)
        self.say_below(_told(large, _chosen(view, large), size.width) if view.compact else scene.note)
        at = self._window(view, scene, size)
        window = Viewport(at.x, at.y, size.width, size.height)
        rows = draw(scene, window).rows
        self._at = at
        if wanted(scene, window) if view.minimap is None else view.minimap:
            held = before if self._steered else None  # under the mouse it stays where it is
            self._map = minimap(scene, window, (held.x, held.y) if held is not None else None)
        inks, ground = emphasis(self.palette, view.show), self.ground
        return [_line(row, inks, ground) for row in (overlaid(rows, self._map) if self._map else rows)]

    _at = Offset(0, 0)

    @property
    def takes_long(self) -> bool:
        return draws_much(self.view, self.lang)

    @property
    def settled(self) -> bool:
        return not self._steered  # the map stays where it was

    @property
    def shows_map(self) -> bool:
        """Whether the map of the whole picture lies in a corner."""
        return self._map is not None

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

    # Where the window is

    def _window(self, view: View, scene: Scene, size: Size) -> Offset:
        """The scene's cell in the panel's top left corner: a function of the view, plus what the user pushed."""
        if view.covered:
            size = Size(size.width, max(LEAST_ROWS, size.height - view.covered))
        opened = next((frame for frame in scene.frames if frame.number == view.opened), None)
        if opened is not None:
            wide, high = min(opened.width, size.width), min(opened.height, size.height)
            return Offset(
                _place(scene.width, size.width, [(opened.x, opened.x + wide - 1)], self._moved.x),
                _place(scene.height, size.height, [(opened.y, opened.y + high - 1)], self._moved.y),
            )
        boxes = [box for box in scene.boxes if box.working or box.receiving] or _first(scene)
        chosen = [box for box in scene.boxes if box.selected and _asked_about(view, box)]
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
        if self.scene is not None and self.view and self._window(self.view, self.scene, self.size) == self._at:
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

    def _steer(self, x: int, y: int) -> None:
        """Put the middle of the window where a cell of the map says."""
        assert self._map is not None, "steered by the map"
        goal = Offset(*self._map.scene_at(x, y)) - Offset(self.size.width // 2, self.size.height // 2)
        self.push(*(goal - self._at))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        inside = event.get_content_offset(self)
        self._steered = inside is not None and self._map is not None and (inside.x, inside.y) in self._map
        if self._steered and inside is not None:
            self._steer(inside.x, inside.y)
            return
        self._grabbed, self._dragged = Offset(event.x, event.y), False

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._steered and event.button:
            if self._map is not None:
                inside = event.get_content_offset_capture(self)
                self._steer(inside.x, inside.y)
            return
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
        if inside is not None and not self._dragged and not self._steered:
            box = self.box_at(inside.x, inside.y)
            frame = self.scene.frame_at(inside.x + self._at.x, inside.y + self._at.y) if self.scene else None
            if box is None and frame is not None:
                self.post_message(self.Folded(frame.number))
                return
            if (
                box is not None
                and box.closes
                and inside.y + self._at.y == box.y
                and _on_path(box, inside.x + self._at.x)
            ):
                self.post_message(self.Closed(box.closes))
                return
            self.post_message(self.Selected(None if box is None else box.node, event.chain > 1))


def _chosen(view: View, scene: Scene) -> Box | None:
    """The box that a line of words is about: the one asked about, else the one that receives or is at work."""
    asked = [box for box in scene.boxes if box.selected and _asked_about(view, box)]
    now = [box for box in scene.boxes if box.receiving] or [box for box in scene.boxes if box.working]
    return next(iter(asked or now), None)


def _asked_about(view: View, box: Box) -> bool:
    """Whether the panels are about this box, and not about the step."""
    if view.folding is None:
        return view.about == box.node
    return view.about is not None or view.part is not None


def _first(scene: Scene) -> list[Box]:
    """Where a picture begins; not at a fold of leaves that nothing uses."""
    wired = {node for wire in scene.wires for node in (wire.input, wire.user)}
    return [box for box in scene.boxes if box.shape != "fold" or box.node in wired][:1] or list(scene.boxes[:1])


def _on_path(box: Box, x: int) -> bool:
    """Whether a column of a box's upper border is one of those in which the opened parts around it are named."""
    return bool(box.path) and box.x + 2 <= x <= box.x + 3 + min(cell_len(box.path), box.width - 8)


def _told(scene: Scene, box: Box | None, width: int) -> str:
    """What to say under the compact picture: one box's numbers, and what is not drawn."""
    words = [reading(box)] if box is not None else []
    return fit(" · ".join([*words, *([scene.note] if scene.note else [])]), max(width - 4, 0))


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


def draws_much(view: View | None, lang: Lang) -> bool:
    """Whether a view's scene is one of a large graph, and not built yet."""
    return view is not None and view.folding is not None and lang not in view.scenes


def scene_of(view: View, lang: Lang) -> Scene:
    """The scene of a view: what canvas and export both draw."""
    if lang not in view.scenes:
        view.scenes[lang] = _scene_of(view, lang)
    return view.scenes[lang]


def read_ahead(view: View, lang: Lang, *, whole: bool = False) -> Iterator[None]:
    """What takes long in the scene of a view that may be shown next, in many small pieces; or all of it."""
    if lang in view.scenes:
        return
    yield from scene_ahead(view.cursor, **_asked_of(view, lang), whole=whole)
    if whole:
        scene_of(view, lang)
        yield


def _scene_of(view: View, lang: Lang) -> Scene:
    breakpoints = marked_at(view.cursor, view.breaks)
    return build_scene(view.cursor, route=view.route, breakpoints=breakpoints, **_asked_of(view, lang))


class _Asked(TypedDict):
    """What `build_scene` and `read_ahead` both take."""

    by: By
    notation: Notation
    selected: int | None
    lang: Lang
    checks: dict[int, str]
    blanks: frozenset[int]
    folding: Folding | None
    limit: int
    part: str | None


def _asked_of(view: View, lang: Lang) -> _Asked:
    return {
        "by": view.by,
        "notation": view.notation,
        "selected": view.pointed_out,
        "lang": lang,
        "checks": view.marks(),
        "blanks": view.blanks,
        "folding": view.folding,
        "limit": LIMIT if view.folding is None else view.folding.limit,
        "part": view.part,
    }


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
