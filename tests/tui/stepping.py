"""A stepper on screen, for tests: real traces, no child processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from threading import Event

from textual.pilot import Pilot

from tests.tui.shell import remembering, shown
from tracer.core.record import LeafKey, record
from tracer.core.value import Value, by_hand
from tracer.errors import TracerError
from tracer.lessons.runner import Thing, open_thing
from tracer.text import Lang
from tracer.trace.trace import Trace
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.screens.lockstep import LockstepScreen
from tracer.tui.screens.stepper import StepperScreen

WIDE, NARROW, LOW, HUGE = (120, 40), (80, 24), (120, 30), (200, 60)


@cache
def expression() -> Thing:
    """(x + 2)(x - 1) at x = 3: 11 steps; x gets 5 through one factor and 2 through the other."""
    return open_thing("(x + 2) * (x - 1)", {"x": 3.0})


def program(overrides: Mapping[LeafKey, float] | None = None) -> Trace:
    """The same with names, as a program; a second leaf `w` that is used once."""
    with record(overrides) as rec:
        x, w = Value(3.0, name="x"), Value(2.0, name="w")
        a = (x + w).named("a")
        b = (x - 1).named("b")
        y = (a * b).named("y")
        y.backward()
    return rec.trace


def thing_of(trace: Trace, **fields: object) -> Thing:
    """A thing whose program is `program`."""

    def again(overrides: Mapping[LeafKey, float], /, stop: Event | None = None) -> Thing:
        if any(value == 666 for value in overrides.values()):
            raise TracerError("the program did not survive that.")
        return replace(thing, trace=program(overrides), overrides=dict(overrides))

    thing = replace(Thing("program.py", trace, rerun=again, name="program.py"), **fields)  # type: ignore[arg-type]
    return thing


def assigned() -> Thing:
    """A run that assigns where it should add, with the right run beside it."""

    def run(combine: str) -> Trace:
        with record() as rec:
            x = Value(3.0, name="x")
            y = (x * x).named("y")
            with by_hand(y, combine) as hand:
                hand.deliver(y, 0)
                hand.deliver(y, 1)
        return rec.trace

    return replace(Thing("wrong.py", run("assign")), compare=Thing("right.py", run("add")))


@asynccontextmanager
async def walking(
    thing: Thing, size: tuple[int, int] = WIDE, *, lang: Lang = "en", at: int | None = None, quiz: bool = False
) -> AsyncIterator[tuple[Pilot[None], StepperScreen]]:
    """The app with a stepper in it, drawn."""
    app = GradientTracer(remembering(lang), first=Request(thing.name, at=at, quiz=quiz), thing=thing)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = next(one for one in app.screen_stack if isinstance(one, StepperScreen))
        yield pilot, screen


@asynccontextmanager
async def beside(
    thing: Thing, size: tuple[int, int] = WIDE, *, lang: Lang = "en"
) -> AsyncIterator[tuple[Pilot[None], LockstepScreen]]:
    """The app with two runs in lockstep."""
    app = GradientTracer(remembering(lang), first=Request(thing.name), thing=thing)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, LockstepScreen)
        yield pilot, screen


async def press(pilot: Pilot[None], *keys: str) -> str:
    """What the terminal shows after these keys."""
    await pilot.press(*keys)
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, GradientTracer)
    return shown(app)


def toasts(pilot: Pilot[None]) -> str:
    """What the app said in passing."""
    return "\n".join(one.message for one in pilot.app._notifications)
