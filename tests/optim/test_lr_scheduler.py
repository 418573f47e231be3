"""Learning rates over time, by hand."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.optim.leaves import leaf
from tracer.errors import ArgumentError, ArgumentTypeError, NotFoundError
from tracer.optim import SGD
from tracer.optim import lr_scheduler as schedules

Make = Callable[[SGD], schedules.LRScheduler]

SEQUENCES: list[tuple[Make, list[float]]] = [
    (lambda o: schedules.LambdaLR(o, lambda step: 1 / (step + 1)), [1, 1 / 2, 1 / 3, 1 / 4]),
    (lambda o: schedules.MultiplicativeLR(o, lambda step: step), [1, 1, 2, 6, 24]),
    (lambda o: schedules.StepLR(o, 2, gamma=0.5), [1, 1, 0.5, 0.5, 0.25]),
    (lambda o: schedules.MultiStepLR(o, [3, 1, 3], gamma=0.5), [1, 0.5, 0.5, 0.125, 0.125]),
    (lambda o: schedules.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125]),
    (lambda o: schedules.ConstantLR(o, 0.25, total_iters=2), [0.25, 0.25, 1, 1]),
    (lambda o: schedules.LinearLR(o, 1.0, 0.0, total_iters=4), [1, 0.75, 0.5, 0.25, 0, 0, 0]),
    (lambda o: schedules.LinearLR(o, 0.5, 1.0, total_iters=2), [0.5, 0.75, 1, 1]),
    (
        lambda o: schedules.CosineAnnealingLR(o, 4, eta_min=0.0),
        [1, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4, 0],
    ),
    (lambda o: schedules.CosineAnnealingLR(o, 2, eta_min=0.5), [1, 0.75, 0.5, 0.75, 1, 0.75]),
    (
        lambda o: schedules.SequentialLR(
            o, [schedules.LinearLR(o, 0.5, 1.0, 2), schedules.ExponentialLR(o, 0.5)], milestones=[2]
        ),
        [0.5, 0.75, 1, 0.5, 0.25],
    ),
]
NAMES = [f"{make(SGD([leaf(0.0)], lr=1.0)).__class__.__name__}{i}" for i, (make, _) in enumerate(SEQUENCES)]


def optimizer(lr: float = 1.0) -> SGD:
    return SGD([leaf(0.0)], lr=lr)


def rates(scheduler: schedules.LRScheduler, count: int) -> list[float]:
    """The rate of the first group now and after each of `count - 1` steps."""
    found = [scheduler.optimizer.param_groups[0]["lr"]]
    for _ in range(count - 1):
        scheduler.optimizer.step()
        scheduler.step()
        assert scheduler.get_last_lr() == [group["lr"] for group in scheduler.optimizer.param_groups]
        found.append(scheduler.get_last_lr()[0])
    return found


@pytest.mark.parametrize(("make", "expected"), SEQUENCES, ids=NAMES)
def test_sequences(make: Make, expected: list[float]) -> None:
    """From a rate of 1, these; from another, these times that."""
    assert rates(make(optimizer()), len(expected)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("make", [make for make, _ in SEQUENCES], ids=NAMES)
def test_formula_and_steps_agree(make: Make) -> None:
    """Where a schedule knows the rate of any step by itself, it is what going there step by step gives."""
    scheduler = make(optimizer(0.3))
    formula = getattr(scheduler, "_get_closed_form_lr", None)
    if formula is None:
        assert isinstance(scheduler, schedules.LambdaLR | schedules.SequentialLR)
        return
    for _ in range(12):
        assert scheduler.get_last_lr() == pytest.approx(formula(), rel=1e-12, abs=1e-15)
        scheduler.optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("make", [make for make, _ in SEQUENCES], ids=NAMES)
def test_a_state_dict_goes_on_where_it_was(make: Make) -> None:
    """Its content is plain, so that it can be saved; the optimizer's rate is the optimizer's state."""
    whole = rates(make(optimizer(0.3)), 8)
    scheduler = make(optimizer(0.3))
    rates(scheduler, 4)
    state = scheduler.state_dict()
    again = make(optimizer(0.3))
    again.load_state_dict(pickle.loads(pickle.dumps(state)))
    again.optimizer.load_state_dict(scheduler.optimizer.state_dict())
    assert rates(again, 5) == whole[3:]


def test_each_group_has_its_own_rate() -> None:
    two = SGD([{"params": [leaf(0.0)], "lr": 1.0}, {"params": [leaf(0.0)], "lr": 2.0}], lr=0.1)
    scheduler = schedules.LambdaLR(two, [lambda step: 0.5, lambda step: 0.25])
    assert scheduler.get_last_lr() == [0.5, 0.5]
    assert scheduler.base_lrs == [1.0, 2.0]


def test_an_object_with_a_state_is_saved_and_a_function_is_not() -> None:
    class Warmup:
        def __init__(self, over: int) -> None:
            self.over = over

        def __call__(self, step: int) -> float:
            return min(1.0, (step + 1) / self.over)

    saved = schedules.LambdaLR(optimizer(), Warmup(4)).state_dict()
    assert saved["lr_lambdas"] == [{"over": 4}]
    other = schedules.LambdaLR(optimizer(), Warmup(2))
    other.load_state_dict(saved)
    assert other.lr_lambdas[0](0) == 0.25
    assert schedules.LambdaLR(optimizer(), lambda step: 1.0).state_dict()["lr_lambdas"] == [None]


def test_stepping_before_the_optimizer_is_warned_of_once() -> None:
    scheduler = schedules.ExponentialLR(optimizer(), 0.5)
    with pytest.warns(UserWarning, match=r"before optimizer\.step"):
        scheduler.step()
    scheduler.step()


def test_a_given_epoch_is_jumped_to() -> None:
    scheduler = schedules.StepLR(optimizer(), 2, gamma=0.5)
    scheduler.optimizer.step()
    scheduler.step(5)
    assert scheduler.get_last_lr() == [0.25]


def test_going_on_needs_the_first_rate() -> None:
    """`last_epoch` without a loaded optimizer is a KeyError, as in PyTorch."""
    with pytest.raises(NotFoundError, match="no 'initial_lr'") as caught:
        schedules.StepLR(optimizer(), 2, last_epoch=3)
    assert isinstance(caught.value, KeyError)
    begun = optimizer()
    begun.param_groups[0] |= {"initial_lr": 1.0, "lr": 0.5}
    scheduler = schedules.StepLR(begun, 2, gamma=0.5, last_epoch=2)
    assert scheduler.last_epoch == 3
    assert scheduler.get_last_lr() == [0.5]


REFUSED: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda o: schedules.StepLR(o.param_groups, 2), ArgumentTypeError, "is a list, which is no optimizer"),
    (lambda o: schedules.LambdaLR(o, [lambda s: 1.0] * 2), ArgumentError, "2 functions for 1 parameter groups"),
    (lambda o: schedules.MultiplicativeLR(o, 0.5), ArgumentTypeError, "must be a function"),
    (lambda o: schedules.LinearLR(o, 0.0), ArgumentError, "start_factor is 0.0; it must be above 0"),
    (lambda o: schedules.LinearLR(o, 1.5), ArgumentError, "start_factor is 1.5"),
    (lambda o: schedules.LinearLR(o, 1.0, -0.5), ArgumentError, "end_factor is -0.5; it must be from 0 to 1"),
    (lambda o: schedules.ConstantLR(o, 2.0), ArgumentError, "factor is 2.0"),
    (lambda o: schedules.SequentialLR(o, [], []), ArgumentError, "0 schedulers and 0 milestones"),
    (
        lambda o: schedules.SequentialLR(o, [schedules.ExponentialLR(o, 0.5)], [3]),
        ArgumentError,
        "1 schedulers and 1 milestones",
    ),
    (
        lambda o: schedules.SequentialLR(o, [schedules.ExponentialLR(optimizer(), 0.5)], []),
        ArgumentError,
        "belongs to another optimizer",
    ),
]


@pytest.mark.parametrize(("make", "kind", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_wrong_arguments_are_refused(make: Callable[[Any], Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make(optimizer())
