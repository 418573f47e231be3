"""The explanation panel: the rule, the rule with its numbers, a sentence, the routes, the check.

Calculations stand in columns, all signs of a panel under each other; a row that is too wide for the panel is written as
running text instead. Words wrap as their language does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.explain.explanation import STATES, Explanation, Note, Routes, Row
from tracer.explain.glossary import GLOSSARY
from tracer.numbers import NOT_YET
from tracer.scene.palette import DARK, Palette, Role
from tracer.scene.prose import Prose
from tracer.text import Lang, Text

if TYPE_CHECKING:
    from tracer.explain.check import Check

NOW = Text("◀ now", "◀ いま")
STEP = Text("step {i} of {n}", "{i} / {n} 歩目")
WORDS = Text("Words", "用語")
INDENT = 2
TOO_WIDE = 0.6
"""A left-hand side wider than this part of the panel is not put in a column."""

_NOTES: dict[str, tuple[str, Role]] = {
    "end": ("", "accent"),
    "trouble": ("! ", "wrong"),
    "closed": ("", "text"),
    "outside": ("", "muted"),
    "scope": ("", "muted"),
    "mark": ("", "mark"),
    "order": ("! ", "wrong"),
}
_MARKS: dict[str, Role] = {"✓": "ok", "?": "missing", "✗": "wrong"}


@dataclass(frozen=True)
class ExplanationPanel:
    """A Rich renderable; it takes the width it is given."""

    told: Explanation
    lang: Lang = "en"
    palette: Palette = DARK
    checks: Sequence[Check] = ()
    step: tuple[int, int] | None = None
    glossary: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(console, options.max_width)

    def lines(self, console: Console, width: int) -> list[RichText]:
        """The panel as lines of at most `width` cells."""
        parts = [
            self._prose(console, width, self._heading()),
            self._prose(console, width, self._words(self.told.lead)),
            self._calculation(console, width),
            self._prose(console, width, self._words(self.told.sentence)),
            self._routes(console, width),
            *(self._note(console, width, note) for note in self.told.notes),
            self._checked(console, width),
            self._glossary(console, width) if self.glossary else [],
        ]
        found: list[RichText] = []
        for part in parts:
            if part:
                found += [RichText(), *part] if found else part
        return found

    # Parts

    def _words(self, text: Text, role: Role = "text") -> Prose:
        return Prose(text[self.lang], self.palette.style(role))

    def _prose(self, console: Console, width: int, words: Prose, indent: int = 0) -> list[RichText]:
        if not words.plain:
            return []
        lines = list(words.wrap(console, max(1, width - indent)))
        return [RichText(" " * indent).append_text(line) for line in lines] if indent else lines

    def _heading(self) -> Prose:
        heading = Prose(self.told.phase[self.lang], self.palette.style("accent", bold=True))
        if self.step is not None:
            i, n = self.step
            heading.append(f"   {STEP.format(i=f'{i:,}', n=f'{n:,}')[self.lang]}", self.palette.style("muted"))
        return heading.append(f"   {self.told.title[self.lang]}", self.palette.style("text", bold=True))  # type: ignore[return-value]

    def _calculation(self, console: Console, width: int) -> list[RichText]:
        rows = [row for block in self.told.blocks for row in block]
        left = max((cell_len(row.left[self.lang]) for row in rows), default=0)
        if left > TOO_WIDE * width:
            left = 0
        found: list[RichText] = []
        for block in self.told.blocks:
            if found and len(block) > 1:  # a single row, such as the sum, belongs to what stands above
                found.append(RichText())
            two = [cell_len(row.terms[0][self.lang]) for row in block if len(row.terms) > 1]
            signs = max(cell_len(row.sign) for row in block)
            for row in block:
                found += self._row(console, width, row, left, signs, max(two, default=0))
        return found

    def _row(self, console: Console, width: int, row: Row, left: int, signs: int, first: int) -> list[RichText]:
        """One row: in columns where it fits, else as running text with a hanging indent."""
        lang, palette = self.lang, self.palette
        numbers = palette.style(
            "active" if row.now else row.colour if row.colour != "symbols" else "text", bold=row.now
        )
        names = palette.style("text", bold=row.now)
        style = numbers if row.colour != "symbols" else names
        gap = left - cell_len(row.left[lang])
        line = Prose(" " * (INDENT + max(0, gap)))
        line.append(row.left[lang], palette.style("text"))
        line.append(" " if row.left[lang] or left else "").append(row.sign.rjust(signs), palette.style("muted")).append(
            " "
        )
        start = cell_len(line.plain)
        line.append(" " * (first - cell_len(row.terms[0][lang])))
        for i, term in enumerate(row.terms):
            line.append(f" {row.joint} " if i else "", palette.style("muted"))
            line.append(term[lang], palette.style("missing") if term[lang] == NOT_YET else style)
        behind = self._behind(row)
        if cell_len(line.plain) + (cell_len(behind.plain) + 3 if behind.plain else 0) <= width:
            return [line.append("   ").append_text(behind) if behind.plain else line]
        if cell_len(line.plain) <= width:
            pad = " " * min(start, max(0, width - cell_len(behind.plain)))
            return [line, *self._hanging(console, width, RichText(pad).append_text(behind))]
        plain = Prose(row.text(lang), style).append("   " if behind.plain else "").append_text(behind)
        wrapped = list(plain.wrap(console, max(1, width - 2 * INDENT)))
        return [RichText(" " * (2 * INDENT if i else INDENT)).append_text(part) for i, part in enumerate(wrapped)]

    def _behind(self, row: Row) -> RichText:
        """`5 → 7   ◀ now`, `(a new value)`."""
        said = RichText(row.tag[self.lang], self.palette.style("muted"))
        if row.now:
            said.append("   " if said.plain else "").append(NOW[self.lang], self.palette.style("active"))
        return said

    def _routes(self, console: Console, width: int) -> list[RichText]:
        routes = self.told.routes
        if routes is None:
            return []
        lang, palette = self.lang, self.palette
        found = self._prose(console, width, self._words(routes.heading))
        labels = max(cell_len(route.label[lang]) for route in routes.routes)
        amounts = max(cell_len(route.amount[lang]) for route in routes.routes)
        stacked = INDENT + labels + 3 + amounts > width
        for route in routes.routes:
            unknown = route.amount[lang] == NOT_YET
            line = Prose(" " * INDENT).append(route.label[lang], palette.style("muted" if unknown else "text"))
            line.append(" " * (1 if stacked else labels - cell_len(route.label[lang]) + 3))
            amount = route.amount[lang]
            line.append(
                " " * (0 if stacked else amounts - cell_len(amount)) + amount,
                palette.style("missing" if unknown else "grad"),
            )
            if route.state == "arriving":
                line.append(f"   ◀ {STATES['arriving'][lang]}", palette.style("active"))
            found += self._hanging(console, width, line)
        return found + self._total(console, width, routes)

    def _total(self, console: Console, width: int, routes: Routes) -> list[RichText]:
        row, palette = routes.total, self.palette
        body = row.terms[0][self.lang]
        line = Prose(" " * INDENT).append(row.left[self.lang], palette.style("text", bold=True))
        line.append(f" {row.sign} ", palette.style("muted"))
        line.append(body, palette.style("missing" if body == NOT_YET else "grad", bold=True))
        return self._hanging(console, width, line)

    def _hanging(self, console: Console, width: int, line: RichText) -> list[RichText]:
        """The line, or several where it is too long, the later ones set in."""
        if cell_len(line.plain) <= width:
            return [line]
        wrapped = list(Prose("").append_text(line).wrap(console, max(1, width - 2 * INDENT)))
        return [wrapped[0], *(RichText(" " * 2 * INDENT).append_text(part) for part in wrapped[1:])]

    def _note(self, console: Console, width: int, note: Note) -> list[RichText]:
        sign, role = _NOTES[note.kind]
        return self._prose(console, width, Prose(sign + note.text[self.lang], self.palette.style(role)))

    def _checked(self, console: Console, width: int) -> list[RichText]:
        """The checks of the nodes this step is about, the one that hands on first."""
        found: list[RichText] = []
        for node in dict.fromkeys((self.told.user, self.told.node)):
            for check in self.checks:
                if check.node == node and check.mark:
                    words = Prose(f"{check.mark} ", self.palette.style(_MARKS[check.mark], bold=True))
                    words.append(check.reason[self.lang], self.palette.style("text" if check.mark == "✗" else "muted"))
                    found += self._prose(console, width, words)
        return found

    def _glossary(self, console: Console, width: int) -> list[RichText]:
        """The field's words that the explanation uses, each with its meaning."""
        found = [RichText(WORDS[self.lang], self.palette.style("accent", bold=True))]
        for key in self.told.words(self.lang):
            entry = GLOSSARY[key]
            word = Prose(entry.word[self.lang], self.palette.style("text", bold=True))
            word.append("  ").append(entry.means[self.lang], self.palette.style("muted"))
            found += self._prose(console, width, word)
        return found if len(found) > 1 else []


def explanation_panel(
    told: Explanation,
    lang: Lang = "en",
    palette: Palette = DARK,
    *,
    checks: Sequence[Check] = (),
    step: tuple[int, int] | None = None,
    glossary: bool = False,
) -> ExplanationPanel:
    """A Rich renderable of an explanation.

    Args:
        checks: of any nodes, made for this very moment; those of the nodes at work are shown.
        step: which step this is, of how many.
        glossary: whether the field's words it uses follow, with their meanings.
    """
    return ExplanationPanel(told, lang, palette, tuple(checks), step, glossary)


def lines_of(panel: ExplanationPanel, width: int) -> Iterator[str]:
    """The characters alone, for tests and plain output."""
    console = Console(width=width)
    for line in panel.lines(console, width):
        yield line.plain.rstrip()
