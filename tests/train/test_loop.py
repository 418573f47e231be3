"""One report a step, whatever the step is made of; a step taken once more gives the same numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import Value
from tracer.errors import ProgramError
from tracer.train.entry import Training
from tracer.train.looks import GRIDS, LOOKS, Looker, Seen, numbers_of, spacing
from tracer.train.loop import recorded_step, train
from tracer.train.report import Look
from tracer.train.saying import number_of

ROWS = ((0.0, 0.0, -1.0), (1.0, 1.0, 1.0), (1.0, 0.0, 1.0))


def line(seed: int = 1, lr: float = 0.1) -> Training:
    """Fits y = a x1 + b x2 to `ROWS`, one random row a step."""
    rng = random.Random(seed)
    a, b = Value(rng.uniform(-1, 1), name="a"), Value(rng.uniform(-1, 1), name="b")

    def step(i: int) -> Value:
        x1, x2, y = ROWS[rng.randrange(3)]
        loss = ((a * x1 + b * x2 - y) ** 2).named("loss")
        loss.backward()
        for p in (a, b):
            p.data -= lr * p.grad
        for p in (a, b):
            p.grad = 0
        return loss

    return Training(step, [a, b], lambda points: [a * x1 + b * x2 - 0.5 for x1, x2 in points], ROWS)


def of(losses: list[Any]) -> Training:
    return Training(lambda i: losses[i], ())


def clock(step: float) -> Callable[[], float]:
    ticks: Iterator[float] = (i * step for i in range(10_000))
    return lambda: next(ticks)


def test_steps_are_counted_from_one_and_timed_without_the_looks() -> None:
    found = list(train(of([3.0, 2.0, 1.0]), 3, clock=clock(0.5)))
    assert [(r.step, r.loss, r.seconds) for r in found] == [(1, 3.0, 0.5), (2, 2.0, 1.0), (3, 1.0, 1.5)]


def test_it_takes_no_step_before_it_is_asked() -> None:
    taken: list[int] = []
    reports = train(Training(lambda i: taken.append(i) or 0.0, ()), 3)  # type: ignore[func-returns-value]
    assert taken == []
    next(reports)
    assert taken == [0]


def test_it_looks_where_it_is_told_to() -> None:
    look = Looker(line())
    found = list(train(line(), 6, looks=lambda step: step % 3 == 0, look=lambda step: Seen(look())))
    assert [r.step for r in found if r.look is not None] == [3, 6]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_reported_and_is_the_last(bad: float) -> None:
    found = list(train(of([1.0, bad, 1.0]), 3))
    assert [r.step for r in found] == [1, 2]
    assert str(found[-1].loss) == str(bad)


def test_a_run_has_about_so_many_looks() -> None:
    for steps in (1, 39, 40, 41, 200, 12345):
        assert 1 <= steps // spacing(steps) <= LOOKS


@pytest.mark.parametrize("step", [1, 2, 7, 20])
def test_a_step_taken_once_more_is_bit_equal(step: int) -> None:
    """Loss, parameters before and after: what is walked is what training did."""
    trained, losses, before, after = line(), [], [], []
    for i in range(20):
        before.append([p.data.hex() for p in trained.parameters])
        losses.append(number_of(trained.step(i)).hex())
        after.append([p.data.hex() for p in trained.parameters])
    again = line()
    recorder, loss, error = recorded_step(again, step)
    assert error is None
    assert loss is not None
    assert loss.hex() == losses[step - 1]
    trace = recorder.trace
    a, b = trace.find("a"), trace.find("b")
    start, end = trace.cursor(len(trace.segments[0])), trace.cursor(len(trace))
    assert [start.data(n).hex() for n in (a, b)] == before[step - 1]
    assert [end.data(n).hex() for n in (a, b)] == after[step - 1]
    assert [p.data.hex() for p in again.parameters] == after[step - 1]


def test_a_recorded_step_has_all_of_its_phases_and_nothing_frozen() -> None:
    recorder, _, _ = recorded_step(line(), 3)
    trace = recorder.trace
    assert [s.kind for s in trace.segments] == ["forward", "backward", "update", "write"]
    assert {trace.name(n) for n in range(trace.n_nodes)} >= {"a", "b", "loss"}
    assert trace.columns.frozen == ()


def test_a_step_that_raises_is_recorded_up_to_there() -> None:
    def step(i: int) -> Value:
        x = Value(2.0, name="x") * 3
        raise ZeroDivisionError(x)

    recorder, loss, error = recorded_step(Training(step, ()), 1)
    assert loss is None
    assert isinstance(error, ZeroDivisionError)
    assert recorder.trace.n_nodes == 3


def test_a_look_counts_what_the_model_gets_wrong() -> None:
    training = Training(lambda i: 0.0, (), lambda points: [x1 - 0.5 for x1, _ in points], (*ROWS, (5.0, 0.0, -1.0)))
    look = Looker(training)()
    assert look is not None
    assert (look.accuracy, look.wrong) == (0.75, (3,))
    assert look.boundary is not None
    field = look.boundary
    assert field.left < 0 < 5 < field.right
    xs = np.linspace(field.left, field.right, field.scores.shape[1])
    np.testing.assert_allclose(field.scores[3], xs - 0.5, rtol=1e-5)


@pytest.mark.parametrize(("seconds", "size"), [(1e-6, GRIDS.stop - 1), (0.01, 35), (9.0, GRIDS.start)])
def test_a_grid_is_as_fine_as_predicting_is_fast(seconds: float, size: int) -> None:
    """`seconds` is what the least grid takes."""
    look = Looker(Training(lambda i: 0.0, (), lambda points: [0.0] * len(points), ROWS), clock=clock(seconds))
    for _ in range(2):
        seen = look()
        assert seen is not None
        assert seen.boundary is not None
        assert seen.boundary.scores.shape == (size, size)


def test_where_only_the_accuracy_is_wanted_nothing_else_is_predicted() -> None:
    asked: list[int] = []

    def predict(points: Any) -> list[float]:
        asked.append(len(points))
        return [0.0] * len(points)

    seen = Looker(Training(lambda i: 0.0, (), predict, ROWS), grid=False)()
    assert seen is not None
    assert seen.boundary is None
    assert asked == [len(ROWS)]


def test_without_a_prediction_or_data_there_is_no_look() -> None:
    assert Looker(Training(lambda i: 0.0, (), None, ROWS))() is None
    assert Looker(Training(lambda i: 0.0, (), lambda p: [0.0] * len(p)))() is None


def test_a_look_leaves_random_numbers_as_they_were() -> None:
    def predict(points: Any) -> Any:
        return [random.random() + np.random.rand() + tracer.rand(1).item() for _ in points]

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)
        tracer.manual_seed(1)

    def drawn() -> tuple[float, ...]:
        return random.random(), np.random.rand(), tracer.rand(1).item()

    seed()
    expected = drawn()
    seed()
    assert isinstance(Looker(Training(lambda i: 0.0, (), predict, ROWS))(), Look)
    assert drawn() == expected


@pytest.mark.parametrize("loss", [3, 3.0, np.float32(3), np.array(3.0), np.array([3.0]), Value(1.0) + 2])
def test_a_loss_is_one_number_of_any_kind(loss: Any) -> None:
    assert number_of(loss) == 3.0


@pytest.mark.parametrize("loss", [None, "three", [3.0, 4.0], np.ones(2)])
def test_what_is_no_loss_is_refused(loss: Any) -> None:
    with pytest.raises(ProgramError, match="must return the loss"):
        number_of(loss)


@pytest.mark.parametrize(
    "scores", [[1.0, 2.0], [Value(1.0), Value(1.0) * 2], np.array([1.0, 2.0]), np.array([[1.0], [2.0]])]
)
def test_scores_are_numbers_of_any_kind(scores: Any) -> None:
    assert numbers_of(scores, 2).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("scores", [None, 3.0, [1.0], [[1.0, 2.0], [3.0, 4.0]], ["a", "b"], np.ones((2, 2))])
def test_what_is_no_score_a_point_is_refused(scores: Any) -> None:
    with pytest.raises(ProgramError, match="one number for each of 2 points"):
        numbers_of(scores, 2)
