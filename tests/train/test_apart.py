"""Where runs differ: the first step, bit for bit, and what they were told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracer.train.apart import first_apart, told_apart

losses = st.lists(st.sampled_from([1.0, 2.0, float("nan")]), max_size=12)


@given(losses, losses)
def test_it_is_the_first_step_whose_losses_differ(left: list[float], right: list[float]) -> None:
    pairs = zip(left, right, strict=False)
    slow = next((k for k, (a, b) in enumerate(pairs, 1) if a != b and not (a != a and b != b)), None)
    assert first_apart(np.array(left), np.array(right)) == slow


def test_the_last_bit_counts() -> None:
    assert first_apart(np.array([1.0, 0.1 + 0.2]), np.array([1.0, 0.3])) == 2


def run(**settings: Any) -> Any:
    told = {"seed": 42, "steps": 100, "engine": "Tensor", "device": "cpu", "dtype": "float32", "mode": "lines"}
    data, program = (
        SimpleNamespace(name="names.txt", sha256="aa" * 32),
        SimpleNamespace(shown="gpt.py", sha256="bb" * 32),
    )
    return SimpleNamespace(settings=settings, data=data, program=program, **told)


def test_only_what_was_told_differently_is_named() -> None:
    assert told_apart([run(lr=0.01, tied=False), run(lr=0.1, tied=False)]) == ["lr 0.01", "lr 0.1"]
    assert told_apart([run(lr=0.01), run(lr=0.01)]) == ["", ""]


def test_a_setting_that_one_run_does_not_have_is_absent_there() -> None:
    assert told_apart([run(), run(n_layer=2)]) == ["n_layer –", "n_layer 2"]


def test_data_differ_by_what_is_in_them_and_not_by_their_name() -> None:
    other = run()
    other.data = SimpleNamespace(name="names.txt", sha256="cc" * 32)
    assert told_apart([run(), other]) == ["data names.txt (aaaaaa)", "data names.txt (cccccc)"]
