"""No panel shows a number before its time, at any position, in any size of step, in either language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from tests.tui.shell import shown
from tests.tui.stepping import HUGE, NARROW, beside, press, thing_of, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.numbers import format_full, format_number
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace
from tracer.tui.screens.stepper import TABS
from tracer.tui.widgets.timeline import Timeline

_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e-?\d+)?")


def odd_numbers() -> Trace:
    """Two passes with a zeroing and an update; every value and gradient is a number that stands for nothing else."""
    a, b, rate = np.random.default_rng(7).uniform(1.1, 1.9, 3).tolist()
    with record() as rec:
        x, w = Value(a, name="x"), Value(b, name="w")
        for _ in range(2):
            h = (x * w).tanh().named("h")
            y = (h * w + x).named("y")
            y.backward()
            w.data -= rate * w.grad
            x.grad = 0.0
    return rec.trace


def numbers_at(trace: Trace, position: int) -> Iterator[float | None]:
    """Everything that may be read off this position."""
    cursor = trace.cursor(position)
    moment = cursor.moment
    yield from (moment.upstream, moment.local, moment.contribution, moment.before, moment.after)
    for node in range(trace.n_nodes):
        yield cursor.data(node)
        yield cursor.grad(node)


def written(numbers: set[float]) -> set[str]:
    """How these numbers look on screen; what is short might stand for a step's number as well."""
    shown = {text for n in numbers for text in (format_number(n), format_full(n))}
    return {text for text in shown if len(text) > 4}


TRACE = odd_numbers()
KNOWN: list[set[float]] = []
for _position in range(len(TRACE) + 1):
    _here = {n for n in numbers_at(TRACE, _position) if n is not None}
    KNOWN.append(_here | (KNOWN[-1] if KNOWN else set()))
EVER = written(KNOWN[-1])


def early(page: str, position: int) -> set[str]:
    """Numbers on a page that nothing up to `position` explains."""
    found = set(_NUMBER.findall(page))
    return (found & EVER) - written(KNOWN[position])


def test_the_scan_itself_finds_what_is_early() -> None:
    future = EVER - written(KNOWN[0])
    assert len(future) > 20
    assert early(" ".join(future), 0) == future
    assert early(" ".join(future), len(TRACE)) == set()


@pytest.mark.parametrize("lang", LANGS)
async def test_no_number_before_its_time(lang: Lang) -> None:
    async with walking(thing_of(TRACE), HUGE, lang=lang) as (pilot, screen):
        for position in range(len(TRACE) + 1)[:: 1 if lang == "en" else 3]:
            screen.step_by("part" if position % 2 else "node")
            screen.walk_to(TRACE.cursor(position))
            await pilot.pause()
            assert early(shown(pilot.app), position) == set()  # type: ignore[arg-type]


async def test_no_number_before_its_time_about_any_node() -> None:
    async with walking(thing_of(TRACE), HUGE) as (pilot, screen):
        for position in range(0, len(TRACE) + 1, 17):
            screen.walk_to(TRACE.cursor(position))
            for node in range(TRACE.n_nodes):
                screen.select(node)
                await pilot.pause()
                assert early(shown(pilot.app), position) == set()  # type: ignore[arg-type]


async def test_no_number_before_its_time_on_a_small_terminal_in_textbook_notation() -> None:
    async with walking(thing_of(TRACE), NARROW) as (pilot, screen):
        await press(pilot, "d")
        for position in range(0, len(TRACE) + 1, 3):
            screen.tab = TABS[position % len(TABS)]
            screen.walk_to(TRACE.cursor(position))
            await pilot.pause()
            assert early(shown(pilot.app), position) == set()  # type: ignore[arg-type]


async def test_no_number_before_its_time_beside_another_run() -> None:
    """Two equal runs: what one has reached, the other has."""
    async with beside(thing_of(TRACE, compare=thing_of(odd_numbers()))) as (pilot, screen):
        for position in range(0, len(TRACE) + 1, 3):
            screen.walk_to(screen.walker.lockstep.cursor(position))
            await pilot.pause()
            assert early(shown(pilot.app), position) == set()  # type: ignore[arg-type]


async def test_going_back_forgets() -> None:
    async with walking(thing_of(TRACE), HUGE) as (pilot, screen):
        page = await press(pilot, "end")
        assert set(_NUMBER.findall(page)) & EVER
        assert early(await press(pilot, "home"), 0) == set()
        line = screen.query_one(Timeline)
        await pilot.click(line, offset=(line.size.width - 20, 1))
        position = screen.view.cursor.position
        assert 0 < position < len(TRACE)
        assert early(shown(pilot.app), position) == set()  # type: ignore[arg-type]
