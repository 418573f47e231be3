"""Whatever a widget draws, only glyphs of the chosen set reach the terminal, cell for cell."""

from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import Button, DataTable, Footer, Input, OptionList, ProgressBar, Static, Tree

from tracer.scene.glyphs import GlyphSet
from tracer.tui.filter import GlyphFilter

WORDS = "∂y/∂x = 勾配 × 2 → … ✓ α"


class Showcase(App[None]):
    """Borders, titles, scrollbars, a table, a tree, a footer and a toast."""

    CSS = "OptionList { height: 4; border: heavy $primary; } Static { border: round $primary; height: 3; }"

    def __init__(self, glyphs: GlyphSet) -> None:
        super().__init__()
        self.glyphs = GlyphFilter(glyphs)

    def get_line_filters(self) -> list[GlyphFilter]:  # type: ignore[override]
        return [*super().get_line_filters(), *([self.glyphs] if self.glyphs.enabled else [])]  # type: ignore[list-item]

    def compose(self) -> ComposeResult:
        box = Static(WORDS, markup=False)
        box.border_title, box.border_subtitle = "Σ", "▲"
        yield box
        yield OptionList(*(f"λ{i}" for i in range(20)))
        yield Input(placeholder=WORDS)
        yield Button("→ OK")
        yield ProgressBar(total=10)
        yield Tree("▼ tree")
        yield DataTable()
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("∂", "×")
        self.notify("● done", timeout=60)


async def drawn(glyphs: GlyphSet) -> list[str]:
    app = Showcase(glyphs)
    async with app.run_test(size=(60, 40), notifications=True) as pilot:
        while not app.screen.query("Toast"):
            await pilot.pause()
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]


@pytest.mark.parametrize("glyphs", ["safe", "ascii"])
async def test_every_widget_is_translated_and_nothing_moves(glyphs: GlyphSet) -> None:
    before, after = await drawn("unicode"), await drawn(glyphs)
    assert [cell_len(line) for line in after] == [cell_len(line) for line in before]
    seen = {sign for line in after for sign in line}
    assert not {sign for sign in seen if unicodedata.east_asian_width(sign) == "A"}
    if glyphs == "ascii":
        assert {sign for sign in seen if not sign.isascii()} == {"勾", "配"}


async def test_unicode_is_left_alone() -> None:
    lines = await drawn("unicode")
    assert any(WORDS in line for line in lines)
    assert any("╭" in line for line in lines)
    assert any("● done" in line for line in lines)
