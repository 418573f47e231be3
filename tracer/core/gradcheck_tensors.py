"""`gradcheck` and `gradgradcheck` of functions of tensors: the whole Jacobian against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.autograd import grad
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, GradcheckError

Jacobian = NDArray[np.float64]
"""(elements of an input, elements of an output)"""


def check_tensors(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    eps: float,
    atol: float,
    rtol: float,
    raise_exception: bool,
    name: str,
) -> bool:
    """Whether the Jacobian of every output by every input that requires gradient is what nudging shows.

    Raises:
        GradcheckError: where they disagree, with the element.
        ArgumentError: no input requires gradient.
    """
    with silence():
        given = tuple(inputs)
        which = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x._requires_grad]
        if not which:
            raise ArgumentError(
                f"{name}: gradcheck expects at least one input tensor to require gradient, but none of the inputs have "
                "requires_grad=True.",
                where=user_line(),
            )
        outs = _outputs(fn, given, name)
        for k, out in enumerate(outs):
            for i in which:
                analytic = _analytic(out, given[i])
                numeric = _numeric(fn, given, i, k, eps, name)
                with np.errstate(all="ignore"):
                    off = np.abs(analytic - numeric)
                    bad = ~((off <= atol + rtol * np.abs(numeric)) | (np.isnan(analytic) & np.isnan(numeric)))
                if not bad.any():
                    continue
                if not raise_exception:
                    return False
                raise _mismatch(name, k, i, given[i], out, analytic, numeric, bad)
    return True


def _mismatch(
    name: str, k: int, i: int, x: Tensor, out: Tensor, analytic: Jacobian, numeric: Jacobian, bad: NDArray[np.bool_]
) -> GradcheckError:
    row, column = (int(n) for n in np.argwhere(bad)[0])
    at = tuple(int(n) for n in np.unravel_index(row, x._array.shape)) if x._array.ndim else ()
    to = tuple(int(n) for n in np.unravel_index(column, out._array.shape)) if out._array.ndim else ()
    hint = None
    if x._array.dtype != np.float64:
        hint = f"Input {i} is {x.dtype}: finite differences need float64. Try x.double()."
    return GradcheckError(
        f"{name}: Jacobian mismatch for output {k} with respect to input {i}: ∂output{list(to) or ''}/"
        f"∂input{list(at) or ''} by backward is {analytic[row, column]:.8g}, nudging gives {numeric[row, column]:.8g}; "
        f"{int(bad.sum())} of {bad.size} elements disagree.",
        hint=hint,
    )


def _outputs(fn: Callable[..., Any], given: Sequence[Any], name: str) -> list[Tensor]:
    """The outputs of floating point."""
    made = fn(*given)
    outs = list(made) if isinstance(made, tuple | list) else [made]
    for k, out in enumerate(outs):
        if not isinstance(out, Tensor):
            raise ArgumentTypeError(f"{name}: output {k} is a {type(out).__name__}; it must be a tensor.")
    return [out for out in outs if out._array.dtype.kind == "f"]


def _analytic(out: Tensor, x: Tensor) -> Jacobian:
    """One backward pass for each element of the output."""
    found = np.zeros((x._array.size, out._array.size))
    for column in range(out._array.size if out._requires_grad else 0):
        seed = np.zeros(out._array.shape, out._array.dtype)
        seed.reshape(-1)[column] = 1
        (g,) = grad(out, x, Tensor._wrap(seed), retain_graph=True, allow_unused=True)
        if g is not None:
            found[:, column] = g._array.reshape(-1)
    return found


def _numeric(fn: Callable[..., Any], given: Sequence[Any], i: int, k: int, eps: float, name: str) -> Jacobian:
    """Two runs for each element of the input."""
    x = given[i]

    def moved(row: int, delta: float) -> NDArray[np.float64]:
        array = x._array.copy()
        array.reshape(-1)[row] += delta
        inputs = [*given[:i], Tensor._wrap(array, True), *given[i + 1 :]]
        return np.asarray(_outputs(fn, inputs, name)[k]._array, np.float64).reshape(-1)

    rows = [(moved(row, eps) - moved(row, -eps)) / (2 * eps) for row in range(x._array.size)]
    width = _outputs(fn, given, name)[k]._array.size
    return np.array(rows).reshape(x._array.size, width)


def gradgradcheck(
    fn: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of a function of tensors have right gradients themselves: second derivatives.

    Args:
        fn: takes the inputs, returns a tensor or a tuple of them.
        inputs: tensors, float64 where they require gradient.
        grad_outputs: what the outputs' gradients start from; random where left out.
        eps, atol, rtol, raise_exception: as for `gradcheck`.

    Raises:
        GradcheckError: which elements disagree, with both numbers.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    with silence():
        outs = _outputs(fn, given, "gradgradcheck")
        if grad_outputs is None:
            rng = np.random.default_rng(0)
            seeds = [Tensor._wrap(rng.uniform(0.5, 1.5, o._array.shape).astype(o._array.dtype), True) for o in outs]
        else:
            seeds = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    count = len(given)
    wanted = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x._requires_grad]

    def gradients(*both: Any) -> tuple[Tensor, ...]:
        xs, gs = both[:count], both[count:]
        made = [out for out in _outputs(fn, xs, "gradgradcheck") if out._requires_grad]
        found = grad(made, [xs[i] for i in wanted], list(gs[: len(made)]), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return check_tensors(gradients, (*given, *seeds), eps, atol, rtol, raise_exception, "gradgradcheck")
