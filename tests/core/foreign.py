"""An array module that is not NumPy, as strict as CuPy: its arrays never turn into NumPy's by themselves.

An op that computes with NumPy instead of the module it was given fails on these, on any machine.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def inside(thing: Any) -> Any:
    """NumPy's arrays in place of foreign ones, also in tuples and lists."""
    if isinstance(thing, Foreign):
        return thing.array
    if isinstance(thing, tuple | list):
        return type(thing)(inside(one) for one in thing)
    return thing


def outside(thing: Any) -> Any:
    """The other way round; like CuPy, what NumPy makes a scalar stays an array without axes."""
    if isinstance(thing, np.ndarray | np.generic):
        return Foreign(np.asarray(thing))
    if isinstance(thing, tuple) and thing and isinstance(thing[0], np.ndarray):
        return tuple(outside(one) for one in thing)
    return [outside(one) for one in thing] if isinstance(thing, list) else thing


class Foreign:
    """An array that NumPy's functions refuse."""

    __array_ufunc__ = None

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} on an array of another module")

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.array, name)
        if not callable(found):
            return outside(found)
        return lambda *args, **keywords: outside(found(*inside(args), **{k: inside(v) for k, v in keywords.items()}))

    def __getitem__(self, index: Any) -> Any:
        return outside(self.array[inside(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[inside(index)] = inside(value)

    def __len__(self) -> int:
        return len(self.array)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def __index__(self) -> int:
        return operator.index(self.array)

    __hash__ = object.__hash__


def _binary(name: str) -> Any:
    def call(self: Foreign, other: Any) -> Any:
        if isinstance(other, np.ndarray) and other.ndim:
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")  # CuPy's words
        return outside(getattr(self.array, name)(inside(other)))

    return call


def _in_place(name: str) -> Any:
    def call(self: Foreign, other: Any) -> Foreign:
        if isinstance(other, np.ndarray) and other.ndim:
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        getattr(self.array, name)(inside(other))
        return self

    return call


for _name in ("iadd", "isub", "imul", "itruediv"):
    setattr(Foreign, f"__{_name}__", _in_place(f"__{_name}__"))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    for _form in (f"__{_name}__", f"__r{_name}__"):
        setattr(Foreign, _form, _binary(_form))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Foreign, f"__{_name}__", _binary(f"__{_name}__"))
for _name in ("neg", "abs", "invert", "pos"):
    setattr(Foreign, f"__{_name}__", lambda self, name=f"__{_name}__": outside(getattr(self.array, name)()))


class Module:
    """The array module of `Foreign`."""

    def __init__(self, module: Any = np) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, type) or not callable(found):
            return Module(found) if type(found).__name__ == "module" else found
        return Function(found)


class Function:
    """One of NumPy's functions, taking and giving foreign arrays; `add.at` too."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        for one in (*args, *keywords.values()):
            moved = self._function in (np.asarray, np.array)  # with which CuPy copies to the GPU
            assert moved or not isinstance(one, np.ndarray) or not one.ndim, f"{self._function.__name__}: a NumPy array"
        return outside(self._function(*inside(args), **{k: inside(v) for k, v in keywords.items()}))

    def __getattr__(self, name: str) -> Any:
        return Function(getattr(self._function, name))


FOREIGN = Module()
