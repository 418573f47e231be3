"""What a step changes goes into JSON and arrays and back into the very objects, bit for bit."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import Training, Value, nn, optim
from tracer.errors import ProgramError
from tracer.train import checkpoint
from tracer.train.state import Unfit, pack, pack_random, restore, restore_random, seed_all, unpack


def moved(thing: Any) -> None:
    """Change a thing in place."""
    if isinstance(thing, optim.Optimizer):
        for group in thing.param_groups:
            group["lr"] *= 3
            for p in group["params"]:
                p.grad = tracer.ones_like(p)
        thing.step()
    elif isinstance(thing, random.Random):
        thing.gauss(0, 1)
    elif isinstance(thing, np.random.Generator | np.random.RandomState):
        thing.normal()
    elif isinstance(thing, tracer.Generator):
        thing.words(3)
    elif isinstance(thing, dict):
        thing.clear()
        thing["other"] = 1
    elif isinstance(thing, list) and thing and isinstance(thing[0], list):
        thing[0][0] += 1.0
    elif isinstance(thing, list):
        thing.append(3.5)
    elif isinstance(thing, np.ndarray):
        thing += 1
    elif isinstance(thing, Value):
        thing.data += 1.0
        thing.grad = 3.0
    else:
        thing.add_(1)


def adam() -> optim.Optimizer:
    w = tracer.tensor([[1.0, 2.0]], requires_grad=True)
    made = optim.Adam([w], lr=0.1)
    moved(made)
    return made


def sgd() -> optim.Optimizer:
    w = tracer.tensor([[1.0, 2.0]], requires_grad=True)
    made = optim.SGD([w], lr=0.1, momentum=0.9)
    moved(made)
    return made


KEPT: dict[str, Callable[[], Any]] = {
    "floats": lambda: [0.1, -0.0, float("inf"), float("nan")],
    "empty": list,
    "mixed": lambda: [1, 2.5, None, True, "word"],
    "rows": lambda: [[0.1, 0.2], [0.3, 0.4]],
    "jagged": lambda: [[0.1], [0.3, 0.4]],
    "nested": lambda: {"m": {"wte": [[0.1], [0.2]]}, 3: [1], "t": 0.5},
    "array": lambda: np.arange(6.0).reshape(2, 3).T,
    "whole": lambda: np.arange(3),
    "tensor": lambda: tracer.tensor([1.0, 2.0]),
    "value": lambda: Value(0.1),
    "adam": adam,
    "sgd": sgd,
    "random": lambda: random.Random(3),
    "generator": lambda: tracer.Generator().manual_seed(4),
    "numpy": lambda: np.random.default_rng(5),
    "legacy": lambda: np.random.RandomState(5),
}


def bits(thing: Any) -> tuple[str, dict[str, bytes]]:
    arrays: dict[str, Any] = {}
    tree = pack(thing, "s", arrays)
    return json.dumps(tree), {name: array.tobytes() for name, array in arrays.items()}


@pytest.mark.parametrize("kind", KEPT)
def test_a_thing_comes_back_to_where_it_was_and_stays_the_same_object(kind: str) -> None:
    thing = KEPT[kind]()
    arrays: dict[str, Any] = {}
    tree = json.loads(json.dumps(pack(thing, "s", arrays)))
    before = bits(thing)
    moved(thing)
    assert bits(thing) != before
    restore(thing, tree, arrays, "thing")
    assert bits(thing) == before


def test_rows_stay_the_same_lists() -> None:
    """The program's step holds on to them."""
    inner = [0.0, 1.0]
    thing = [inner, [2.0, 3.0]]
    arrays: dict[str, Any] = {}
    tree = pack(thing, "s", arrays)
    inner[0] = 9.0
    restore(thing, tree, arrays, "thing")
    assert thing[0] is inner
    assert inner == [0.0, 1.0]


def test_a_module_brings_its_buffers_along() -> None:
    norm = nn.BatchNorm1d(2) if hasattr(nn, "BatchNorm1d") else nn.Linear(1, 1)
    arrays: dict[str, Any] = {}
    tree = pack(norm, "s", arrays)
    before = bits(norm)
    for one in norm.state_dict().values():
        one.add_(1)
    restore(norm, tree, arrays, "norm")
    assert bits(norm) == before


@pytest.mark.parametrize("thing", [object(), lambda: 0, {1.5: 2}, np.array(["a"]), {1, 2}, 1j])
def test_what_cannot_be_kept_is_refused_by_name(thing: Any) -> None:
    with pytest.raises(ProgramError, match="state adam"):
        pack(thing, "s/adam", {})  # as a checkpoint calls it


TREES: list[Any] = [
    {}, [], {"mapping": 3}, {"mapping": [[1]]}, {"mapping": [[[], 1]]}, {"list": {}}, {"tensor": "missing"},
    {"float": "1e9"}, {"eval": "1"}, {"numbers": 3}, {"list": [{"list": [{"what": 1}]}]},
]  # fmt: skip


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_that_is_none_of_ours_is_refused(tree: Any) -> None:
    with pytest.raises(Unfit):
        unpack(tree, {})
    for kind in KEPT:
        with pytest.raises(Unfit):
            restore(KEPT[kind](), {"what": tree}, {}, kind)


def test_a_tree_of_endless_depth_is_refused() -> None:
    tree: Any = 1
    for _ in range(10_000):
        tree = {"list": [tree]}
    with pytest.raises(Unfit):
        unpack(tree, {})


def test_random_numbers_go_on_from_where_they_stood() -> None:
    def drawn() -> tuple[float, ...]:
        return random.gauss(0, 1), np.random.normal(), tracer.randn(1).item()

    before = random.getstate(), np.random.get_state()
    try:
        seed_all(2**63 + 5)
        drawn()
        arrays: dict[str, Any] = {}
        tree = json.loads(json.dumps(pack_random(arrays)))
        expected = drawn()
        drawn()
        restore_random(tree, arrays)
        assert drawn() == expected
        seed_all(1)
        first = drawn()
        seed_all(1)
        assert drawn() == first
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def test_random_numbers_from_nowhere_are_refused() -> None:
    for tree in (None, {}, {"python": 3}, {"python": {"version": 3, "random": "x", "waiting": None}}):
        with pytest.raises(Unfit):
            restore_random(tree, {})


def counting() -> Training:
    """A program that keeps numbers in a dict of its own, one of them only from the first step on."""
    w = Value(1.0, name="w")
    state: dict[str, Any] = {"n": 0, "m": 0.0, "none": None}

    def step(i: int) -> float:
        state["n"] += 1
        state["m"] = 0.9 * state["m"] + state["n"]
        state["most"] = max(state.get("most", 0.0), state["m"])
        w.data -= 0.1 * state["m"]
        return w.data

    return Training(step, {"w": w}, state=state)


def test_numbers_that_a_step_puts_into_the_programs_own_dict_are_gone_on_with() -> None:
    whole, first, second = counting(), counting(), counting()
    losses = [whole.step(i) for i in range(6)]
    for i in range(3):
        first.step(i)
    checkpoint.put_back(second, checkpoint.take(first, 3), Path("step-000003.safetensors"))
    assert [second.step(i) for i in range(3, 6)] == losses[3:]
    assert second.state == whole.state
