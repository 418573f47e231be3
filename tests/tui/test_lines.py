"""Lines that are written straight to the terminal leave it as Textual's own frame would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from rich.segment import Segment
from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Static

from tests.tui.stepping import expression, press, walking
from tests.tui.test_folding import small
from tracer.lessons.runner import Thing
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.lines import Laid, LinesUpdate, Uncovered
from tracer.tui.screens.stepper import StepperScreen


def cells(strip: Strip) -> list[Segment]:
    """One segment a cell (a wide character has its two)."""
    return [cell for segment in strip for cell in _cells(segment)]


def _cells(segment: Segment) -> Iterator[Segment]:
    for character in segment.text:
        wide = Segment(character).cell_length
        yield from [Segment(character, segment.style)] * wide


def whole(screen: StepperScreen) -> list[list[Segment]]:
    """What Textual would write of the whole screen."""
    return [cells(strip) for strip in screen._compositor.render_strips()]


async def lay_over(screen: StepperScreen, x: int, y: int, width: int, height: int) -> Static:
    """Something that lies over the panels, as a notice does."""
    over = Static("a message " * 9)
    over.styles.dock, over.styles.layer, over.styles.width, over.styles.height = "top", "_toastrack", width, height
    over.styles.offset = (x, y)
    await screen.mount(over)
    return over


async def check_frames(
    thing: Thing, keys: str, monkeypatch: pytest.MonkeyPatch, *, over: Sequence[Region] = (), lang: Lang = "en"
) -> None:
    updates: list[Any] = []

    def by_textual(compositor: Compositor, **_: object) -> None:
        if compositor._dirty_regions:
            updates.append("Textual's")
        compositor._dirty_regions.clear()

    monkeypatch.setattr(Compositor, "render_update", by_textual)
    monkeypatch.setattr(GradientTracer, "_display", lambda _app, _screen, update: updates.append(update))
    async with walking(thing, lang=lang) as (pilot, screen):
        straight = 0
        for region in over:
            await lay_over(screen, *region)
        await pilot.pause()
        for key in keys.split():
            terminal = whole(screen)
            updates.clear()
            await press(pilot, key)
            if updates and "Textual's" not in updates:
                straight += 1
                for update in filter(None, updates):
                    for x, y, strip in update.lines:
                        line = cells(strip)
                        terminal[y][x : x + len(line)] = line
                assert terminal == whole(screen), f"after {key}"
        assert straight > len(keys.split()) / 2, "most frames go the short way"


async def test_after_every_frame_the_terminal_shows_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    await check_frames(expression(), "right right right left right v", monkeypatch)


@pytest.mark.deep
async def test_after_every_frame_the_terminal_shows_the_screen_of_a_folded_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await check_frames(small(), "right " * 8 + "left " * 4 + "b right right j k v right", monkeypatch)


@pytest.mark.parametrize("lang", LANGS)
async def test_what_lies_over_panels_stays_where_it_is(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    over = (Region(60, 3, 30, 9), Region(75, 8, 25, 12), Region(3, 4, 7, 3), Region(0, 20, 120, 2))
    await check_frames(expression(), "right right right left right v", monkeypatch, over=over, lang=lang)


@pytest.mark.deep
async def test_what_is_said_in_a_border_is_written_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a part changes what is said of the parts in the graph's lower border."""
    over = (Region(20, 30, 9, 9),)
    await check_frames(small(), "j j enter backspace enter j enter backspace right", monkeypatch, over=over)


def test_lines_are_written_each_at_its_place() -> None:
    from rich.console import Console

    update = LinesUpdate([(3, 0, Strip([Segment("ab")])), (0, 9, Strip([Segment("c")]))])
    assert update.render_segments(Console()) == "\x1b[1;4Hab\x1b[10;1Hc"


async def test_what_is_no_line_of_a_panel_is_left_to_textual() -> None:
    async with walking(expression()) as (pilot, screen):
        found = Uncovered()

        def laid() -> Laid:
            return next(one for one in found.panels(screen) if one.panel.id == "explanation")

        inside = laid().inside
        line = Region(inside.x, inside.y, inside.width, 1)
        assert found.update(screen, [line]) is not None
        assert found.update(screen, [line, Region(0, 0, 120, 40)]) is None, "more than lines"
        assert found.update(screen, [line.grow((0, 1, 0, 1))]) is None, "its border too"
        assert found.update(screen, [Region(inside.x, inside.y - 1, inside.width, 1)]) is None, "its upper border"
        over = await lay_over(screen, inside.x + 2, inside.y, 9, 1)
        await pilot.pause()
        update = found.update(screen, [line])
        assert update is not None
        assert [(x, y, strip.cell_length) for x, y, strip in update.lines] == [
            (inside.x, inside.y, 2),
            (inside.x + 11, inside.y, inside.width - 11),
        ]
        assert found.update(screen, [over.region]) is None, "what lies over it"
