"""The timeline: exact width, honest about where one is, and a click goes where it points."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tests.explain import programs
from tracer.core.record import record
from tracer.scene.timeline import AHEAD, HEAD, stretches, timeline
from tracer.text import LANGS, Lang
from tracer.trace.segment import GRANULARITIES, By
from tracer.trace.trace import Trace

TRACES: dict[str, Trace] = {name: make() for name, make in programs.ALL.items()}
TRACES["long"] = programs.loop(rounds=40)


def line(trace: Trace, position: int, width: int = 60, by: By = "edge", lang: Lang = "en") -> str:
    return timeline(trace.cursor(position), lang, width=width, by=by).text.plain


def test_forward_backward_and_the_place_between_them() -> None:
    trace = TRACES["product"]
    assert line(trace, 0) == " ● forward ··············│ backward ············│    0 / 11 "
    assert line(trace, 6) == "   forward ▸▸▸▸▸▸▸▸▸▸▸▸▸●│ backward ············│    6 / 11 "
    assert line(trace, 23) == "   forward ▸▸▸▸▸▸▸▸▸▸▸▸▸▸│ backward ◂◂◂◂◂◂◂◂◂◂◂●│   11 / 11 "


def test_every_kind_of_stretch_has_its_sign() -> None:
    text = line(TRACES["loop"], len(TRACES["loop"]), 60)
    assert "│ΔΔ│00│" in text
    assert [s.kind for s in stretches(TRACES["loop"])] == ["forward", "backward", "update", "write"] * 2


def test_marks_inside_a_backward_pass_belong_to_it() -> None:
    kinds = [s.kind for s in stretches(TRACES["recursion"])]
    assert kinds.count("backward") == 1
    assert kinds[0] == "forward"
    assert sum(s.kind == "mark" for s in TRACES["recursion"].segments) > kinds.count("mark")


@given(
    st.sampled_from(sorted(TRACES)), st.integers(0, 10_000), st.integers(20, 200), st.sampled_from(GRANULARITIES),
    st.sampled_from(LANGS),
)  # fmt: skip
def test_it_is_exactly_as_wide_as_it_should_be_and_has_one_head(
    name: str, position: int, width: int, by: By, lang: Lang
) -> None:
    trace = TRACES[name]
    cursor = trace.cursor(position % (len(trace) + 1))
    text = timeline(cursor, lang, width=width, by=by).text.plain
    assert cell_len(text) == width
    assert text.count(HEAD) == 1
    i, n = cursor.index(by)
    assert f"{i:,} / {n:,}" in text


@given(st.sampled_from(sorted(TRACES)), st.integers(30, 200), st.integers(0, 199), st.sampled_from(GRANULARITIES))
def test_a_click_leads_to_where_the_head_is_then_drawn(name: str, width: int, column: int, by: By) -> None:
    trace = TRACES[name]
    start = timeline(trace.cursor(), "en", width=width, by=by)
    position = start.position_at(column % width)
    assert 0 <= position <= len(trace)
    assert position == 0 or position in trace.stops(by)
    there = timeline(trace.cursor(position), "en", width=width, by=by)
    head = there.text.plain.index(HEAD)
    assert there.position_at(head) == position


@given(st.sampled_from(sorted(TRACES)), st.integers(30, 120), st.sampled_from(GRANULARITIES))
def test_clicks_from_left_to_right_never_go_back(name: str, width: int, by: By) -> None:
    shown = timeline(TRACES[name].cursor(), "en", width=width, by=by)
    found = [shown.position_at(column) for column in range(width)]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] == len(TRACES[name])


@pytest.mark.parametrize("name", sorted(TRACES))
def test_the_head_moves_on_with_every_step_it_can_show(name: str) -> None:
    trace = TRACES[name]
    heads = [line(trace, int(p), 120).index(HEAD) for p in (0, *trace.stops("edge"))]
    assert heads == sorted(heads)
    assert AHEAD not in line(trace, len(trace), 120)


def test_an_empty_trace_has_a_timeline() -> None:
    with record() as rec:
        pass
    shown = timeline(rec.trace.cursor(), width=40)
    assert cell_len(shown.text.plain) == 40
    assert shown.position_at(20) == 0


def test_it_prints_on_one_line() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(timeline(TRACES["product"].cursor(19), width=80), end="")
    assert "\n" not in console.export_text().rstrip("\n")
