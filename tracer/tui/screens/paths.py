"""All routes by which gradient comes to a node: a list over the graph, in which the marked route is drawn heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Static

from tracer.explain.paths import PathsTold, no_route, tell_paths
from tracer.scene.palette import DARK, PALETTES, Palette
from tracer.scene.routes import fits, route_in_full, route_line
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.paths import Path
from tracer.tui.background import in_background
from tracer.tui.screens.dialog import Dialog
from tracer.tui.widgets.hits import Choices

AT_ONCE = 20_000
"""Nodes of a graph whose routes are counted between two keys; of a larger one, beside the app, the first time."""
SHOWN = 20
"""Routes asked for, where there are too many for all."""
LEAST, MOST = 4, 12
"""Lines of the list."""
TALL = 50
"""Rows of a terminal from which on all there is to say stands under the list."""


class PathsScreen(Dialog[Path]):
    """Gives back the route to walk to.

    Args:
        cursor: the moment; what has not been delivered is a `?`.
        node: whose gradient.
        element: of a tensor, an index into the flattened tensor.
        point_out: called with the marked route.
    """

    DEFAULT_CSS = """
    PathsScreen > #dialog { max-width: 140; }
    PathsScreen #paths-route, PathsScreen #paths-total { width: 100%; height: auto; }
    PathsScreen #paths-route { max-height: 4; }
    PathsScreen #dialog-words { color: $text-muted; }
    PathsScreen.-shares Choices, PathsScreen.-shares #paths-route { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("tab", "shares", show=False, priority=True),
        Binding("enter", "go", show=False),
        Binding("q,a", "cancel", show=False),
    ]
    AUTO_FOCUS = ""
    KEYS = Text(
        en="enter  where it arrives   ↑ ↓  another route   tab  shares   esc  close",
        ja="enter  届く場面へ   ↑ ↓  別の経路   tab  内訳   esc  閉じる",
    )

    def __init__(
        self, cursor: Cursor, node: int, element: int | None, point_out: Callable[[Path | None], None]
    ) -> None:
        super().__init__()
        self.cursor, self.node, self.element, self.point_out = cursor, node, element, point_out
        self.told: PathsTold | None = None
        self.none: Text | None = None
        """Why there is no route."""
        self._shares = False

    def compose_body(self) -> ComposeResult:
        yield Choices(id="paths-list")
        yield Static(id="paths-route", markup=False)
        yield Static(id="paths-total", markup=False)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        if self.cursor.trace.n_nodes <= AT_ONCE or ("sweep", self.cursor.at_pass) in self.cursor.trace.kept:
            self._arrive(self._tell())
        else:
            in_background(self, self._tell, self._arrive, lambda error: self.say(Text.same(str(error))))

    def _tell(self) -> PathsTold | None:
        return tell_paths(self.cursor, self.node, SHOWN, element=self.element)

    def _arrive(self, told: PathsTold | None) -> None:
        self.told, self.none = told, None if told is not None else no_route(self.cursor, self.node)
        self._make_room(self.app.size)
        if told is not None:
            self.list.show(len(told.routes), self._line)
        self.draw()
        self.call_after_refresh(self._point)  # what lies over the graph is known once it is laid out

    # What is shown

    @property
    def list(self) -> Choices:
        return self.query_one(Choices)

    def heading(self) -> Text:
        return _ROUTES if self.told is None else self.told.heading

    def hint(self) -> Text:
        if self.told is None:
            return self.none or _COUNTING
        notes = self.told.notes
        some = notes if self._shares or self.app.size.height >= TALL else notes[:1]
        return Text("\n".join(note.en for note in some), "\n".join(note.ja for note in some))

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        assert self.told is not None, "lines are shown once there are some"
        return route_line(self.told, number, self.lang, palette, width, marked=marked)

    def draw(self) -> None:
        super().draw()
        told, palette = self.told, PALETTES.get(self.app.theme, DARK)
        route, total = self.query_one("#paths-route", Static), self.query_one("#paths-total", Static)
        self.set_class(self._shares, "-shares")
        self.query_one("#dialog-words", Static).display = bool(self.hint()[self.lang])
        self.list.display = told is not None and not self._shares
        route.display = False
        if told is None:
            total.update("")
            return
        number, width = self.list.marked, max(1, self.list.size.width)
        if not self._shares and not all(fits(told, i, self.lang, width) for i in range(len(told.routes))):
            route.display = True
            route.update(route_in_full(told, number, self.lang, palette))
        total.update(RichText(told.total[self.lang], palette.style("grad", bold=True)))
        self.list.refresh()

    def _make_room(self, size: Size) -> None:
        many = len(self.told.routes) if self.told is not None else 1
        self.list.styles.height = max(1, min(many, max(LEAST, min(size.height // 5, MOST))))

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)
        if self.is_mounted:
            self.call_after_refresh(self.draw)

    # Choosing

    def _point(self) -> None:
        told = self.told
        self.point_out(told.routes[self.list.marked].path if told is not None else None)

    def action_choose(self, n: int) -> None:
        self.list.move(n)
        self.draw()
        self._point()

    def action_page(self, n: int) -> None:
        self.action_choose(n * self.list.page)

    def action_shares(self) -> None:
        """The list, or all there is to say on what came by which way."""
        self._shares = not self._shares and self.told is not None and bool(self.told.notes)
        self.draw()

    def action_go(self) -> None:
        if self.told is None:
            self.dismiss(None)
        else:
            self.dismiss(self.told.routes[self.list.marked].path)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        self._point()
        self.draw()


_ROUTES = Text(en="Routes", ja="経路")
_COUNTING = Text(en="counting the routes…", ja="経路を数えています…")
