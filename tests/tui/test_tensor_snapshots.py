"""What walking tensors looks like, held still. Renew with `pytest --snapshot-update`.

Without checks: the error of a finite difference is in their words, and its last digits are the machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.explain.tensor_programs import layer, trained
from tests.tui.stepping import HUGE, NARROW, WIDE
from tests.tui.test_stepper_snapshots import app_of
from tests.tui.test_stepper_tensors import stack
from tracer.lessons.runner import Thing
from tracer.text import Lang
from tracer.trace.trace import Trace

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.screens.doing.SMALL", 0)


def still(trace: Trace) -> Thing:
    """Without the file's name and its lines, which change with every edit of the tests."""
    columns = replace(trace.columns, sources={}, line=trace.columns.line * 0 - 1, line_file=trace.columns.line_file[:0])
    passes = tuple(replace(one, line=-1) for one in columns.passes)
    columns = replace(columns, line_number=columns.line_number[:0], files=(), passes=passes)
    for name in ("updates", "writes"):
        table = getattr(columns, name)
        columns = replace(columns, **{name: replace(table, line=table.line * 0 - 1)})
    return Thing("tensors", type(trace)(columns))


async def broadcast_row(pilot: Pilot[None]) -> None:
    await pilot.press("b", *["right"] * 4)


async def product(pilot: Pilot[None]) -> None:
    await pilot.press("end")


async def chosen(pilot: Pilot[None]) -> None:
    await pilot.press("end", "shift+tab", "l", "l", "j")


async def picture(pilot: Pilot[None]) -> None:
    await pilot.press("right", "shift+tab")


async def first_update(pilot: Pilot[None]) -> None:
    await pilot.press("end")


@pytest.mark.parametrize(
    ("size", "lang"), [(NARROW, "en"), (WIDE, "en"), (WIDE, "ja"), (HUGE, "en")], ids=["80", "120", "120-ja", "200"]
)
def test_a_broadcast_row_on_its_way_back(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(still(layer()), lang), terminal_size=size, run_before=broadcast_row)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_product_of_matrices_on_its_way_back(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(app_of(still(layer()), "en", theme=theme), terminal_size=WIDE, run_before=product)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_element_chosen_on_a_small_terminal(snap_compare: Compare, lang: Lang) -> None:
    assert snap_compare(app_of(still(layer()), lang), terminal_size=NARROW, run_before=chosen)


def test_a_heat_map(snap_compare: Compare) -> None:
    assert snap_compare(app_of(still(stack()), "en"), terminal_size=NARROW, run_before=picture)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_update_by_adam(snap_compare: Compare, lang: Lang) -> None:
    assert snap_compare(app_of(still(trained("Adam")), lang), terminal_size=WIDE, run_before=first_update)
