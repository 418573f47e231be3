"""The dashboard as it looks: three sizes, two languages, values and gradients, one panel enlarged, dark and light."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.train.canned import STEPS, Watching, running, text_running
from tests.tui.shell import remembering, until
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.running import Running
from tracer.tui.screens.training import TrainingScreen

pytestmark = pytest.mark.deep

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 60)]
STEP = 150


def app_of(run: Running, lang: Lang, **settings: object) -> GradientTracer:
    return GradientTracer(remembering(lang, **settings), training=run)


def looking_back(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Go to a step, wait until it is observed, and press keys."""

    async def before(pilot: Pilot[None]) -> None:
        app = pilot.app
        await until(pilot, lambda: isinstance(app.screen, TrainingScreen) and app.screen.view.past.steps == STEPS)
        screen = app.screen
        assert isinstance(screen, TrainingScreen)
        screen.go(STEP)
        await until(pilot, lambda: screen.sight.observation is not None and screen.sight.observation.step == STEP)
        await pilot.press(*keys)
        await until(pilot, lambda: not screen._to_draw)

    return before


def seeing(**model: Any) -> Running:
    return text_running(observer=lambda: Watching(**model))[0]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_values(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(seeing(), lang), terminal_size=size, run_before=looking_back("2", "l", "k"))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", SIZES[1:], ids=lambda size: "x".join(map(str, size)))
def test_gradients_of_two_layers(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    app = app_of(seeing(layers=2, documents=2), lang, theme="light")
    assert snap_compare(app, terminal_size=size, run_before=looking_back("v", "U", "A"))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("panel", ["probabilities", "flow", "embedding"])
def test_a_panel_enlarged(snap_compare: Compare, panel: str, lang: Lang) -> None:
    number = {"probabilities": "3", "flow": "4", "embedding": "7"}[panel]
    app = app_of(seeing(), lang)
    assert snap_compare(app, terminal_size=(120, 40), run_before=looking_back(number, "j", "z"))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: "x".join(map(str, size)))
def test_a_model_of_points(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    run, _ = running()
    assert snap_compare(app_of(run, lang, theme="light"), terminal_size=size, run_before=looking_back("2", "j"))
