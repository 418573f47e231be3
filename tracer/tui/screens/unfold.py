"""What to unfold of a tensor: one element, its row, all; each with how many nodes it comes to, each on one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tracer.scene.palette import DARK, PALETTES
from tracer.text import Lang, Text
from tracer.trace.choices import Choice, Choices
from tracer.tui.screens.dialog import Dialog

Wanted: TypeAlias = Choice | Literal["fold", "closer"]


@dataclass(frozen=True)
class Row:
    """One thing to do."""

    key: str
    words: Text
    does: Wanted
    size: Text | None = None
    """How many nodes it comes to."""
    why_not: Text | None = None

    def size_in(self, lang: Lang) -> str:
        return "" if self.size is None else self.size[lang]


class UnfoldScreen(Dialog[Wanted]):
    """Gives back what to do with a node.

    Args:
        name: of the node.
        options: what it offers.
        folds: what is folded instead, where the node is what a frame gives.
    """

    HEADING = Text(en="Unfold {name}", ja="{name} を展開する")
    KEYS = Text(en="enter  choose   ↑ ↓  another   esc  cancel", ja="enter  決定   ↑ ↓  選ぶ   esc  取り消し")
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "other(-1)", show=False),
        Binding("down,j", "other(1)", show=False),
        Binding("enter,space", "take", show=False),
        Binding("q", "cancel", show=False),
        *(Binding(key, f"pick('{key}')", show=False) for key in "fseraz"),
    ]

    def __init__(self, name: str, options: Choices, folds: str | None = None) -> None:
        super().__init__()
        self.name_of_it = name
        self.rows = rows(options, folds)
        self.at = next(i for i, row in enumerate(self.rows) if row.why_not is None)

    def heading(self) -> Text:
        return self.HEADING.format(name=self.name_of_it)

    def compose_body(self) -> ComposeResult:
        yield Static(id="unfold-rows", markup=False)
        yield Static(id="dialog-words", markup=False)

    def hint(self) -> Text:
        refused = [row.why_not for row in self.rows if row.why_not is not None]
        all_refused = len(refused) == sum(row.size is not None for row in self.rows)
        return self.rows[self.at].why_not or (refused[0] if refused and all_refused else _HINT)

    def draw(self) -> None:
        super().draw()
        palette = PALETTES.get(self.app.theme, DARK)
        lines = RichText(no_wrap=True)
        width = max(cell_len(row.words[self.lang]) for row in self.rows)
        sizes = max(cell_len(row.size_in(self.lang)) for row in self.rows)
        for i, row in enumerate(self.rows):
            here, role = i == self.at, "muted" if row.why_not is not None else "text"
            lines.append("\n" if i else "")
            lines.append("▸ " if here else "  ", palette.style("accent", bold=True))
            lines.append(row.key, palette.style("accent", bold=True))
            words = row.words[self.lang]
            lines.append("  ")
            lines.append(words, palette.style(role, bold=here, reverse=here))  # type: ignore[arg-type]  # a role
            gap = width - cell_len(words) + 3 + sizes - cell_len(row.size_in(self.lang))
            lines.append(" " * gap + row.size_in(self.lang), palette.style("muted"))
        self.query_one("#unfold-rows", Static).update(lines)

    def action_other(self, n: int) -> None:
        self.at = (self.at + n) % len(self.rows)
        self.say(None)

    def action_take(self) -> None:
        self._take(self.at)

    def action_pick(self, key: str) -> None:
        for i, row in enumerate(self.rows):
            if row.key == key:
                self._take(i)

    def _take(self, i: int) -> None:
        self.at = i
        if self.rows[i].why_not is not None:
            self.say(self.rows[i].why_not)
        else:
            self.dismiss(self.rows[i].does)

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self.query_one("#unfold-rows", Static))
        if inside is not None and inside.y < len(self.rows):
            self._take(inside.y)


def rows(options: Choices, folds: str | None) -> tuple[Row, ...]:
    """What there is to do, the most likely first."""
    found = [] if folds is None else [Row("f", _FOLD.format(name=folds), "fold")]
    for way in options.ways:
        found.append(Row(_key(way), way.words, way, _size(way), way.why_not))
    return (*found, Row("z", _CLOSER, "closer"))


def _key(way: Choice) -> str:
    if way.how == "composite":
        return "s"
    if way.how == "all":
        return "a"
    return "e" if len(way.how) == 1 else "r"


def _size(way: Choice) -> Text | None:
    return None if way.nodes is None else _NODES.format(n=f"{way.nodes:,}")


_FOLD = Text(en="fold {name} again", ja="{name} を折りたたむ")
_CLOSER = Text(en="look closer: every digit, and the check", ja="詳しく見る：全桁の値と検算")
_NODES = Text(en="{n} nodes", ja="{n} ノード")
_HINT = Text(en="Another element: choose it in Values first.", ja="ほかの要素は、先に「値」のパネルで選んでください。")
