"""Stochastic gradient descent, plain or with momentum."""

from __future__ import annotations

from typing import Any

from tracer.core.backend import namespace
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
                ja=f"SGD：nesterov=True ですが、momentum={momentum}、dampening={dampening} です。",
                hint_ja="ネステロフの加速には、0 より大きい momentum と、0 の dampening が必要です。",
            )
        super().__init__(params, defaults)

    def _update(self, parameter: Tensor, group: Group) -> None:
        assert parameter._grad is not None, "step passes only parameters with a gradient"
        xp, shape = namespace(parameter._array), parameter._array.shape
        # with an axis, so that nothing becomes a NumPy scalar; what is remembered is changed in place
        value, grad = xp.atleast_1d(parameter._array), xp.atleast_1d(parameter._grad._array)
        lr, momentum, decay = float(group["lr"]), group["momentum"], group["weight_decay"]
        slope = -grad if group["maximize"] else grad
        if decay:
            slope = slope + decay * value
        direction, before, m = slope, None, None
        if momentum:
            state = self.state[parameter]
            buffer = state.get("momentum_buffer")
            if buffer is None:
                m = slope.copy()
                state["momentum_buffer"] = Tensor._wrap(m.reshape(shape), told=False)
            else:
                m = xp.atleast_1d(buffer._array)
                before = m.copy().reshape(shape) if ACTIVE else None
                m *= momentum
                m += (1 - group["dampening"]) * slope
            direction = slope + momentum * m if group["nesterov"] else m
        update = lr * direction
        note: dict[str, Any] | None = None
        if ACTIVE:  # what changes in place later is copied
            note = {"rule": "sgd", "lr": lr, "grad": grad.copy().reshape(shape), "update": update.reshape(shape)}
            note |= {name: group[name] for name in ("momentum", "dampening", "weight_decay", "nesterov", "maximize")}
            if slope is not grad:
                note["slope"] = slope.reshape(shape)
            if m is not None:
                note |= {"m_before": before, "m": m.copy().reshape(shape), "direction": direction.copy().reshape(shape)}
        new = xp.subtract(value, update, out=xp.empty_like(value) if ACTIVE else update)
        update_parameter(parameter, new.reshape(shape), note=note)


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
