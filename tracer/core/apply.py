"""Applying an op to tensors: dtypes brought together, the forward rule run, history kept, recordings told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.backend import namespace
from tracer.core.function import Function
from tracer.core.grad_mode import is_grad_enabled
from tracer.core.op import Op
from tracer.core.record import ACTIVE
from tracer.core.tensor import Tensor
from tracer.core.value import Value
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, BackendError, ShapeError


def apply(op: Op, *inputs: Any, _grad_fn: str | None = None, **static: Any) -> Tensor:
    """Compute with an op.

    Args:
        inputs: tensors, or Python numbers, which become constants.
        _grad_fn: the name of the graph's node, where PyTorch's is not the op's own.
        static: what the op's rules get by name.

    Raises:
        ShapeError: shapes that do not broadcast.
        ArgumentTypeError: an input is neither a tensor nor a number.
        BackendError: inputs on different devices.
    """
    xp: Any = np
    arrays: list[Any] = []
    given: list[Any] = []
    for x in inputs:
        if isinstance(x, Tensor):
            array = x._array
            if type(array) is not np.ndarray:
                xp = namespace(array)
        elif dtypes.is_scalar(x):
            array = x = x.item() if isinstance(x, np.generic) else x
        else:
            raise _no_operand(op, x)
        arrays.append(array)
        given.append(x)
    if xp is not np and any(type(a) is np.ndarray and a.ndim for a in arrays):
        raise BackendError(
            f"{op.name}: tensors lie on different devices: "
            + ", ".join(str(x.device) for x in given if isinstance(x, Tensor))
            + ".",
            hint="Move them together: x.to('cuda').",
            where=user_line(),
        )
    target = _bring_together(op, given, arrays) if op.elementwise else None
    with np.errstate(all="ignore"):
        try:
            made = op.forward(xp, *arrays, **static)
        except ValueError as problem:
            if op.elementwise:
                raise _no_broadcast(op, given) or problem from None
            raise
    out, saved = made if op.saves else (made, {})
    if target is not None and not op.boolean and out.dtype != target:
        out = out.astype(target)
    if type(out) is not np.ndarray and xp is np:
        out = np.asarray(out)
    return _finish(op, given, out, static, saved, _grad_fn)


def _finish(op: Op, given: Sequence[Any], out: Any, static: dict[str, Any], saved: Any, name: str | None) -> Tensor:
    tensor: Tensor = Tensor._wrap(out, told=False)
    if is_grad_enabled() and out.dtype.kind == "f":
        for slot, x in enumerate(given):
            if getattr(x, "_requires_grad", False) and op.spec(slot).vjp is not None:
                tensor._requires_grad = True
                break
    if op.view and isinstance(given[0], Tensor):
        _share(op, tensor, given[0])
    if tensor._requires_grad:
        fn = Function(op, tuple(given), static, saved, name)
        fn.made(tensor)
        tensor._fn = fn
    if ACTIVE:
        for recorder in ACTIVE:
            recorder.made_tensor(tensor, op, given, static)
    return tensor


def _share(op: Op, view: Tensor, base: Tensor) -> None:
    """Note that `view` looks at the memory of `base`, where it does."""
    if isinstance(view._array, np.ndarray) and not np.may_share_memory(view._array, base._array):
        return
    base._memory.join(base, view)
    view._memory = base._memory
    if op.spec(0).vjp is not None:  # what is detached may be overwritten on its own
        view._base = base if base._base is None else base._base


def _bring_together(op: Op, given: Sequence[Any], arrays: list[Any]) -> Any:
    """Convert arrays of different dtypes in place in the list; returns NumPy's dtype of the result."""
    first = None
    plain = True
    for array in arrays:
        kind = getattr(array, "dtype", None)
        if kind is None:
            plain = plain and first is not None and (first.kind == "f" or not isinstance(array, float))
        elif first is None:
            first = kind
        elif kind != first:
            plain = False
    if first is not None and plain and (first.kind == "f" or not op.floating) and first.kind != "b":
        return first
    target = dtypes.promote(*given, floating=op.floating).numpy
    for i, array in enumerate(arrays):
        if hasattr(array, "dtype"):
            if array.dtype != target:
                arrays[i] = array.astype(target)
        elif target.kind == "f":
            arrays[i] = float(array)
    return target


def _no_operand(op: Op, x: Any) -> Exception:
    if isinstance(x, Value):
        hint = "A Value is one recorded number; use Tensors or Values, not both, in one expression."
    elif isinstance(x, list | tuple | np.ndarray):
        hint = "Make it a tensor first: tracer.tensor(...)."
    else:
        hint = "An operand must be a tensor or a number."
    return ArgumentTypeError(f"{op.name}: got a {type(x).__name__}.", hint=hint, where=user_line())


def _no_broadcast(op: Op, given: Sequence[Any]) -> ShapeError | None:
    """Which axes do not meet; None where shapes are not what is wrong."""
    shapes = [tuple(x._array.shape) for x in given if isinstance(x, Tensor)]
    names = [op.spec(i).name for i, x in enumerate(given) if isinstance(x, Tensor)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        pass
    else:
        return None
    has = ", ".join(f"{name} has shape {shape}" for name, shape in zip(names, shapes, strict=True))
    ndim = max(len(shape) for shape in shapes)
    full = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    axis = max(i for i in range(ndim) if len({shape[i] for shape in full} - {1}) > 1)
    sizes = " and ".join(str(n) for n in dict.fromkeys(shape[axis] for shape in full if shape[axis] != 1))
    last = axis - ndim
    return ShapeError(
        f"{op.name}: {has}.",
        hint=f"Counted from the right, axes must be equal or 1; at axis {last} they are {sizes}.",
        where=user_line(),
        ja=f"{op.name}：形が合いません（{'、'.join(f'{n} は {s}' for n, s in zip(names, shapes, strict=True))}）。",
        hint_ja=f"右から数えて、どの軸の長さも等しいか 1 でなければなりません。軸 {last} では {sizes} です。",
    )
