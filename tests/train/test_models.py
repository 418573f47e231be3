"""The programs in `models/` that can be trained: they learn, run by themselves; `two_layer` is PyTorch code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.train.test_process import run
from tracer.train.entry import Training, build
from tracer.train.looks import Looker
from tracer.train.loop import recorded_step
from tracer.train.process import Job, open_step
from tracer.train.saying import number_of

MODELS = Path(__file__).resolve().parents[2] / "models"
TRAINABLE = [path for path in sorted(MODELS.glob("*.py")) if "def predict(" in path.read_text(encoding="utf-8")]
"""Those that learn points; tests/models has those that learn text."""
each_model = pytest.mark.parametrize("path", TRAINABLE, ids=lambda path: path.stem)

FOR_TORCH = {
    "import tracer as torch": "import torch",
    "from tracer import Training, nn, optim, tap": "from torch import nn, optim\nfrom tracer import Training, tap",
    "from tracer.nn import functional as F": "from torch.nn import functional as F",
}


def built(path: Path, text: str | None = None, **settings: Any) -> Training:
    namespace: dict[str, Any] = {"__name__": "a_model", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8") if text is None else text, str(path), "exec"), namespace)
    return build(namespace, path.name, None, None, settings)


def test_both_engines_are_there() -> None:
    assert {"mlp", "two_layer"} <= {path.stem for path in TRAINABLE}


@each_model
def test_it_runs_by_itself_from_anywhere(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, path], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("step 0 ")


@each_model
def test_it_learns_what_it_is_for(path: Path) -> None:
    training = built(path)
    first = number_of(training.step(0))
    for i in range(1, training.steps):
        last = number_of(training.step(i))
    assert last < first / 10
    look = Looker(training)()
    assert look is not None
    assert look.accuracy > 0.97


@each_model
def test_its_seed_decides_all_that_is_random(path: Path) -> None:
    def losses(seed: int) -> list[float]:
        training = built(path, seed=seed)
        return [number_of(training.step(i)) for i in range(3)]

    assert losses(1) == losses(1) != losses(2)


@each_model
def test_a_look_changes_nothing(path: Path) -> None:
    watched, alone = built(path), built(path)
    for i in range(5):
        Looker(watched)()
        assert number_of(watched.step(i)) == number_of(alone.step(i))


@each_model
def test_a_recorded_step_leaves_the_very_parameters_that_training_left(path: Path) -> None:
    trained, again = built(path), built(path)
    losses = [number_of(trained.step(i)) for i in range(6)]
    recorder, loss, error = recorded_step(again, 6)
    assert (loss, error) == (losses[-1], None)
    for name, parameter in trained.named_parameters().items():
        assert str(again.named_parameters()[name]) == str(parameter)
    names = {recorder.trace.name(n) for n in range(recorder.trace.n_nodes)}
    assert names >= set(trained.named_parameters())


@pytest.mark.parametrize("step", [1, 4])
def test_a_step_of_two_layer_opens_with_all_phases_and_the_losses_bits(step: int) -> None:
    job = Job(MODELS / "two_layer.py", "models/two_layer.py", steps=4)
    setup, reports, _ = run(job)
    assert (setup.engine, setup.parameters) == ("Tensor", 2 * 8 + 8 + 8 + 1)
    opened = open_step(job, step)
    assert opened.loss is not None
    assert opened.loss.hex() == reports[step - 1].loss.hex()
    trace = opened.trace
    assert [s.kind for s in trace.segments] == ["forward", "backward", "update", "write"]
    names = {trace.name(n) for n in range(trace.n_nodes)}
    assert {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "points", "x", "y", "h", "loss"} <= names


@pytest.mark.oracle
def test_two_layer_is_the_same_program_in_pytorch() -> None:
    """Its imports replaced, nothing else: the same numbers from the first random weight to the last loss."""
    torch = pytest.importorskip("torch")
    path = MODELS / "two_layer.py"
    text = path.read_text(encoding="utf-8")
    for ours, theirs in FOR_TORCH.items():
        assert ours in text
        text = text.replace(ours, theirs)
    other, one = built(path, text), built(path)
    assert isinstance(next(iter(other.named_parameters().values())), torch.nn.Parameter)
    losses = [(other.step(i).item(), number_of(one.step(i))) for i in range(100)]
    for expected, got in losses:
        assert got == pytest.approx(expected, rel=1e-3)
    assert losses[0][1] == pytest.approx(losses[0][0], rel=1e-6)
