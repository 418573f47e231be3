"""Look closer at one node: every digit of its numbers, where it comes from, and how its gradient was checked."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.table import Table
from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import Static

from tracer.explain.amount import FEW, Amount, full, labelled, shape_text
from tracer.explain.proof import Check
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET, format_full
from tracer.scene.palette import DARK, PALETTES
from tracer.scene.prose import Prose
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.tui.screens.base import AppScreen

_CLOSE = Text(en="enter  close", ja="enter  閉じる")
_VALUE = Text(en="value", ja="値")
_GRAD = Text(en="gradient", ja="勾配")
_SHAPE = Text(en="shape", ja="形")
_THROUGH = Text(en="through {user}", ja="{user} から")
_LINE = Text(en="line", ja="行")
_SCOPE = Text(en="scope", ja="まとまり")
_CHECK = Text(en="check", ja="検算")
_CHECKING = Text(en="checking…", ja="検算中…")


class InspectScreen(AppScreen[None], ModalScreen[None]):
    """Shows `node` at `cursor`. The check arrives later."""

    DEFAULT_CSS = """
    InspectScreen { align: center middle; }
    InspectScreen > #inspect {
        width: 90%; max-width: 90; height: auto; max-height: 90%; padding: 1 2; background: $surface;
        border: heavy $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    InspectScreen VerticalScroll { height: auto; max-height: 100%; background: $surface; }
    InspectScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,escape,q,space", "dismiss", show=False)]

    check: reactive[Check | None] = reactive(None, init=False)

    def __init__(self, cursor: Cursor, node: int) -> None:
        super().__init__()
        self.cursor, self.node = cursor, node

    def compose(self) -> ComposeResult:
        with Vertical(id="inspect"), VerticalScroll():
            yield Static(id="inspect-words", markup=False)

    def on_mount(self) -> None:
        self.draw()

    def watch_lang(self, lang: Lang) -> None:
        if self.is_mounted:
            self.draw()

    def watch_check(self) -> None:
        if self.is_mounted:
            self.draw()

    def draw(self) -> None:
        frame = self.query_one("#inspect")
        trace = self.cursor.trace
        formula = trace.formula(self.node)
        frame.border_title = Content(clean(trace.label(self.node) + (f" = {formula}" if formula else "")))
        frame.border_subtitle = _CLOSE[self.lang]
        self.query_one("#inspect-words", Static).update(self._table())

    def _table(self) -> Table:
        palette = PALETTES.get(self.app.theme, DARK)
        cursor, trace, lang = self.cursor, self.cursor.trace, self.lang
        table = Table.grid(padding=(0, 2))
        table.add_column(style=palette.style("muted"), no_wrap=True)
        table.add_column(ratio=1)
        if trace.is_tensor(self.node) and cursor.is_made(self.node):
            table.add_row(
                _SHAPE[lang], RichText(f"{shape_text(trace.shape(self.node))}  {trace.dtype(self.node).name}")
            )
        table.add_row(_VALUE[lang], RichText(self._full(cursor.data(self.node)), palette.style("data", bold=True)))
        table.add_row(_GRAD[lang], RichText(self._grad(), palette.style("grad", bold=True)))
        for route in cursor.routes(self.node):
            through = _THROUGH.format(user=clean(trace.label(route.user)))
            table.add_row(f"  {through[lang]}", RichText(self._full(route.contribution), palette.style("grad")))
        line, scope = trace.source(self.node), trace.scope(self.node)
        if line is not None:
            table.add_row(_LINE[lang], RichText(clean(f"{line.file}:{line.line}")))
        if scope:
            table.add_row(_SCOPE[lang], RichText(clean(scope)))
        table.add_row()
        if self.check is None:
            table.add_row(_CHECK[lang], RichText(_CHECKING[lang], palette.style("muted")))
        else:
            role = {"✓": "ok", "✗": "wrong"}.get(self.check.mark, "muted")
            words = f"{self.check.mark} {self.check.reason[lang]}".strip()
            table.add_row(_CHECK[lang], Prose(words, palette.style(role)))  # type: ignore[arg-type]  # one of the roles
        return table

    def _grad(self) -> str:
        state, grad = self.cursor.grad_state(self.node), self.cursor.grad(self.node)
        if state == "none":
            return NO_GRADIENT
        return self._full(grad) + (f" {MORE_TO_COME}" if state == "partial" else "")

    def _full(self, value: Amount | None) -> str:
        """Every digit of a number, of few numbers too; of many what can be said of them; `?` for None."""
        if value is None or not isinstance(value, np.ndarray):
            return NOT_YET if value is None else format_full(value)
        if value.size > FEW:
            return labelled(value)[self.lang]
        texts = [full(element) for element in value.reshape(-1)]
        return texts[0] if value.ndim == 0 else f"[{', '.join(texts)}]"
