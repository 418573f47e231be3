"""Facts that the lessons of 6.7.3 to 6.10 state in words: each is a run, of the program or of one changed a little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lessons.running import run
from tracer.lessons.content import find
from tracer.trace.trace import Trace

BY_MODULE = {"fc1.weight": "dW1", "fc1.bias": "db1", "fc2.weight": "dW2", "fc2.bias": "db2"}


def changed(name: str, tmp_path: Path, old: str, new: str) -> Trace:
    """The run of a lesson's program in which `old` reads `new`."""
    text = find(name).program.read_text(encoding="utf-8")
    assert text.count(old) == 1
    program = tmp_path / "changed.py"
    program.write_text(text.replace(old, new), encoding="utf-8")
    return run(program)


def gradient(trace: Trace, name: str, number: int = 0) -> Any:
    """The gradient of a leaf when a pass, counted from 0, is over."""
    return trace.cursor(trace.passes[number].stop).grad(trace.find(name))


def test_gradients_by_hand_are_the_automatic_ones() -> None:
    """6.8: bit for bit, where a module keeps a weight the other way round."""
    by_hand, by_modules = run(find("18_by_hand").program), run(find("19_by_modules").program)
    for parameter, line in BY_MODULE.items():
        hand = np.asarray(by_hand.cursor(-1).data(by_hand.find(line)))
        np.testing.assert_array_equal(gradient(by_modules, f"model.{parameter}"), hand.T)
    for parameter, name in (("fc1.weight", "W1"), ("fc2.bias", "b2")):
        updated = np.asarray(by_hand.cursor(-1).data(by_hand.find(name)))
        node = by_modules.find(f"model.{parameter}")
        np.testing.assert_array_equal(by_modules.cursor(-1).data(node), updated.T)


def test_without_halving_the_squared_error_every_gradient_doubles(tmp_path: Path) -> None:
    """6.8 against 6.4.2: the factor 2 that the hand version leaves out."""
    half = run(find("19_by_modules").program)
    whole = changed("19_by_modules", tmp_path, "/ (2 * len(x))", "/ len(x)")
    for parameter in BY_MODULE:
        name = f"model.{parameter}"
        np.testing.assert_array_equal(gradient(whole, name), 2 * np.asarray(gradient(half, name)))


def test_micro_steps_that_are_not_divided_give_twice_the_gradient(tmp_path: Path) -> None:
    """6.9: what the end card answers."""
    trace = changed("20_micro_steps", tmp_path, "micro_loss / grad_accum_steps", "micro_loss")
    np.testing.assert_array_equal(gradient(trace, "w", 1), [-2, 2])


@pytest.mark.parametrize("rate", [0.125, 0.01])
def test_a_loop_without_zero_grad_is_not_braked_by_a_smaller_rate(rate: float, tmp_path: Path) -> None:
    """6.7.3: it swings about the goal as far at the end as at the start, only more slowly."""
    text = find("17_training_loop").program.read_text(encoding="utf-8")
    program = tmp_path / "longer.py"
    program.write_text(text.replace("lr=0.125", f"lr={rate}").replace("range(2)", "range(50)"), encoding="utf-8")
    trace = run(program)
    w = trace.find("w")
    stops = [s.stop for s in trace.segments if s.kind == "update"]
    off = [abs(float(np.asarray(trace.cursor(stop).data(w))) - 2) for stop in stops]
    assert max(off[-40:]) > 3.5


def test_history_holds_three_operations_a_step_and_log_none(tmp_path: Path) -> None:
    """6.9: the count grows with the steps; a detached loss adds nothing."""
    trace = changed("21_detach", tmp_path, "range(3)", "range(7)")
    assert trace.cursor(-1).data(trace.find("held_by_history")) == 21
    assert trace.cursor(-1).data(trace.find("held_by_log")) == 0


def test_too_large_a_scale_ends_in_infinity(tmp_path: Path) -> None:
    """6.9: float16 ends at 65504."""
    trace = changed("24_mixed_precision", tmp_path, "torch.tensor(1.0)", "torch.tensor(2.0**32)")
    assert np.isinf(np.asarray(gradient(trace, "w"))).all()


def test_forward_passes_are_n_plus_1_against_1(tmp_path: Path) -> None:
    """6.10: for other numbers of weights too."""
    trace = changed("6.10", tmp_path, "(3, 6, 12)", "(1, 20)")
    end = trace.cursor(-1)
    counts = [end.data(trace.find(name)) for name in ("by_nudging₁", "by_backward₁", "by_nudging", "by_backward")]
    assert counts == [2, 1, 21, 1]
