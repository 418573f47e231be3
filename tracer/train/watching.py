"""Which steps of a training are watched while they are taken, and what was seen of the last one that was."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from tracer.trace.observation import Observation
from tracer.train.anchors import Anchors, Axes
from tracer.train.entry import Training
from tracer.train.observed import Watch
from tracer.train.signals import Signals, signals_of


class Watching:
    """Takes the steps of a training.

    Args:
        due: step (from 1) -> whether its signals are kept.
        live: step -> whether somebody may want to see it; asked before each.
        anchors: keeps the axes of the embeddings, where anybody does.
    """

    def __init__(
        self,
        training: Training,
        *,
        due: Callable[[int], bool] = lambda step: False,
        live: Callable[[int], bool] = lambda step: False,
        anchors: Anchors | None = None,
    ) -> None:
        self._training, self._due, self._live, self._anchors = training, due, live, anchors
        self._watch: Watch | None = None
        self._seen: Observation | None = None
        self._began: tuple[int, float, float | None] | None = None
        self.seconds = 0.0
        """What it took to see the last step, beyond the step itself."""

    def begin(self, step: int) -> Mapping[str, Axes]:
        """Make ready for a step (from 1); the axes of the embeddings before it, where they are kept."""
        began = time.perf_counter()
        self._seen = self._watch = self._began = None  # what the step before made is let go of first
        if self._due(step) or self._live(step):
            self._watch = Watch(self._training)
        self.seconds = time.perf_counter() - began
        return {} if self._anchors is None else self._anchors.before(self._training, step)

    def take(self, i: int) -> Any:
        """Take step i (from 0); what it returns."""
        with self._watch or nullcontext():
            return self._training.step(i)

    def end(self, step: int, loss: float, lr: float | None) -> Signals | None:
        """The step is over; its signals, where they are kept."""
        self._began = step, loss, lr
        seen = self.seen if self._due(step) else None
        return None if seen is None else signals_of(seen)

    @property
    def seen(self) -> Observation | None:
        """The step that was taken last; None where nobody watched, or another has begun."""
        if self._watch is not None and self._began is not None:
            began = time.perf_counter()
            self._seen = self._watch.observation(*self._began)
            self._watch = None
            self.seconds += time.perf_counter() - began
        return self._seen
