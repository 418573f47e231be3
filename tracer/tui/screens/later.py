"""What only later keys need: it is imported once all is painted, so that neither the first picture waits nor a key."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

LATER = (
    "tracer.tui.screens.search",
    "tracer.trace.breakpoints",
    "tracer.trace.unfolding",
    "tracer.trace.choices",
    "tracer.explain.predict",
    "tracer.explain.proof",
    "tracer.tui.screens.why",
    "tracer.tui.screens.paths",
    "tracer.tui.screens.inspect",
    "tracer.tui.screens.help",
    "tracer.tui.screens.goto",
    "tracer.tui.screens.extremes",
    "tracer.tui.screens.breakpoints",
    "tracer.tui.screens.watches",
    "tracer.tui.screens.unfold",
    "tracer.tui.screens.edit",
    "tracer.tui.screens.predict",
)
"""In the order in which a key may want it."""


def import_later() -> Iterator[None]:
    """Import it, in pieces of some milliseconds; what is there already takes no time."""
    for name in LATER:
        if name not in sys.modules:
            yield
            import_module(name)
