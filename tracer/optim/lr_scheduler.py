"""Learning rates that change while training: `scheduler.step()` after each `optimizer.step()`.

A schedule changes the optimizer's current rate from step to step, as PyTorch's do, so that several can act together;
where it also has a formula for any step by itself, that stands beside it and a test holds the two equal.
"""

from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, NotFoundError
from tracer.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class LRScheduler:
    """What every schedule has. A schedule of your own overrides `get_lr`.

    Args:
        optimizer: whose groups' `"lr"` it sets; what they are now is kept as `"initial_lr"`.
        last_epoch: how many steps are already behind; -1 begins.

    Raises:
        ArgumentTypeError: no optimizer.
        NotFoundError: `last_epoch` says to go on, and a group has no `"initial_lr"`. It is a KeyError.
    """

    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise ArgumentTypeError(
                f"{type(self).__name__}: optimizer is a {type(optimizer).__name__}, which is no optimizer.",
                where=user_line(),
            )
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise NotFoundError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but parameter group {i} has no 'initial_lr'.",
                    hint="To go on from a checkpoint, load the optimizer's state first; to begin, leave it out.",
                    where=user_line(),
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            del self._is_initial

    def step(self, epoch: int | None = None) -> None:
        """Go to the next learning rate.

        Args:
            epoch: go to this step instead; deprecated in PyTorch, and not every schedule knows its formula.
        """
        told = type(self.optimizer).step is not Optimizer.step or self.optimizer._opt_called
        if self._step_count == 1 and not told:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(): the first learning rate of the schedule is "
                "skipped. Call optimizer.step() first.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            rates = self._get_closed_form_lr() if hasattr(self, "_get_closed_form_lr") else self.get_lr()
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._current()

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch`, from what it is now; `step` calls it. See `get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__} has no schedule: override get_lr.")

    def get_last_lr(self) -> list[float]:
        """The rate of each parameter group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """All it knows but the optimizer."""
        return {key: kept for key, kept in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the schedule that gave `state_dict` was."""
        self.__dict__.update(state_dict)

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[float]:
        return [rate * factor for rate in self._current()]


class LambdaLR(LRScheduler):
    """The first rate times a function of the step.

    Args:
        lr_lambda: step (0, 1, ...) -> factor; or a list, one for each group.

    Raises:
        ArgumentError: a list of another length than there are groups.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1) -> None:
        self.lr_lambdas = _one_each(type(self).__name__, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * factor(self.last_epoch) for factor, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All it knows but the optimizer; of the functions only those that are objects with a state of their own."""
        kept = [None if isinstance(one, types.FunctionType) else dict(one.__dict__) for one in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the schedule that gave `state_dict` was; functions stay as they are."""
        super().load_state_dict({key: kept for key, kept in state_dict.items() if key != "lr_lambdas"})
        for factor, kept in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if kept is not None:
                factor.__dict__.update(kept)


class MultiplicativeLR(LambdaLR):
    """Each rate is the one before times a function of the step, from step 1 on.

    Args:
        lr_lambda: step -> factor; or a list, one for each group.
    """

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._current()
        return [rate * factor(self.last_epoch) for factor, rate in zip(self.lr_lambdas, self._current(), strict=True)]


class StepLR(LRScheduler):
    """The rate times `gamma` every `step_size` steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._current()
        return self._times(self.gamma)

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of the `milestones`; one that is listed twice counts twice."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones.count(self.last_epoch)
        return self._times(self.gamma**times) if times else self._current()

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma ** bisect_right(self.milestones, self.last_epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The rate times `gamma` at each step."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._current() if self._is_initial else self._times(self.gamma)

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """The rate times `factor` for the first `total_iters` steps, then as it was.

    Raises:
        ArgumentError: a factor outside [0, 1].
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        self.factor, self.total_iters = _between(type(self).__name__, "factor", factor), total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self._times(self.factor)
        return self._times(1.0 / self.factor) if self.last_epoch == self.total_iters else self._current()

    def _get_closed_form_lr(self) -> list[float]:
        factor = self.factor if self.last_epoch < self.total_iters else 1.0
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """From `start_factor` to `end_factor` times the first rate, in a straight line over `total_iters` steps.

    Raises:
        ArgumentError: a factor outside [0, 1], or a start at 0: each rate is computed from the one before.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = _between(type(self).__name__, "start_factor", start_factor, zero=False)
        self.end_factor = _between(type(self).__name__, "end_factor", end_factor)
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self._times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._current()
        rise = self.end_factor - self.start_factor
        return self._times(1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def _get_closed_form_lr(self) -> list[float]:
        done = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * done) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """From the first rate to `eta_min` over `T_max` steps along half a cosine, then up again, and so on.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), without restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._current()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # at the bottom nothing is left to multiply
            first = (1 - math.cos(math.pi / self.T_max)) / 2
            return [
                rate + (base - self.eta_min) * first for rate, base in zip(self._current(), self.base_lrs, strict=True)
            ]
        ratio = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [ratio * (rate - self.eta_min) + self.eta_min for rate in self._current()]

    def _height(self, step: int) -> float:
        return 1 + math.cos(math.pi * step / self.T_max)

    def _get_closed_form_lr(self) -> list[float]:
        return [self.eta_min + (base - self.eta_min) * self._height(self.last_epoch) / 2 for base in self.base_lrs]


class SequentialLR(LRScheduler):
    """One schedule after the other: the next begins, from its own step 0, at each milestone.

    Args:
        schedulers: of the same optimizer.
        milestones: steps at which the second, third, ... begins.

    Raises:
        ArgumentError: no schedule, one of another optimizer, or a wrong number of milestones.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedulers and {len(milestones)} milestones.",
                hint="A milestone stands between two schedulers: give one fewer than there are schedulers.",
                where=user_line(),
                ja=f"SequentialLR：スケジューラが {len(schedulers)} 個、milestones が {len(milestones)} 個です。",
                hint_ja="milestones はスケジューラの切り替わる位置なので、スケジューラより一つ少なくします。",
            )
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise ArgumentTypeError(
                    f"SequentialLR: scheduler {i} is a {type(scheduler).__name__}, which is no scheduler.",
                    where=user_line(),
                )
            if scheduler.optimizer is not optimizer:
                raise ArgumentError(
                    f"SequentialLR: scheduler {i}, a {type(scheduler).__name__}, belongs to another optimizer.",
                    where=user_line(),
                )
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._undo()  # each has made its first step when it was built
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _undo(self) -> None:
        for scheduler in self._schedulers:
            if isinstance(scheduler, SequentialLR):
                scheduler._undo()
            else:
                scheduler.last_epoch -= 1

    def step(self, epoch: int | None = None) -> None:
        """Go to the next learning rate; `epoch` is not known here."""
        if epoch is not None:
            raise ArgumentTypeError("SequentialLR: step takes no epoch.", where=user_line())
        self.last_epoch += 1
        which = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[which]
        if which and self._milestones[which - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """All it and its schedules know but the optimizer."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the schedule that gave `state_dict` was."""
        super().load_state_dict({key: kept for key, kept in state_dict.items() if key != "_schedulers"})
        for scheduler, kept in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(kept)


def _one_each(name: str, optimizer: Optimizer, given: Factor | Sequence[Factor]) -> list[Factor]:
    groups = len(optimizer.param_groups) if isinstance(optimizer, Optimizer) else 1
    factors = list(given) if isinstance(given, list | tuple) else [cast(Factor, given)] * groups
    if len(factors) != groups:
        raise ArgumentError(
            f"{name}: {len(factors)} functions for {groups} parameter groups.",
            hint="Give one function for all, or one for each group.",
            where=user_line(),
            ja=f"{name}：パラメータグループ {groups} 個に対して、関数が {len(factors)} 個渡されました。",
            hint_ja="すべてに共通の関数を一つ渡すか、グループごとに一つずつ渡します。",
        )
    for factor in factors:
        if not callable(factor):
            raise ArgumentTypeError(
                f"{name}: lr_lambda is a {type(factor).__name__}; it must be a function of the step.",
                where=user_line(),
            )
    return factors


def _between(name: str, argument: str, value: float, *, zero: bool = True) -> float:
    if 0 < value <= 1 or (zero and value == 0):
        return value
    rule, rule_ja = ("from 0 to 1", "0 以上 1 以下") if zero else ("above 0 and at most 1", "0 より大きく 1 以下")
    raise ArgumentError(
        f"{name}: {argument} is {value}; it must be {rule}.",
        where=user_line(),
        ja=f"{name}：{argument} に {value} が渡されましたが、{rule_ja}でなければなりません。",
    )
