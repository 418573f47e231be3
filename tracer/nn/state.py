"""What a module's numbers are saved as, and moving and converting them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tracer.core.backend import Device, to_device
from tracer.core.dtype import DType
from tracer.core.grad_mode import no_grad
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, StateError, did_you_mean

if TYPE_CHECKING:
    from tracer.nn.module import Module


class IncompatibleKeys(NamedTuple):
    """Which names did not meet when a state was loaded."""

    missing_keys: list[str]
    """The module has them, the state has not."""
    unexpected_keys: list[str]
    """The state has them, the module has not."""

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def tensors_of(module: Module, prefix: str = "") -> dict[str, Tensor]:
    """Parameters and persistent buffers by dotted name; a shared one under each of its names."""
    found: dict[str, Tensor] = {}
    for path, part in module.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
        lead = f"{path}." if path else ""
        kept = {name: one for name, one in part._buffers.items() if name not in part._transient}
        for name, one in (*part._parameters.items(), *kept.items()):
            if one is not None:
                found[lead + name] = one
    return found


def state_dict(module: Module, prefix: str, keep_vars: bool) -> OrderedDict[str, Tensor]:
    """See `Module.state_dict`."""
    found = tensors_of(module, prefix).items()
    return OrderedDict((name, tensor if keep_vars else tensor.data) for name, tensor in found)


def load_state_dict(module: Module, given: Mapping[str, Any], strict: bool) -> IncompatibleKeys:
    """See `Module.load_state_dict`."""
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(
            f"load_state_dict: expected a dict of tensors by name, got {type(given).__name__}.",
            hint="Pass what state_dict() returned.",
            where=user_line(),
        )
    own = tensors_of(module)
    keys = IncompatibleKeys([name for name in own if name not in given], [name for name in given if name not in own])
    problems: list[str] = []
    if strict and keys.missing_keys:
        problems.append(f"Missing key(s) in state_dict: {_listed(keys.missing_keys)}.")
    if strict and keys.unexpected_keys:
        problems.append(f"Unexpected key(s) in state_dict: {_listed(keys.unexpected_keys)}.")
    for name, tensor in own.items():
        new = given.get(name, tensor)
        if not isinstance(new, Tensor):
            problems.append(f"{name}: expected a tensor, got {type(new).__name__}.")
        elif new.shape != tensor.shape:
            problems.append(
                f"size mismatch for {name}: copying a param with shape {new.shape} from checkpoint, "
                f"the shape in current model is {tensor.shape}."
            )
    if problems:
        raise _unfit(module, keys, problems, strict)
    with no_grad():
        for name, tensor in own.items():
            if name in given:
                tensor.copy_(given[name])
    return keys


def _unfit(module: Module, keys: IncompatibleKeys, problems: list[str], strict: bool) -> StateError:
    name = type(module).__name__
    near = [hint for key in keys.missing_keys if (hint := did_you_mean(key, keys.unexpected_keys))] if strict else []
    said = "\n".join(f"  {problem}" for problem in problems)
    advice = "The model must be built with the same sizes and names as the one that was saved."
    return StateError(
        f"Error(s) in loading state_dict for {name}:\n{said}",
        hint=near[0] if near else advice,
        where=user_line(),
        ja=f"保存された状態は {name} に合いません。\n{said}",
        hint_ja=None if near else "保存したときと同じ名前と大きさのモデルを用意します。",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def target(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> tuple[Device | None, DType | None]:
    """What `Module.to` was asked for: a device, a dtype of floats, or both; each None where nothing was said.

    Raises:
        ArgumentTypeError: anything else, or a dtype that is not of floats.
    """
    device: Any = keywords.get("device")
    dtype: Any = keywords.get("dtype")
    for one in args:
        if isinstance(one, Tensor):
            device, dtype = one.device, one.dtype
        elif isinstance(one, DType):
            dtype = one
        elif isinstance(one, str | Device):
            device = one
        elif not isinstance(one, bool) and one is not None:  # a bool is PyTorch's non_blocking
            raise ArgumentTypeError(
                f"to: got a {type(one).__name__}.", hint="Give a device, a dtype or a tensor.", where=user_line()
            )
    if dtype is not None and not (isinstance(dtype, DType) and dtype.is_floating_point):
        raise ArgumentTypeError(
            f"to: nn.Module.to only accepts floating point dtypes, got {dtype}.",
            where=user_line(),
            ja=f"to：nn.Module.to に指定できるのは浮動小数点の型だけですが、{dtype} が渡されました。",
        )
    return None if device is None else to_device(device), dtype


def convert(tensor: Tensor, device: Any, dtype: DType | None) -> None:
    """Move a tensor of a module and its gradient to a device, and convert them if they are floats; in place."""
    for one in (tensor, tensor._grad):
        if one is None:
            continue
        wanted = dtype if dtype is not None and one.dtype.is_floating_point else one.dtype
        with silence(), no_grad():  # a recording sees the new numbers, not how they were made
            moved = one.data.to(one.device if device is None else device, wanted)
        if moved._array is not one._array:
            one.data = moved
