"""Our fonts draw what pictures need, with no font on the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.core.op import OPS
from tracer.export.fonts import FONTS, covered, fontconfig, missing
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET, format_number


def test_mathematics_and_the_words_of_the_app_are_covered() -> None:
    """Names, Greek, indices, powers, operators, and every sign that a number or an op is written with."""
    assert missing("∂L/∂W₁ × − ÷ √ σ ∇ ⊗ ⊙ ᵀ ∑ ≈ ≤ ∞ → ₀₉ ᵢⱼₖₙ ⁻¹²³ αβγθλμ ΔΣΩ x̂ x̄ ŷ ✓ ✗ … · ′") == ""
    assert missing("".join(op.label + op.show for op in OPS.values())) == ""
    numbers = [format_number(n) for n in (-1.5, 2e-9, 1e300, float("inf"), float("nan"))]
    assert missing("".join([*numbers, MORE_TO_COME, NO_GRADIENT, NOT_YET])) == ""


@pytest.mark.parametrize(
    "words", ["勾配 連鎖律 逆伝播 順伝播 損失 葉 計算グラフ", "髙﨑 鷗外 𠮷野 ①②", "ｶﾀｶﾅ ＡＢＣ、。「」"]
)
def test_japanese_is_covered(words: str) -> None:
    """JIS levels 1 and 2, the forms used in names, full and half width."""
    assert missing(words) == ""


def test_what_is_missing_is_named_once() -> None:
    assert missing("한x한😀") == "한😀"


def test_fontconfig_sees_our_folder_alone_unless_a_character_needs_more(tmp_path: Path) -> None:
    """So a picture does not change with the fonts that a machine happens to have."""
    sealed = fontconfig(tmp_path, "勾配 ∂L/∂x")
    assert sealed.count("<dir") == 1
    assert str(FONTS) in sealed
    assert "/usr/share/fonts" in fontconfig(tmp_path, "한")


def test_the_licence_stands_beside_the_fonts() -> None:
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")
    assert {file.name for file in FONTS.glob("*.?tf")} == {
        "TracerJP-Regular.otf",
        "TracerMath-Italic.ttf",
        "TracerMath-Regular.ttf",
        "TracerText-Regular.ttf",
    }
    assert sum(file.stat().st_size for file in FONTS.iterdir()) < 2_700_000


def test_coverage_is_read_from_the_fonts_themselves() -> None:
    assert len(covered()) > 8000
    assert ord("∂") in covered()
    assert 0xFFFF not in covered()
