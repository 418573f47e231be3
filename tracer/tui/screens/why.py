"""Why is this gradient as it is? The chain to the culprit, a link a line; the graph follows the marked one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Static

from tracer.errors import TracerError
from tracer.explain.why import Told, told
from tracer.scene.palette import DARK, PALETTES, Palette
from tracer.scene.why import fits, link_in_full, why_line
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.why import Link, Question, Why, why
from tracer.tui.background import in_background
from tracer.tui.screens.dialog import Dialog
from tracer.tui.widgets.hits import Choices

AT_ONCE = 20_000
"""Nodes of a graph up to which the answer is found between two keys; of a larger one, beside the app."""
LEAST, MOST = 3, 16
"""Lines of the list."""
TALL = 34
"""Rows of a terminal from which on the op's sentence is shown as well."""


class WhyScreen(Dialog[Link]):
    """Gives back the link to walk to.

    Args:
        cursor: the moment; nothing later is said.
        node: whose gradient.
        element: of a tensor, an index into the flattened tensor.
        point_out: called with the marked link, and the edges from the node to it.
    """

    DEFAULT_CSS = """
    WhyScreen > #dialog { max-width: 140; }
    WhyScreen #why-answer, WhyScreen #why-link { width: 100%; height: auto; }
    WhyScreen #why-answer { max-height: 4; text-style: bold; }
    WhyScreen #why-link { margin-top: 1; }
    WhyScreen #dialog-words { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", show=False),
        Binding("down,j", "choose(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,0", "end(-1)", show=False),
        Binding("end,$,dollar_sign", "end(1)", show=False),
        Binding("tab", "other", show=False, priority=True),
        Binding("enter", "go", show=False),
        Binding("q,y", "cancel", show=False),
    ]
    AUTO_FOCUS = ""
    KEYS = Text(
        en="enter  go there   ↑ ↓  step along   tab  where it came from   esc  back",
        ja="enter  そこへ移動   ↑ ↓  たどる   tab  どこから来たか   esc  戻る",
    )

    def __init__(
        self, cursor: Cursor, node: int, element: int | None, point_out: Callable[[Link, frozenset[int]], None]
    ) -> None:
        super().__init__()
        self.cursor, self.node, self.element, self.point_out = cursor, node, element, point_out
        self.found: Why | None = None
        self.told: Told | None = None
        self.question: Question | None = None
        """What is asked; None asks what the node's state suggests."""

    def compose_body(self) -> ComposeResult:
        yield Static(id="why-answer", markup=False)
        yield Choices(id="why-list")
        yield Static(id="why-link", markup=False)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._ask()

    def _ask(self) -> None:
        if self.cursor.trace.n_nodes <= AT_ONCE:
            self._arrive(self._answer())
        else:
            in_background(self, self._answer, self._arrive, self._fail)

    def _answer(self) -> Why:
        return why(self.cursor.trace, self.node, self.cursor.position, question=self.question, element=self.element)

    def _fail(self, error: TracerError) -> None:
        self.say(Text.same(str(error)))

    def _arrive(self, found: Why) -> None:
        self.found, self.told = found, told(self.cursor.trace, found)
        self._make_room(self.app.size)
        culprit = next((i for i, line in enumerate(self.told.lines) if line.culprit), 0)
        self.list.show(len(self.told.lines), self._line, 0 if found.fine else culprit)
        self._point()
        self.call_after_refresh(self.draw)

    # What is shown

    @property
    def list(self) -> Choices:
        return self.query_one(Choices)

    def heading(self) -> Text:
        return _WHY if self.told is None else self.told.question

    def hint(self) -> Text:
        if self.told is None:
            return _LOOKING
        return Text.same("")

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        assert self.told is not None, "lines are shown once there are some"
        return why_line(self.told, number, self.lang, palette, width, marked=marked)

    def draw(self) -> None:
        super().draw()
        answer, link = self.query_one("#why-answer", Static), self.query_one("#why-link", Static)
        self.list.display = link.display = self.told is not None
        self.query_one("#dialog-words", Static).display = bool(self.hint()[self.lang]) or self._said is not None
        if self.told is None:
            answer.update("")
            return
        palette = PALETTES.get(self.app.theme, DARK)
        answer.update(RichText(self.told.answer[self.lang], palette.style("text", bold=True)))
        width, number = max(1, self.list.size.width), self.list.marked
        again = not fits(self.told, self.lang, width)
        tall = self.app.size.height >= TALL
        link.styles.height = 1 + 2 * again + 2 * tall  # the frame stands still while one steps along
        link.update(link_in_full(self.told.lines[number], self.lang, palette, again=again, sentence=tall))
        self.list.refresh()

    def _make_room(self, size: Size) -> None:
        many = len(self.told.lines) if self.told is not None else 1
        self.list.styles.height = max(1, min(many, max(LEAST, min(size.height // 4, MOST))))

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)
        if self.is_mounted:
            self.call_after_refresh(self.draw)

    # Stepping along

    @property
    def _marked(self) -> Link:
        """The first link of the marked line."""
        assert self.found is not None, "asked once there is an answer"
        assert self.told is not None, "they come together"
        return self.found.chain[self.told.lines[self.list.marked].links[0]]

    def _point(self) -> None:
        assert self.found is not None, "there is an answer"
        assert self.told is not None, "they come together"
        end = self.told.lines[self.list.marked].links[-1]
        edges = (link.edge for link in self.found.chain[: end + 1] if link.kind == "handed")
        self.point_out(self._marked, frozenset(edge for edge in edges if edge is not None))

    def action_choose(self, n: int) -> None:
        if self.told is not None:
            self.list.move(n)
            self._point()
            self.draw()

    def action_page(self, n: int) -> None:
        self.action_choose(n * self.list.page)

    def action_end(self, n: int) -> None:
        self.action_choose(n * max(1, self.list.count))

    def action_other(self) -> None:
        """From what the state suggests to where the gradient came from, and back."""
        self.question = "ordinary" if self.question is None else None
        self._ask()

    def action_go(self) -> None:
        self.dismiss(None if self.told is None else self._marked)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        self._point()
        self.draw()


_WHY = Text(en="Why?", ja="なぜ？")
_LOOKING = Text(en="looking…", ja="調べています…")
