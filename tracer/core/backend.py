"""The array module: the one file that names NumPy and CuPy for array work. Ops get it as `xp`."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.erf import erf as erf_of_numpy
from tracer.core.where import user_line
from tracer.errors import BackendError

Array = Any
"""A NumPy or a CuPy array."""


class Device:
    """Where a tensor's numbers lie, written as PyTorch writes it: `cpu`, `cuda:0`."""

    __slots__ = ("index", "type")

    def __init__(self, kind: str | Device, index: int | None = None) -> None:
        name, colon, number = str(kind).partition(":")
        if name not in ("cpu", "cuda") or (colon and not number.isdecimal()):
            raise BackendError(
                f"device: got {kind!r}.", hint="It must be 'cpu', 'cuda' or 'cuda:0'.", where=user_line()
            )
        self.type, self.index = name, int(number) if colon else index

    def __repr__(self) -> str:
        return (
            f"device(type={self.type!r})" if self.index is None else f"device(type={self.type!r}, index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


CPU = Device("cpu")


def to_device(given: Any) -> Device:
    """A device from `"cpu"`, `"cuda"`, `"cuda:1"` or a `Device`; None is the CPU.

    Raises:
        BackendError: it names no device, or a GPU is asked for where CuPy is not installed or finds none.
    """
    if given is None:
        return CPU
    if not isinstance(given, Device):
        given = Device("cuda", given) if isinstance(given, int) else Device(given)
    if given.type == "cuda":
        count = gpu_count()
        index = given.index or 0
        if index >= count:
            raise BackendError(
                f"device: got {given}, but this machine has {count} GPU{'s' if count != 1 else ''}.", where=user_line()
            )
        return Device("cuda", index)
    return CPU


@cache
def _cupy() -> Any:
    if importlib.util.find_spec("cupy") is None:
        raise BackendError(
            "device: 'cuda' needs CuPy, which is not installed.",
            hint="pip install 'gradient-tracer[gpu]'. Everything works on the CPU without it.",
            where=user_line(),
        )
    return importlib.import_module("cupy")


def gpu_count() -> int:
    """How many GPUs CuPy sees.

    Raises:
        BackendError: CuPy is not installed, or finds no driver.
    """
    cupy = _cupy()
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError as problem:
        raise BackendError(f"device: CuPy finds no usable GPU ({problem}).", where=user_line()) from None


MODULES: dict[type, Any] = {np.ndarray: np}
"""Array type -> its module; what is not here is CuPy's."""


def namespace(array: Array) -> Any:
    """The array module that `array` belongs to."""
    if isinstance(array, np.ndarray):
        return np
    return MODULES.get(type(array)) or _cupy()


def module_of(device: Device) -> Any:
    """The array module of a device."""
    return np if device.type == "cpu" else _cupy()


def device_of(array: Array) -> Device:
    """Where `array` lies."""
    return CPU if isinstance(array, np.ndarray) else Device("cuda", int(array.device.id))


def move(array: Array, device: Device) -> Array:
    """`array` on `device`; itself where it lies there already."""
    if device_of(array) == device:
        return array
    if device.type == "cpu":
        return to_host(array)
    cupy = _cupy()
    with cupy.cuda.Device(device.index or 0):
        return cupy.asarray(array)


def to_host(array: Array) -> NDArray[Any]:
    """`array` as a NumPy array."""
    return array if isinstance(array, np.ndarray) else _cupy().asnumpy(array)


def erf(xp: Any, a: Array) -> Array:
    """The error function, element by element, in the dtype of `a`."""
    if xp is np:
        return erf_of_numpy(a)
    return importlib.import_module("cupyx.scipy.special").erf(a)
