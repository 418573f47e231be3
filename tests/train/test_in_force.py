"""What `run.json` tells of changes is read with nothing taken on trust."""

from __future__ import annotations

from typing import Any

import pytest

from tracer.train import in_force
from tracer.train.about import About, DataUsed, ProgramUsed

NOW = {"lr": 0.5}


def about(step: Any, was: Any) -> About:
    """A run whose learning rate was another one until a step."""
    told = {"step": step, "before": {"steps": None, "settings": {}, "in_use": {"lr": was}}}
    program, data = ProgramUsed("a.py", "a.py", ""), DataUsed("", None, "", 0)
    asked = {"settings": {}, "steps": None}
    return About(program, data, asked, NOW, 1, 9, None, "Value", "cpu", "float64", {}, (), {}, "", resumed=(told,))


def test_a_change_is_told_with_what_was_and_what_is() -> None:
    assert in_force.changes(about(3, 0.1)) == ((3, {"lr": (0.1, 0.5)}),)


@pytest.mark.parametrize("step", [None, "3", 3.0, True, -1, -(10**400), 10**400])
def test_a_change_after_no_number_of_steps_is_none(step: Any) -> None:
    assert in_force.changes(about(step, 0.1)) == ()
    assert [part.until for part in in_force.stretches(about(step, 0.1))] == [None]


@pytest.mark.parametrize("was", [None, [], {}, 10**400, -(10**400), float("nan"), float("inf")])
def test_what_no_setting_can_be_was_none(was: Any) -> None:
    assert in_force.changes(about(3, was)) == ()
