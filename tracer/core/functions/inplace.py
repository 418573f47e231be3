"""Functions that overwrite a tensor: PyTorch's names with `_` at the end, and `x[i] = v`.

A leaf's new numbers are an update in a recording; a computed tensor becomes what the op computed, history and all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import to_host
from tracer.core.functions.registry import METHODS, function
from tracer.core.grad_mode import is_grad_enabled, no_grad
from tracer.core.memory import Memory, replace, write
from tracer.core.op import find_op
from tracer.core.record import ACTIVE, silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, GraphError, ShapeError

TWINS = (
    "add", "sub", "mul", "div", "pow", "neg", "abs", "exp", "log", "sqrt", "rsqrt", "reciprocal", "square", "relu",
    "tanh", "sigmoid", "sin", "cos", "clamp", "masked_fill", "floor", "ceil", "round", "tril", "triu", "lerp",
    "addcmul", "addcdiv", "scatter", "scatter_add", "index_add", "index_fill", "index_copy", "remainder", "fmod",
)  # fmt: skip
"""Functions that have an in-place twin; those that are not there are left out."""
_ALIASES = {"subtract_": "sub_", "multiply_": "mul_", "divide_": "div_", "clip_": "clamp_"}


def _twin(name: str) -> Callable[..., Tensor]:
    def in_place(input: Tensor, *args: Any, **keywords: Any) -> Tensor:
        operand = args[0] if args else None
        return overwrite(input, lambda old: METHODS[name](old, *args, **keywords), f"{name}_", operand)

    in_place.__name__ = f"{name}_"
    in_place.__doc__ = f"`{name}`, written into the tensor itself; returns it."
    return in_place


for _name in TWINS:
    function(module=False)(_twin(_name))
for _alias, _of in _ALIASES.items():
    METHODS[_alias] = METHODS[_of]


@function(module=False)
def zero_(input: Tensor) -> Tensor:
    """Fill with zeros; a gradient zeroed so is an event in a recording."""
    return set_numbers(input, 0, "zero_")


@function(module=False)
def fill_(input: Tensor, value: Any) -> Tensor:
    """Fill with one number."""
    return set_numbers(input, value.item() if isinstance(value, Tensor) else value, "fill_")


@function(module=False)
def copy_(input: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Take over the numbers of `src`, which is broadcast and converted; gradient flows to it."""
    if not isinstance(src, Tensor):
        raise ArgumentTypeError(f"copy_: got a {type(src).__name__}; it must be a tensor.", where=user_line())
    if not (is_grad_enabled() and src._requires_grad):
        return set_numbers(input, src._array, "copy_")
    return overwrite(input, lambda old: METHODS["broadcast_to"](src, old.shape).to(old.dtype), "copy_", src)


@function(module=False)
def _setitem(input: Tensor, index: Any, value: Any) -> None:
    """`x[index] = value`; gradient flows to both."""
    if not isinstance(value, Tensor):
        value = Tensor._wrap(np.asarray(value, input._array.dtype), told=False)
    from tracer.core.functions.indexing import index_put

    overwrite(input, lambda old: index_put(old, index, value), "setitem", value)


def set_numbers(x: Tensor, numbers: Any, name: str) -> Tensor:
    """Overwrite with numbers that have no history."""
    _refuse_leaf(x, name)
    owner = x._grad_of() if x._grad_of is not None else None
    if x._requires_grad and is_grad_enabled():  # what it was made from no longer matters: zeros take its place
        node = "ZeroBackward0" if name == "zero_" else f"{name.rstrip('_').capitalize()}Backward0"
        return overwrite(x, lambda old: apply(find_op("fill"), old, _grad_fn=node, value=_plain(numbers)), name)
    _tell(x, owner, np.broadcast_to(np.asarray(_plain(numbers), x._array.dtype), x._array.shape), name, None)
    write(x, numbers)
    _tell_others(x, name)
    return x


def _plain(numbers: Any) -> Any:
    return to_host(numbers) if hasattr(numbers, "shape") else numbers


def overwrite(x: Tensor, compute: Callable[[Tensor], Tensor], name: str, operand: Any = None) -> Tensor:
    """Make `x` what `compute` gives for it.

    Args:
        name: of the function, for errors and recordings.
        operand: what a recording shall note beside the new numbers.

    Raises:
        GraphError: x, or what it is a view of, is a leaf that requires gradient, and gradients are on.
        ShapeError, DtypeError: the result does not fit into x.
    """
    _refuse_leaf(x, name)
    owner = x._grad_of() if x._grad_of is not None else None
    updates = owner is not None or _is_leaf_node(x)
    old = _shadow(x)
    if updates and not (is_grad_enabled() and getattr(operand, "_requires_grad", False)):
        with silence(), no_grad():
            out = compute(old)
        _fits(x, out, name)
        new = out._array.astype(x._array.dtype, copy=False)
        _tell(x, owner, new, name, operand)
        write(x, new)
        _tell_others(x, name)
        return x
    out = compute(old)
    _fits(x, out, name)
    if out._array.dtype != x._array.dtype:
        out = out.to(x.dtype)
    if is_grad_enabled() and x._base is not None and (out._requires_grad or x._base._requires_grad):
        _rebase(x, out)
        return x
    replace(x, out._array)
    _become(x, out)
    _tell_others(x, name)
    return x


def _is_leaf_node(x: Tensor) -> bool:
    """Whether a recording shall take this as an update of a leaf rather than as a new node."""
    if x._fn is not None:
        return False
    if not ACTIVE:
        return not is_grad_enabled() or x._requires_grad
    recorder = ACTIVE[-1]
    node = recorder.ids.get(x._serial)
    return node is None or recorder.is_leaf(node)


def _tell(x: Tensor, owner: Tensor | None, new: Any, name: str, operand: Any) -> None:
    if not ACTIVE:
        return
    for recorder in ACTIVE:
        if owner is not None:
            recorder.wrote_tensor(owner, new)
            recorder.forget_tensor(x)
        elif recorder.ids.get(x._serial) is None or recorder.is_leaf(recorder.ids[x._serial]):
            note: dict[str, Any] = {"rule": name}
            if isinstance(operand, Tensor):
                note["operand"] = operand._array.copy()
            elif isinstance(operand, int | float):
                note["operand"] = operand
            recorder.updated_tensor(x, new, note)
    if owner is None and any(r.ids.get(x._serial) is not None and not r.is_leaf(r.ids[x._serial]) for r in ACTIVE):
        x._serial = Tensor._wrap(np.array(new))._serial  # a computed tensor that was overwritten is another node now


def _tell_others(x: Tensor, name: str) -> None:
    """Tell recordings of the tensors that share the memory of `x`, whose numbers have changed with it."""
    sharing = [one for ref in x._memory.tensors if (one := ref()) is not None and one is not x] if ACTIVE else []
    for recorder in ACTIVE:
        for one in sharing:
            owner = one._grad_of() if one._grad_of is not None else None
            node = recorder.ids.get(one._serial)
            if owner is not None:
                recorder.wrote_tensor(owner, one._array)
                recorder.forget_tensor(one)
            elif node is not None and recorder.is_leaf(node):
                recorder.updated_tensor(one, one._array, {"rule": name})
            elif one._fn is None:
                recorder.forget_tensor(one)


def _shadow(x: Tensor) -> Tensor:
    """`x` as it is now, to compute with: same numbers, same history, same node."""
    old: Tensor = Tensor._wrap(x._array, x._requires_grad, told=False)
    old._fn, old._serial = x._fn, x._serial
    shared = any(ref() is not None for ref in x._memory.tensors)
    old._memory = x._memory if shared else Memory()
    return old


def _become(x: Tensor, out: Tensor) -> None:
    x._requires_grad = out._requires_grad
    x._fn, x._serial = out._fn, out._serial


def _rebase(view: Tensor, out: Tensor) -> None:
    """Write `out` into a view: what it is a view of, and every other view, get the history of the write."""
    base = view._base
    assert base is not None, "only a view has a base"
    from tracer.core.functions.indexing import index_put

    flat = METHODS["reshape"](_shadow(base), (-1,))
    places = _places(base, view)
    made = METHODS["reshape"](index_put(flat, (places.reshape(-1),), METHODS["reshape"](out, (-1,))), base.shape)
    write(view, out._array)
    _become(base, made)
    if base._fn is not None:
        base._fn.made(base)
    for ref in base._memory.tensors:
        one = ref()
        if one is not None and one is not base:
            places = _places(base, one)
            _become(one, METHODS["reshape"](_shadow(base), (-1,))[places])


def _places(base: Tensor, view: Tensor) -> Any:
    """Where in row-major order the elements of `view` stand in `base`, whose memory may be in any order.

    Raises:
        GraphError: elements of the base share memory, as those of an expanded tensor do.
    """
    whole, part = base._array, view._array
    size = whole.itemsize
    span = 1 + sum((n - 1) * abs(s) // size for n, s in zip(whole.shape, whole.strides, strict=True))
    if span > 2 * whole.size or 0 in whole.strides:
        raise GraphError(
            "in place: this view looks at a tensor whose elements share memory or lie far apart.",
            hint="Work on a copy: y = x.clone(), or compute a new tensor with where.",
            where=user_line(),
        )
    memory = np.full(span, -1)
    np.ndarray(whole.shape, np.int64, memory, 0, _steps(whole))[...] = np.arange(whole.size).reshape(whole.shape)
    start = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return np.ndarray(part.shape, np.int64, memory, start // size * 8, _steps(part)).copy()


def _steps(array: Any) -> tuple[int, ...]:
    """The strides of `array`, for elements of 8 bytes."""
    return tuple(s // array.itemsize * 8 for s in array.strides)


def _refuse_leaf(x: Tensor, name: str) -> None:
    if not is_grad_enabled():
        return
    base = x if x._base is None else x._base
    if base._requires_grad and base._fn is None and x._grad_of is None:
        which = "a leaf Variable that requires grad" if base is x else "a view of a leaf Variable that requires grad"
        raise GraphError(
            f"{name}: {which} is being used in an in-place operation.",
            hint="Do it under `with tracer.no_grad():`, or compute a new tensor.",
            where=user_line(),
            ja=f"{name}：requires_grad=True の葉を直接書き換えようとしました。",
            hint_ja="`with tracer.no_grad():` の中で行うか、新しいテンソルに計算します。",
        )


def _fits(x: Tensor, out: Tensor, name: str) -> None:
    if out._array.shape != x._array.shape:
        raise ShapeError(
            f"{name}: output with shape {tuple(x._array.shape)} doesn't match the broadcast shape "
            f"{tuple(out._array.shape)}.",
            hint="What is written into a tensor may not make it larger.",
            where=user_line(),
        )
    if not dtypes.can_cast(out.dtype, x.dtype):
        raise DtypeError(
            f"{name}: result type {out.dtype} can't be cast to the desired output type {x.dtype}.",
            hint="Convert the tensor first: x = x.float().",
            where=user_line(),
        )
