"""The values table: four states told apart, the node at work in view, every digit of the selected node."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tests.explain import programs
from tracer.core.record import record
from tracer.core.value import Value, constant
from tracer.scene.values import listed, values_panel
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace


def table(trace: Trace, position: int, width: int = 52, height: int = 20, lang: Lang = "en", **more: int) -> list[str]:
    return [line.plain for line in values_panel(trace.cursor(position), lang, height=height, **more).lines(width)]


def test_the_table_of_the_sixth_section() -> None:
    assert table(programs.product(), 19) == [
        " node         value        grad  op      users",
        " x                3          5…  leaf    a b",
        " a                5          2   +       y",
        "▸b                2          5   −       y",
        " y               10          1   ×       –",
    ]


def test_heads_and_kinds_are_japanese_too() -> None:
    lines = table(programs.product(), 19, lang="ja")
    assert lines[0].split() == ["ノード", "値", "勾配", "演算", "使う側"]
    assert "葉" in lines[1]


def test_not_yet_none_zero_and_not_finite_are_told_apart() -> None:
    with record() as rec:
        x = Value(0.0, name="x")
        plain = (constant(2.0) * 3).named("plain")
        low = x.log().named("low")
        dead = (x * 0).named("dead")
        (dead + low * plain).named("y").backward()
    trace = rec.trace
    rows = {line[1:].split()[0]: line for line in table(trace, trace.made_at(trace.find("low")))}
    assert rows["dead"].split()[1:3] == ["?", "?"]
    assert rows["plain"].split()[1:3] == ["6", "–"]
    rows = {line[1:].split()[0]: line for line in table(trace, len(trace))}
    assert rows["dead"].split()[1:3] == ["0", "1"]
    assert rows["low"].split()[1:3] == ["-inf", "6"]
    assert rows["x"].split()[2] == "inf"


def test_the_selected_node_shows_every_digit() -> None:
    with record() as rec:
        x = Value(1 / 3, name="x")
        (x * x).named("y").backward()
    lines = table(rec.trace, len(rec.trace), height=8, selected=0)
    assert lines[-2:] == ["› x value 0.3333333333333333", "› x grad 0.6666666666666666"]
    assert "0.3333 " in lines[1]
    halfway = table(rec.trace, 7, height=8, selected=0)
    assert halfway[-1] == "› x grad 0.3333333333333333 …"
    early = table(rec.trace, 1, height=8, selected=1)
    assert early[-2:] == ["› y value ?", "› y grad ?"]
    assert table(programs.product(), 3, height=8, selected=1)[-1] == "› 2 grad –"


LONG = programs.loop(rounds=30)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(LONG)), st.integers(2, 30), st.integers(10, 90), st.sampled_from(LANGS))
def test_the_node_at_work_is_in_view_at_any_size(position: int, height: int, width: int, lang: Lang) -> None:
    panel = values_panel(LONG.cursor(position), lang, height=height)
    lines = panel.lines(width)
    assert len(lines) <= height
    assert all(cell_len(line.plain) <= width for line in lines)
    node = LONG.cursor(position).moment.node
    if node is not None and node in listed(LONG):
        assert node in panel.nodes


def test_a_row_tells_its_node() -> None:
    panel = values_panel(programs.product().cursor(19))
    assert [panel.node_at(row) for row in range(6)] == [None, 0, 2, 4, 5, None]


def test_constants_stand_in_their_users_formula_unless_they_are_shared() -> None:
    trace = programs.product()
    assert [trace.label(int(n)) for n in listed(trace)] == ["x", "a", "b", "y"]


def test_columns_do_not_move_while_one_walks() -> None:
    trace = programs.cross_entropy()
    widths = {len(table(trace, position, 60, 30)[0]) for position in range(len(trace) + 1)}
    starts = {table(trace, position, 60, 30)[0].index("grad") for position in range(len(trace) + 1)}
    assert len(widths) == len(starts) == 1


def test_long_names_keep_the_end_that_tells_them_apart() -> None:
    with record() as rec:
        one = Value(1.0, name="network.layers[0].weights[1]")
        two = Value(2.0, name="network.layers[0].weights[2]")
        (one * two).named("y")
    names = [line[1:17] for line in table(rec.trace, 3)[1:3]]
    assert names == ["…s[0].weights[1]", "…s[0].weights[2]"]


@pytest.mark.parametrize("uses", [1, 8, 9, 500])
def test_many_users_are_counted(uses: int) -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        for _ in range(uses):
            x.tanh()
    line = table(rec.trace, 1, 200)[1]
    assert ("+" in line) == (uses > 8)
    if uses > 8:
        assert line.endswith(f"+{uses - 8}")


def test_it_prints() -> None:
    console = Console(width=52, record=True, file=io.StringIO())
    console.print(values_panel(programs.product().cursor(19)))
    assert "▸b" in console.export_text()


def test_an_empty_trace_has_heads_only() -> None:
    with record() as rec:
        pass
    assert len(table(rec.trace, 0)) == 1


def test_a_leaf_with_thousands_of_users_is_added_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its gradient is the sum of its contributions to the last bit, and a frame does not add them all again."""
    with record() as rec:
        w = Value(0.1, name="w")
        y = Value(0.3, name="y")
        for _ in range(300):
            y = y * 0.9 + w * 0.7
        y.backward()
    trace = rec.trace
    this, total, times = trace.passes[0], 0.0, 0
    for delivery in this.deliveries_to(0).tolist():
        total += trace.contribution(0, delivery)[2]
        assert trace.cursor(this.position_of(delivery)).grad(0) == total
    contribution = Trace.contribution

    def counted(trace: Trace, pass_index: int, delivery: int) -> tuple[float, float, float]:
        nonlocal times
        times += 1
        return contribution(trace, pass_index, delivery)

    monkeypatch.setattr(Trace, "contribution", counted)
    for cursor in (trace.cursor(len(trace) - 6), trace.cursor(len(trace))):
        times = 0
        values_panel(cursor, height=20, selected=0).lines(60)
        assert times < 100
