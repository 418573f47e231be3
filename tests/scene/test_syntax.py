"""Python in colour: our scanner gives what Pygments' tokens would get, and refuses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.python import PythonLexer

from tracer.scene.languages import ROLES, in_colour
from tracer.scene.palette import DARK
from tracer.scene.source import highlighted
from tracer.scene.syntax import coloured

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    [*(ROOT / "models").glob("*.py"), *(ROOT / "samples").glob("*/*.py"), *(ROOT / "tracer/scene").glob("*.py")]
)
RARE = (
    '''
match point:
    case (0, _) if _x: pass
match = {1: 0xFF, 2: 1_000.5e-3j, 3: .5, 4: 0b1}
def match(self): return not self @ self
async def g(): yield from (await x for x in y)
from . import a as b, c
import os.path as path, sys
raise ValueError(f"{x!r:>{width}} {{}} {y=} {a[b:c]!s} {'in' if z else f'{u}'}") from None
@decorated.by(1)
class A(B): """doc \\n %s"""; r"\\d" b'x' Rb"y"; t = u"ü" + '''
    + "'''three\nlines'''"
    + """ # ends
rf"\\{6 * 7}"
"""
)


def ours(text: str) -> list[str]:
    """The colour of each character."""
    found = ["text"] * len(text)
    for start, end, colour in coloured(text):
        found[start:end] = [colour] * (end - start)
    return found


def theirs(text: str) -> list[str]:
    found = ["text"] * len(text)
    for start, token, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text):
        role = next((role for prefix, role in ROLES if str(token).startswith(prefix)), "text")
        found[start : start + len(value)] = [role] * len(value)
    return found


def test_our_own_files_get_the_colours_that_pygments_gives_them() -> None:
    for path in FILES[::4]:
        text = path.read_text(encoding="utf-8")
        wrong = [i for i, both in enumerate(zip(ours(text), theirs(text), strict=True)) if both[0] != both[1]]
        assert not [i for i in wrong if not text[i].isspace()], path


@pytest.mark.parametrize("line", RARE.splitlines())
def test_what_is_rare_does_too(line: str) -> None:
    wrong = [c for c, a, b in zip(line, ours(line), theirs(line), strict=True) if a != b and not c.isspace()]
    assert not wrong


@given(st.text(st.sampled_from("f'\"{}\\#\n a1.:=![]()_"), max_size=60))
def test_any_text_is_coloured_once_and_in_order(text: str) -> None:
    end = 0
    for start, stop, _ in coloured(text):
        assert end <= start < stop <= len(text)
        end = stop


def test_strings_nested_without_end_are_shown_in_one_colour() -> None:
    text = "f'{" + "f\"{f'{" * 5000
    assert [line.plain for line in highlighted(text, DARK)] == [text, ""]


@pytest.mark.parametrize("text", ["", "x = 1", "x = '''a\nb\n'''  # c\n\n", "\tif x:\r\n\t\tpass\n"])
def test_the_lines_are_those_of_other_languages(text: str) -> None:
    """As many, as long, and every character in the same colour."""
    for line, other in zip(highlighted(text, DARK), in_colour(text, DARK, "python"), strict=True):
        assert line.plain == other.plain
        for i, character in enumerate(line.plain):
            if not character.isspace():
                assert [str(style) for style in styles_at(line, i)][-1:] == [str(s) for s in styles_at(other, i)][-1:]


def styles_at(line, i):
    return [line.style, *(span.style for span in line.spans if span.start <= i < span.end)]
