"""models/mlp.py: a program that people read, copy and change."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.lessons.running import run
from tracer.lessons.content import find


def test_phases_follow_one_another() -> None:
    """Each step is forward and loss, backward, update, zero; nothing else happens."""
    trace = run(find("mlp").program)
    kinds = [segment.kind for segment in trace.segments]
    assert kinds == ["forward", "backward", "update", "write"] * 3
    assert {trace.scope(node) for node in range(trace.n_nodes)} == {"", "hidden", "out", "loss"}
    parameters = {trace.name(node) for node in range(13)}
    assert parameters == {
        *(f"h{i}.{p}" for i in "123" for p in ("w1", "w2", "b")),
        "out.w1",
        "out.w2",
        "out.w3",
        "out.b",
    }


def test_it_runs_from_anywhere(tmp_path: Path) -> None:
    """The data set is found beside the program, not in the current folder."""
    program = str(find("mlp").program)
    printed = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert printed.stderr == ""
    losses = [float(n) for n in re.findall(r"data=([\d.]+)", printed.stdout)]
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)


def test_fifty_steps_are_enough(tmp_path: Path) -> None:
    """What the docstring promises: with STEPS = 50 it knows all four rows."""
    source = find("mlp").program.read_text(encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "samples").symlink_to(find("start").program.parents[1])
    longer = tmp_path / "models" / "mlp.py"
    longer.write_text(source.replace("STEPS = 3", "STEPS = 50"), encoding="utf-8")
    trace = run(longer)
    end = trace.cursor(len(trace))
    predictions = [end.data(node) or 0.0 for node in range(trace.n_nodes) if trace.name(node) == "prediction"]
    for prediction, right in zip(predictions[-4:], (-1, 1, 1, -1), strict=True):
        assert abs(prediction - right) < 0.1
