"""Making tensors: the dtypes, numbers and refusals of PyTorch."""

from __future__ import annotations

import decimal
import fractions
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.both import OURS as torch_like
from tests.core.both import alike
from tracer.core.functions.all import Tensor
from tracer.errors import ArgumentError, ArgumentTypeError, DtypeError, OptionError, ShapeError, UnsupportedDtypeError

cases = pytest.mark.parametrize("cases", [20, pytest.param(500, marks=pytest.mark.deep)])
T = torch_like


@pytest.mark.parametrize(
    ("data", "dtype", "numbers"),
    [
        (3, "int64", 3),
        (2.5, "float32", 2.5),
        (True, "bool", True),
        ([1, 2.5], "float32", [1.0, 2.5]),
        ([True, 2], "int64", [1, 2]),
        ([[1, 2], (3, 4)], "int64", [[1, 2], [3, 4]]),
        (range(3), "int64", [0, 1, 2]),
        ([], "float32", []),
        ([[], []], "float32", [[], []]),
        (np.array([1.5]), "float64", [1.5]),
        ([np.float64(1.5), 2], "float64", [1.5, 2.0]),
        ([np.array([1, 2], np.int32)], "int32", [[1, 2]]),
        (np.float32(0.5), "float32", 0.5),
    ],
)
def test_numbers_decide_the_dtype(data: Any, dtype: str, numbers: Any) -> None:
    made = T.tensor(data)
    assert made.dtype.name == dtype
    assert made.tolist() == numbers
    assert made.is_leaf
    assert not made.requires_grad


def test_tensors_of_one_element_count_as_numbers_in_a_list() -> None:
    assert T.tensor([T.tensor(1.0), T.tensor([2]), 3]).tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ArgumentError, match="only one element tensors"):
        T.tensor([T.tensor([1.0, 2.0])])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1, 2], [3]], ArgumentError, r"expected sequence of length 2 at dim 1 \(got 1\)"),
        ([[], [1]], ArgumentError, r"expected sequence of length 0 at dim 1 \(got 1\)"),
        ([[[1, 2]], [[3, 4, 5]]], ArgumentError, r"length 2 at dim 2 \(got 3\)"),
        ([1, [2]], ArgumentTypeError, "a list is no number"),
        ([[1], 2], ArgumentTypeError, "a int stands where others have a sequence of 1, at depth 1"),
        ("abc", ArgumentTypeError, "a str is no number"),
        ([2**64], ArgumentError, "larger than int64 holds"),
        (None, DtypeError, "a NoneType is no number"),
        ({1, 2}, DtypeError, "a set is no number"),
        (1j, ArgumentTypeError, "a complex is no number"),
        (np.array([1, 2])[::-1], ArgumentError, "walked backwards"),
        (np.array(["a"]), ArgumentTypeError, "no tensor holds"),
    ],
)
def test_what_is_no_block_of_numbers_is_refused(data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        T.tensor(data)
    assert "test_creation.py" in str(caught.value)


def test_a_number_that_does_not_fit_is_refused_and_a_negative_one_wraps() -> None:
    with pytest.raises(DtypeError, match=r"300 cannot be converted to torch\.uint8"):
        T.tensor(300, dtype=T.uint8)
    with pytest.raises(DtypeError, match="nan cannot be converted"):
        T.tensor([float("nan")], dtype=T.int64)
    assert T.tensor(-1, dtype=T.uint8).item() == 255
    assert T.tensor([1.7, -1.7], dtype=T.int64).tolist() == [1, -1]
    assert T.tensor([0.5, 0.0, float("nan")], dtype=bool).tolist() == [True, False, True]


def test_only_floats_take_gradients() -> None:
    assert T.tensor([1.0], requires_grad=True).requires_grad
    for wrong in (lambda: T.tensor([1], requires_grad=True), lambda: T.arange(3, requires_grad=True)):
        with pytest.raises(DtypeError, match="only Tensors of floating point dtype") as caught:
            wrong()
        assert "float" in str(caught.value.hint)


def test_a_tensor_of_a_tensor_is_a_copy_and_warns() -> None:
    x = T.tensor([1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="recommended to use"):
        copy = T.tensor(x)
    assert not copy.requires_grad
    assert not np.may_share_memory(copy._array, x._array)


def test_from_numpy_and_as_tensor_share_memory() -> None:
    array = np.array([1.0, 2.0])
    for shared in (T.from_numpy(array), T.as_tensor(array)):
        array[0] += 1
        assert shared[0].item() == array[0]
    assert not np.may_share_memory(T.tensor(array)._array, array)
    x = T.tensor([1.0])
    assert T.as_tensor(x) is x
    assert T.as_tensor(x, dtype=T.int64).dtype is T.int64
    with pytest.raises(ArgumentTypeError, match=r"expected np\.ndarray \(got list\)"):
        T.from_numpy([1.0])


def test_sizes_come_one_by_one_or_together() -> None:
    for made in (T.zeros(2, 3), T.zeros((2, 3)), T.zeros([2, 3]), T.zeros(T.Size([2, 3])), T.zeros(size=(2, 3))):
        assert made.shape == (2, 3)
        assert made.dtype is T.float32
    assert T.ones(()).tolist() == 1.0
    assert T.empty(3).tolist() == [0.0, 0.0, 0.0]  # the same each run
    for wrong, kind in (((), ArgumentTypeError), ((2.5,), ArgumentTypeError), ((2, -3), ShapeError)):
        with pytest.raises(kind):
            T.zeros(*wrong)
    with pytest.raises(ArgumentTypeError, match="given twice"):
        T.zeros(2, size=(2,))
    with pytest.raises(OptionError, match="more memory than there is"):
        T.zeros(2**50)


def test_what_is_made_like_another_has_its_memory_order_and_dtype() -> None:
    x = T.tensor(np.zeros((3, 4))).permute(1, 0)
    for made in (T.zeros_like(x), T.ones_like(x), T.full_like(x, 2), T.rand_like(x), T.randn_like(x)):
        assert made.shape == (4, 3)
        assert made.dtype is T.float64
        assert made._array.strides == x._array.strides
    assert T.full_like(T.zeros(2, dtype=T.int64), 2.7).tolist() == [2, 2]
    assert T.zeros_like(x, dtype=T.int8, requires_grad=False).dtype is T.int8
    assert x.new_ones(2).dtype is T.float64
    with pytest.raises(ArgumentTypeError, match="must be a Tensor, not list"):
        T.zeros_like([1.0])


def test_counting() -> None:
    assert T.arange(5).tolist() == [0, 1, 2, 3, 4]
    assert T.arange(5).dtype is T.int64
    assert T.arange(1, 2, 0.25).tolist() == [1.0, 1.25, 1.5, 1.75]
    assert T.arange(5, 1, -2).tolist() == [5, 3]
    assert T.arange(2**62, 2**62 + 2).tolist() == [2**62, 2**62 + 1]
    assert T.linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert T.linspace(3, 4, 1).tolist() == [3.0]
    assert T.logspace(0, 2, 3).tolist() == pytest.approx([1.0, 10.0, 100.0])
    assert T.eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    for wrong in ((1, 5, 0), (1, 5, -1), (float("inf"),)):
        with pytest.raises(OptionError):
            T.arange(*wrong)
    with pytest.raises(ArgumentTypeError, match="do not fit"):
        T.arange()
    with pytest.raises(UnsupportedDtypeError):
        T.arange(3, dtype=bool)
    with pytest.raises(OptionError, match="non-negative"):
        T.linspace(0, 1, -1)


LINES = """
T([1, 2]) | T(3.) | T([1, 2.5]) | T([True, 1]) | T([True, 2.]) | T([True, False]) | T([]) | T([[], []])
T([[1, 2], [3]]) | T([1, [2]]) | T([[1], 2]) | T('a') | T(['a']) | T(None) | T([None]) | T(2**63) | T(2**62)
T([2**64]) | T(-2**63) | T(300, dtype=torch.uint8) | T(-1, dtype=torch.uint8) | T(1.7, dtype=torch.int64)
T([1.7], dtype=torch.bool) | T([1, 2], requires_grad=True) | T([1., 2], requires_grad=True)
T([1, 2], dtype=torch.float32, requires_grad=True) | T(np.array([1, 2])) | T(np.float64(2.5)) | T(np.float32(2.5))
T(np.int32(2)) | T([np.float64(1.5), 2]) | T([np.float32(1.5), 2]) | T([np.int64(1), 2]) | T([np.bool_(True)])
T(np.array(3.5, dtype=np.float32)) | T([np.array([1., 2.]), np.array([3., 4.])]) | T([T(1.), T(2.)])
T([T([1.]), T([2.])]) | T([T([1., 2.]), T([3., 4.])]) | T([T(1), 2.5]) | T([T(1., dtype=torch.float64), T(2.)])
T(T([1., 2.], requires_grad=True)) | T(range(3)) | T((1, 2, (3,))) | T(((1, 2), (3, 4))) | T({1, 2}) | T({'a': 1})
T([1, 2], device='cpu') | T([1, 2], device='foo') | T(Decimal('1.5')) | T(Fraction(1, 2)) | T([1, 2], dtype=float)
T([1, 2], dtype='float32') | T(float('nan')) | T([1, 2], dtype=torch.float16) | T([1e400]) | T(1e300)
T([[[1, 2]], [[3, 4, 5]]]) | T([[1, 2], []]) | T(np.array(['a'])) | T(np.array([1, 2])[::-1])
T([float('nan')], dtype=torch.int64) | T([float('inf')], dtype=torch.bool) | T(1e10, dtype=torch.int32)
T([3, 'a']) | T('') | T(['']) | T(b'a') | T(object()) | T(65536., dtype=torch.float16) | T([256], dtype=torch.int8)
T([2.0, 2**63]) | T([True, 2**70]) | T(2**40, dtype=torch.float32) | T(x for x in [1])
torch.from_numpy(np.array([1, 2])[::-1]) | torch.from_numpy([1, 2]) | torch.from_numpy(np.float64(3))
torch.from_numpy(np.array(3.)) | torch.as_tensor([1, 2]) | torch.as_tensor(np.array([1., 2.]))
torch.as_tensor(T([1.]), dtype=torch.int32) | torch.as_tensor([1, 2], dtype=torch.float64)
torch.zeros(2, 3) | torch.zeros((2, 3)) | torch.zeros([2, 3]) | torch.zeros(torch.Size([2])) | torch.zeros(size=(2,))
torch.zeros() | torch.zeros(()) | torch.zeros(2, [3]) | torch.zeros((2,), 3) | torch.zeros(2.) | torch.zeros(None)
torch.zeros(T(2)) | torch.zeros(np.int64(2)) | torch.zeros(T([2, 3])) | torch.zeros(2, -3) | torch.zeros(True)
torch.zeros(2, dtype=torch.int64, requires_grad=True) | torch.zeros(2, dtype='float32') | torch.zeros(10**13)
torch.zeros(2, dtype=bool) | torch.zeros(2, dtype=np.float32) | torch.zeros(2, dtype=None) | torch.ones(2, dtype=int)
torch.full((2,), 3) | torch.full((2,), 3.) | torch.full((2,), True) | torch.full((2,), 300, dtype=torch.uint8)
torch.full((2,), -1, dtype=torch.uint8) | torch.full((2,), 1.5, dtype=torch.int64) | torch.full(2, 3)
torch.full((2,), T(3.5)) | torch.full((2,), 'a') | torch.full((), 7) | torch.full((2,), T([1., 2.]))
torch.full((2,), float('nan'), dtype=torch.int64) | torch.full_like(torch.zeros(2, dtype=torch.int64), 2.7)
torch.zeros_like([1, 2]) | torch.zeros_like(T([1, 2])) | torch.zeros_like(T([1, 2]), dtype=torch.float64)
torch.zeros_like(T([1.], requires_grad=True)) | torch.ones_like(T([1.]), requires_grad=True)
torch.zeros(2).new_zeros(3) | torch.zeros(2).new_zeros((3, 2)) | torch.zeros(2, dtype=torch.int64).new_tensor([1.5])
torch.zeros(2, dtype=torch.float64).new_full((2,), 3) | torch.zeros(2, dtype=torch.int64).new_full((2,), 3.5)
torch.eye(3) | torch.eye(2, 3) | torch.eye(-1) | torch.eye(2, dtype=torch.bool) | torch.eye(0) | torch.eye(2.5)
torch.arange(5) | torch.arange(5.) | torch.arange(1, 2, 0.3) | torch.arange(5, 1) | torch.arange(1, 5, -1)
torch.arange(1, 5, 0) | torch.arange(5, 1, -2) | torch.arange(T(3)) | torch.arange(T(3.)) | torch.arange(end=3)
torch.arange(3, dtype=torch.float16) | torch.arange(2, 2) | torch.arange(float('nan')) | torch.arange(start=1, end=3)
torch.arange(True) | torch.arange(3, requires_grad=True) | torch.arange(float('inf')) | torch.arange('a')
torch.arange(3, dtype=torch.bool) | torch.arange(2**42) | torch.arange(0, 1, 0.1, dtype=torch.float64)
torch.linspace(0, 1, 5) | torch.linspace(0, 1, 1) | torch.linspace(0, 1, 0) | torch.linspace(0, 1, -1)
torch.linspace(0, 10, 5, dtype=torch.int64) | torch.linspace(1, 0, 4, dtype=torch.int32) | torch.linspace(0, 1)
torch.linspace(0, 1, 2.5) | torch.linspace(T(0.), 1, 3) | torch.logspace(0, 2, 3) | torch.logspace(0, 2, 3, base=2)
torch.logspace(0, 1, 1) | torch.logspace(0, 3, 4, dtype=torch.int64)
"""
CODES = [code.strip() for line in LINES.strip().splitlines() for code in line.split(" | ")]


@pytest.mark.oracle
@pytest.mark.parametrize("code", CODES)
def test_lines_make_the_same_tensors_as_in_pytorch_or_are_refused_alike(code: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    code = code.replace("T(", "torch.tensor(")
    alike(torch, code, Decimal=decimal.Decimal, Fraction=fractions.Fraction)


numbers = st.one_of(
    st.booleans(), st.integers(-300, 300), st.floats(allow_nan=True, width=32), st.floats(-1e3, 1e3),
    st.integers(-9, 9).map(np.int32), st.floats(-9, 9).map(np.float64), st.integers(-9, 9).map(np.int8),
)  # fmt: skip
nested = st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=9)
dtype_names = st.sampled_from([None, None, "float32", "float64", "float16", "int64", "int32", "uint8", "int8", "bool"])


@pytest.mark.oracle
@cases
def test_any_nested_list_is_the_same_tensor_as_in_pytorch(cases: int) -> None:
    """Or refused alike; but lists after an empty one, which PyTorch drops unseen, are refused here."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    @settings(max_examples=cases)
    @given(nested, dtype_names)
    def each(data: Any, dtype: str | None) -> None:
        texts = []
        for lib in (torch, torch_like):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    texts.append(repr(lib.tensor(data, dtype=None if dtype is None else getattr(lib, dtype))))
                except (ValueError, TypeError, RuntimeError) as error:
                    texts.append(next(k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins"))
        dropped = "size=(" in texts[0] and texts[1] in ("ValueError", "TypeError")
        refusals = ("ValueError", "TypeError", "RuntimeError")  # of two faults either library may tell another first
        both = texts[0] in refusals and texts[1] in refusals
        assert texts[0] == texts[1] or dropped or both, (data, dtype)

    each()


@pytest.mark.oracle
@cases
def test_ranges_are_pytorchs(cases: int) -> None:
    """To the last bit on processors with AVX2; elsewhere the last digit may differ, as PyTorch's own does."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    exact = torch.backends.cpu.get_cpu_capability() == "AVX2"

    @settings(max_examples=cases)
    @given(
        st.floats(-5, 5), st.floats(0.1, 50), st.floats(0.01, 2), st.integers(0, 200),
        st.sampled_from(["float32", "float64", "float16"]),
    )  # fmt: skip
    def each(start: float, length: float, step: float, steps: int, dtype: str) -> None:
        for code in (
            f"torch.arange({start}, {start + length}, {step}, dtype=torch.{dtype})",
            f"torch.arange({start + length}, {start}, -{step}, dtype=torch.{dtype})",
            f"torch.arange({round(start)}, {round(start + length)}, {1 + round(step)})",
            f"torch.linspace({start}, {start + length}, {steps}, dtype=torch.{dtype})",
            f"torch.linspace({round(start)}, {round(start + length)}, {steps}, dtype=torch.int32)",
            f"torch.logspace({start / 5}, {start / 5 + 1}, {steps}, dtype=torch.{dtype})",
        ):
            mine, yours = (eval(code, {"torch": lib}) for lib in (torch_like, torch))
            assert repr(mine.dtype) == repr(yours.dtype)
            if exact and dtype != "float16" and "logspace" not in code:
                np.testing.assert_array_equal(mine._array, yours.numpy(), code)
            else:
                unit = float(np.finfo(dtype).eps) if "torch.int32" not in code else 1.0
                np.testing.assert_allclose(mine._array, yours.numpy(), 8 * unit, 50 * unit, err_msg=code)

    each()


def test_what_is_made_is_a_tensor() -> None:
    assert isinstance(T.zeros(1), Tensor)
    assert T.is_tensor(T.zeros(1))
    assert not T.is_tensor(1.0)
