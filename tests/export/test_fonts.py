"""Our fonts draw what pictures need, with no font on the machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tracer.core.ops.all  # noqa: F401  every op, not only those on one number
from tracer.core.op import OPS
from tracer.export.fonts import FONTS, covered, missing, prepare
from tracer.export.render import layout_of
from tracer.numbers import MORE_TO_COME, NO_GRADIENT, NOT_YET, format_number


def test_mathematics_and_the_words_of_the_app_are_covered() -> None:
    """Names, Greek, indices, powers, operators, and every sign that a number or an op is written with."""
    assert missing("∂L/∂W₁ × − ÷ √ σ ∇ ⊗ ⊙ ᵀ ∑ ≈ ≤ ∞ → ₀₉ ᵢⱼₖₙ ⁻¹²³ αβγθλμ ΔΣΩ x̂ x̄ ŷ ✓ ✗ … · ′") == ""
    rng = np.random.default_rng(0)
    for op in OPS.values():
        written = [op.written(["x"] * len(sample.args), sample.static) for sample in op.tries(rng)]
        assert missing("".join([op.label, *written])) == ""
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
    for name in ("sealed", "open"):
        (tmp_path / name).mkdir()
    sealed = prepare(tmp_path / "sealed", "勾配 ∂L/∂x").read_text("utf-8")
    assert sealed.count("<dir") == 1
    assert "/usr/share/fonts" not in sealed
    assert "/usr/share/fonts" in prepare(tmp_path / "open", "한").read_text("utf-8")
    for file in FONTS.glob("*.?tf"):
        assert (tmp_path / "sealed" / "fonts" / file.name).read_bytes() == file.read_bytes()


def test_where_links_are_not_allowed_the_fonts_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    prepare(tmp_path)
    copied = {file.name: file.read_bytes() for file in (tmp_path / "fonts").iterdir()}
    assert copied == {file.name: file.read_bytes() for file in FONTS.glob("*.?tf")}


def test_drawing_leaves_nothing_in_the_installed_package() -> None:
    """Fontconfig marks every folder of fonts that it may write to."""
    before = sorted(FONTS.iterdir())
    layout_of('digraph { a [fontname="Tracer Math"] }')
    assert sorted(FONTS.iterdir()) == before
    assert not (FONTS / ".uuid").exists()


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
