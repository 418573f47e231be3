"""`tracer.show`: the app on something of the user's own; in a notebook, its picture."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property

from tracer.cli.steps import print_steps
from tracer.cli.terminal import choose_lang, interactive
from tracer.core.backward import reachable
from tracer.core.record import ACTIVE, record
from tracer.core.value import Value
from tracer.errors import TracerError
from tracer.lessons.child import WALKED
from tracer.lessons.runner import Thing, thing_of_trace
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Picture:
    """A finished trace, which a notebook draws."""

    trace: Trace

    @cached_property
    def svg(self) -> str:
        from tracer.export.export import Options, picture

        return picture(self.trace.cursor(-1), "svg", Options(caption=False)).data.decode("utf-8")

    def _repr_svg_(self) -> str:
        return self.svg


def show(thing: Value | Trace) -> Picture | None:
    """Open the app on a trace, or on all that led to a `Value` and its gradients.

    In a notebook nothing is opened: the picture is returned, which the notebook draws. Without a terminal the steps are
    printed. In a program that `tracer` itself runs, nothing happens: it is being walked already.

    Raises:
        TracerError: `thing` is neither.
    """
    if not isinstance(thing, Value | Trace):
        raise TracerError(f"show: got a {type(thing).__name__}; it takes a Value or a Trace.")
    if WALKED:
        return None
    trace = thing if isinstance(thing, Trace) else trace_of(thing)
    if "ipykernel" in sys.modules:
        return Picture(trace)
    opened = thing_of_trace(Thing(title=_title(trace), trace=trace))
    if not interactive():
        print_steps(opened, "edge", choose_lang(None))
        return None
    from tracer.tui.messages import Request
    from tracer.tui.start import run_app

    run_app(Request(opened.title), opened)
    return None


def trace_of(root: Value) -> Trace:
    """What led to `root`, and a backward pass from it. A recording under way and all gradients are left alone."""
    kept = [(value, value._grad) for value in reachable(root)] if root._live else []
    listening = ACTIVE[:]
    ACTIVE.clear()
    try:
        for value, _ in kept:
            value._grad = 0.0
        with record() as recorder:
            recorder.id_of(root)
            if root._live:
                root.backward()
    finally:
        ACTIVE[:] = listening
        for value, grad in kept:
            value._grad = grad
    return recorder.trace


def _title(trace: Trace) -> str:
    if not trace.n_nodes:
        return "trace"
    last = trace.n_nodes - 1
    formula = trace.formula(last)
    return f"{trace.label(last)} = {formula}" if formula else trace.label(last)
