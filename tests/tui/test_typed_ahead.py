"""Keys typed faster than the screens come: each arrives, in the order of typing, and none ends the app."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.train.canned import text_running
from tests.tui.shell import remembering, until
from tracer.tui.app import GradientTracer
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.screens.training import TrainingScreen

pytestmark = pytest.mark.deep


def app_of(taken: int = 30) -> GradientTracer:
    return GradientTracer(remembering("en"), training=text_running(taken=taken)[0])


def key(name: str) -> events.Key:
    return events.Key({"+": "plus", " ": "space"}.get(name, name), name if len(name) == 1 else None)


async def begun(pilot: Pilot[None], taken: int = 30) -> TrainingScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, TrainingScreen) and app.screen.view.past.steps == taken)
    assert isinstance(app.screen, TrainingScreen)
    return app.screen


@pytest.mark.parametrize("turn", range(6))
async def test_a_key_that_had_to_wait_is_not_overtaken_by_the_next(monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
    """The worst order: the road is blocked for one key only, and free again when the next one comes."""
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, RunToScreen) and isinstance(app.focused, Input))
        asked = iter(range(1000))
        monkeypatch.setattr(app, "_overtakes", lambda _: next(asked) == turn)
        for sign in "+12345":
            app.post_message(key(sign))
        field = app.screen.query_one(Input)
        await until(pilot, lambda: len(field.value) == 6)
        assert field.value == "+12345"


async def test_what_is_typed_with_g_at_once_stands_in_the_field_in_order() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(pilot)
        for _ in range(5):
            for sign in ("g", *"+1002"):
                app.post_message(key(sign))
            await until(pilot, lambda: isinstance(app.screen, RunToScreen))
            await until(pilot, lambda: len(app.screen.query_one(Input).value) == 5)
            assert app.screen.query_one(Input).value == "+1002"
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, TrainingScreen))


async def test_keys_after_the_one_that_closes_a_dialog_go_to_the_screen_below() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, RunToScreen) and isinstance(app.focused, Input))
        for sign in ("escape", "left", "left", "left"):
            app.post_message(key(sign))
        await until(pilot, lambda: app.screen is screen and screen.view.shown == 27)


async def test_a_key_that_comes_back_from_a_field_that_is_gone_ends_nothing() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, RunToScreen) and isinstance(app.focused, Input))
        field, late = app.focused, key("right")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen and field is not None and not field.is_attached)
        app._typed_into[late] = field
        late._set_forwarded()
        app.post_message(late)
        await until(pilot, lambda: late not in app._typed_into)
        await pilot.press("g")
        app._typed_into[kept := key("x")] = field  # and it holds up the next dialog no longer than it lives
        await pilot.press("1")
        kept.stop()
        await until(pilot, lambda: app.screen.query_one(Input).value == "1")
        assert app.is_running


async def test_an_arrow_that_was_dealt_with_holds_up_no_letter_even_while_something_remembers_it() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot)
        arrow = key("left")  # remembered here; in the app a queue's last look ahead remembers one
        app.post_message(arrow)
        await until(pilot, lambda: screen.view.shown == 29)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, RunToScreen) and isinstance(app.focused, Input))
        app.post_message(key("7"))
        await until(pilot, lambda: app.screen.query_one(Input).value == "7")
        assert arrow not in app._typed_into
