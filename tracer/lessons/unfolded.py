"""A thing with some of its nodes unfolded: one trace to walk, which is unfolded the same way when it is run again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from tracer.lessons.leaves import Overrides
from tracer.lessons.runner import Thing
from tracer.trace.unfolding import Unfolding


def unfold_thing(thing: Thing, names: Sequence[str]) -> Thing:
    """`thing` with these nodes unfolded one after the other: `z1`, `z1[0]`, `z1[0, 1]`, or what came in by then.

    Raises:
        NotFoundError: nothing is called so.
        GraphError: there is nothing inside, or more than can be unfolded at once.
    """
    unfolding = thing.unfolding or Unfolding(thing.trace)
    for name in names:
        unfolding = unfolding.read(name)
    return with_unfolding(thing, unfolding)


def with_unfolding(thing: Thing, unfolding: Unfolding) -> Thing:
    """`thing` with its trace unfolded so; run again, it is unfolded as far as that run allows."""
    folded = thing.folded or thing
    if not unfolding.steps:
        return folded

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        made = folded.rerun(overrides, stop=stop)
        return with_unfolding(made, unfolding.again(made.trace)[0])

    return replace(folded, trace=unfolding.trace, rerun=again, unfolding=unfolding, folded=folded)
