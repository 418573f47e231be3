"""`xp` over `Tensor`s: the functions that backward rules use, each one recorded and differentiable again.

A rule written for arrays thus makes the graph of its own gradient when it is run on tensors: second derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.apply import apply
from tracer.core.op import find_op
from tracer.core.tensor import Tensor


def _array(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def _tensor(x: Any, like: Tensor | None = None) -> Tensor:
    if isinstance(x, Tensor):
        return x
    array = np.asarray(x) if like is None else np.asarray(x, like._array.dtype)
    made: Tensor = Tensor._wrap(array)
    return made


def _unary(name: str) -> Any:
    def call(a: Any) -> Any:
        return apply(find_op(name), _tensor(a))

    return staticmethod(call)


def _binary(name: str) -> Any:
    def call(a: Any, b: Any) -> Any:
        return apply(find_op(name), *(_plain(x) for x in (a, b)))

    return staticmethod(call)


def _plain(x: Any) -> Any:
    return x if isinstance(x, Tensor | int | float) else _tensor(x)


class TensorNamespace:
    """NumPy's names, as far as rules use them."""

    exp, log, log1p, tanh, sqrt = (_unary(name) for name in ("exp", "log", "log1p", "tanh", "sqrt"))
    sin, cos, absolute, sign = (_unary(name) for name in ("sin", "cos", "abs", "sign"))
    divide, power = _binary("div"), _binary("pow")
    maximum, minimum = _binary("maximum"), _binary("minimum")
    matmul = _binary("matmul")

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Tensor:
        from tracer.core.functions.all import MODULE

        mask = np.asarray(_array(condition)).astype(bool)
        like = next((x for x in (a, b) if isinstance(x, Tensor)), None)
        made: Tensor = MODULE["where"](Tensor._wrap(mask), _tensor(a, like), _tensor(b, like))
        return made

    @staticmethod
    def sum(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        if axis is None:
            axis = tuple(range(a.ndim))
        return _call("sum", a, dim=list(axis) if isinstance(axis, tuple) else axis, keepdim=keepdims)

    @staticmethod
    def reshape(a: Tensor, shape: Sequence[int] | int) -> Tensor:
        return _call("reshape", a, tuple(shape) if isinstance(shape, Sequence) else (shape,))

    @staticmethod
    def transpose(a: Tensor, axes: Sequence[int] | None = None) -> Tensor:
        return _call("permute", a, tuple(axes) if axes is not None else tuple(reversed(range(a.ndim))))

    @staticmethod
    def swapaxes(a: Tensor, one: int, other: int) -> Tensor:
        return _call("transpose", a, one, other)

    @staticmethod
    def expand_dims(a: Tensor, axis: int | tuple[int, ...]) -> Tensor:
        axes = (axis,) if isinstance(axis, int) else axis
        ndim = a.ndim + len(axes)
        at = {x % ndim for x in axes}
        shape = iter(a._array.shape)
        return _call("reshape", a, tuple(1 if i in at else next(shape) for i in range(ndim)))

    @staticmethod
    def squeeze(a: Tensor, axis: int | tuple[int, ...]) -> Tensor:
        at = {x % a.ndim for x in ((axis,) if isinstance(axis, int) else axis)}
        return _call("reshape", a, tuple(n for i, n in enumerate(a._array.shape) if i not in at))

    @staticmethod
    def broadcast_to(a: Any, shape: Sequence[int]) -> Tensor:
        return _call("broadcast_to", _tensor(a), tuple(shape))

    @staticmethod
    def concatenate(parts: Sequence[Any], axis: int = 0) -> Tensor:
        return _call("cat", [_tensor(part) for part in parts], axis)

    @staticmethod
    def cumsum(a: Tensor, axis: int) -> Tensor:
        return _call("cumsum", a, axis)

    @staticmethod
    def flip(a: Tensor, axis: int | tuple[int, ...]) -> Tensor:
        return _call("flip", a, (axis,) if isinstance(axis, int) else axis)

    @staticmethod
    def zeros(shape: Sequence[int] | int, dtype: Any = None) -> Tensor:
        return _tensor(np.zeros(shape, _numpy(dtype)))

    @staticmethod
    def zeros_like(a: Any) -> Tensor:
        return _tensor(np.zeros(a.shape, _numpy(a.dtype)))

    @staticmethod
    def ones_like(a: Any) -> Tensor:
        return _tensor(np.ones(a.shape, _numpy(a.dtype)))

    @staticmethod
    def put_at(shape: Sequence[int], index: Any, g: Tensor) -> Tensor:
        """Zeros of `shape` with `g` added at `index`; see `tracer.core.array.put`."""
        return apply(find_op("put"), g, shape=tuple(shape), index=index)

    @staticmethod
    def constant(mask: Any, like: Any) -> Tensor:
        """A plain array as a tensor of the dtype of `like`; takes no gradient."""
        return _tensor(np.asarray(_array(mask)).astype(_numpy(like.dtype)))


def _numpy(dtype: Any) -> Any:
    return getattr(dtype, "numpy", dtype)


def _call(name: str, *args: Any, **keywords: Any) -> Tensor:
    from tracer.core.functions.all import METHODS, MODULE

    made: Tensor = (METHODS.get(name) or MODULE[name])(*args, **keywords)  # `cat` is no method
    return made


TENSORS = TensorNamespace()
