"""A step of the GPT, trained for a moment: recorded, observed, and seen as a panel sees it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tests.models.programs import scalar_training, tensor_training
from tracer.panels.panel import RunView
from tracer.trace.observation import Observation, observe
from tracer.trace.trace import Trace
from tracer.train.history import History
from tracer.train.loop import recorded_step
from tracer.train.parameters import arrays
from tracer.train.report import Setup

CASES: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = (
    ("tensor", (("n_layer", 2), ("batch_size", 3))),
    ("tensor", (("n_head", 1), ("block_size", 1), ("attention", True))),
    ("scalar", (("n_layer", 1), ("n_embd", 4), ("n_head", 2), ("block_size", 5))),
)
"""An engine and settings: several layers and documents; one head and one position; plain numbers."""


@cache
def step_of(engine: str, settings: tuple[tuple[str, Any], ...]) -> tuple[Trace, Observation, RunView]:
    """The first step, in float64."""
    training = (tensor_training if engine == "tensor" else scalar_training)(**dict(settings))
    recorder, loss, error = recorded_step(training, 1)
    assert error is None
    assert loss is not None
    trace = Trace(recorder.columns())
    seen = observe(trace, step=1, loss=loss, held=arrays(training))
    symbols = tuple(training.symbols or ())
    setup = Setup("gpt", "names", engine, 1, 10, dict(settings), (), False, symbols)
    return trace, seen, RunView(setup, History().past, 1, seen)


def array_of(seen: Observation, of: str, document: int, *, grad: bool) -> Any:
    """What an observation holds under a cell's name."""
    thing = seen.weights[of] if of in seen.weights else seen.taps[of][document]
    found = thing.grad if grad else thing.value
    assert found is not None
    return np.asarray(found, np.float64)
