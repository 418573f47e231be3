"""An update told line by line: each line's numbers make the number it claims, for every option."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tracer.explain.optimizer import Step, blocks, rule_line, words

GRAD, BEFORE = np.array([[1.2, -0.5], [0.25, 2.0]]), np.array([[0.5, 0.75], [-1.5, 2.0]])


def sgd(**options: Any) -> Step:
    note: dict[str, Any] = {"rule": "sgd", "lr": 0.1, "grad": GRAD, "momentum": 0.0, "dampening": 0.0}
    note |= {"weight_decay": 0.0, "nesterov": False, "maximize": False, **options}
    slope = -GRAD if note["maximize"] else GRAD
    slope = slope + note["weight_decay"] * BEFORE
    if note["weight_decay"] or note["maximize"]:
        note["slope"] = slope
    direction = slope
    if note["momentum"]:
        before = note.setdefault("m_before", None)
        note["m"] = slope if before is None else note["momentum"] * before + (1 - note["dampening"]) * slope
        direction = slope + note["momentum"] * note["m"] if note["nesterov"] else note["m"]
        note["direction"] = direction
    return Step("W", note, BEFORE, BEFORE - note["lr"] * direction, 1)


def adam(t: int = 1, m: float = 0.0, v: float = 0.0, **options: Any) -> Step:
    note: dict[str, Any] = {"rule": "adam", "step": t, "grad": GRAD, "lr": 0.01, "beta1": 0.85, "beta2": 0.99}
    note |= {"eps": 1e-8, "weight_decay": 0.0, "amsgrad": False, "maximize": False, **options}
    slope, value = (-GRAD if note["maximize"] else GRAD), BEFORE
    if note["weight_decay"] and note["rule"] == "adam":
        slope = slope + note["weight_decay"] * BEFORE
    if note["weight_decay"] and note["rule"] == "adamw":
        value = value * (1 - note["lr"] * note["weight_decay"])
    if slope is not GRAD:
        note["slope"] = slope
    note["m_before"], note["v_before"] = np.full_like(GRAD, m), np.full_like(GRAD, v)
    note["m"] = 0.85 * m + (1 - 0.85) * slope
    note["v"] = 0.99 * v + (1 - 0.99) * slope**2
    largest = note["v"]
    if note["amsgrad"]:
        largest = note["v_max"] = np.maximum(note["v"], 0.05)
    note["m_hat"], note["v_hat"] = note["m"] / (1 - 0.85**t), largest / (1 - 0.99**t)
    after = value - note["lr"] * note["m_hat"] / (np.sqrt(note["v_hat"]) + note["eps"])
    return Step("W", note, BEFORE, after, 1)


STEPS = {
    "plain": sgd(),
    "decay": sgd(weight_decay=0.5),
    "maximize": sgd(maximize=True),
    "climbing with decay": sgd(maximize=True, weight_decay=0.5),
    "first momentum": sgd(momentum=0.9),
    "momentum": sgd(momentum=0.9, m_before=np.full((2, 2), 0.3), dampening=0.2),
    "nesterov": sgd(momentum=0.9, m_before=np.full((2, 2), -0.3), nesterov=True),
    "adam": adam(),
    "adam later": adam(7, m=0.2, v=0.3),
    "adam with decay": adam(2, m=-0.1, v=0.1, weight_decay=0.1),
    "adamw": adam(3, m=0.1, v=0.1, rule="adamw", weight_decay=0.1),
    "amsgrad": adam(3, m=0.1, v=0.01, amsgrad=True),
    "climbing adam": adam(maximize=True),
}


def computed(numbers: str) -> float:
    """A line's numbers, calculated by Python."""
    python = numbers.replace("·", "*").replace("−", "-").replace("^", "**").replace("²", "**2")
    return float(eval(re.sub(r"√([\d.e-]+)", r"(\1**0.5)", python)))


@pytest.mark.parametrize("which", STEPS)
def test_the_numbers_of_each_line_make_its_result(which: str) -> None:
    step = STEPS[which]
    for block in blocks(step):
        numbers, result = re.split(" [=≈] ", block[1].terms[0].en)
        assert computed(numbers) == pytest.approx(float(result), rel=5e-3, abs=1e-6), numbers
    assert float(result) == pytest.approx(step.after.reshape(-1)[1], rel=1e-3)  # type: ignore[union-attr]


@pytest.mark.parametrize("which", STEPS)
def test_each_option_is_said_in_both_languages(which: str) -> None:
    said = words(STEPS[which])
    for name, en, ja in (
        ("decay", "Weight decay", "重み減衰"),
        ("nesterov", "Nesterov", "ネステロフ"),
        ("maximize", "climbs", "上ります"),
        ("climbing", "climbs", "上ります"),
        ("amsgrad", "AMSGrad", "AMSGrad"),
        ("adamw", "the W in AdamW", "AdamW の W"),
        ("first", "nothing to keep", "残すものがない"),
    ):
        if which.startswith(name) or (name == "decay" and which.endswith("decay")):
            assert en in said.en
            assert ja in said.ja
    assert "{" not in said.en + said.ja


def test_the_rule_names_the_chosen_element() -> None:
    assert rule_line(STEPS["plain"]) == "W[0, 1] ← W[0, 1] − lr · W.grad[0, 1]"
    assert rule_line(STEPS["nesterov"]).endswith("lr · d")
    assert rule_line(STEPS["adam"]).endswith("lr · m_hat / (√v_hat + ε)")
    scalar = Step("b", {**sgd().note, "grad": np.array(2.0)}, np.array(1.0), np.array(0.8))
    assert rule_line(scalar) == "b ← b − lr · b.grad"


def test_long_names_are_told_once() -> None:
    step = replace(adam(), label="model.layers.0.weight")
    first, *lines = blocks(step)
    assert [row.text("en") for row in first] == [
        "w : model.layers.0.weight[0, 1]",
        "grad : model.layers.0.weight.grad[0, 1]",
    ]
    assert not any("model" in row.text("en") for block in lines for row in block)
    assert rule_line(step) == "w ← w − lr · m_hat / (√v_hat + ε)"
