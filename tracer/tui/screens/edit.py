"""Give a leaf another value; the program then runs again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tracer.numbers import format_full
from tracer.text import Text
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import parse_number


@dataclass(frozen=True)
class Leaf:
    """A leaf that can be edited."""

    node: int
    label: str
    value: float
    """What it starts from in the run on screen."""
    original: float
    """What it starts from in the program as it stands."""
    element: int | None = None
    """Of a tensor: which of its elements, an index into the flattened tensor."""


@dataclass(frozen=True)
class Edit:
    """A leaf's new value."""

    node: int
    value: float
    element: int | None = None


class EditScreen(Dialog[Edit]):
    """Gives back an edit.

    Args:
        leaves: all that can be edited; at least one.
        at: which of them to begin with.
    """

    HEADING = Text(en="Another value for {leaf}", ja="{leaf} の値を変える")
    KEYS = Text(en="enter  run again   ↑ ↓  other leaf   esc  cancel", ja="enter  実行   ↑ ↓  別の葉   esc  取り消し")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "other(-1)", show=False),
        Binding("down", "other(1)", show=False),
    ]

    def __init__(self, leaves: tuple[Leaf, ...], at: int = 0) -> None:
        super().__init__(format_full(leaves[at].value))
        self.leaves, self.at = leaves, at

    @property
    def leaf(self) -> Leaf:
        return self.leaves[self.at]

    def heading(self) -> Text:
        return self.HEADING.format(leaf=self.leaf.label)

    def hint(self) -> Text:
        return _HINT.format(original=format_full(self.leaf.original))

    def accept(self, typed: str) -> None:
        value = parse_number(typed) if typed.strip() else self.leaf.original
        self.dismiss(Edit(self.leaf.node, value, self.leaf.element))

    def action_other(self, n: int) -> None:
        self.at = (self.at + n) % len(self.leaves)
        field = self.query_one(Input)
        field.value = format_full(self.leaf.value)
        field.action_select_all()
        self.say(None)


_HINT = Text(
    en="A number: 3, -0.5, 1/3. Empty: back to {original}, the program's own.",
    ja="数（3、-0.5、1/3 など）。空にするとプログラムの値 {original} に戻ります。",
)
