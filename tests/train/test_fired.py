"""Which neurons fire is asked of the held-out texts as well as of the step's one document."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.train.entry import Training, build
from tracer.train.looks import Watcher
from tracer.train.loop import train
from tracer.train.watching import Watching

MODELS = Path(__file__).parents[2] / "models"
DOCUMENTS = ["b", "bc", "cb", "c", "bb", "cc", "bcb", "cbc", "bccb", "a"]


def training(program: str = "gpt.py") -> Training:
    settings = {"n_embd": 4, "n_head": 2, "block_size": 6, "held_out": 0.25}
    namespace = runpy.run_path(str(MODELS / program))
    return build(namespace, program, None, 5, settings, documents=DOCUMENTS, steps=3)


def fired(made: Training) -> tuple[bool, ...]:
    """The neurons above 0 for any held-out document, each read by itself: nothing is filled up."""
    seen = np.zeros(16, bool)
    assert made.loss is not None
    for document in made.held_out:
        with tracer.taps() as found:
            made.loss(document)
        seen |= (found["layer0.mlp"][-1].detach().numpy() > 0).reshape(-1, 16).any(axis=0)
    return tuple(seen.tolist())


def test_the_neurons_of_held_out_texts_are_seen_and_what_fills_up_a_batch_is_not() -> None:
    made = training()
    seen = Watcher(made, 42)(1)
    assert seen.eval is not None
    assert seen.fired == {"layer0.mlp": fired(made)}
    assert 0 < sum(seen.fired["layer0.mlp"]) < 16


def test_a_report_has_the_neurons_of_its_step_and_those_of_the_held_out_texts_after_it() -> None:
    made, alone = training(), training()
    watched = Watching(made, due=lambda step: True)
    (report,) = train(made, 1, looks=lambda step: True, look=Watcher(made, 42), watching=watched)
    (before,) = train(alone, 1, watching=Watching(alone, due=lambda step: True))
    assert report.signals is not None
    assert before.signals is not None
    own, held_out = before.signals.fired["layer0.mlp"], fired(made)
    assert report.signals.fired["layer0.mlp"] == tuple(a or b for a, b in zip(own, held_out, strict=True))
    assert report.signals.fired != before.signals.fired, "the step's one document fires fewer"


@pytest.mark.deep
def test_both_engines_fire_alike() -> None:
    assert Watcher(training(), 42)(1).fired == Watcher(training("gpt_scalar.py"), 42)(1).fired
