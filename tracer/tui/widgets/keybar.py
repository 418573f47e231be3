"""The bottom line: the keys that matter most here, in the user's language, as many as fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tracer.text import Lang, Text
from tracer.tui.keys import Key, Place, face_of, rows

if TYPE_CHECKING:
    from tracer.tui.app import GradientTracer

_BACK = Text("back", "戻る")


class KeyLine(Widget):
    """The bottom line where the keys are a text field's: words like `enter  open   esc  close`, nothing else works."""

    DEFAULT_CSS = """
    KeyLine { height: 1; dock: bottom; background: $footer-background; color: $footer-description-foreground; }
    KeyLine.-away, KeyBar.-away { display: none; }
    KeyLine > .keybar--key { color: $footer-key-foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keybar--key"}

    lang: reactive[Lang] = reactive("en")

    def __init__(self, words: Text) -> None:
        super().__init__()
        self.words = words

    def render(self) -> Content:
        key_style = self.get_visual_style("keybar--key", partial=True)
        hints = [hint.partition("  ") for hint in self.words[self.lang].split("   ")]
        return Content(" ") + Content("  ").join(
            Content.assemble((key, key_style), " ", words) for key, _, words in hints
        )


class KeyBar(Widget):
    """Shows rows of the key table; a click does what the key does.

    Args:
        later: actions that are left out before all others here.
    """

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $footer-background; color: $footer-description-foreground; }
    KeyBar > .keybar--key { color: $footer-key-foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keybar--key"}

    lang: reactive[Lang] = reactive("en")

    def __init__(self, *places: Place, later: tuple[str, ...] = ()) -> None:
        super().__init__()
        known = (row for row in rows(*places, "app") if row.weight)
        self.rows = sorted(known, key=lambda row: (row.action in later, -row.weight))
        self._spans: list[tuple[range, str]] = []
        """Columns of each hint, and its action."""

    def render(self) -> Content:
        key_style = self.get_visual_style("keybar--key", partial=True)
        shown, self._spans, at = Content(" "), [], 1
        for row in self._fitting():
            hint = Content.assemble((face_of(row.keys[0]), key_style), " ", self._words(row))
            owner = "app" if row.place == "app" else "screen"
            self._spans.append((range(at, at + hint.cell_length), f"{owner}.{row.action}"))
            at += hint.cell_length + 2
            shown += hint + "  "
        return shown

    def _fitting(self) -> list[Key]:
        """The weightiest rows whose hints fit the width: this screen's first, help and quit last."""
        left, fitting = self.size.width - 1, []
        for row in self.rows:
            width = Content(f"{face_of(row.keys[0])} {self._words(row)}").cell_length
            if width <= left:
                fitting.append(row)
                left -= width + 2
        return sorted(fitting, key=lambda row: (row.place == "app", row.weight if row.place == "app" else -row.weight))

    def _words(self, row: Key) -> str:
        # not of the screen on top: this one may be drawn while a dialog is above it
        if row.action == "back" and cast("GradientTracer", self.app).comes_back_from(self.screen):
            return _BACK[self.lang]
        return row.short[self.lang]

    async def on_click(self, event: events.Click) -> None:
        for columns, action in self._spans:
            if event.x in columns:
                await self.run_action(action)
