"""The glyph table: every replacement is one cell for one cell, and safe means safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracer.scene.glyphs import ARROWS, ASCII, GLYPHS, JUNCTION, LINES, SAFE, UNICODE, line_glyph

DRAWN = (
    LINES
    + JUNCTION
    + "".join(ARROWS.values())
    + "╔═╗║╚╝╤╧╟╢╞╡▏▎▍▌▋▊▉█▁▂▃▄▅▆▇▀▐▔▕░▒▓×÷−·∂Σ√σ∇≈≠≤≥∞→←↑↓▸◂▾▴▷●○◉…⋯–—✓✗★⟨⟩ᵀ²³₁½§°"
    + "".join(chr(0x2800 + bits) for bits in range(256))
    + "".join(map(chr, range(0x2500, 0x25A0)))
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf", "Cn", "Zl", "Zp"]), max_size=40)

ARM_NAMES = {"UP": 0, "RIGHT": 1, "DOWN": 2, "LEFT": 3}


@pytest.mark.parametrize("glyph", LINES[1:])
def test_a_line_glyph_has_the_arms_its_unicode_name_says(glyph):
    """The table of 81 is checked against Unicode's own names: DOWN LIGHT AND RIGHT HEAVY has those two arms."""
    words = unicodedata.name(glyph).removeprefix("BOX DRAWINGS ").replace(" AND ", " ").replace("ARC ", "").split()
    words = [
        w for word in words for w in {"VERTICAL": ["UP", "DOWN"], "HORIZONTAL": ["LEFT", "RIGHT"]}.get(word, [word])
    ]
    arms, waiting, weight = {}, [], None
    first = words[0] in ("LIGHT", "HEAVY")
    for word in words:
        if word in ("LIGHT", "HEAVY"):
            weight = 1 if word == "LIGHT" else 2
            arms |= dict.fromkeys(waiting, weight)
            waiting = []
        elif first:
            arms[ARM_NAMES[word]] = weight
        else:
            waiting.append(ARM_NAMES[word])
    assert line_glyph(*(arms.get(side, 0) for side in range(4))) == glyph


def test_the_table_of_lines_has_each_glyph_once():
    assert len(set(LINES)) == len(LINES) == 81


@pytest.mark.parametrize("glyphs", [SAFE, ASCII], ids=lambda g: g.name)
def test_what_we_draw_keeps_its_width(glyphs):
    for glyph in DRAWN:
        assert len(glyphs.line(glyph)) == 1
        assert cell_len(glyphs.line(glyph)) == cell_len(glyph) == 1


def test_safe_has_no_glyph_of_ambiguous_or_double_width():
    for glyph in DRAWN:
        assert unicodedata.east_asian_width(SAFE.line(glyph)) not in ("A", "W", "F"), glyph


def test_ascii_draws_everything_in_ascii():
    assert ASCII.line(DRAWN).isascii()
    assert "?" not in ASCII.line(DRAWN)


def test_what_must_be_told_apart_is_told_apart_in_every_set():
    """Known and not, checked and wrong, crossing and junction, light and heavy, both arrows, a number's end and `…`."""
    for glyphs in GLYPHS.values():
        for pair in ["✓✗", "┼●", "│┃", "─━", "│║", "─═", "▲▼", "◀▶", "▸◂", "×−", "○●", "…–", "….", "│╎", "─╌", "░█"]:
            assert len(set(glyphs.line(pair))) == 2, (glyphs.name, pair)


@given(WORDS)
def test_any_text_keeps_its_width_and_safe_stays_safe(words):
    """Also what a user's program brings along: names in Greek or Cyrillic, emoji, accents."""
    for glyphs in (SAFE, ASCII):
        line = glyphs.line(words)
        assert [cell_len(c) for c in line] == [cell_len(c) for c in words]
        assert len(line) == len(words)
    assert not any(
        unicodedata.east_asian_width(c) == "A" for c in SAFE.line(words) if unicodedata.category(c)[0] != "M"
    )


@given(WORDS)
def test_unicode_and_plain_ascii_pass_unchanged(words):
    assert UNICODE.line(words) == words
    plain = "".join(c for c in words if c.isascii())
    assert SAFE.line(plain) == ASCII.line(plain) == plain


def test_japanese_stays_japanese():
    for glyphs in (SAFE, ASCII):
        assert glyphs.line("勾配は 5 です。") == "勾配は 5 です。"
