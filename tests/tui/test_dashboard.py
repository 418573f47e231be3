"""The dashboard: which panels stand where, what they follow, which cell is selected, and that every cell opens."""

from __future__ import annotations

import threading
from dataclasses import replace
from math import nan

import pytest
from textual.pilot import Pilot

from tests.train.canned import Kept, Watching, observation, running, text_reports, text_running
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import toasts
from tracer.core.record import record
from tracer.core.value import Value
from tracer.errors import ProgramError
from tracer.panels.data import Data
from tracer.panels.registry import PANELS
from tracer.text import LANGS, Lang
from tracer.trace.cells import Cell
from tracer.trace.observation import Seen, Weights
from tracer.train.process import Job, OpenedStep
from tracer.tui.app import GradientTracer
from tracer.tui.opened_run import OpenedRun
from tracer.tui.running import Running
from tracer.tui.screens.help import HelpScreen
from tracer.tui.screens.notice import NoticeScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.training import ORDER, TrainingScreen
from tracer.tui.widgets.run_panel import RunPanel

STEPS = 200


def app_of(run: Running, lang: Lang = "en", **settings: object) -> GradientTracer:
    return GradientTracer(remembering(lang, **settings), training=run)


async def settled(pilot: Pilot[None], steps: int = STEPS) -> TrainingScreen:
    """Wait until a run has told so many steps and the last one is observed."""
    app = pilot.app

    def there() -> bool:
        if not isinstance(app.screen, TrainingScreen):
            return False
        seen = app.screen.sight.observation
        return app.screen.view.past.steps == steps and (not steps or (seen is not None and seen.step == steps))

    await until(pilot, there)
    assert isinstance(app.screen, TrainingScreen)
    return app.screen


def panel(screen: TrainingScreen, name: str) -> RunPanel:
    return screen.query_one(f"#{name}", RunPanel)


def data(screen: TrainingScreen, name: str) -> Data:
    found = panel(screen, name).data
    assert isinstance(found, Data), found
    return found


def seen_at(screen: TrainingScreen) -> int:
    """The step of the observation that is shown."""
    seen = screen.sight.observation
    return 0 if seen is None else seen.step


def drawn(screen: TrainingScreen, step: int) -> bool:
    """Whether every panel shows a step: they are drawn one after the other, keys between them."""
    return seen_at(screen) == step and not screen._drawing


def in_sight(screen: TrainingScreen) -> set[str | None]:
    return {one.id for one in screen.query(RunPanel) if one.display}


def a_step(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
    """A recorded step with one weight and one tap."""
    with record() as recorder:
        w = Value(2.0, name="w")
        (w * w).named("loss").backward()
    return OpenedStep(recorder.trace, list(text_reports(STEPS))[step - 1].loss)


def test_every_panel_has_its_place_in_the_order() -> None:
    assert {one.id for one in PANELS} <= set(ORDER)


async def test_all_panels_follow_the_step_that_is_shown_and_none_tells_of_a_later_one() -> None:
    run, _ = text_running(40)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 40)
        for at in (40, 17, 3, 1, 29):
            screen.go(at)
            assert all(one.step <= at for one in screen.sight.trail), "before it is observed, what is shown is older"
            await until(pilot, lambda at=at: drawn(screen, at))
            for name in in_sight(screen) - {"samples"}:  # which were written at other steps
                assert data(screen, name or "").step == at, name
            assert f"─ step {at} ─" in shown(app)


@pytest.mark.deep
async def test_until_a_step_is_observed_the_panels_say_which_one_they_show() -> None:
    beside = Watching(missing={150})
    run, _ = text_running(observer=lambda: beside)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        screen.go(140)
        await until(pilot, lambda: data(screen, "attention").step == 140)
        screen.go(150)
        await pilot.pause(0.1)
        assert "─ step 140 ─" in shown(app)
        await pilot.pause(0.6)
        assert "◂ step 150" in shown(app)
        assert data(screen, "attention").step == 140
        assert "─ step 140 ─" in shown(app)
        assert shown(app).count("─ step 150 ─") == 2, "the loss and what was written know it"


@pytest.mark.deep
async def test_a_step_that_cannot_be_observed_is_said_once() -> None:
    class Refusing(Watching):
        def take(self) -> object:  # type: ignore[override]
            step = self._waiting
            return ProgramError("it is gone.", ja="なくなりました。") if step == 7 else super().take()

    run, _ = text_running(observer=Refusing)
    app = app_of(run, "ja")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        screen.go(7)
        await until(pilot, lambda: "なくなりました" in toasts(pilot))


@pytest.mark.deep
@pytest.mark.parametrize(
    ("size", "number"), [((80, 24), 1), ((100, 28), 6), ((120, 40), 9), ((160, 50), 12), ((200, 60), len(ORDER) - 1)]
)
@pytest.mark.parametrize("lang", LANGS)
async def test_as_many_panels_as_there_is_room_for(size: tuple[int, int], number: int, lang: Lang) -> None:
    run, _ = text_running()
    app = app_of(run, lang)
    async with app.run_test(size=size) as pilot:
        screen = await settled(pilot)
        assert len(in_sight(screen)) == min(number, len(screen.panels))
        seen: set[str | None] = set()
        for _ in screen.panels:
            assert screen.tab in in_sight(screen)
            assert panel(screen, screen.tab).front
            seen |= in_sight(screen)
            text = shown(app)
            assert len(text.splitlines()) == size[1]
            for one in screen.query(RunPanel):
                assert not one.display or one.region.bottom <= size[1] - 2
            await pilot.press("tab")
        assert seen == set(screen.panels)


# Choosing


@pytest.mark.deep
async def test_one_choice_turns_every_panel() -> None:
    run, _ = text_running(observer=lambda: Watching(layers=3, heads=2, documents=2))
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("U", "H", "O", "A")
        await pilot.pause()
        assert (screen.choice.layer, screen.choice.head, screen.choice.document) == (1, 1, 1)
        for name in ("attention", "heads"):
            assert "layer 1" in data(screen, name).title.en
        assert data(screen, "attention").cells[0] == Cell("layer1.attn", (1, 0, 0), 1)
        await pilot.press("D", "D", "G", "Z")
        assert (screen.choice.layer, screen.choice.head, screen.choice.document) == (2, 0, 0), "round, and back"


@pytest.mark.deep
async def test_where_there_is_nothing_to_choose_it_is_said() -> None:
    run, _ = text_running(observer=lambda: Watching(layers=1, heads=1))
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key, words in (("U", "no other layer"), ("H", "no other head"), ("A", "no other document")):
            await pilot.press(key)
            await until(pilot, lambda words=words: words in toasts(pilot))  # type: ignore[misc]


@pytest.mark.deep
async def test_before_anything_is_observed_it_is_said() -> None:
    run, _ = text_running(taken=0)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 0)
        for key in ("U", "H", "P", "A", "v", "l", "X", "Y", "z", "enter"):
            await pilot.press(key)
        assert isinstance(app.screen, TrainingScreen)
        assert screen.sight.observation is None
        await until(pilot, lambda: "No step has been taken yet" in toasts(pilot))


@pytest.mark.deep
async def test_v_shows_every_gradient_and_the_caption_changes_with_it() -> None:
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("2")
        contents = screen.panel.contents
        assert contents.caption.en[:40] in shown(app)
        await pilot.press("v")
        await pilot.pause()
        assert contents.twin is not None
        assert contents.twin.en in shown(app)
        assert contents.twin_caption.en[:40] in shown(app)
        assert data(screen, "attention").cells[0].grad
        await pilot.press("v")
        assert not data(screen, "attention").cells[0].grad


# Selecting


@pytest.mark.deep
async def test_a_selected_cell_is_told_with_its_number_and_stays_the_same_cell() -> None:
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        screen.tab = "probabilities"
        await pilot.press("j", "j", "j")
        await pilot.pause()
        chosen = panel(screen, "probabilities").cell
        assert chosen is not None
        assert panel(screen, "probabilities").told in shown(app)
        await pilot.press("left")
        await until(pilot, lambda: data(screen, "probabilities").step == STEPS - 1)
        assert panel(screen, "probabilities").cell == chosen, "though its bar stands elsewhere now"
        await pilot.press("escape")
        assert panel(screen, "probabilities").selected is None
        assert screen.view.shown == STEPS - 1
        await pilot.press("escape")
        assert screen.view.shown == STEPS


@pytest.mark.deep
async def test_a_click_selects_and_another_click_opens() -> None:
    run, _ = text_running(opener=a_step)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        attention = panel(screen, "attention")
        region = attention._picture.regions[0]
        await pilot.click(attention, offset=(region.x0 + 1, region.y + 1))
        assert (screen.tab, attention.selected) == ("attention", region.index)
        await pilot.click(attention, offset=(region.x0 + 1, region.y + 1))
        await until(pilot, lambda: not isinstance(app.screen, TrainingScreen))
        assert isinstance(app.screen, StepperScreen | NoticeScreen)


@pytest.mark.deep
async def test_enlarged_a_panel_stands_alone_with_what_it_tells() -> None:
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("2", "l", "z")
        await pilot.pause()
        assert in_sight(screen) == {"attention"}
        assert panel(screen, "attention").region.width == 120
        assert screen.panel.contents.about.en[:30] in shown(app)
        await pilot.press("tab")
        assert in_sight(screen) == {screen.tab} != {"attention"}
        await pilot.press("shift+tab", "escape")
        assert screen.enlarged, "the selection is let go first"
        await pilot.press("escape")
        assert len(in_sight(screen)) == 9


async def test_where_there_is_no_room_for_what_a_panel_tells_it_is_said_where_to_read_it() -> None:
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("z")
        await pilot.pause()
        assert [one.message for one in app._notifications] == ["No room here for what this panel tells: ? has it."]


@pytest.mark.deep
async def test_help_begins_with_the_panel_in_front() -> None:
    run, _ = text_running()
    app = app_of(run, "ja")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("2", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        contents = panel(screen, "attention").contents
        text = shown(app)
        assert contents.about.ja[:20] in text
        assert text.index(contents.title.ja) < text.index("次のパネルへ")


# Opening a cell


@pytest.mark.deep
async def test_a_point_of_the_curve_is_a_step() -> None:
    run, _ = text_running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        loss = panel(screen, "loss")
        await pilot.click(loss, offset=(loss.size.width // 2, 5))
        await until(pilot, lambda: 40 < screen.view.shown < 160)


@pytest.mark.deep
async def test_a_model_of_points_has_its_boundary_and_no_panel_of_texts() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TrainingScreen) and app.screen.view.past.steps == STEPS)
        screen = app.screen
        assert isinstance(screen, TrainingScreen)
        assert "boundary" in screen.panels
        await pilot.press(*"2", "l", "j")
        assert panel(screen, "boundary").told.startswith("point ")


@pytest.mark.deep
async def test_a_run_of_no_steps_opens_and_says_so() -> None:
    app = app_of(OpenedRun(Kept(taken=0)))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, 0)
        assert "step 0 / 200" in shown(app)
        await pilot.press("left", "right", "home", "end", "g", "escape", "enter")


@pytest.mark.deep
async def test_a_nan_in_every_number_is_shown() -> None:
    class Broken(Watching):
        def take(self) -> object:  # type: ignore[override]
            found = super().take()
            if found is None:
                return None
            taps = {
                name: tuple(Seen(one.value * nan, one.value * nan) for one in seen) for name, seen in found.taps.items()
            }
            weights = {name: Weights(*[one.value * nan] * 5) for name, one in found.weights.items()}
            return replace(found, taps=taps, weights=weights)

    run, _ = text_running(observer=Broken)
    app = app_of(run)
    async with app.run_test(size=(200, 60)) as pilot:
        screen = await settled(pilot)
        for _ in range(2):
            assert "nan" in shown(app)
            await pilot.press("v")
            await pilot.pause()
        assert screen.sight.observation is not None


def test_an_observation_for_tests_is_what_a_model_of_texts_shows() -> None:
    found = observation(1, layers=2, documents=2)
    assert (found.layers, found.n_head, found.positions(0), found.positions(1)) == (2, 4, 5, 4)
