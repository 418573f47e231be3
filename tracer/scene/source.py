"""The source panel: the user's own lines, the one of this moment marked ▸, the one that called backward marked ▹.

Colours of the syntax come from the palette, so they are as legible as everything else. The text is the user's: it is
never read as markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.syntax import Syntax, SyntaxTheme, TokenType
from rich.text import Text as RichText

from tracer.explain.source import Mark, Snippet, short_path, snippet
from tracer.scene.palette import DARK, Palette, Role
from tracer.scene.prose import cut
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.node import SourceLine

NO_LINES = Text("No source text was kept with this trace.", "このトレースにはソースが保存されていません。")
MARKS: dict[Mark, str] = {"now": "▸", "also": "▹", "": " "}

_ROLES: tuple[tuple[str, Role], ...] = (
    ("Token.Comment", "muted"),
    ("Token.Keyword", "accent"),
    ("Token.Operator.Word", "accent"),
    ("Token.Literal.String", "mark"),
    ("Token.Literal.Number", "data"),
    ("Token.Operator", "line"),
    ("Token.Punctuation", "line"),
)


class PaletteTheme(SyntaxTheme):
    """Syntax colours by meaning, from a palette."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette

    def get_style_for_token(self, token_type: TokenType) -> Style:
        name = str(token_type)
        role: Role = next((role for prefix, role in _ROLES if name.startswith(prefix)), "text")
        return self.palette.style(role)

    def get_background_style(self) -> Style:
        return Style()


@lru_cache(maxsize=8)
def highlighted(text: str, palette: Palette, language: str = "python") -> tuple[RichText, ...]:
    """Every line of a file in colour; in one colour where the language is not known."""
    coloured = Syntax(text, language, theme=PaletteTheme(palette), word_wrap=False).highlight(text)
    return tuple(coloured.split("\n", allow_blank=True))


@dataclass(frozen=True)
class SourcePanel:
    """A Rich renderable of `height` lines at most; it takes the width it is given, and cuts what is longer."""

    shown: Snippet | None
    text: str
    """The whole file, for colours that depend on what stands above (a string over several lines)."""
    lang: Lang
    palette: Palette

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(options.max_width)

    def lines(self, width: int) -> list[RichText]:
        """The panel as lines of at most `width` cells."""
        if self.shown is None or not self.shown.lines:
            return [RichText(NO_LINES[self.lang], self.palette.style("muted"))]
        coloured = highlighted(self.text, self.palette)
        gutter = len(str(self.shown.first + len(self.shown.lines) - 1))
        found = []
        for number, plain in enumerate(self.shown.lines, start=self.shown.first):
            mark = self.shown.mark(number)
            style = self.palette.style("active" if mark == "now" else "accent" if mark else "muted", bold=bool(mark))
            line = RichText(f"{number:>{gutter}}{MARKS[mark]} ", style, no_wrap=True)
            code = coloured[number - 1].copy() if number <= len(coloured) else RichText(plain)
            if mark == "now":
                code.stylize("bold")
            found.append(cut(line.append_text(code), width))
        return found


def source_panel(
    cursor: Cursor,
    lang: Lang = "en",
    palette: Palette = DARK,
    height: int | None = None,
    *,
    at: SourceLine | None = None,
) -> SourcePanel:
    """A Rich renderable of the lines around this moment.

    Args:
        height: lines at most; None for the whole file.
        at: a place to show instead of the moment's, whose lines stay marked.
    """
    shown = snippet(cursor, height, at=at)
    text = "" if shown is None else cursor.trace.sources.get(shown.file, "").expandtabs(4)
    return SourcePanel(shown, text, lang, palette)


def source_title(cursor: Cursor) -> str:
    """The file's name for the panel's frame, "" where there is none: `06-backpropagation/03_graph.py`."""
    shown = snippet(cursor, 1)
    return "" if shown is None else short_path(shown.file)
