"""Keeping gradients in bounds between `backward()` and `step()`, and all parameters as one vector."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from tracer.core.backend import Array, namespace, to_host
from tracer.core.dtype import get_default_dtype
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.grad_mode import no_grad
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import GraphError, ShapeError


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor so that their norm, taken together, is at most `max_norm`.

    Args:
        parameters: a tensor or several; those without a gradient are left out.
        max_norm: the norm allowed.
        norm_type: 2 for the usual length, 1 for the sum of absolute values, inf for the largest.
        error_if_nonfinite: whether a norm that is inf or nan is an error.
        foreach: accepted and without effect.

    Returns:
        The norm before, shape ().

    Raises:
        GraphError: the norm is not finite, and that was to be an error.
    """
    grads = _gradients("clip_grad_norm_", parameters)
    order = float(norm_type)
    with np.errstate(all="ignore"):  # what overflows is inf, as everywhere
        total = _total_norm([grad._array for grad in grads if grad._array.size], order)
        number = total.dtype.type
        factor = float(number(max_norm) / (total + number(1e-6)))
    if error_if_nonfinite and not math.isfinite(total):
        raise GraphError(
            f"clip_grad_norm_: the norm of order {order:g} of all gradients is {float(total)}; it cannot be clipped.",
            hint="Find where it comes from, or scale it anyway with error_if_nonfinite=False.",
            where=user_line(),
            ja=f"clip_grad_norm_：勾配全体のノルム（次数 {order:g}）が {float(total)} なので、抑えられません。",
            hint_ja="原因を探すか、error_if_nonfinite=False で構わず縮小します。",
        )
    if not factor >= 1:  # also where it is nan, which then spreads
        with no_grad():
            for grad in grads:
                grad.mul_(factor)
    norm: Tensor = Tensor._wrap(total, told=False)
    return norm


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut off every number of every gradient at ±clip_value.

    Args:
        parameters: a tensor or several; those without a gradient are left out.
        foreach: accepted and without effect.
    """
    bound = float(clip_value)
    with no_grad():
        for grad in _gradients("clip_grad_value_", parameters):
            grad.clamp_(-bound, bound)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All numbers of the parameters in a row, shape (n,); gradients flow back to each.

    Raises:
        ArgumentError: no parameters.
    """
    row: Tensor = F.cat([p.reshape(-1) for p in parameters])
    return row


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the numbers of a vector, shape (n,), into the parameters, in order.

    Raises:
        ShapeError: the vector does not have as many elements as the parameters together.
    """
    into = list(parameters)
    sizes = [p._array.size for p in into]
    if vec._array.size != sum(sizes):
        raise ShapeError(
            f"vector_to_parameters: the parameters have {sum(sizes)} elements, the vector has {vec._array.size}.",
            hint="Make it with parameters_to_vector of the same parameters.",
            where=user_line(),
            ja=f"vector_to_parameters：パラメータの要素は合わせて {sum(sizes)} 個、"
            f"ベクトルの要素は {vec._array.size} 個です。",
            hint_ja="同じパラメータから parameters_to_vector で作ります。",
        )
    with no_grad():
        for p, part in zip(into, vec.split(sizes), strict=True):
            p.copy_(part.view_as(p))


def _gradients(name: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not given and isinstance(parameters, types.GeneratorType):
        warnings.warn(
            f"{name}: parameters is an empty generator; no gradient is clipped. A generator such as "
            "model.parameters() can be used only once.",
            stacklevel=3,
        )
    return [one._grad for one in given if one._grad is not None]


def _total_norm(arrays: list[Array], order: float) -> Array:
    """The norm of all numbers taken together, on the CPU, shape (); 0 of none."""
    if not arrays:
        return np.zeros((), get_default_dtype().numpy)
    return _norm(np, np.stack([to_host(_norm(namespace(array), array, order)) for array in arrays]), order)


def _norm(xp: Any, array: Array, order: float) -> Array:
    flat = xp.absolute(array).reshape(-1)
    if order == 2:
        found = xp.sqrt(xp.dot(flat, flat))
    elif order == math.inf:
        found = flat.max()
    elif order == 0:
        found = xp.count_nonzero(flat)
    else:
        found = xp.sum(flat**order) ** (1 / order)
    return xp.asarray(found, flat.dtype)
