"""Element types: names, what they hold, and how they mix, held to PyTorch for every pair."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.core.both import OURS, alike
from tracer.core import dtype as dtypes
from tracer.core.dtype import ALIASES, DTYPES, DType, float16, float32, float64, int8, int16, int64, promote, uint8
from tracer.errors import ArgumentTypeError


@dataclass
class Operand:
    """As much of a tensor as promotion asks for."""

    dtype: DType
    ndim: int


NUMBERS: tuple[Any, ...] = (True, 2, 2.5, np.float64(2.5), np.float32(2.5), np.int32(2))
# np.bool_ counts as a float in PyTorch 2.13, by accident; here it is a bool


@pytest.fixture
def default() -> Iterator[None]:
    yield
    dtypes.set_default_dtype(float32)


def test_they_print_as_pytorch_prints_them() -> None:
    assert repr(float32) == str(float32) == "torch.float32"
    assert repr(DTYPES["bool"]) == "torch.bool"
    assert [repr(dtype) for dtype in (ALIASES["long"], ALIASES["half"], ALIASES["double"])] == [
        "torch.int64",
        "torch.float16",
        "torch.float64",
    ]


@pytest.mark.parametrize("name", DTYPES)
def test_there_is_one_object_a_type_also_after_pickle_and_copy(name: str) -> None:
    dtype = DTYPES[name]
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is copy.copy(dtype) is dtype
    assert dtypes.from_numpy_dtype(dtype.numpy) is dtype
    assert dtypes.to_dtype(dtype) is dtype


def test_what_a_type_says_of_itself() -> None:
    assert [(d.name, d.itemsize, d.is_floating_point, d.is_signed, d.is_complex) for d in DTYPES.values()] == [
        ("float32", 4, True, True, False),
        ("float64", 8, True, True, False),
        ("float16", 2, True, True, False),
        ("int64", 8, False, True, False),
        ("int32", 4, False, True, False),
        ("int16", 2, False, True, False),
        ("int8", 1, False, True, False),
        ("uint8", 1, False, False, False),
        ("bool", 1, False, False, False),
    ]


def test_pythons_types_count_as_dtypes() -> None:
    assert [dtypes.to_dtype(kind) for kind in (float, int, bool)] == [float64, int64, DTYPES["bool"]]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("float32", "Write torch.float32."),
        ("torch.long", "Write torch.int64."),
        (np.float64, "Write torch.float64."),
        (np.dtype("int8"), "Write torch.int8."),
        (None, "Element types are float32"),
        (3, "Element types are float32"),
        (str, "Element types are float32"),
    ],
)
def test_anything_else_is_refused_and_the_type_meant_is_named(given: Any, hint: str) -> None:
    with pytest.raises(ArgumentTypeError, match="zeros: dtype: got") as caught:
        dtypes.to_dtype(given, "zeros: dtype")
    assert str(caught.value.hint).startswith(hint)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("kind", ["U3", "O", "complex64", "uint16", ">f4"])
def test_numpy_types_that_no_tensor_holds_are_refused(kind: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no tensor holds"):
        dtypes.from_numpy_dtype(np.dtype(kind))


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        ((Operand(float32, 1), 2.5), "float32"),
        ((Operand(float16, 1), 2.5), "float16"),
        ((Operand(int64, 1), 2.5), "float32"),
        ((Operand(DTYPES["bool"], 1), 2), "int64"),
        ((Operand(uint8, 1), 300), "uint8"),
        ((Operand(float32, 1), Operand(float64, 0)), "float32"),
        ((Operand(float32, 0), Operand(float64, 0)), "float64"),
        ((Operand(int64, 1), Operand(float16, 0)), "float16"),
        ((Operand(int8, 1), Operand(uint8, 1)), "int16"),
        ((Operand(int8, 0), Operand(int64, 0)), "int64"),
        ((Operand(int8, 2), Operand(int64, 0)), "int8"),
        ((True, 2), "int64"),
        ((np.zeros(2, np.int16), 3), "int16"),
    ],
)
def test_a_weaker_kind_speaks_only_where_it_brings_a_higher_category(operands: tuple[Any, ...], expected: str) -> None:
    """Python numbers, tensors without axes, tensors with axes: each outranks those before."""
    assert promote(*operands).name == expected
    assert promote(*reversed(operands)).name == expected


def test_division_of_integers_gives_the_default_float(default: None) -> None:
    whole = Operand(int64, 1)
    assert promote(whole, 2) is int64
    assert promote(whole, 2, floating=True) is float32
    dtypes.set_default_dtype(float64)
    assert promote(whole, 2, floating=True) is promote(whole, 2.5) is float64
    assert promote(Operand(float16, 1), 2, floating=True) is float16


def test_the_default_must_be_floating_point(default: None) -> None:
    for given in (int64, float, "float64"):
        with pytest.raises(ArgumentTypeError, match="no floating-point type"):
            dtypes.set_default_dtype(given)  # type: ignore[arg-type]
    assert dtypes.get_default_dtype() is float32


def test_limits_print_as_pytorch_prints_them() -> None:
    assert repr(dtypes.finfo(float32)) == (
        "finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, "
        "smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=float32)"
    )
    assert repr(dtypes.iinfo(int16)) == "iinfo(min=-32768, max=32767, dtype=int16)"
    assert dtypes.finfo() == dtypes.finfo(float32) != dtypes.finfo(float64)
    assert dtypes.finfo(float64).eps == 2.0**-52
    with pytest.raises(ArgumentTypeError, match=r"finfo: got torch\.int64"):
        dtypes.finfo(int64)
    with pytest.raises(ArgumentTypeError, match=r"iinfo: got torch\.bool"):
        dtypes.iinfo(DTYPES["bool"])


@pytest.mark.oracle
def test_every_pair_of_operands_mixes_as_in_pytorch() -> None:
    """All dtypes, with and without axes, and Python's and NumPy's numbers, each with each, added and divided."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    kinds = [(name, ndim) for name in DTYPES for ndim in (0, 1)]
    ours: list[Any] = [Operand(DTYPES[name], ndim) for name, ndim in kinds]
    theirs: list[Any] = [torch.zeros((2,) * ndim, dtype=getattr(torch, name)) for name, ndim in kinds]
    pairs = zip([*ours, *NUMBERS], [*theirs, *NUMBERS], strict=True)
    for (a, x), (b, y) in itertools.product(pairs, repeat=2):
        if not isinstance(x, torch.Tensor) and not isinstance(y, torch.Tensor):
            continue
        assert repr(promote(a, b)) == repr(torch.result_type(x, y)), (a, b)
        if isinstance(x, torch.Tensor):  # NumPy's own scalars divide by their own rules
            assert repr(promote(a, b, floating=True)) == repr((x / y).dtype), (a, b)


@pytest.mark.oracle
@pytest.mark.parametrize("which", ["promote_types", "can_cast"])
def test_types_alone_mix_as_in_pytorch(which: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    for a, b in itertools.product(DTYPES, repeat=2):
        theirs = getattr(torch, which)(getattr(torch, a), getattr(torch, b))
        assert repr(getattr(dtypes, which)(DTYPES[a], DTYPES[b])) == repr(theirs), (a, b)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        *(f"torch.finfo(torch.{name})" for name in ("float16", "float32", "float64", "int8")),
        *(f"torch.iinfo(torch.{name})" for name in ("uint8", "int8", "int16", "int32", "int64", "bool", "float32")),
        "[getattr(torch.finfo(torch.float64), name) for name in ('bits', 'eps', 'max', 'min', 'tiny', 'resolution')]",
        "[getattr(torch.iinfo(torch.int32), name) for name in ('bits', 'max', 'min', 'dtype')]",
        "torch.float, torch.double, torch.half, torch.long, torch.int, torch.short, torch.bool",
        "torch.set_default_dtype(torch.int32)",
        "torch.float32 == torch.float, torch.float32 == torch.float64, isinstance(torch.int8, torch.dtype)",
    ],
)
def test_lines_about_dtypes_print_as_in_pytorch(code: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    alike(torch, code)
    assert OURS.get_default_dtype() is float32
