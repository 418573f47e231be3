"""What finding, breakpoints and watches look like, held still. Renew with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.shell import remembering
from tests.tui.stepping import NARROW, WIDE
from tests.tui.test_stepper_snapshots import MID_BACKWARD, Compare, checked, thing
from tracer.text import Lang
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request

Before = Callable[[Pilot[None]], object]


async def typed(pilot: Pilot[None], key: str, text: str) -> None:
    await checked(pilot)
    await pilot.press(key)
    field = pilot.app.screen.query_one(Input)
    field.value, field.cursor_blink = text, False
    await pilot.pause()


async def hits(pilot: Pilot[None]) -> None:
    await typed(pilot, "slash", "kind == leaf or |grad| > 1")
    await pilot.press("down")


async def mistaken(pilot: Pilot[None]) -> None:
    await typed(pilot, "slash", "grad > 1 and vlaue < 3")


async def listed(pilot: Pilot[None]) -> None:
    await typed(pilot, "B", "first na")


@pytest.mark.parametrize(
    ("before", "size", "lang"),
    [
        pytest.param(hits, NARROW, "en", id="hits"),
        pytest.param(mistaken, WIDE, "ja", id="mistake"),
        pytest.param(checked, NARROW, "ja", id="marked-low"),
        pytest.param(checked, WIDE, "en", id="marked"),
        pytest.param(listed, NARROW, "en", id="list"),
    ],
)
def test_it_looks_so(snap_compare: Compare, before: Before, size: tuple[int, int], lang: Lang) -> None:
    """Two breakpoints and two watches are set: in the graph, on the timeline, over the values."""
    asked = Request("program.py", at=MID_BACKWARD, breaks=("op == mul", "grad > 1"), watches=("w", "norm grad"))
    app = GradientTracer(remembering(lang), first=asked, thing=thing())
    assert snap_compare(app, terminal_size=size, run_before=before)
