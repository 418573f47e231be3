"""Stochastic gradient descent, plain or with momentum."""

from __future__ import annotations

from typing import Any

from tracer.core.backend import namespace
from tracer.core.memory import replace
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.update import update_parameter
from tracer.core.where import user_line
from tracer.errors import ArgumentError
from tracer.optim.optimizer import Group, Optimizer, Params, nonnegative


class SGD(Optimizer):
    """`p = p - lr · g`; with momentum the step follows a running sum of gradients.

        g = grad + weight_decay · p          (−grad where `maximize`)
        m = momentum · m + (1 − dampening) · g;    the first m is g itself
        p = p − lr · m                       (nesterov: p − lr · (g + momentum · m))

    Args:
        params: tensors or groups of them.
        lr: learning rate, 0 or more.
        momentum: how much of the last step's direction is kept, 0 for none.
        dampening: how much of the new gradient is held back.
        weight_decay: pulls every parameter towards 0.
        nesterov: look ahead by one momentum step.
        maximize: climb instead of descending.
        foreach, fused: accepted and without effect; in PyTorch they choose between implementations of the same rule.
        differentiable: not supported.

    Raises:
        ArgumentError: a negative option, or Nesterov without momentum or with dampening.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), in
    PyTorch's form, which multiplies the running sum by the learning rate last.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults: dict[str, Any] = {
            "lr": nonnegative("SGD", "lr", lr),
            "momentum": nonnegative("SGD", "momentum", momentum),
            "dampening": dampening,
            "weight_decay": nonnegative("SGD", "weight_decay", weight_decay),
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": not_differentiable("SGD", differentiable),
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError(
                f"SGD: nesterov=True with momentum={momentum} and dampening={dampening}.",
                hint="Nesterov momentum needs a momentum above 0 and a dampening of 0.",
                where=user_line(),
                ja=f"SGD: nesterov=True ですが、momentum={momentum}、dampening={dampening} です。",
                hint_ja="ネステロフの加速には、0 より大きい momentum と、0 の dampening が必要です。",
            )
        super().__init__(params, defaults)

    def _update(self, parameter: Tensor, group: Group) -> None:
        assert parameter._grad is not None, "step passes only parameters with a gradient"
        xp = namespace(parameter._array)
        value, grad = xp.atleast_1d(parameter._array), xp.atleast_1d(parameter._grad._array)  # no NumPy scalars
        lr, momentum, decay = float(group["lr"]), group["momentum"], group["weight_decay"]
        slope = -grad if group["maximize"] else grad
        if decay:
            slope = slope + decay * value
        direction, before, m = slope, None, None
        if momentum:
            state = self.state[parameter]
            buffer = state.get("momentum_buffer")
            before = None if buffer is None else xp.atleast_1d(buffer._array)
            m = slope.copy() if before is None else momentum * before + (1 - group["dampening"]) * slope
            remember(state, "momentum_buffer", m, parameter)
            direction = slope + momentum * m if group["nesterov"] else m
        update = lr * direction
        note: dict[str, Any] | None = None
        if ACTIVE:  # the gradient may be zeroed in place later, and so is copied
            shape = parameter._array.shape
            note = {"rule": "sgd", "lr": lr, "grad": grad.copy().reshape(shape), "update": update.reshape(shape)}
            note |= {name: group[name] for name in ("momentum", "dampening", "weight_decay", "nesterov", "maximize")}
            if decay or group["maximize"]:
                note["slope"] = slope.reshape(shape)
            if m is not None:
                note |= {"m": m.reshape(shape), "direction": direction.reshape(shape)}
                note["m_before"] = None if before is None else before.reshape(shape)
        update_parameter(parameter, (value - update).reshape(parameter._array.shape), note=note)


def not_differentiable(rule: str, differentiable: bool) -> bool:
    """False, which is all there is.

    Raises:
        ArgumentError: True was asked for.
    """
    if differentiable:
        raise ArgumentError(
            f"{rule}: differentiable=True is not supported.",
            hint="Write the update yourself with tensors to differentiate through it: p = p - lr * p.grad.",
            where=user_line(),
        )
    return False


def remember(state: dict[str, Any], name: str, array: Any, parameter: Tensor) -> None:
    """Keep an array for the next step, as the tensor that `state` and `state_dict` show."""
    array = array.reshape(parameter._array.shape)
    if state.get(name) is None:
        state[name] = Tensor._wrap(array, told=False)
    else:
        replace(state[name], array)
