"""Code in a document: numbered as in its file, the working line marked, and nothing of it lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from tracer.scene.listing import MOST_OUTPUT, code_lines, folded, output_lines
from tracer.scene.palette import DARK
from tracer.text import clean

CODE = "x = torch.tensor(3.0)\ny = x * x  # 二乗\n\ny.backward()\n"


def plain(lines: list[RichText]) -> list[str]:
    return [line.plain.rstrip() for line in lines]


def test_lines_have_the_numbers_of_their_file_and_the_working_ones_are_marked() -> None:
    found = plain(code_lines(CODE, 98, 40, DARK, [(99, "now"), (101, "also")]))
    assert found == [" 98  x = torch.tensor(3.0)", " 99▸ y = x * x  # 二乗", "100", "101▹ y.backward()"]


@given(st.text(max_size=60), st.integers(6, 40))
def test_a_long_line_is_folded_without_losing_a_sign(words: str, width: int) -> None:
    words = clean(words)
    pieces = folded(RichText(words), width, 2)
    assert all(piece.cell_len <= width for piece in pieces)
    assert pieces[0].plain + "".join(piece.plain[2:] for piece in pieces[1:]) == words


def test_code_of_another_language_and_of_none_is_shown() -> None:
    assert plain(code_lines("const y = 1;", 1, 40, DARK, language="javascript")) == ["1  const y = 1;"]
    assert plain(code_lines("a <- 1", 1, 40, DARK, language="no such language")) == ["1  a <- 1"]


def test_escapes_in_code_are_shown_not_obeyed() -> None:
    assert plain(code_lines("x = '\x1b[2J'", 1, 40, DARK)) == ["1  x = '�[2J'"]


def test_output_is_what_a_terminal_would_show_in_the_end() -> None:
    assert plain(output_lines("10 %\r50 %\r100 %\ndone\n\x1b[1mbold\n", 40, DARK)) == ["100 %", "done", "�[1mbold"]


def test_a_flood_keeps_its_first_and_last_lines() -> None:
    found = plain(output_lines("\n".join(map(str, range(1000))), 40, DARK))
    assert len(found) == MOST_OUTPUT + 1
    assert (found[0], found[-1]) == ("0", "999")
    (gap,) = [line for line in found if not re.fullmatch(r"\d+", line)]
    assert gap == "⋮ 960"
