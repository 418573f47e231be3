"""Are the gradients of a function right? Compared with finite differences, as PyTorch's function of this name does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

from tracer.core.backward import reachable
from tracer.core.value import Value, is_number
from tracer.errors import GradcheckError, GraphError


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether `backward()` agrees with nudging each input, for every output of `fn`.

    Args:
        fn: takes the inputs, returns a `Value` or a tensor, or a tuple of them.
        inputs: leaves, or plain numbers; or tensors, float64 where they require gradient. The `.grad` of leaves is left
            as it was.
        eps: how far an input is nudged each way; of a `Value`, relative to its size where that is above 1.
        atol, rtol: |analytic − numeric| may be at most atol + rtol · |numeric|.
        raise_exception: whether to raise, or return False, when they disagree.

    Raises:
        GradcheckError: which input and output disagree, with both numbers.
        GraphError: an input is neither a `Value` nor a number, or an output is no `Value`.
        ArgumentError: tensors, but none requires gradient.
    """
    if hasattr(inputs, "_array") or (isinstance(inputs, Sequence) and any(hasattr(x, "_array") for x in inputs)):
        from tracer.core.gradcheck_tensors import check_tensors

        several = (inputs,) if hasattr(inputs, "_array") else inputs
        return check_tensors(fn, several, eps, atol, rtol, raise_exception, "gradcheck")
    given = (inputs,) if isinstance(inputs, Value) or is_number(inputs) else tuple(cast(Sequence[Value], inputs))
    for i, value in enumerate(given):
        if not isinstance(value, Value) and not is_number(value):
            raise GraphError(f"gradcheck: input {i} is a {type(value).__name__}; it must be a Value or a number.")
    numbers = [value._data if isinstance(value, Value) else float(cast(float, value)) for value in given]
    count = len(_outputs(fn, numbers)[1])
    for which in range(count):
        leaves, outs = _outputs(fn, numbers)
        analytics = _gradients(outs[which], leaves)
        for i, analytic in enumerate(analytics):
            step = eps * max(1.0, abs(numbers[i]))
            numeric = (_nudged(fn, numbers, i, step, which) - _nudged(fn, numbers, i, -step, which)) / (2 * step)
            if abs(analytic - numeric) <= atol + rtol * abs(numeric) or (math.isnan(analytic) and math.isnan(numeric)):
                continue
            if not raise_exception:
                return False
            raise GradcheckError(
                f"gradcheck: ∂output {which}/∂input {i} at {numbers[i]:g}: backward gives {analytic:.8g}, "
                f"nudging gives {numeric:.8g}."
            )
    return True


def _gradients(out: Value, leaves: list[Value]) -> list[float]:
    """∂out/∂leaf for each leaf; what `fn` closed over keeps the gradients it had."""
    if not out._live:
        return [0.0] * len(leaves)
    kept = [(value, value._grad) for value in reachable(out)]
    out.backward()
    found = [leaf._grad for leaf in leaves]
    for value, grad in kept:
        value._grad = grad
    return found


def _outputs(fn: Callable[..., Any], numbers: Sequence[float]) -> tuple[list[Value], list[Value]]:
    leaves = [Value(number) for number in numbers]
    made = fn(*leaves)
    outs = list(made) if isinstance(made, tuple | list) else [made]
    for which, out in enumerate(outs):
        if not isinstance(out, Value):
            raise GraphError(f"gradcheck: output {which} is a {type(out).__name__}; it must be a Value.")
    return leaves, outs


def _nudged(fn: Callable[..., Any], numbers: Sequence[float], which: int, delta: float, out: int) -> float:
    moved = list(numbers)
    moved[which] += delta
    return _outputs(fn, moved)[1][out]._data


def gradgradcheck(fn: Callable[..., Any], inputs: Any, grad_outputs: Any = None, **keywords: Any) -> bool:
    """Whether the gradients of a function of tensors have right gradients; see `tracer.core.gradcheck_tensors`."""
    from tracer.core.gradcheck_tensors import gradgradcheck as check

    return check(fn, inputs, grad_outputs, **keywords)
