"""The last thing that happens to a line before the terminal sees it: glyphs it cannot show are replaced.

Textual passes every strip of every widget, with its borders, titles, scrollbars and padding, through the app's line
filters (`textual._styles_cache.StylesCache.render`, after which nothing draws any more). So one filter covers footers,
toasts, text fields and Textual's own widgets, and nobody who draws has to know which set of glyphs is on.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tracer.scene.glyphs import GLYPHS, Glyphs, GlyphSet


class GlyphFilter(LineFilter):
    """Writes every line in one set of glyphs. A glyph becomes one glyph of the same width, so no cell moves."""

    def __init__(self, name: GlyphSet) -> None:
        super().__init__(enabled=name != "unicode")
        self.glyphs: Glyphs = GLYPHS[name]

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        line = self.glyphs.line
        return [Segment(line(text), style, control) for text, style, control in segments]
