"""The source panel: the right lines marked, nothing read as markup, colours that are legible."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.syntax import Syntax

from tests.explain import programs
from tracer.scene.languages import PaletteTheme
from tracer.scene.palette import PALETTES, contrast
from tracer.scene.source import source_panel, source_title
from tracer.text import LANGS
from tracer.trace.trace import Trace

PROGRAM = """\
from tracer import Value
x = Value(3.0, name="x")
a = x + 2
b = x - 1
y = a * b  # [bold]not markup[/] 日本語
y.backward()
"""


def with_source(text: str, lines: dict[int, int] | None = None) -> Trace:
    """The product's trace as if it had been recorded from `text`, line by line."""
    trace = programs.product()
    c = trace.columns
    file = next(iter(c.sources))
    first = int(c.line_number.min())
    return Trace(replace(c, sources={file: text}, line_number=c.line_number - first + 2))


def test_the_line_at_work_and_the_call_have_their_marks() -> None:
    lines = [line.plain for line in source_panel(with_source(PROGRAM).cursor(19)).lines(52)]
    assert lines == [
        "1  from tracer import Value",
        '2  x = Value(3.0, name="x")',
        "3  a = x + 2",
        "4▸ b = x - 1",
        "5  y = a * b  # [bold]not markup[/] 日本語",
        "6▹ y.backward()",
    ]


def test_long_lines_are_cut_and_said_to_be() -> None:
    for width in range(4, 40):
        for line in source_panel(with_source(PROGRAM).cursor(19)).lines(width):
            assert cell_len(line.plain) <= width
    cut = source_panel(with_source(PROGRAM).cursor(19)).lines(20)[0].plain
    assert cut == "1  from tracer impo…"


def test_height_is_kept_and_the_gutter_is_as_wide_as_the_last_number() -> None:
    text = "\n".join(["# filler"] * 120)
    lines = source_panel(with_source(text).cursor(), height=110).lines(30)
    assert len(lines) == 110
    assert lines[0].plain == "  1  # filler"


def test_a_string_over_several_lines_keeps_its_colour() -> None:
    text = 'x = 1\n"""words\nmore words\n"""\nb = 2\n'
    lines = source_panel(with_source(text).cursor(1)).lines(40)
    inside = {str(span.style) for span in lines[2].spans}
    assert str(PALETTES["dark"].style("mark")) in inside


@pytest.mark.parametrize("lang", LANGS)
def test_a_trace_without_source_says_so(lang: str) -> None:
    trace = programs.product()
    bare = Trace(replace(trace.columns, sources={}))
    (line,) = source_panel(bare.cursor(3), lang).lines(60)  # type: ignore[arg-type]
    assert "source" in line.plain or "ソース" in line.plain


@pytest.mark.parametrize("name", PALETTES)
def test_every_colour_of_the_syntax_is_legible(name: str) -> None:
    palette = PALETTES[name]
    theme = PaletteTheme(palette)
    coloured = Syntax(PROGRAM, "python", theme=theme).highlight(PROGRAM)
    colours = {span.style.color for span in coloured.spans if not isinstance(span.style, str) and span.style.color}
    assert len(colours) > 3
    for colour in colours:
        assert colour.triplet is not None
        assert contrast(colour.triplet.hex, palette.surface) >= 4.5


def test_it_prints_and_has_a_title() -> None:
    console = Console(width=40, record=True, file=io.StringIO())
    trace = programs.product()
    console.print(source_panel(trace.cursor(19), height=5))
    assert "▸" in console.export_text()
    assert source_title(trace.cursor(19)) == "explain/programs.py"


def test_a_file_with_fewer_lines_than_the_trace_says_does_no_harm() -> None:
    lines = source_panel(with_source("only\n").cursor(19), height=6).lines(20)
    assert [line.plain for line in lines] == ["1  only"]


def test_odd_line_ends_keep_numbers_and_colours_together() -> None:
    text = "a = 1\r\nb = 2\x0cc = 3\n\n\nd = 4\n"
    lines = [line.plain.rstrip() for line in source_panel(with_source(text).cursor()).lines(40)]
    assert lines[-1].endswith("d = 4")
