"""What a folded graph looks like, held still: three sizes, one with Japanese. Renew with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.scene.folded_programs import layers
from tests.tui.shell import remembering
from tests.tui.stepping import HUGE, NARROW, WIDE
from tracer.lessons.runner import Thing
from tracer.text import Lang
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.screens.stepper import StepperScreen

Compare = Callable[..., bool]


def thing() -> Thing:
    """Without the file's name and its lines, which change with every edit of the tests."""
    trace = layers()
    columns = replace(trace.columns, sources={}, line=trace.columns.line * 0 - 1, line_file=trace.columns.line_file[:0])
    columns = replace(columns, line_number=columns.line_number[:0], files=())
    passes = tuple(replace(one, line=-1) for one in columns.passes)
    return Thing("layers.py", type(trace)(replace(columns, passes=passes)), name="layers.py")


async def opened(pilot: Pilot[None]) -> None:
    """One layer is open at first; a part of it is pointed out."""
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    screen.select_part("layer 3.linear")
    await pilot.pause()


@pytest.mark.parametrize(
    ("size", "lang"), [(NARROW, "ja"), (WIDE, "en"), (HUGE, "ja")], ids=["80x24-ja", "120x40-en", "200x60-ja"]
)
def test_a_folded_graph_with_one_part_open(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    shown = thing()
    app = GradientTracer(remembering(lang), first=Request(shown.name, at=len(shown.trace)), thing=shown)
    assert snap_compare(app, terminal_size=size, run_before=opened)
