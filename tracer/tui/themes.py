"""The colours of `scene/palette.py` as Textual themes: borders, lists, cursors and footers from the same table.

Each role of the palette is a variable in the style sheets as well: `$grad`, `$data`, `$missing`.
"""

from __future__ import annotations

from textual.theme import Theme

from tracer.scene.palette import PALETTES, ROLES, Palette
from tracer.text import Text

THEME_WORDS: dict[str, Text] = {
    "dark": Text(en="dark", ja="暗い背景"),
    "light": Text(en="light", ja="明るい背景"),
    "high-contrast": Text(en="high contrast", ja="高コントラスト"),
    "colour-blind": Text(en="colour-blind-safe", ja="色覚対応"),
}
"""What each theme is called on screen, in the order in which one key goes through them."""

_TAKEN = ("text", "accent")  # Textual's own variables of that name mean the same or more


def theme(palette: Palette) -> Theme:
    """One palette as a Textual theme of the same name."""
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=palette.accent,
        secondary=palette.data,
        accent=palette.accent,
        warning=palette.missing,
        error=palette.wrong,
        success=palette.ok,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.surface,
        variables={
            **{role: palette.colour(role) for role in ROLES if role not in _TAKEN},
            "text-muted": palette.muted,
            "text-disabled": palette.muted,
            "foreground-muted": palette.muted,
            "border": palette.accent,
            "border-blurred": palette.muted,
            "block-cursor-foreground": palette.background,
            "block-cursor-background": palette.accent,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-foreground": palette.background,
            "block-cursor-blurred-background": palette.muted,
            "block-cursor-blurred-text-style": "none",
            "block-hover-background": f"{palette.accent} 15%",
            "input-cursor-background": palette.text,
            "input-cursor-foreground": palette.background,
            "input-selection-background": f"{palette.accent} 40%",
            "footer-background": palette.surface,
            "footer-foreground": palette.text,
            "footer-key-foreground": palette.accent,
            "footer-description-foreground": palette.text,
            "scrollbar": palette.muted,
            "scrollbar-hover": palette.line,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.surface,
            "scrollbar-background-hover": palette.surface,
            "scrollbar-background-active": palette.surface,
            "scrollbar-corner-color": palette.surface,
        },
    )


THEMES: tuple[Theme, ...] = tuple(theme(PALETTES[name]) for name in THEME_WORDS)
