"""What holds for every test of the app."""

from __future__ import annotations

from typing import Any

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.geometry import Region

_render_update = Compositor.render_update


def _draw_only(self: Compositor, full: bool = False, screen_stack: Any = None, simplify: bool = False) -> Any:
    """Every widget draws what has changed. What a frame would write is not put together: nobody reads it.

    It costs a tenth of all. Tests read the screen with `shown`, which puts it together, and so do snapshots.
    """
    if full:
        return _render_update(self, full, screen_stack, simplify)
    visible_screen_stack.set([] if screen_stack is None else screen_stack)
    regions = self._dirty_regions.copy()
    self._dirty_regions.clear()
    if regions:
        for _ in self._get_renders(Region.from_union(regions).intersection(self.size.region)):
            pass
    return None


@pytest.fixture(autouse=True)
def _nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Compositor, "render_update", _draw_only)


@pytest.fixture(autouse=True)
def _no_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever trains in the repository has a `runs` there; the gallery of a test lists none of it."""
    monkeypatch.setattr("tracer.tui.library.RUNS", "no-such-folder")
