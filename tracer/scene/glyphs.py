"""The one table of glyphs: everything is drawn in Unicode, and a last filter replaces what a terminal cannot show.

Three sets. UNICODE is what we draw. SAFE has no glyph of *ambiguous* East Asian width: box drawing, × ∂ Σ → ▼ take two
cells in some Japanese terminals, and every line after them would be torn. ASCII is for terminals without Unicode.
Each replacement is one cell for one cell, so a finished line can be translated whole, other widgets' borders included.
Japanese and other letters are never replaced by ASCII; wide ones keep their two cells.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len

GlyphSet = Literal["unicode", "safe", "ascii"]

NONE, LIGHT, HEAVY = 0, 1, 2
"""How thick a wire's arm is."""

JUNCTION = "●"
"""Four arms of one net meet. A crossing of two nets is `┼`, so a meeting must look different."""

# Every box-drawing glyph with square corners, indexed by north + 3 east + 9 south + 27 west, each arm 0, 1 or 2.
_LINES = " ╵╹╶└┖╺┕┗╷│╿┌├┞┍┝┡╻╽┃┎┟┠┏┢┣╴┘┚─┴┸╼┶┺┐┤┦┬┼╀┮┾╄┒┧┨┰╁╂┲╆╊╸┙┛╾┵┹━┷┻┑┥┩┭┽╃┯┿╇┓┪┫┱╅╉┳╈╋"
_ROUND = str.maketrans("┌┐└┘", "╭╮╰╯")
LINES: str = _LINES.translate(_ROUND)


def line_glyph(north: int, east: int, south: int, west: int) -> str:
    """The glyph with these arms, each NONE, LIGHT or HEAVY; light corners are round.

    >>> line_glyph(0, 1, 1, 0) + line_glyph(0, 1, 0, 1) + line_glyph(0, 0, 2, 1)
    '╭─┒'
    """
    return LINES[north + 3 * east + 9 * south + 27 * west]


ARROWS: Mapping[tuple[int, int], str] = {(0, -1): "▲", (1, 0): "▶", (0, 1): "▼", (-1, 0): "◀"}
"""Direction of travel (dx, dy) -> arrowhead."""


@dataclass(frozen=True)
class Glyphs:
    """One of the three sets."""

    name: GlyphSet
    table: Mapping[int, str] = field(repr=False)

    def line(self, text: str) -> str:
        """`text` in this set, the same number of cells wide."""
        return text if self.name == "unicode" else text.translate(self.table)


class _Table(dict[int, str]):
    """A translate table that also has an answer for glyphs nobody listed; each is worked out once."""

    def __init__(self, known: Mapping[int, str], name: GlyphSet) -> None:
        super().__init__(known)
        self._set = name

    def __missing__(self, code: int) -> str:
        self[code] = _replacement(chr(code), self._set)
        return self[code]


def _replacement(glyph: str, name: GlyphSet) -> str:
    """What stands for a glyph outside the table: itself where that is safe, else its plain form, else `?`."""
    width, category = unicodedata.east_asian_width(glyph), unicodedata.category(glyph)
    if ord(glyph) < 128 or cell_len(glyph) != 1 or category[0] == "M" or category in ("Cc", "Cf"):
        return glyph
    if width != "A" and (name == "safe" or category[0] == "L"):
        return glyph
    plain = "".join(c for c in unicodedata.normalize("NFKD", glyph) if ord(c) < 128)
    return plain if len(plain) == 1 else "?"


def _pairs(*rows: str) -> dict[int, str]:
    """`"×* ÷/"` -> {×: *, ÷: /}: what is drawn, then what replaces it."""
    return {ord(pair[0]): pair[1] for row in rows for pair in row.split()}


# Greek letters stand for values in formulas and in users' names; they are of ambiguous width too.
_GREEK = _pairs(
    "αa βb γg δd εe ζz ηh θt ιi κk λl μm νn ξx οo πp ρr σs ςs τt υu φf χx ψy ωw",
    "ΑA ΒB ΓG ΔD ΕE ΖZ ΗH ΘT ΙI ΚK ΛL ΜM ΝN ΞX ΟO ΠP ΡR ΣS ΤT ΥU ΦF ΧX ΨY ΩW",
)

_ASCII_SIGNS = _pairs(
    "×* ÷/ −- ·* ∙* ⋅. ⊗* ⊕+ ⊙* ±+ ∂d √V ∛V ∇D ∆D ∑S ∏P ∫S ∞8 ∈e ∝~ ′' ″\"",
    "≈~ ≃~ ∼~ ≠! ≡= ≤< ≥> ⩽< ⩾> ≪< ≫> ∧^ ∨v ¬!",
    "…~ ⋯~ ⋮: –- —- ‐- ‑- ‖| ‘' ’' “\" ”\" «< »> ‹< ›> ⟨< ⟩> ❮< ❯> §S ¶P °o •* ◦o ‣> ¿? ¡! ¢c £L ©c ®r ¦|",
    "²2 ³3 ¹1 ⁰0 ⁴4 ⁵5 ⁶6 ⁷7 ⁸8 ⁹9 ⁻- ⁺+ ⁿn ₀0 ₁1 ₂2 ₃3 ₄4 ₅5 ₆6 ₇7 ₈8 ₉9 ₊+ ₋- ᵀT ½/ ¼/ ¾/",
    "→> ←< ↑^ ↓v ↔= ↕: ↗/ ↘\\ ↖\\ ↙/ ⇒> ⇐< ⇑^ ⇓v ⇔= ⇄= ⇅: ⇆= ⇧^ ⟶> ⟵< ↦> ↩< ↪> ↵< ⏎< ⌫< ⇥> ⇤< ↳> ↲< ↻@ ↺@ ⟳@ ⟲@",
    '➔> ➜> ➝> ⤴^ ⤵v ⌃^ ⌄v ⌘# ⌥# ␣_ ⏵> ⏴< ⏶^ ⏷v ⏸" ⏹# ⏺o ⏩> ⏪< ⏭> ⏮<',
    "▲^ ▼v ◀< ▶> △^ ▽v ◁< ▷> ▴^ ▾v ◂< ▸> ▵^ ▿v ◃< ▹> ►> ◄<",
    "⊞+ ⊳> ⊲< ●O ○o ◉O ◎o ◌o ◯o ◆# ◇o ◈# ■# □o ▪# ▫o ◼# ◻o ★* ☆* ◐o ◑o ◒o ◓o ⬤O ⚠!",
    "✓v ✔v ✗x ✘x ✕x ✖x ✚+ ✱*",
)

# Rounded boxes `.---.` with `'---'` below; heavy lines and double borders in the same bold signs, `=` and `#`.
_ASCII_LINES = {
    **{0x2500 + i: "+" for i in range(0x80)},
    **_pairs(
        "─- │| ┄- ┆| ┈- ┊| ╌. ╎: ╴- ╶- ╵| ╷| ━= ┃# ┅= ┇# ┉= ┋# ╍= ╏# ╸= ╺= ╹# ╻# ╼= ╾= ╽# ╿#",
        "┌. ┐. └' ┘' ╭. ╮. ╰' ╯' ═= ║#",
        "┍. ┎. ┑. ┒. ┕' ┖' ┙' ┚' ╒. ╓. ╕. ╖. ╘' ╙' ╛' ╜'",
        "╱/ ╲\\ ╳X",
    ),
    **dict.fromkeys(map(ord, "┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╞╟╡╢╤╥╧╨╪╫"), "#"),
}

_ASCII_BLOCKS = _pairs(
    '▀" ▁_ ▂_ ▃. ▄o ▅o ▆O ▇# █# ▉# ▊# ▋# ▌# ▍= ▎| ▏| ▐# ░. ▒: ▓# ▔" ▕|',
    "▖. ▗. ▘' ▙# ▚% ▛# ▜# ▝' ▞% ▟#",
)

# A braille cell by how many of its eight dots are set, nothing to full.
_BRAILLE_ASCII = {0x2800 + bits: " ..::-=##"[bits.bit_count()] for bits in range(256)}

# Braille is narrow everywhere: bars and shades keep their shape in it.
_SAFE_BLOCKS = _pairs(
    "▁⣀ ▂⣀ ▃⣤ ▄⣤ ▅⣶ ▆⣶ ▇⣿ █⣿ ▀⠛ ▉⣿ ▊⣿ ▋⣿ ▌⡇ ▍⡇ ▎⡇ ▏⡀ ▐⢸ ▒░ ▓⣿ ▔⠉ ▕⢸",
    "▖⡄ ▗⢠ ▘⠃ ▙⣧ ▚⢣ ▛⡟ ▜⢻ ▝⠘ ▞⡜ ▟⣼",
)

_SAFE_SIGNS = _pairs(
    "×✕ ·⋅ …⋯ ≈≃ ≤⩽ ≥⩾ ±+ →➔ ←◂ ↑▴ ↓▾ ▲▴ ▼▾ ◀◂ ▶▸ △▵ ▽▿ ◁◃ ▷▹ ●◉ ○◦ ■▪ □▫ •∙ ⊕+ ⊙⊗",
    "²2 ³3 ¹1",
)

_ASCII: dict[int, str] = {
    **_ASCII_LINES,
    **_ASCII_BLOCKS,
    **_BRAILLE_ASCII,
    **_ASCII_SIGNS,
    **_GREEK,
}


def _narrow(code: int) -> bool:
    return unicodedata.east_asian_width(chr(code)) not in "AWF"


_SAFE: dict[int, str] = {
    **{code: chr(code) if _narrow(code) else plain for code, plain in _ASCII.items()},
    # lines are drawn with one hand: never half in ASCII and half in the few narrow box glyphs
    **_ASCII_LINES,
    **_SAFE_BLOCKS,
    **_SAFE_SIGNS,
}

UNICODE = Glyphs("unicode", {})
SAFE = Glyphs("safe", _Table(_SAFE, "safe"))
ASCII = Glyphs("ascii", _Table(_ASCII, "ascii"))
GLYPHS: Mapping[GlyphSet, Glyphs] = {"unicode": UNICODE, "safe": SAFE, "ascii": ASCII}
