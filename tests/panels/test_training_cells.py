"""From a cell of a training panel to the very nodes of the step: the numbers there are those that the panel shows."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.panels.made import past, setup
from tests.panels.test_training_panels import MINE, draws
from tracer.panels.data import Data
from tracer.panels.mlp import Mlp
from tracer.panels.panel import Choice, Panel, RunView
from tracer.trace.cells import At, cell_of, moment_of, nodes_of
from tracer.trace.observation import Moments, Observation, observe
from tracer.trace.trace import Trace
from tracer.train.loop import recorded_step

MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL: dict[str, dict[str, Any]] = {
    "gpt": {"n_embd": 8, "n_head": 2, "dtype": "float64"},
    "gpt_scalar": {"n_embd": 4, "n_head": 2, "block_size": 4},
    "mlp": {},
    "two_layer": {},
}
OWN = """
import tracer as torch
from tracer import Training, nn, optim, tap
from tracer.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(2, 20), nn.Linear(20, 1)

    def forward(self, x):
        return self.last(tap("waves", torch.tanh(self.first(x))))

def training(seed=1):
    torch.manual_seed(seed)
    net = Net()
    optimizer = optim.Adam(net.parameters(), lr=0.01)

    def step(i):
        loss = (net(torch.randn(3, 2)) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return Training(step, dict(net.named_parameters()), state={"optimizer": optimizer})
"""


@cache
def step_of(name: str) -> tuple[Trace, Observation, tuple[str, ...]]:
    """The first training step of a model, what was seen of it, and the model's symbols."""
    if name == "own":
        space: dict[str, Any] = {"__name__": "own"}
        exec(compile(OWN, "own.py", "exec"), space)
        training = space["training"]()
    else:
        spec = importlib.util.spec_from_file_location(f"panels_{name}", MODELS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        training = module.training(**SMALL[name])
    recorder, loss, error = recorded_step(training, 1)
    assert error is None
    assert loss is not None
    moments = {}
    for one in (training.state or {}).values():
        named = {id(parameter): name for name, parameter in training.named_parameters().items()}
        for parameter, state in getattr(one, "state", {}).items():
            m, v = (state[key].numpy() if key in state else None for key in ("exp_avg", "exp_avg_sq"))
            moments[named[id(parameter)]] = Moments(m, v)
    seen = observe(recorder.trace, step=1, loss=loss, moments=moments, lr=0.01)
    return recorder.trace, seen, tuple(training.symbols)


def view_of(name: str) -> tuple[Trace, RunView]:
    trace, seen, symbols = step_of(name)
    return trace, RunView(setup(symbols, 1), past(1, (seen,), texts=bool(symbols)), 1, seen)


def number_at(trace: Trace, at: At, position: int, *, grad: bool) -> float:
    """What a node holds at a moment; a weight that the step had nothing to do with has no gradient, which is 0."""
    cursor = trace.cursor(position)
    found = cursor.grad(at.node) if grad else cursor.data(at.node)
    return 0.0 if found is None and grad else float(np.asarray(found).reshape(-1)[at.element or 0])


@pytest.mark.parametrize("panel", MINE, ids=[one.id for one in MINE])
@pytest.mark.parametrize("name", [*SMALL, "own"])
def test_a_panel_works_for_a_model_and_each_of_its_cells_leads_to_nodes(name: str, panel: Panel) -> None:
    trace, seen = view_of(name)
    if not panel.applies(seen.setup, seen.observation):
        return
    for grad in (False, True):
        choice = Choice(grad=grad)
        draws(panel, seen, choice)
        data = panel.data(seen, choice)
        if not isinstance(data, Data):
            continue
        absent = np.zeros(data.values.shape, bool) if data.absent is None else data.absent
        for index in range(0, len(data.cells), max(1, len(data.cells) // 7)):
            cell = data.cells[index]
            assert nodes_of(trace, cell), cell
            assert 0 <= moment_of(trace, cell) <= len(trace)
            if panel.id in ("mlp", "heatmap") and not absent.reshape(-1)[index]:
                (at,) = nodes_of(trace, cell)
                assert number_at(trace, at, moment_of(trace, cell), grad=grad) == data.number(index)
                back = cell_of(trace, at.node, at.element)
                assert back is not None
                assert nodes_of(trace, back) == (at,), "the cell that shows this node"


ANY = {"loss", "mlp", "flow", "rate", "weights", "updates", "heatmap", "ratio", "numbers"}
TEXTS = {"positions", "samples"}
ADAM = {"adam"}


@pytest.mark.parametrize(
    ("name", "applying"),
    [("gpt", ANY | TEXTS | ADAM), ("mlp", ANY), ("two_layer", ANY), ("own", ANY | ADAM)],
)
def test_a_panel_applies_where_a_model_has_what_it_shows(name: str, applying: set[str]) -> None:
    _, seen = view_of(name)
    assert {one.id for one in MINE if one.applies(seen.setup, seen.observation)} == applying


@pytest.mark.parametrize(
    ("name", "choices"), [("gpt", (1, 1, 9)), ("mlp", (1, 4, 1)), ("two_layer", (1, 1, 50)), ("own", (1, 1, 3))]
)
def test_neurons_of_any_model_can_be_chosen_by_layer_document_and_position(
    name: str, choices: tuple[int, int, int]
) -> None:
    _, seen = view_of(name)
    there = seen.observation
    assert there is not None
    panel = Mlp()
    assert (panel.layers(there), panel.documents(there), panel.positions(there, Choice())) == choices


def test_the_losses_at_the_positions_of_a_document_are_the_loss_of_the_step() -> None:
    _, seen = view_of("gpt")
    panel = next(one for one in MINE if one.id == "positions")
    data = panel.data(seen, Choice())
    assert isinstance(data, Data)
    assert seen.observation is not None
    assert data.values.mean() == pytest.approx(seen.observation.loss, rel=1e-9)
