"""The app over a small content of its own, so that a new lesson breaks no test of the shell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tracer.lessons.content import read_catalogue
from tracer.text import Lang
from tracer.tui.app import GradientTracer
from tracer.tui.settings import Settings, SettingsFile
from tracer.tui.widgets.preview import Picture

CONTENT = Path(__file__).parent / "content"


@pytest.fixture
def small_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four lessons and a model instead of those in `samples/` and `models/`."""
    monkeypatch.setattr("tracer.lessons.content.content_root", lambda: CONTENT)
    read_catalogue(CONTENT)


def remembering(lang: Lang | None = "en", **settings: object) -> SettingsFile:
    """Settings in memory."""
    file = SettingsFile(None)
    file.now = replace(Settings(lang), **settings)  # type: ignore[arg-type]
    return file


async def until(pilot: Pilot[None], true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for what happens in the background."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await pilot.pause()
        await asyncio.sleep(0.01)
    await pilot.pause()


async def until_pictured(pilot: Pilot[None]) -> None:
    """Wait until the gallery shows the marked lesson's graph."""
    app = pilot.app
    assert isinstance(app, GradientTracer)
    await until(pilot, lambda: bool(app.screen.query(Picture)) and app.screen.query_one(Picture).thing is not None)


def shown(app: GradientTracer) -> str:
    """What the terminal would show."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
