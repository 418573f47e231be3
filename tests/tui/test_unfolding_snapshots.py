"""What unfolding looks like, held still: the question, the open frame, a frame in a frame; three sizes, two languages.

Renew with `pytest --snapshot-update`. Without checks: see `test_tensor_snapshots`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.tui.stepping import HUGE, NARROW, WIDE
from tests.tui.test_stepper_snapshots import app_of
from tests.tui.test_stepper_tensors import thing
from tests.tui.test_tensor_snapshots import still
from tests.tui.test_unfolding import find, probabilities
from tracer.text import LANGS, Lang
from tracer.tui.screens.stepper import StepperScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.screens.doing.SMALL", 0)


def at(pilot: Pilot[None], name: str) -> None:
    """Select a node, in the backward pass."""
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    screen.walk_to(screen.view.cursor.trace.cursor(-1))
    screen.select(find(screen, name))


async def asked(pilot: Pilot[None]) -> None:
    at(pilot, "H")
    await pilot.press("enter", "down")


async def opened(pilot: Pilot[None]) -> None:
    at(pilot, "p")
    await pilot.press("enter")
    pilot.app.clear_notifications()  # they go by themselves, in time
    await pilot.pause()


async def nested(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await pilot.press("enter", "e", "left", "left")
    pilot.app.clear_notifications()
    await pilot.pause()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["80", "120", "200"])
def test_a_softmax_opens_into_its_smaller_ops(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(still(probabilities().trace), lang), terminal_size=size, run_before=opened)


@pytest.mark.parametrize(("size", "lang"), [(NARROW, "en"), (WIDE, "ja")], ids=["80", "120-ja"])
def test_how_much_is_asked(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(still(thing().trace), lang), terminal_size=size, run_before=asked)


@pytest.mark.parametrize("lang", LANGS)
def test_one_frame_in_another_amid_the_walk(snap_compare: Compare, lang: Lang) -> None:
    assert snap_compare(app_of(still(probabilities().trace), lang), terminal_size=HUGE, run_before=nested)
