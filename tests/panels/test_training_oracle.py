"""Every number of the training panels and of their twins beside PyTorch's with retained gradients: to 1e-8."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models.programs import DOCUMENTS, TINY, numbers, scalar_training, tensor_training
from tests.models.reference import rates, reading
from tests.models.retained import Array, Retaining, copied, of_thing
from tests.panels.made import past, setup
from tracer.panels.data import Data
from tracer.panels.panel import Choice, RunView
from tracer.panels.registry import panel
from tracer.train.loop import rate_of
from tracer.train.observed import Watch
from tracer.train.saying import number_of

pytestmark = pytest.mark.oracle
STEPS = 2
CLOSE = {"rtol": 1e-8, "atol": 1e-8}
ENGINES = {"tensor": tensor_training, "scalar": scalar_training}


def shown(view: RunView, id: str, **choice: Any) -> Array:
    data = panel(id).data(view, Choice(**choice))
    assert isinstance(data, Data), data
    return data.values


def compare(engine: str, settings: dict[str, Any]) -> None:
    """The first steps of a run, panel by panel."""
    torch = pytest.importorskip("torch")
    training = ENGINES[engine](**settings)
    weights = {name: numbers(parameter) for name, parameter in training.named_parameters().items()}
    theirs = Retaining(torch, weights, **{name: TINY[name] for name in ("n_head", "block_size")} | settings)
    read, schedule = reading(DOCUMENTS, {**TINY, **settings}, STEPS), rates(TINY["steps"])
    observed = []
    for i in range(STEPS):
        with Watch(training) as watch:
            loss = number_of(training.step(i))
        observed.append(watch.observation(i + 1, loss, rate_of(training)))
        before = {name: copied(w) for name, w in theirs.w.items()}
        theirs.kept.clear()
        theirs.step(read[i], schedule[i])
        symbols = tuple(training.symbols)
        view = RunView(setup(symbols), past(i + 1, tuple(observed)), i + 1, observed[-1], tuple(observed[:-1]))
        of_neurons(view, theirs)
        of_positions(view, theirs, observed[-1].targets)
        of_weights(view, theirs, before)


def of_neurons(view: RunView, theirs: Retaining) -> None:
    for layer in range(theirs.settings.get("n_layer", 1)):
        for document, thing in enumerate(theirs.kept[f"layer{layer}.mlp"]):
            value, grad = of_thing(thing)
            for position in range(len(value)):
                at = {"layer": layer, "document": document, "position": position}
                np.testing.assert_allclose(shown(view, "mlp", **at).ravel(), value[position], **CLOSE)
                np.testing.assert_allclose(shown(view, "mlp", grad=True, **at).ravel(), grad[position], **CLOSE)


def of_positions(view: RunView, theirs: Retaining, targets: tuple[tuple[int, ...], ...]) -> None:
    for document, (probs, logits) in enumerate(zip(theirs.kept["probs"], theirs.kept["logits"], strict=True)):
        at, wanted = np.arange(len(targets[document])), list(targets[document])
        losses, slopes = -np.log(copied(probs)[at, wanted]), of_thing(logits)[1][at, wanted]
        np.testing.assert_allclose(shown(view, "positions", document=document), losses, **CLOSE)
        np.testing.assert_allclose(shown(view, "positions", document=document, grad=True), slopes, **CLOSE)


def of_weights(view: RunView, theirs: Retaining, before: dict[str, Array]) -> None:
    assert view.observation is not None
    grads, updates = {}, {}
    for name in view.observation.weights:
        weight = theirs.w[name]
        assert weight.grad is not None
        state = theirs.optimizer.state[weight]
        grads[name], updates[name] = copied(weight.grad), copied(weight) - before[name]
        for id, grad, expected in (
            ("heatmap", False, before[name]),
            ("heatmap", True, grads[name]),
            ("adam", False, copied(state["exp_avg"])),
            ("adam", True, copied(state["exp_avg_sq"])),
        ):
            np.testing.assert_allclose(shown(view, id, parameter=name, grad=grad), expected, **CLOSE)
        data = panel("updates").data(view, Choice(parameter=name))
        assert isinstance(data, Data)
        edges = data.extra["edges"]
        np.testing.assert_allclose([edges[0], edges[-1]], [updates[name].min(), updates[name].max()], **CLOSE)
    sizes = [np.linalg.norm(before[name]) for name in grads]
    np.testing.assert_allclose(shown(view, "flow"), [np.linalg.norm(one) for one in grads.values()], **CLOSE)
    np.testing.assert_allclose(shown(view, "flow", grad=True), sizes, **CLOSE)
    ratios = [np.linalg.norm(updates[name]) / np.linalg.norm(before[name]) for name in grads]
    np.testing.assert_allclose(shown(view, "ratio"), ratios, **CLOSE)
    whole = np.linalg.norm(np.concatenate([one.ravel() for one in grads.values()]))
    assert shown(view, "loss", grad=True)[0, -1] == pytest.approx(whole, rel=1e-8)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_training_panels_of_tensors_are_pytorchs(layers: int) -> None:
    compare("tensor", {"n_layer": layers, "batch_size": 2})


def test_training_panels_of_numbers_are_pytorchs() -> None:
    compare("scalar", {"n_layer": 1})


@pytest.mark.deep
@pytest.mark.parametrize("layers", [2, 3])
def test_training_panels_of_deep_scalar_models_are_pytorchs(layers: int) -> None:
    compare("scalar", {"n_layer": layers, "batch_size": 2})
