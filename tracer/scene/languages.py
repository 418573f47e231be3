"""Other languages than Python in colour: by Pygments, whose tokens get a colour of the palette each."""

from __future__ import annotations

from rich.style import Style
from rich.syntax import Syntax, SyntaxTheme, TokenType
from rich.text import Text as RichText

from tracer.scene.palette import Palette, Role

ROLES: tuple[tuple[str, Role], ...] = (
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
        role: Role = next((role for prefix, role in ROLES if name.startswith(prefix)), "text")
        return self.palette.style(role)

    def get_background_style(self) -> Style:
        return Style()


def in_colour(text: str, palette: Palette, language: str) -> tuple[RichText, ...]:
    """Every line of a text; in one colour where the language is not known."""
    found = Syntax(text, language, theme=PaletteTheme(palette), word_wrap=False).highlight(text)
    return tuple(found.split("\n", allow_blank=True))
