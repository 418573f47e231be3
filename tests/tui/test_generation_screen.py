"""A generation in the stepper: the panel follows the cursor, and `r` goes from one drawn symbol to the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.trace.generated import generation
from tests.tui.shell import remembering, shown, until
from tracer.lessons.runner import Thing
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.screens.generation import GenerationScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow; what the panel draws is tested without the app
Compare = Callable[..., bool]


def app_of(engine: str = "tensor", lang: Lang = "en", at: int = 0, **settings: object) -> GradientTracer:
    trace = generation(engine).trace

    def screen() -> GenerationScreen:
        typed = ("tracer", "sample", "runs/names-42", "--walk", "--seed", "3")
        return GenerationScreen(Thing("names-42  T = 0.5  seed 3", trace, name="names-42", typed=typed), at=at)

    return GradientTracer(remembering(lang, **settings), screen=screen)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50), (200, 60)], ids=lambda size: "x".join(map(str, size)))
def test_snapshots(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of("tensor", lang), terminal_size=size, press=["r", "r"])


@pytest.mark.parametrize("engine", ["tensor", "scalar"])
async def test_r_goes_from_one_drawn_symbol_to_the_next(engine: str) -> None:
    app = app_of(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, GenerationScreen))
        assert "Nothing has been computed yet." in shown(app)
        for told in ("⟨B⟩ → a", "⟨B⟩ a → b", "⟨B⟩ a b → ⟨B⟩"):
            await pilot.press("r")
            assert f"so far  {told}" in shown(app)
        await pilot.press("R", "comma", "left")  # smaller steps than a position
        assert "so far  ⟨B⟩ a → ?" in shown(app)
        assert "drawn" not in shown(app)


async def test_every_panel_has_its_turn() -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, GenerationScreen))
        headings = ["Generation  2 of 5", "Explanation  3 of 5", "Source  4 of 5", "Values  5 of 5", "Graph  1 of 5"]
        for heading in headings:
            assert heading in shown(app)
            await pilot.press("tab")


async def test_copy_gives_the_command_that_writes_the_text_again() -> None:
    """`--at` would be a training step there, not a position of this trace."""
    app = app_of(at=5)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, GenerationScreen))
        await pilot.press("c")
        assert app.clipboard == "tracer sample runs/names-42 --walk --seed 3"
