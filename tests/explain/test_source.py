"""Snippets of the user's program around a moment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.explain import programs
from tracer.explain.source import short_path, snippet
from tracer.trace.node import SourceLine
from tracer.trace.trace import Trace


def test_the_line_of_the_moment_and_the_call_are_marked() -> None:
    trace = programs.product()
    shown = snippet(trace.cursor(19))
    assert shown is not None
    marked = {shown.mark(n): line.strip() for n, line in enumerate(shown.lines, shown.first) if shown.mark(n)}
    assert marked == {"now": "b = x - 1", "also": "y.backward()"}


def test_before_the_first_step_the_program_is_shown_from_its_start() -> None:
    shown = snippet(programs.product().cursor(), 5)
    assert shown is not None
    assert (shown.first, shown.now, shown.also) == (1, None, None)


@given(st.integers(1, 40), st.integers(0, 23))
def test_the_moments_line_is_always_in_view_and_the_height_is_kept(height: int, position: int) -> None:
    trace = _TRACE
    shown = snippet(trace.cursor(position), height)
    assert shown is not None
    assert len(shown.lines) == min(height, shown.total)
    last = shown.first + len(shown.lines) - 1
    assert 1 <= shown.first <= last <= shown.total
    if shown.now is not None:
        assert shown.first <= shown.now <= last
    if shown.also is not None and shown.now is not None and abs(shown.also - shown.now) < height:
        assert shown.first <= shown.also <= last


_TRACE = programs.product()


def test_another_place_can_be_shown_instead() -> None:
    trace = programs.product()
    line = trace.source(trace.find("x"))
    assert line is not None
    shown = snippet(trace.cursor(19), 1, at=line)
    assert shown is not None
    assert shown.first == line.line


def test_a_trace_without_text_has_a_snippet_without_lines() -> None:
    trace = programs.product()
    bare = Trace(replace(trace.columns, sources={}))
    shown = snippet(bare.cursor(19), 5)
    assert shown is not None
    assert (shown.lines, shown.total) == ((), 0)
    assert snippet(bare.cursor(), 5) is None


@pytest.mark.parametrize("line", [0, -3, 10_000])
def test_a_line_that_the_file_does_not_have_does_no_harm(line: int) -> None:
    trace = programs.product()
    file = next(iter(trace.sources))
    shown = snippet(trace.cursor(1), 5, at=SourceLine(file, line))
    assert shown is not None
    assert len(shown.lines) == 5


def test_a_path_is_known_by_its_last_two_parts() -> None:
    assert short_path("/home/me/samples/06-backpropagation/03_graph.py") == "06-backpropagation/03_graph.py"
    assert short_path("<expression>") == "<expression>"
