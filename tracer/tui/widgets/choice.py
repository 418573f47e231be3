"""One of a few, on one line: `Format  ‹svg› png  pdf  dot`. Arrows or a click choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tracer.text import Lang, Text


class Choice(Widget, can_focus=True):
    """A row of options, one of them chosen.

    Args:
        label: stands before them.
        options: what there is to choose from.
        width: cells that the label takes, so that rows stand under each other.
    """

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    Choice > .choice--chosen { color: $accent; text-style: bold reverse; }
    Choice > .choice--other { color: $foreground; }
    Choice > .choice--label { color: $text-muted; }
    Choice:focus > .choice--label { color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen", "choice--other", "choice--label"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "choose(-1)", show=False),
        Binding("right,l,space", "choose(1)", show=False),
    ]

    chosen: reactive[int] = reactive(0)
    lang: reactive[Lang] = reactive("en")

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, label: Text, options: Sequence[Text], *, width: int, id: str) -> None:
        super().__init__(id=id)
        self.label, self.options, self._width = label, tuple(options), width
        self._spans: list[range] = []

    def render(self) -> Content:
        label = Content.styled(self.label[self.lang], self.get_visual_style("choice--label", partial=True))
        line = label.pad_right(max(1, self._width - label.cell_length))
        self._spans = []
        for i, option in enumerate(self.options):
            name = "choice--chosen" if i == self.chosen else "choice--other"
            # brackets say it too: reversed colours are lost in black and white
            words = f"‹{option[self.lang]}›" if i == self.chosen else f" {option[self.lang]} "
            self._spans.append(range(line.cell_length, line.cell_length + Content(words).cell_length))
            line += Content.styled(words, self.get_visual_style(name, partial=True)) + " "
        return line

    def watch_chosen(self) -> None:
        self.post_message(self.Changed(self))

    def action_choose(self, n: int) -> None:
        self.chosen = (self.chosen + n) % len(self.options)

    def on_click(self, event: events.Click) -> None:
        for i, span in enumerate(self._spans):
            if event.x in span:
                self.chosen = i
