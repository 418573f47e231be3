"""Adam and AdamW: a step a parameter, sized by running averages of its gradient and of the gradient's square."""

from __future__ import annotations

from typing import Any

from tracer.core.backend import CPU, module_of, namespace
from tracer.core.dtype import float32, float64, get_default_dtype
from tracer.core.memory import write
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.update import update_parameter
from tracer.core.where import user_line
from tracer.errors import ArgumentError
from tracer.optim.optimizer import Group, Optimizer, Params, nonnegative
from tracer.optim.sgd import not_differentiable


class Adam(Optimizer):
    """Adaptive moment estimation.

        g = grad + weight_decay · p                     (−grad where `maximize`)
        m = β₁ · m + (1 − β₁) · g                       running mean of the gradient
        v = β₂ · v + (1 − β₂) · g²                      running mean of its square, not centred
        m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)          both began at 0; this takes that out
        p = p − lr · m̂ / (√v̂ + eps)

    Args:
        params: tensors or groups of them.
        lr: learning rate, 0 or more; about the length of the first steps of each number.
        betas: (β₁, β₂), each in [0, 1): how much of the old averages is kept.
        eps: keeps the division finite.
        weight_decay: pulls every parameter towards 0.
        amsgrad: divide by the largest v so far.
        maximize: climb instead of descending.
        decoupled_weight_decay: shrink p by lr · weight_decay before the step and leave g as it is: AdamW.
        foreach, fused, capturable: accepted and without effect; in PyTorch they choose between implementations.
        differentiable: not supported.

    Raises:
        ArgumentError: an option out of range.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1; amsgrad: Reddi et al.,
    "On the Convergence of Adam and Beyond" (2018).
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        rule = type(self).__name__
        defaults: dict[str, Any] = {
            "lr": nonnegative(rule, "lr", lr),
            "betas": _betas(rule, betas),
            "eps": nonnegative(rule, "eps", eps),
            "weight_decay": nonnegative(rule, "weight_decay", weight_decay),
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": not_differentiable(rule, differentiable),
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _update(self, parameter: Tensor, group: Group) -> None:
        assert parameter._grad is not None, "step passes only parameters with a gradient"
        xp, shape = namespace(parameter._array), parameter._array.shape
        state = self.state[parameter] or self._begin(parameter, group)
        lr, eps, decay, (beta1, beta2) = float(group["lr"]), group["eps"], group["weight_decay"], group["betas"]
        decoupled = group["decoupled_weight_decay"]
        step = float(state["step"]._array) + 1
        write(state["step"], step)
        # with an axis, so that nothing becomes a NumPy scalar; what is remembered is changed in place
        value, grad = xp.atleast_1d(parameter._array), xp.atleast_1d(parameter._grad._array)
        m, v = (xp.atleast_1d(state[name]._array) for name in ("exp_avg", "exp_avg_sq"))
        before = {"m_before": m.copy(), "v_before": v.copy()} if ACTIVE else {}

        slope = -grad if group["maximize"] else grad
        if decay and not decoupled:
            slope = slope + decay * value
        work = slope - m
        work *= 1 - beta1
        m += work
        xp.multiply(slope, 1 - beta2, out=work)
        work *= slope
        v *= beta2
        v += work
        largest = v
        if group["amsgrad"]:
            largest = xp.atleast_1d(state["max_exp_avg_sq"]._array)
            xp.maximum(largest, v, out=largest)
        correction1, correction2 = 1 - beta1**step, 1 - beta2**step
        update = m * (lr / correction1)
        xp.sqrt(largest, out=work)
        work /= correction2**0.5
        work += eps
        update /= work
        if decay and decoupled:
            xp.multiply(value, 1 - lr * decay, out=work)
            work -= update
        else:
            xp.subtract(value, update, out=work)

        note: dict[str, Any] | None = None
        if ACTIVE:  # what changes in place later is copied
            arrays = {**before, "grad": grad.copy(), "m": m.copy(), "v": v.copy(), "update": update}
            arrays |= {"m_hat": m / correction1, "v_hat": largest / correction2}
            if slope is not grad:
                arrays["slope"] = slope
            if group["amsgrad"]:
                arrays["v_max"] = largest.copy()
            note = {
                "rule": "adamw" if decoupled else "adam",
                "step": int(step),
                "beta1": beta1,
                "beta2": beta2,
                "lr": lr,
                **{name: group[name] for name in ("eps", "weight_decay", "amsgrad", "maximize")},
                **{name: array.reshape(shape) for name, array in arrays.items()},
            }
        update_parameter(parameter, work.reshape(shape), note=note)

    def _begin(self, parameter: Tensor, group: Group) -> dict[str, Any]:
        """The state before the first step: step 0, averages 0."""
        xp = namespace(parameter._array)
        exact = float64 if get_default_dtype() is float64 else float32
        state = self.state[parameter]
        state["step"] = Tensor._wrap(module_of(CPU).zeros((), exact.numpy), told=False)  # a counter: never on a GPU
        for name in ("exp_avg", "exp_avg_sq", *(("max_exp_avg_sq",) if group["amsgrad"] else ())):
            state[name] = Tensor._wrap(xp.zeros_like(parameter._array), told=False)
        return state


class AdamW(Adam):
    """Adam with decoupled weight decay: `p` first shrinks by lr · weight_decay · p, and the gradient stays as it is.

    Args: as for `Adam`; `weight_decay` is 0.01 unless given.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


def _betas(rule: str, betas: Any) -> tuple[float, float]:
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ArgumentError(f"{rule}: betas is {betas!r}; it must be two numbers.", where=user_line())
    for i, beta in enumerate(betas):
        if not 0 <= nonnegative(rule, f"betas[{i}]", beta) < 1:
            raise ArgumentError(
                f"{rule}: betas[{i}] is {beta}; it must be at least 0 and below 1.",
                hint="At 1 nothing of a new gradient would count.",
                where=user_line(),
                ja=f"{rule}：betas[{i}] に {beta} が渡されましたが、0 以上 1 未満でなければなりません。",
                hint_ja="1 では、新しい勾配がまったく反映されません。",
            )
    return betas[0], betas[1]
