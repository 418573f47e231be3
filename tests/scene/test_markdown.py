"""Markdown as lines: what an author writes is all there, no line is too wide, nothing reaches the terminal raw."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text as RichText

from tracer.scene.markdown import MOST, markdown_lines
from tracer.scene.palette import DARK, PALETTES

PIECES = [
    "# Title\n", "## 第二\n", "- a\n- b\n  - c\n", "1. one\n2. two\n", "> said\n", "`x`", "**bold** *em*", "\n\n",
    "連鎖律は勾配を掛け合わせる規則です。", "| a | 勾配 |\n|---|---|\n| 1 | 二 |\n", "```\na → b\n```\n", "---\n",
    "[link](https://example.org)", "![a picture](x.png)", "<b>html</b>", "<!-- hidden -->", "[bold]no[/bold]",
    "a very long line of words that goes on and on and on without any end in sight", "\x1b[31mred\x07", "$x^2$",
]  # fmt: skip


def lines(text: str, width: int = 40) -> list[str]:
    return [line.plain for line in markdown_lines(text, width, DARK)]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12))), st.integers(8, 90))
@example(["- a\n- b\n  - c\n", "`x`", "# Title\n"], 8)
def test_no_line_is_wider_than_the_page(pieces: list[str], width: int) -> None:
    for line in markdown_lines("".join(pieces), width, DARK):
        assert line.cell_len <= width
        assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in line.plain)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_headings_stand_out_and_are_underlined(palette: object) -> None:
    found = markdown_lines("# One\n\ntext", 40, palette)  # type: ignore[arg-type]
    assert [line.plain for line in found] == ["One", "━━━", "", "text"]


def test_words_wrap_and_japanese_wraps_between_any_two_signs() -> None:
    assert lines("one two three", 8) == ["one two", "three"]
    assert lines("勾配は連鎖律で求めます。", 12) == ["勾配は連鎖律", "で求めます。"]


def test_a_line_break_between_japanese_signs_is_no_space() -> None:
    assert lines("勾配を\n掛けます。\nand\nadd") == ["勾配を掛けます。 and add"]


def test_lists_keep_their_marks_and_hang() -> None:
    text = "3. three\n4. four words are more than fit\n\n- a\n  - b"
    assert lines(text, 16) == ["3. three", "4. four words", "   are more than", "   fit", "", "• a", "  • b"]


def test_tables_wrap_in_their_cells() -> None:
    text = "| name | what it is |\n|---|---|\n| W | weights of a layer |"
    assert lines(text, 19) == ["name │ what it is", "─────┼─────────────", "W    │ weights of a", "     │ layer"]


def test_a_diagram_is_cut_and_a_formula_is_broken() -> None:
    assert lines("```\n┌──────────┐\n```", 10) == ["  ┌──────…"]
    assert lines("```\ny = a * b + c * d\n```", 12) == ["  y = a * b", "  + c * d"]


def test_html_leaves_its_words() -> None:
    assert lines("<div>\n<b>bold</b> words\n</div>") == ["bold words"]
    assert lines("a <kbd>key</kbd>, one<br>two <!-- not this -->") == ["a key, one", "two"]


def test_nothing_is_markup_and_escapes_are_shown() -> None:
    assert lines("[red]x[/red] \x1b[2J") == ["[red]x[/red] �[2J"]


def test_links_show_their_words_and_pictures_what_they_show() -> None:
    assert lines("[here](https://example.org) ![a graph](g.png)") == ["here [a graph]"]


def test_emphasis_is_kept() -> None:
    (line,) = markdown_lines("a **b** `c`", 40, DARK)
    looks = {line.plain[span.start : span.end]: span.style for span in line.spans}
    assert getattr(looks["b"], "bold", None)
    assert getattr(looks["c"], "bgcolor", None) is not None
    assert isinstance(line, RichText)


def test_a_piece_too_long_for_markdown_is_shown_as_it_stands() -> None:
    assert lines("*" * (MOST + 1), 100)[0] == "*" * 100
