"""What walking looks like, held still: three sizes, both languages. Renew with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.tui.shell import remembering, until
from tests.tui.stepping import HUGE, NARROW, WIDE, assigned, program, thing_of
from tracer.lessons.runner import Thing
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.screens.stepper import StepperScreen

SIZES = [NARROW, WIDE, HUGE]
Compare = Callable[..., bool]
MID_BACKWARD = 20
"""x has received one of its two contributions."""

every_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
both_languages = pytest.mark.parametrize("lang", LANGS)


def thing() -> Thing:
    """Without the file's name and its lines, which change with every edit of the tests."""
    trace = program()
    columns = replace(trace.columns, sources={}, line=trace.columns.line * 0 - 1, line_file=trace.columns.line_file[:0])
    columns = replace(columns, line_number=columns.line_number[:0], files=())
    passes = tuple(replace(one, line=-1) for one in columns.passes)
    return thing_of(type(trace)(replace(columns, passes=passes)))


def app_of(thing: Thing, lang: Lang, at: int | None = None, theme: str = "dark") -> GradientTracer:
    return GradientTracer(remembering(lang, theme=theme), first=Request(thing.name, at=at), thing=thing)


async def checked(pilot: Pilot[None]) -> None:
    """Wait for the checks, which arrive from beside."""
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    await until(pilot, lambda: bool(screen.view.checks))


async def in_textbook_notation(pilot: Pilot[None]) -> None:
    await checked(pilot)
    await pilot.press("d")


async def where_they_part(pilot: Pilot[None]) -> None:
    await pilot.press("=")


async def asked(pilot: Pilot[None]) -> None:
    await checked(pilot)
    await pilot.press("p", *"5", "enter")


async def nudged(pilot: Pilot[None]) -> None:
    await pilot.press("end", "n")
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    await until(pilot, lambda: screen.view.nudge is not None and bool(screen.view.checks))


@both_languages
@every_size
def test_mid_backward_in_boxes(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(thing(), lang, MID_BACKWARD), terminal_size=size, run_before=checked)


@both_languages
@every_size
def test_mid_backward_in_textbook_notation(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(thing(), lang, MID_BACKWARD), terminal_size=size, run_before=in_textbook_notation)


@both_languages
@every_size
def test_lockstep(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(assigned(), lang), terminal_size=size, run_before=where_they_part)


@pytest.mark.parametrize("theme", ["light", "high-contrast", "colour-blind"])
def test_mid_backward_in_other_colours(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(app_of(thing(), "en", MID_BACKWARD, theme), terminal_size=WIDE, run_before=checked)


def test_a_wrong_prediction(snap_compare: Compare) -> None:
    assert snap_compare(app_of(thing(), "en", MID_BACKWARD), terminal_size=NARROW, run_before=asked)


def test_a_nudge(snap_compare: Compare) -> None:
    assert snap_compare(app_of(thing(), "en"), terminal_size=NARROW, run_before=nudged)
