"""The source panel: the user's own lines, the one of this moment marked ▸, the one that called backward marked ▹.

Colours of the syntax come from the palette, so they are as legible as everything else. The text is the user's: it is
never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

from tracer.explain.source import Mark, Snippet, short_path, snippet
from tracer.scene.palette import DARK, Palette
from tracer.scene.prose import cut
from tracer.scene.syntax import coloured
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.node import SourceLine

NO_LINES = Text("No source text was kept with this trace.", "このトレースにはソースが保存されていません。")
MARKS: dict[Mark, str] = {"now": "▸", "also": "▹", "": " "}


@lru_cache(maxsize=8)
def highlighted(text: str, palette: Palette, language: str = "python") -> tuple[RichText, ...]:
    """Every line of a file in colour; in one colour where the language is not known."""
    if language == "python":
        return tuple(_python(text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4), palette))
    from tracer.scene.languages import in_colour

    return in_colour(text, palette, language)


def _python(text: str, palette: Palette) -> Iterator[RichText]:
    """The lines of a Python source."""
    try:
        spans = list(coloured(text))
    except RecursionError:  # strings in strings, deeper than anybody writes: a file may say anything
        spans = []
    plain, styles = palette.style("text"), {colour: palette.style(colour) for colour in {span[2] for span in spans}}
    first, at = 0, 0
    for line in (text if text.endswith("\n") else f"{text}\n").split("\n"):
        made, last = RichText(line, plain), first + len(line)
        while at < len(spans) and spans[at][0] < last:
            start, end, colour = spans[at]
            made.stylize(styles[colour], max(start - first, 0), end - first)
            if end > last:
                break  # a string over several lines
            at += 1
        first = last + 1
        yield made


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
