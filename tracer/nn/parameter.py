"""Parameter: a tensor that a module owns and an optimizer moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tracer.core.backend import CPU, module_of, to_device
from tracer.core.dtype import DType, get_default_dtype, to_dtype
from tracer.core.record import ACTIVE, Recorder
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError


class Parameter(Tensor):
    """A leaf that takes gradients and registers itself when it is assigned to a module's attribute.

    Args:
        data: a tensor, whose memory it shares; nothing makes an empty one.
        requires_grad: False freezes it.

    Raises:
        ArgumentTypeError: not a tensor.
        DtypeError: gradients are wanted of a tensor that holds no floats.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            return cls._wrap(module_of(CPU).empty(0, get_default_dtype().numpy), bool(requires_grad))
        if not isinstance(data, Tensor):
            raise ArgumentTypeError(
                f"Parameter: data is a {type(data).__name__}; it must be a tensor.",
                hint="Make it one first: tracer.tensor(...), with a decimal point in the numbers.",
                where=user_line(),
                ja=f"Parameter：data に {type(data).__name__} が渡されましたが、テンソルでなければなりません。",
                hint_ja="先に tracer.tensor(...) でテンソルにします。数には小数点を付けます。",
            )
        if requires_grad and not data.dtype.is_floating_point:
            raise DtypeError(
                f"Parameter: data is {data.dtype}; only floating-point tensors take gradients.",
                hint="Convert it, data.float(), or pass requires_grad=False.",
                where=user_line(),
                ja=f"Parameter：data は {data.dtype} です。勾配を持てるのは浮動小数点のテンソルだけです。",
                hint_ja="data.float() で変換するか、requires_grad=False を指定します。",
            )
        made = cls._wrap(data._array, bool(requires_grad), told=False)
        data._memory.join(data, made)
        made._memory = data._memory
        made._name = data._name
        for recorder in ACTIVE:
            _succeed(recorder, data, made)
        return made

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


def _succeed(recorder: Recorder, data: Tensor, parameter: Parameter) -> None:
    """Make `parameter` the node that `data` is, where that leaf was just made for it; else a leaf of its own.

    So `Parameter(torch.randn(3))` is one leaf. Should `data` be used all the same, it becomes another one then.
    """
    with recorder.lock:
        node = recorder.ids.get(data._serial)
        if node is None or node != len(recorder.value) - 1 or recorder.op[node]:
            recorder.made_leaf(parameter)
            return
        recorder.ids[parameter._serial] = recorder.ids.pop(data._serial)
        recorder.wants_grad(parameter)


def empty_parameter(shape: Sequence[int], device: Any = None, dtype: DType | None = None) -> Parameter:
    """A parameter whose numbers are still to be given; `tell` then shows it to recordings."""
    where = to_device(device)
    kind = get_default_dtype() if dtype is None else to_dtype(dtype)
    array = module_of(where).empty(tuple(shape), kind.numpy)
    return cast(Parameter, Parameter._wrap(array, kind.is_floating_point, told=False))


def tell(*parameters: Parameter | None) -> None:
    """Show parameters that have their first values to recordings: as leaves, at the user's line."""
    for recorder in ACTIVE:
        for parameter in parameters:
            if parameter is not None:
                recorder.made_leaf(parameter)
