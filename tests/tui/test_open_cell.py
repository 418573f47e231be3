"""A number on the dashboard opens its step at the nodes that made it, and q comes back to it: the real thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tui.shell import remembering, until
from tracer.panels.data import Data
from tracer.train.process import Job, TrainingProcess
from tracer.tui.app import GradientTracer
from tracer.tui.running import Running
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.training import TrainingScreen
from tracer.tui.widgets.run_panel import RunPanel

pytestmark = pytest.mark.deep

ROOT = Path(__file__).resolve().parents[2]
PANELS = ("attention", "probabilities", "residual", "mlp", "embedding", "heads", "flow", "loss")


@pytest.mark.parametrize(("model", "panels"), [("gpt", PANELS), ("gpt_scalar", ("attention", "mlp"))])
async def test_every_panel_opens_at_the_nodes_of_its_cell_and_comes_back_to_it(
    model: str, panels: tuple[str, ...]
) -> None:
    job = Job(ROOT / "models" / f"{model}.py", f"models/{model}.py", None, 42, {"n_embd": 8, "n_head": 2}, 3)
    with TrainingProcess(job) as process:
        messages = process.messages()
        run = Running(job, next(messages), process, messages)  # type: ignore[arg-type]  # the setup comes first
        app = GradientTracer(remembering("en"), training=run)
        async with app.run_test(size=(120, 40)) as pilot:

            def there() -> bool:
                if not isinstance(app.screen, TrainingScreen):
                    return False
                seen = app.screen.sight.observation
                return app.screen.view.past.steps == 3 and seen is not None and seen.step == 3

            await until(pilot, there)
            screen = app.screen
            assert isinstance(screen, TrainingScreen)
            for name, grad in [(name, grad) for name in panels for grad in (False, True)]:
                screen.tab = name
                if screen.choice.grad != grad:
                    await pilot.press("v")
                panel = screen.query_one(f"#{name}", RunPanel)
                await until(pilot, lambda panel=panel: isinstance(panel.data, Data) and not screen._to_draw)  # type: ignore[misc]
                await pilot.press("l")
                cell, number = panel.cell, panel.data.number(panel.selected or 0)  # type: ignore[union-attr]
                assert cell is not None, name
                await pilot.press("enter")
                await until(pilot, lambda: isinstance(app.screen, StepperScreen))
                await until(pilot, lambda: app.screen.view.selected is not None)  # type: ignore[attr-defined]
                stepper = app.screen
                assert isinstance(stepper, StepperScreen)
                view = stepper.view
                if name in ("attention", "heads", "mlp"):  # one number, not the length of many
                    of = view.cursor.grad if cell.grad else view.cursor.data
                    found = np.asarray(of(view.selected))
                    element = 0 if view.cell is None else view.cell[1]
                    assert float(found.reshape(-1)[element]) == pytest.approx(number, rel=1e-6), (name, cell)
                await pilot.press("q")
                await until(pilot, lambda: app.screen is screen)
                assert (screen.tab, panel.cell) == (name, cell)
                await pilot.press("escape")
