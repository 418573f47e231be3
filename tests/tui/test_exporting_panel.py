"""`x` on the dashboard saves the panel in front as a picture or as numbers; the app goes on meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.canned import text_running
from tests.tui.shell import until
from tests.tui.test_dashboard import app_of, settled
from tracer.tui.screens.exporting_panel import PanelExportScreen

pytestmark = pytest.mark.deep


async def test_the_panel_in_front_is_saved_as_its_numbers_and_as_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        screen.tab = "attention"
        await pilot.pause()
        for keys, name in (((), "attention-200.svg"), (("left",) * 3, "attention-200.json")):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, PanelExportScreen))
            await pilot.press(*keys, "enter")
            await until(pilot, (tmp_path / name).exists)
    assert (tmp_path / "attention-200.svg").read_bytes().startswith(b"<svg")
    told = json.loads((tmp_path / "attention-200.json").read_text("utf-8"))
    assert (told["panel"], told["step"], len(told["values"])) == ("attention", 200, 5)


async def test_a_report_of_a_run_that_is_not_there_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, PanelExportScreen))
        await pilot.press("left", "left", "enter")
        await until(pilot, lambda: any("no such folder" in one.message for one in app._notifications))
    assert list(tmp_path.iterdir()) == []
