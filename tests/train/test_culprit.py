"""Training ends at the first step that is not finite; opened, that step names what did it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer
from tests.train.runs import Place, place
from tracer.trace.store import load
from tracer.train.culprit import culprit
from tracer.train.run import Run

__all__ = ["place"]

HEAD = """
from tracer import Training, Value, nn, optim
import tracer

def training(seed=42, lr=0.1):
"""
LOG = """
    w = Value(0.3, name="w")
    def step(i):
        loss = ((w - 0.1 * i) * 1.0).log().named("loss")
        loss.backward()
        w.grad = 0
        return loss
    return Training(step, [w], state={})
"""
UPDATE = """
    w = Value(1.0, name="w")
    fine = Value(2.0, name="fine")
    def step(i):
        loss = (w * fine * (1e200 if i == 4 else 1.0)).named("loss")
        loss.backward()
        for p in (fine, w):
            p.data -= lr * p.grad * (1e200 if i == 4 else 0.0)
            p.grad = 0
        return loss
    return Training(step, [w, fine], state={})
"""
TENSORS = """
    tracer.manual_seed(seed)
    layer = nn.Linear(3, 2)
    optimizer = optim.SGD(layer.parameters(), lr=1e38)
    def step(i):
        loss = (layer(tracer.ones(1, 3)) ** 2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss
    return Training(step, dict(layer.named_parameters()), state={"optimizer": optimizer})
"""
HIDDEN = """
    table = tracer.tensor([[1.0], [2.0]], requires_grad=True)
    def step(i):
        loss = (table[0] * 1.0).sum()
        loss.backward()
        with tracer.no_grad():
            table[1] = float("nan") if i == 2 else 0.0
        table.grad = None
        return loss
    return Training(step, {"table": table}, state={})
"""
CASES = {
    "log of zero": (LOG, 4, None, "log of negative"),
    "a spoilt update": (UPDATE, 5, "w", None),
    "tensors": (TENSORS, 1, None, None),
    "a row that no loss sees": (HIDDEN, 3, "table", None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_step_that_is_not_finite_is_the_last_and_names_its_culprit(place: Place, name: str) -> None:
    text, step, broken, verdict = CASES[name]
    place.write(text=HEAD + text)
    told = place.train(place.job("run", steps=50))
    last = told["report"][-1]
    run = Run.open(place.folder / "run")
    if name != "tensors":
        assert last["step"] == step
        assert last.get("broken") == broken
    assert run.taken == last["step"] < 50
    assert run.history.stopped
    opened = place.do("open", run.job(), open=last["step"], folder=str(place.folder))
    assert opened["opened"]
    trace = load(Path(place.folder, "step.trace"))
    found = culprit(trace)
    assert found is not None
    assert found.question in ("nan", "inf")
    assert verdict is None or found.verdict == verdict
    assert culprit(load_before(place, run, last["step"] - 1)) is None if last["step"] > 1 else True


def load_before(place: Place, run: Run, step: int) -> tracer.Trace:
    place.do("open", run.job(), open=step, folder=str(place.folder))
    return load(Path(place.folder, "step.trace"))
