"""A thing with some of its nodes unfolded: one trace to walk, which is unfolded the same way when it is run again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from tracer.errors import GraphError, NotFoundError, TracerError, did_you_mean
from tracer.layout.fold import Folding, default_folding, group_of
from tracer.layout.groups import groups_of
from tracer.lessons.leaves import Overrides
from tracer.lessons.runner import Thing
from tracer.trace.trace import Trace
from tracer.trace.unfolding import Unfolding

NEAR = 2000
"""Scopes among which one is looked for that was meant."""


def unfold_thing(thing: Thing, names: Sequence[str]) -> Thing:
    """`thing` with these nodes unfolded one after the other: `z1`, `z1[0]`, `z1[0, 1]`, or what came in by then.

    A name may also be that of a scope, `position 3.layer 1`: its part of the graph is then open in the picture, and of
    the other parts only those around it.

    Raises:
        NotFoundError: nothing is called so.
        GraphError: there is nothing inside, or more than can be unfolded at once.
    """
    unfolding = thing.unfolding or Unfolding(thing.trace)
    folding = thing.folding
    for name in names:
        try:
            unfolding = unfolding.read(name)
        except (NotFoundError, GraphError) as problem:
            opened = _opened(unfolding.trace, folding or Folding(), name.strip())
            if opened is None:
                raise _nothing_called(unfolding.trace, name, problem) from None
            folding = opened
    made = with_unfolding(thing, unfolding)
    return made if folding is None else replace(made, folding=folding)


def _nothing_called(trace: Trace, name: str, problem: TracerError) -> TracerError:
    """The problem with a node's name, unless it may have been meant as a scope's."""
    scopes = groups_of(trace).keys[1 : NEAR + 1]
    nearest = did_you_mean(name, scopes) if isinstance(problem, NotFoundError) else None
    if nearest is None:
        return problem
    return NotFoundError(f"unfold: no node and no scope is called {name!r}.", hint=nearest)


def _opened(trace: Trace, folding: Folding, scope: str) -> Folding | None:
    """With a scope open, and all around it; None where no scope is called so."""
    key = group_of(trace, scope)
    if key is None:
        return None
    levels = key.split(".")
    around = (".".join(levels[:i]) for i in range(1, len(levels)))
    return folding.open(*(outer for outer in around if group_of(trace, outer) == outer), key)


def fold_thing(thing: Thing) -> Thing:
    """`thing` folded by scope, however small it is."""
    return replace(thing, folding=thing.folding or Folding())


def limit_thing(thing: Thing, limit: int) -> Thing:
    """`thing` with so many boxes in its picture at most."""
    return replace(thing, folding=replace(thing.folding or default_folding(thing.trace), limit=limit))


def with_unfolding(thing: Thing, unfolding: Unfolding) -> Thing:
    """`thing` with its trace unfolded so; run again, it is unfolded as far as that run allows."""
    folded = thing.folded or thing
    if not unfolding.steps:
        return folded

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        made = folded.rerun(overrides, stop=stop)
        return with_unfolding(made, unfolding.again(made.trace)[0])

    return replace(folded, trace=unfolding.trace, rerun=again, unfolding=unfolding, folded=folded)
