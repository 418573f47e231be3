"""Tensors print letter by letter as PyTorch prints them: fixed texts, then random arrays beside PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.both import OURS as torch_like
from tests.core.both import alike
from tracer.core import dtype as dtypes
from tracer.core import printing
from tracer.core.functions.all import Tensor
from tracer.errors import ArgumentError

cases = pytest.mark.parametrize("cases", [20, pytest.param(500, marks=pytest.mark.deep)])


@pytest.fixture(autouse=True)
def options() -> Iterator[None]:
    yield
    printing.set_printoptions(profile="default")


def shown(numbers: Any, dtype: str = "float32", requires_grad: bool = False) -> str:
    return repr(Tensor._wrap(np.array(numbers, dtype), requires_grad))


@pytest.mark.parametrize(
    ("numbers", "dtype", "text"),
    [
        ([0.09, -0.7553, 0.6652], "float32", "tensor([ 0.0900, -0.7553,  0.6652])"),
        (300.0, "float32", "tensor(300.)"),
        ([0, 1, 0, 1], "float32", "tensor([0., 1., 0., 1.])"),
        (3.14159, "float32", "tensor(3.1416)"),
        ([1e-5, 1.0], "float32", "tensor([1.0000e-05, 1.0000e+00])"),
        ([1.0, 2e8], "float32", "tensor([1.0000e+00, 2.0000e+08])"),
        ([1.0, 1001.5], "float32", "tensor([1.0000e+00, 1.0015e+03])"),
        ([1.0, np.nan, np.inf, -np.inf], "float32", "tensor([1., nan, inf, -inf])"),
        ([1.5, np.nan, np.inf], "float32", "tensor([1.5000,    nan,    inf])"),
        ([np.nan], "float32", "tensor([nan])"),
        ([-0.0, 0.0], "float32", "tensor([-0., 0.])"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([1, -20, 300], "int64", "tensor([  1, -20, 300])"),
        ([1, 2], "int32", "tensor([1, 2], dtype=torch.int32)"),
        ([1.5], "float64", "tensor([1.5000], dtype=torch.float64)"),
        ([1.5], "float16", "tensor([1.5000], dtype=torch.float16)"),
        ([], "float32", "tensor([])"),
        ([], "int64", "tensor([], dtype=torch.int64)"),
        ([[], []], "float32", "tensor([], size=(2, 0))"),
        ([[1, 2], [3, 4]], "float32", "tensor([[1., 2.],\n        [3., 4.]])"),
        (
            [[[1, 2], [3, 4]], [[5, 6], [7, 8]]],
            "int64",
            "tensor([[[1, 2],\n         [3, 4]],\n\n        [[5, 6],\n         [7, 8]]])",
        ),
    ],
)
def test_texts(numbers: Any, dtype: str, text: str) -> None:
    assert shown(numbers, dtype) == text


def test_a_long_row_goes_on_under_its_first_element() -> None:
    assert shown(np.arange(20) / 4) == (
        "tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,\n"
        "        2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,\n"
        "        4.5000, 4.7500])"
    )


def test_beyond_a_thousand_elements_only_the_ends_are_shown() -> None:
    assert shown(np.arange(1000)).count(",") == 999
    assert shown(np.arange(1001)) == "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])"
    assert shown(np.arange(1100).reshape(11, 100), "int64") == (
        "tensor([[   0,    1,    2,  ...,   97,   98,   99],\n"
        "        [ 100,  101,  102,  ...,  197,  198,  199],\n"
        "        [ 200,  201,  202,  ...,  297,  298,  299],\n"
        "        ...,\n"
        "        [ 800,  801,  802,  ...,  897,  898,  899],\n"
        "        [ 900,  901,  902,  ...,  997,  998,  999],\n"
        "        [1000, 1001, 1002,  ..., 1097, 1098, 1099]])"
    )


def test_history_is_named_after_the_numbers() -> None:
    x = Tensor._wrap(np.array([3.0, 4.0], np.float32), requires_grad=True)
    assert repr(x) == "tensor([3., 4.], requires_grad=True)"
    assert repr(x * x) == "tensor([ 9., 16.], grad_fn=<MulBackward0>)"
    wide = Tensor._wrap(np.full(9, 1.5), requires_grad=True)
    assert repr(wide).endswith("1.5000],\n       dtype=torch.float64, requires_grad=True)")


def test_the_default_dtype_goes_without_saying() -> None:
    try:
        dtypes.set_default_dtype(dtypes.float64)
        assert shown([1.5], "float64") == "tensor([1.5000])"
        assert shown([1.5], "float32") == "tensor([1.5000], dtype=torch.float32)"
    finally:
        dtypes.set_default_dtype(dtypes.float32)


def test_a_number_in_an_f_string_is_formatted_as_a_number() -> None:
    loss = Tensor._wrap(np.array(0.123456, np.float32), requires_grad=True)
    assert f"{loss:.4f} {loss:8.2e}" == "0.1235 1.23e-01"
    assert f"{loss}" == "0.12345600128173828"
    row = Tensor._wrap(np.array([1.0], np.float32))
    assert f"{row}" == "tensor([1.])"
    with pytest.raises(TypeError):
        f"{row:.2f}"


def test_options_change_what_follows() -> None:
    printing.set_printoptions(precision=2, sci_mode=False, linewidth=20)
    assert shown([1.23456, 1e-7, 3]) == "tensor([1.23, 0.00,\n        3.00])"
    with printing.printoptions(sci_mode=True, precision=1, linewidth=80):
        assert shown([1.0, 2.5]) == "tensor([1.0e+00, 2.5e+00])"
    printing.set_printoptions(threshold=3, edgeitems=1, profile="default")
    assert shown([1, 2, 3, 4], "int64") == "tensor([1,  ..., 4])"
    printing.set_printoptions(profile="full")
    assert "..." not in shown(np.arange(2000))
    assert printing.get_printoptions()["precision"] == 4
    with pytest.raises(ArgumentError, match="got profile 'long'"):
        printing.set_printoptions(profile="long")


DTYPES = ("float32", "float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Numbers of very different sizes, whole ones, zeros, infinities; few and many."""
    many = draw(st.integers(0, 9)) == 0
    lengths = st.sampled_from([0, 1, 1, 2, 3, 5, 7, 12, 40] if not many else [7, 30, 100, 1001])
    shape = tuple(draw(st.lists(lengths, max_size=2 if many else 4)))
    rng = np.random.default_rng(draw(st.integers(0, 99999)))
    x = rng.normal(size=shape)
    way = draw(st.integers(0, 6))
    if way == 1:
        x = np.round(x * 10)
    elif way == 2:
        x = x * 10.0 ** rng.integers(-6, 9, shape)
    elif way == 3:
        x = np.where(rng.random(shape) < 0.3, np.nan, x)
    elif way == 4:
        x = np.where(rng.random(shape) < 0.5, draw(st.sampled_from([np.inf, -np.inf, 0.0, -0.0])), np.round(x * 1e5))
    elif way == 5:
        x = x * 1e-5
    elif way == 6:
        x = np.where(rng.random(shape) < 0.9, 0.0, x)
    dtype = draw(st.sampled_from(DTYPES))
    with np.errstate(all="ignore"):
        return np.asarray(x if dtype.startswith("float") else np.nan_to_num(x)).astype(dtype)


settings_of = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.sampled_from([0, 2, 6]),
        "threshold": st.sampled_from([5, 2000]),
        "edgeitems": st.sampled_from([0, 1, 2]),
        "linewidth": st.sampled_from([40, 120]),
        "sci_mode": st.sampled_from([True, False]),
        "profile": st.sampled_from(["default", "short", "full"]),
    },
)


@pytest.mark.oracle
@cases
def test_any_array_prints_as_in_pytorch(cases: int) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    @settings(max_examples=cases)
    @given(arrays(), st.one_of(st.just({}), settings_of), st.sampled_from(["", "leaf", "* 2"]))
    def each(array: np.ndarray[Any, Any], chosen: dict[str, Any], history: str) -> None:
        texts = []
        for lib, x in ((torch, torch.tensor(array)), (torch_like, Tensor._wrap(array.copy()))):
            lib.set_printoptions(profile="default")
            lib.set_printoptions(**chosen)
            try:
                if history and array.dtype.kind == "f":
                    x.requires_grad_()
                    x = x * 2 if history == "* 2" else x
                texts.append(repr(x))
            finally:
                lib.set_printoptions(profile="default")
        assert texts[1] == texts[0]

    each()


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    [
        "f'{torch.tensor(3.14159):.2f}'",
        "f'{torch.tensor(3)} {torch.tensor([1., 2.])} {torch.tensor(True)}'",
        "str(torch.tensor([1., 2.]))",
        "torch.tensor([[1., 2.]], requires_grad=True) ** 2",
        "torch.tensor(2., requires_grad=True).exp().grad_fn",
        "[torch.tensor(1.), torch.tensor([1])]",
    ],
)
def test_lines_print_as_in_pytorch(code: str) -> None:
    alike(pytest.importorskip("torch", reason="PyTorch is not installed"), code)
