"""Element types with PyTorch's names, and PyTorch's rules for mixing them.

An operand's say in the result depends on its kind first: tensors with axes, then tensors without, then Python numbers;
and a weaker kind speaks only where it brings a higher category (bool < int < float). So `int_tensor * 2.5` is float,
`float16_tensor * 2.5` stays float16, and `float32_tensor * float64_scalar_tensor` stays float32.

Source: PyTorch 2.13, "Tensor Attributes", type promotion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError


@dataclass(frozen=True, eq=False, repr=False)
class DType:
    """An element type. There is one object a type, so `is` and `==` agree; printed as PyTorch's, `torch.float32`."""

    name: str
    numpy: np.dtype[Any]
    """The same type as NumPy's."""

    @property
    def is_floating_point(self) -> bool:
        return self.numpy.kind == "f"

    @property
    def is_signed(self) -> bool:
        """Whether it has negative numbers."""
        return self.numpy.kind in "fi"

    @property
    def is_complex(self) -> bool:
        """Always False: complex numbers are not part of this engine."""
        return False

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return self.numpy.itemsize

    @property
    def category(self) -> int:
        """0 bool, 1 integer, 2 float: what decides before width does."""
        return {"b": 0, "u": 1, "i": 1, "f": 2}[self.numpy.kind]

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name, (self.name,)


float32 = DType("float32", np.dtype(np.float32))
float64 = DType("float64", np.dtype(np.float64))
float16 = DType("float16", np.dtype(np.float16))
int64 = DType("int64", np.dtype(np.int64))
int32 = DType("int32", np.dtype(np.int32))
int16 = DType("int16", np.dtype(np.int16))
int8 = DType("int8", np.dtype(np.int8))
uint8 = DType("uint8", np.dtype(np.uint8))
bool_ = DType("bool", np.dtype(np.bool_))

DTYPES: dict[str, DType] = {
    dtype.name: dtype for dtype in (float32, float64, float16, int64, int32, int16, int8, uint8, bool_)
}
"""Every element type by its name."""

ALIASES: dict[str, DType] = {
    "float": float32,
    "double": float64,
    "half": float16,
    "long": int64,
    "int": int32,
    "short": int16,
}
"""PyTorch's second names."""

_BY_NUMPY = {dtype.numpy: dtype for dtype in DTYPES.values()}
_BY_PYTHON = {float: float64, int: int64, bool: bool_}
_default = float32


def get_default_dtype() -> DType:
    """The type of a tensor made from Python floats: float32 until `set_default_dtype` says otherwise."""
    return _default


def set_default_dtype(d: DType, /) -> None:
    """Make tensors of Python floats with this type from now on.

    Raises:
        ArgumentTypeError: not a floating-point type.
    """
    global _default
    if not isinstance(d, DType) or not d.is_floating_point:
        raise ArgumentTypeError(
            f"set_default_dtype: got {_written(d)}, which is no floating-point type.",
            hint="Give float32, float64 or float16.",
            where=user_line(),
        )
    _default = d


def to_dtype(given: Any, what: str = "dtype") -> DType:
    """The element type a user gave: one of ours, or Python's `float` (float64), `int` (int64), `bool`.

    Args:
        given: what the user gave.
        what: the function and argument it was given to, for the error.

    Raises:
        ArgumentTypeError: anything else, NumPy's types and names as strings included, as in PyTorch.
    """
    if isinstance(given, DType):
        return given
    found = _BY_PYTHON.get(given) if isinstance(given, type) else None
    if found is not None:
        return found
    near = _near(given)
    raise ArgumentTypeError(
        f"{what}: got {_written(given)}, which is no element type.",
        hint=f"Write {near!r}." if near else f"Element types are {', '.join(DTYPES)}.",
        where=user_line(),
    )


def from_numpy_dtype(given: Any) -> DType:
    """The element type of NumPy data: of an array's `dtype` or a scalar type.

    Raises:
        ArgumentTypeError: a type that has no counterpart here (strings, objects, complex numbers).
    """
    found = _BY_NUMPY.get(np.dtype(given))
    if found is None:
        raise ArgumentTypeError(
            f"NumPy array: its elements are {np.dtype(given).name}, which no tensor holds.",
            hint=f"Convert it with .astype to one of {', '.join(DTYPES)}.",
            where=user_line(),
        )
    return found


def of_number(number: Any) -> DType:
    """What PyTorch takes a Python number for: bool, int64, or the default float type."""
    if isinstance(number, bool | np.bool_):
        return bool_
    return int64 if isinstance(number, int | np.integer) else _default


def is_scalar(thing: Any) -> bool:
    """Whether `thing` is a Python number or a NumPy scalar, which mix with tensors as Python numbers do."""
    return isinstance(thing, float | int | np.number | np.bool_) and not isinstance(thing, np.complexfloating)


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest type both kinds of elements go into (int64 with float16 gives float16: the category decides)."""
    if type1.category != type2.category:
        return max(type1, type2, key=lambda dtype: dtype.category)
    return _BY_NUMPY[np.promote_types(type1.numpy, type2.numpy)]


def promote(*operands: Any, floating: bool = False) -> DType:
    """The element type of an elementwise result.

    Args:
        operands: tensors (anything with our `dtype` and `ndim`), NumPy arrays, or Python numbers.
        floating: whether integers and bools give the default float, as for `/`, `exp` and `mean`.
    """
    kinds: list[DType | None] = [None, None, None]  # with axes, without, Python numbers
    for operand in operands:
        if is_scalar(operand):
            kind, dtype = 2, of_number(operand)
        else:
            kind, dtype = (0 if operand.ndim else 1), operand.dtype
            dtype = dtype if isinstance(dtype, DType) else from_numpy_dtype(dtype)
        before = kinds[kind]
        kinds[kind] = dtype if before is None else promote_types(before, dtype)
    found = _outranked(kinds[0], _outranked(kinds[1], kinds[2]))
    assert found is not None, "promote needs an operand"
    return _default if floating and not found.is_floating_point else found


def can_cast(from_: DType, to: DType) -> bool:
    """Whether elements of one type may be written into a tensor of another: never down a category."""
    if to is bool_:
        return from_ is bool_
    return from_.category <= to.category


class finfo:
    """What a floating-point type can hold: `eps`, `max`, `min`, `tiny`, `smallest_normal`, `resolution`, `bits`.

    Raises:
        ArgumentTypeError: not a floating-point type.
    """

    def __init__(self, type: DType | None = None) -> None:
        dtype = _default if type is None else type
        if not isinstance(dtype, DType) or not dtype.is_floating_point:
            raise ArgumentTypeError(
                f"finfo: got {dtype!r}, which is no floating-point type.",
                hint="For integers, use iinfo.",
                where=user_line(),
            )
        limits = np.finfo(dtype.numpy)
        self.dtype, self.bits = dtype.name, int(limits.bits)
        self.eps, self.max, self.min = (float(one) for one in (limits.eps, limits.max, limits.min))
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.resolution = float(f"1e-{limits.precision}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo:
    """What an integer type can hold: `min`, `max`, `bits`.

    Raises:
        ArgumentTypeError: not an integer type.
    """

    def __init__(self, type: DType) -> None:
        if not isinstance(type, DType) or type.category != 1:
            raise ArgumentTypeError(
                f"iinfo: got {type!r}, which is no integer type.",
                hint="For floating-point types, use finfo.",
                where=user_line(),
            )
        limits = np.iinfo(type.numpy)
        self.dtype, self.bits = type.name, int(limits.bits)
        self.min, self.max = int(limits.min), int(limits.max)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _outranked(higher: DType | None, lower: DType | None) -> DType | None:
    """The type of a stronger and a weaker kind of operands together."""
    if higher is None or lower is None:
        return higher or lower
    return lower if lower.category > higher.category else higher


def _by_name(name: str) -> DType:
    return DTYPES[name]  # for pickle and copy: there is one object a type


def _near(given: Any) -> DType | None:
    """The type that was probably meant."""
    if isinstance(given, str):
        name = given.removeprefix("torch.").removeprefix("tracer.")
        return DTYPES.get(name) or ALIASES.get(name)
    try:
        return _BY_NUMPY.get(np.dtype(given)) if given is not None else None
    except TypeError:
        return None


def _written(given: Any) -> str:
    return f"'{given}'" if isinstance(given, str) else repr(given)
