"""Go to a step, a node or a stop by typing it."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import parse_place
from tracer.tui.view import BY_WORDS


class GoToScreen(Dialog[int]):
    """Gives back the position to go to.

    Args:
        cursor, by: where one is, and the steps that a number counts.
        stops: positions of the lesson's stops.
    """

    HEADING = Text(en="Go to", ja="移動")

    def __init__(self, cursor: Cursor, by: By, stops: Sequence[int] = ()) -> None:
        super().__init__(placeholder=Text(en="7, x, x.grad, end", ja="7、x、x.grad、end"))
        self.cursor, self.by, self.stops = cursor, by, tuple(stops)

    def hint(self) -> Text:
        step, steps = self.cursor.index(self.by)
        words = _HINT.format(steps=steps, by=BY_WORDS[self.by], step=step)
        if not self.stops:
            return words
        more = _STOPS.format(n=len(self.stops))
        return Text(words.en + more.en, words.ja + more.ja)

    def accept(self, typed: str) -> None:
        self.dismiss(parse_place(typed, self.cursor, self.by, self.stops))


_HINT = Text(
    en="Step 0–{steps:,} ({by}; now {step:,}); a node, x, or its gradient, x.grad; start, end, forward, backward",
    ja="ステップ 0–{steps:,}（{by} 単位、今 {step:,}）、ノード名 x、その勾配 x.grad、start、end、forward、backward",
)
_STOPS = Text(en="; stop 1–{n}", ja="、stop 1–{n}")
