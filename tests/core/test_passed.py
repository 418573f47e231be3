"""Whoever listens is told when a backward pass is over, in either engine, recorded or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import tracer
from tracer import Value, autograd, record
from tracer.core.passed import HEARING
from tracer.core.value import by_hand

Told = list[tuple[set[int], dict[int, Any]]]


@pytest.fixture
def told() -> Iterator[Told]:
    found: Told = []

    def heard(values: Any, tensors: Any) -> None:
        found.append(({one._serial for one in values}, dict(tensors)))

    HEARING.append(heard)
    yield found
    HEARING.remove(heard)


def test_of_numbers_it_is_told_which_were_reached(told: Told) -> None:
    a, b, aside = Value(2.0), Value(3.0), Value(4.0)
    x = a * b
    _ = aside + 1
    x.backward()
    assert told == [({a._serial, b._serial, x._serial}, {})]
    assert a.grad == 3.0


@pytest.mark.parametrize("recorded", [False, True])
def test_of_tensors_it_is_told_their_gradients(told: Told, *, recorded: bool) -> None:
    """Inner ones too, which keep none; of a leaf all that it holds by then."""
    x = tracer.tensor([1.0, 2.0], requires_grad=True)
    x.grad = tracer.tensor([10.0, 10.0])

    def run() -> Any:
        y = x * 3
        y.sum().backward()
        return y

    if recorded:
        with record():
            y = run()
    else:
        y = run()
    ((values, tensors),) = told
    assert not values
    assert tensors[y._serial].tolist() == [1.0, 1.0]
    assert tensors[x._serial].tolist() == [13.0, 13.0]
    assert y.grad_fn is not None


def test_gradients_that_are_only_handed_out_are_no_pass(told: Told) -> None:
    x = tracer.tensor(2.0, requires_grad=True)
    autograd.grad(x * x, x)
    assert told == []


def test_a_pass_by_hand_is_told_when_it_is_over(told: Told) -> None:
    a = Value(2.0)
    x = a * 3.0
    with by_hand(x) as hand:
        hand.deliver(x, 0)
        assert told == []
    ((values, _),) = told
    assert {a._serial, x._serial} <= values
