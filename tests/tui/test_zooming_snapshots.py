"""The compact zoom and the map, held still. Renew with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.tui.shell import remembering, until
from tests.tui.stepping import NARROW, WIDE
from tests.tui.test_tensor_snapshots import still
from tests.tui.test_zooming import long_thing
from tracer.text import Lang
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request

Compare = Callable[..., bool]


@pytest.mark.parametrize(("size", "lang", "keys"), [(NARROW, "ja", "-m"), (WIDE, "en", "m"), (WIDE, "en", "-m")])
def test_the_picture_from_afar(snap_compare: Compare, size: tuple[int, int], lang: Lang, keys: str) -> None:
    """One sign a node, and where in the whole one is."""
    thing = replace(still(long_thing().trace), name="program.py", title="program.py")

    async def zoom(pilot: Pilot[None]) -> None:
        await pilot.pause()
        screen = pilot.app.screen
        await until(pilot, lambda: bool(screen.view.checks))  # type: ignore[attr-defined]
        await pilot.press("j")
        if "-" in keys:
            await pilot.press("-")
        screen.change(minimap="m" in keys)  # type: ignore[attr-defined]
        await pilot.pause()

    app = GradientTracer(remembering(lang), first=Request(thing.name, at=150), thing=thing)
    assert snap_compare(app, terminal_size=size, run_before=zoom)
