"""How the fonts in `tracer/export/fonts/` were made. Run by hand when a glyph is missing; it needs fonttools.

    python tests/export/build_fonts.py STIXTwoMath-Regular.ttf NotoSerifCJK-Regular.ttc

Sources, both under the SIL Open Font License 1.1, renamed as that licence asks of changed versions:
- STIX Two Math 2.12 (https://github.com/stipub/stixfonts)
- Noto Serif CJK 2.001, face 0, Japanese (https://github.com/notofonts/noto-cjk)

Graphviz sets a label in one face, so what LaTeX calls math mode is made a face here: in `Tracer Math Italic` a letter
is the math italic of that letter, while digits, signs and brackets stay upright. In both faces of `Tracer Math` a
hyphen is drawn as a minus sign: the file then holds `-0.7553`, which can be copied as a number, and shows −0.7553.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parents[2] / "tracer" / "export" / "fonts"

LATIN = {*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2B0, 0x2E0), *range(0x300, 0x310), 0x259, 0x1E8D}
GREEK = {*range(0x370, 0x400)}
SIGNS = {
    *range(0x2010, 0x2040), 0x2044, 0x2057, *range(0x2070, 0x20A0), 0x20D7, *range(0x2100, 0x2150),
    *range(0x2190, 0x21B0), 0x21A6, *range(0x21D0, 0x21D6), *range(0x2200, 0x2300), 0x2308, 0x2309, 0x230A, 0x230B,
    0x25A0, 0x25A1, 0x25AA, 0x25B2, 0x25B3, 0x25B6, 0x25B8, 0x25BC, 0x25BE, 0x25C0, 0x25C2, 0x25CB, 0x25CF, 0x25E6,
    0x2713, 0x2717, 0x27E8, 0x27E9, 0x2A00, 0x2A01, 0x2A02, 0x2A2F,
}  # fmt: skip
SUBSCRIPTS = dict(zip("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx", strict=True))
SUPERSCRIPTS = {
    **dict(zip("ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", "ABDEGHIJKLMNOPRTUVW", strict=True)),
    **dict(zip("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "abcdefghijklmnoprstuvwxyz", strict=True)),
}
SMALL = 0.70
"""Scale of a sub- or superscript; STIX's own small digits stand at about this."""

ASCENT, DESCENT = 900, 250
"""Of every face, in thousandths. Graphviz takes 1.2 for a line set in one face and asks the font for a line set in
several: without about that sum, `3` and `x = 3` would stand at different heights above their line."""
TYPO = ("sTypoAscender", "sTypoDescender", "sTypoLineGap")


def math_italic() -> dict[int, int]:
    """Each letter and the code point of its math italic. Capital Greek stays upright, as in LaTeX."""
    italic = {ord("A") + i: 0x1D434 + i for i in range(26)} | {ord("a") + i: 0x1D44E + i for i in range(26)}
    italic[ord("h")] = 0x210E  # the alphabet has a hole here: Planck's constant was there first
    italic |= {ord("α") + i: 0x1D6FC + i for i in range(25)}
    return italic | dict(zip(map(ord, "∂ϵϑϰϕϱϖ"), range(0x1D715, 0x1D71C), strict=True))


def add_small_letters(font: Any) -> None:
    """The sub- and superscript letters that STIX Two Math lacks: its letters, scaled and shifted; and ✗."""
    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    raised = [(SUPERSCRIPTS, 330)]
    for table, shift in [(SUBSCRIPTS, -150), *raised]:
        for small, letter in table.items():
            if ord(small) in cmap:
                continue
            upright = letter == "T"  # ᵀ is transposition, an operator
            source = cmap[ord(letter)] if upright else cmap[math_italic()[ord(letter)]]
            pen = TTGlyphPen(None)
            glyphs[source].draw(TransformPen(_Flat(glyphs, pen), (SMALL, 0, 0, SMALL, 0, shift)))
            _add(font, small, pen.glyph(), round(font["hmtx"][source][0] * SMALL))
    pen = TTGlyphPen(None)
    # two slanted bars, heavier and taller than ×, which they must not be taken for
    for bar in (
        ((70, 690), (170, 730), (530, 10), (430, -30)),
        ((500, 710), (590, 650), (140, -30), (50, 30)),
    ):
        pen.moveTo(bar[0])
        for point in bar[1:]:
            pen.lineTo(point)
        pen.closePath()
    _add(font, "✗", pen.glyph(), 640)


class _Flat:
    """A pen that draws a composite glyph's parts themselves."""

    def __init__(self, glyphs: Any, pen: Any) -> None:
        self.glyphs, self.pen = glyphs, pen

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pen, name)

    def addComponent(self, name: str, transform: Any) -> None:
        self.glyphs[name].draw(TransformPen(self, transform))


def _add(font: Any, character: str, glyph: Any, advance: int) -> None:
    name = f"tracer{ord(character):04X}"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = glyph
    glyph.recalcBounds(font["glyf"])
    font["hmtx"][name] = (advance, getattr(glyph, "xMin", 0))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(character)] = name


def remap(font: Any, pairs: dict[int, int]) -> None:
    """Draws each character of `pairs` as another one of the same font."""
    best = font.getBestCmap()
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({new: best[old] for new, old in pairs.items() if old in best})


def save(font: Any, characters: set[int], family: str, style: str, features: list[str]) -> None:
    """Cuts `font` down to `characters`, renames it and writes it."""
    options = subset.Options()
    options.layout_features, options.hinting, options.notdef_outline, options.name_IDs = features, False, True, ["*"]
    options.drop_tables += ["MATH", "VORG", "vhea", "vmtx", "BASE", "DSIG", "FFTM", "meta"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    italic = style == "Italic"
    full = f"{family} {style}"
    names = {1: family, 2: style, 3: full, 4: full, 6: f"{family}-{style}".replace(" ", "")}
    for record in list(font["name"].names):
        if record.nameID in (16, 17, 21, 22, 25) or record.nameID > 25 or record.langID not in (0, 0x409):
            font["name"].removeNames(nameID=record.nameID, langID=record.langID)
    for number, words in names.items():
        font["name"].setName(words, number, 3, 1, 0x409)
        font["name"].removeNames(nameID=number, platformID=1)
    font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0x61) | (0x01 if italic else 0x40)
    for table, up, down, gap in [("hhea", "ascent", "descent", "lineGap"), ("OS/2", *TYPO)]:
        setattr(font[table], up, ASCENT), setattr(font[table], down, -DESCENT), setattr(font[table], gap, 0)
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = ASCENT, DESCENT
    font["head"].macStyle = 2 if italic else 0
    font["head"].modified = font["head"].created  # the same bytes each time it is made
    font.recalcTimestamp = False
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = [names[6]]
        top[0].FamilyName, top[0].FullName = family, names[4]
    path = HERE / f"{names[6]}.{'otf' if 'CFF ' in font else 'ttf'}"
    font.save(path)
    print(f"{path.name}: {len(font.getBestCmap())} characters, {path.stat().st_size} bytes")


def japanese() -> set[int]:
    """Every character of code page 932: JIS X 0208 with the forms of names (髙, 﨑) and signs (①) in daily use."""
    found = set()
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        for trail in range(0x40, 0xFD):
            try:
                found.add(ord(bytes([lead, trail]).decode("cp932")))
            except (UnicodeDecodeError, TypeError):
                continue
    found |= {ord(c) for c in "𠮟剝塡頰鷗𠮷"}  # taught in school or met in names, and in no code page
    return found | {*range(0x3000, 0x3100), *range(0xFF01, 0xFFA0)}


def main(stix: str, noto: str) -> None:
    kept = ["kern", "mark", "mkmk", "ccmp"]
    characters = LATIN | GREEK | SIGNS | {ord(c) for c in {**SUBSCRIPTS, **SUPERSCRIPTS}}
    for family, style in [("Tracer Text", "Regular"), ("Tracer Math", "Regular"), ("Tracer Math", "Italic")]:
        font = TTFont(stix)
        font.flavor = None  # plain TrueType, whatever the source was packed as
        add_small_letters(font)
        if family == "Tracer Math":
            remap(font, {ord("-"): 0x2212} | (math_italic() if style == "Italic" else {}))
        save(font, characters, family, style, kept)
    drawn = set(TTFont(HERE / "TracerText-Regular.ttf").getBestCmap())
    font = TTFont(noto, fontNumber=0)
    save(font, japanese() - drawn | {0x20}, "Tracer JP", "Regular", [])


if __name__ == "__main__":
    main(*sys.argv[1:])
