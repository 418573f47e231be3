"""Sums, means, spreads, norms, softmax, running sums beside PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, array, axis, cases, hold, shapes
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentTypeError, AxisError, DtypeError, OptionError, ShapeError

Draw = Callable[..., Any]


def reduced(draw: Draw, name: str, ndim: int, *, several: bool = True, needed: bool = False, more: str = "") -> str:
    """A call of `name` on x: all axes, one, several, kept or not, by PyTorch's words or NumPy's."""
    forms = ["one", "one", "named"] + ([] if needed else ["all", "all"]) + (["several", "list"] if several else [])
    form, keep = draw(st.sampled_from(forms)), draw(st.sampled_from(["", "", ", keepdim=True", ", keepdim=False"]))
    dim: Any = axis(draw, ndim)
    if form in ("several", "list"):
        dim = tuple(draw(st.permutations(range(ndim)))[: draw(st.integers(0, ndim))])
        dim = tuple(d - ndim * draw(st.booleans()) for d in dim)
        if draw(st.integers(0, 9)) == 0:
            dim = (*dim, axis(draw, ndim))  # perhaps one twice
        dim = list(dim) if form == "list" else dim
    if form == "all":
        call = f"({more.removeprefix(', ')})"
    elif form == "named":
        call = f"(dim={dim}{keep}{more})"
    else:
        call = f"({dim}{keep}{more})"
    return f"x.{name}{call}" if draw(st.booleans()) else f"lib.{name}(x{', ' if call != '()' else ''}{call[1:]}"


def names_axes(case: Case) -> bool:
    """No empty list of axes: there PyTorch's own forward and backward disagree, or fail for some shapes."""
    arguments = case.code[case.code.index("(") :]
    return arguments == "()" or not any(empty in arguments for empty in ("()", "[]"))


def reducing(name: str, *, dtype: str | None = None, several: bool = True, needed: bool = False) -> Any:
    @st.composite
    def case(draw: Draw) -> Case:
        x = array(draw, draw(shapes), dtype)
        return Case(reduced(draw, name, x.ndim, several=several, needed=needed), {"x": x})

    return case()


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["sum", "mean", "all", "any", "count_nonzero"])
@cases
def test_sums_means_and_answers(name: str, cases: int) -> None:
    """Sums of whole numbers are int64, their mean is refused."""
    strategy = reducing(name)
    if name == "count_nonzero":
        strategy = strategy.filter(lambda case: "keepdim" not in case.code)
    hold(strategy, cases)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["prod", "logsumexp"])
@cases
def test_products_and_logsumexp(name: str, cases: int) -> None:
    hold(reducing(name, several=name != "prod", needed=name == "logsumexp").filter(names_axes), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("more", ["", ", correction=0", ", unbiased=False", ", correction=2", ", unbiased=True"])
@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@cases
def test_variance_and_standard_deviation(name: str, more: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        x = array(
            draw, draw(st.sampled_from([(4,), (3, 4), (2, 3, 4), (1, 4)])), draw(st.sampled_from(["float64", "int64"]))
        )
        x = x.astype("float32") if draw(st.booleans()) else x
        return Case(reduced(draw, name, x.ndim, more=more), {"x": x})

    hold(case().filter(names_axes), cases)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize(
    "code",
    ["x.var(False)", "x.std(0, False)", "x.var(1, True, True)", "x.std(dim=(0, 1), unbiased=False)", "x.var(axis=0)",
     "lib.var_mean(x)", "lib.std_mean(x, 1)", "lib.var_mean(x, dim=0, keepdim=True, correction=0)",
     "lib.std_mean(x, False)", "x.sum(axis=0)", "lib.sum(x, axis=1, keepdims=True)", "x.mean(axis=(0, 1))",
     "x.mean(dtype=lib_dtype)", "x.var(0, unbiased=True, correction=0)", "x.sum(dim=None)", "x.sum(None, True)",
     "x.sum(dim=())", "x.mean(dim=[])", "x.norm()", "x.norm(1)", "x.norm(dim=1)", "lib.norm(x, 'fro')",
     "x.norm(3, 0, True)", "x.norm(p='best')", "x.norm(p=inf, dim=(0, 1))", "x.cumsum(0).sum()", "x[:, :1].std(1)",
     "x[:0].mean()", "x[:0].sum(0)", "x[:0].norm()", "x[:0].norm(inf)", "x[:0].prod(0)", "x[:0].std(0)",
     "x[:0].logsumexp(0)", "x[:0].softmax(0)", "x.softmax(-1)", "(x * 0).std()", "(x * 0).std(1)", "(x * 0).norm()",
     "(x * 0).norm(1)", "(x * 0).norm(3)", "(x * 0).norm(0.5)", "(x * 0).norm(inf)", "x.softmax(dim=2)",
     "x.softmax(0, dtype=lib_dtype)"],
)  # fmt: skip
def test_ways_of_asking(code: str) -> None:
    """Positions, names, NumPy's names, empty tensors, constants."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = np.random.default_rng(3).normal(0, 2, (3, 4))
    if "lib_dtype" in code:
        from tracer.core.dtype import float32

        ours = eval(code, {"x": Tensor._wrap(x), "lib_dtype": float32})
        theirs = eval(code, {"x": torch.tensor(x), "lib_dtype": torch.float32})
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(ours._array, theirs.numpy(), rtol=1e-5)
        return
    agree(Case(code, {"x": x}, names="None" not in code))


@pytest.mark.oracle
@pytest.mark.parametrize("p", [2, 1, 3, 1.5, 0.5, 4.0, math.inf, -math.inf, -1])
@cases
def test_norms(p: float, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        x = array(
            draw, draw(st.sampled_from([(), (4,), (3, 4), (2, 3, 4)])), draw(st.sampled_from(["float64", "float32"]))
        )
        if draw(st.booleans()):
            x = np.asarray(np.round(x), x.dtype)  # ties and zeros
        if p < 1:
            x = np.asarray(np.where(np.abs(x) < 0.3, 1, x), x.dtype)
        dim = draw(st.sampled_from([None, axis(draw, x.ndim, wrong=False), tuple(range(x.ndim))]))
        return Case(f"x.norm({'inf' if p == math.inf else '-inf' if p == -math.inf else p}, {dim})", {"x": x})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["x.norm(0)", "x.norm(1)", "x.norm(3)", "x.norm(inf)", "x.norm(0.5)", "x.norm(1.5)"])
@pytest.mark.parametrize("with_nan", [False, True])
def test_norms_at_zero_and_nan(code: str, with_nan: bool) -> None:
    x = np.array([0.0, 3.0, -3.0, math.nan if with_nan else 1.0])
    agree(Case("x.detach().norm(0)" if code == "x.norm(0)" else code, {"x": x}))


@pytest.mark.oracle
@pytest.mark.parametrize("code", ["x.prod()", "x.prod(0)", "x.prod(1, True)", "x.cumprod(0)", "x.cumprod(1)"])
@pytest.mark.parametrize("zeros", [0, 1, 2, 4])
def test_products_with_zeros(code: str, zeros: int) -> None:
    """The gradient is the product of the others: no division by 0."""
    x = np.random.default_rng(0).normal(0, 2, (3, 4))
    x.reshape(-1)[np.random.default_rng(zeros).permutation(12)[:zeros]] = 0
    agree(Case(code, {"x": x}))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "softmax", "log_softmax"])
@cases
def test_along_one_axis(name: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        x = array(draw, draw(shapes))
        dim = axis(draw, x.ndim)
        return Case(draw(st.sampled_from([f"x.{name}({dim})", f"lib.{name}(x, dim={dim})"])), {"x": x})

    hold(case(), cases)


EXTREMES = np.array(
    [[1.0, math.inf, -2.0], [-math.inf, 800.0, 1.0], [math.nan, 0.0, 1.0], [-math.inf, -math.inf, -math.inf]]
)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code", ["x.logsumexp(1)", "x.softmax(1)", "x.log_softmax(1)", "x.sum(1)", "x.prod(1)", "x.mean(1)"]
)
@pytest.mark.parametrize("row", range(4))
def test_infinities_and_nan(code: str, row: int) -> None:
    agree(Case(code, {"x": EXTREMES[row : row + 1]}))


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("x.sum(2)", AxisError, "sum: dim is 2, but there are 2 axes"),
    ("x.sum((0, 0))", ShapeError, "axis 0 appears twice"),
    ("x.long().mean()", DtypeError, "mean: input is torch.int64"),
    ("x.long().std()", DtypeError, "std: input is torch.int64"),
    ("x.norm('nuc')", OptionError, "p is 'nuc'"),
    ("x.prod((0, 1))", ArgumentTypeError, "prod: dim must be an int"),
    ("x.var(0, unbiased=True, correction=0)", ArgumentTypeError, "both unbiased and correction"),
    ("x.long().softmax(0)", NotImplementedError, "softmax: input is torch.int64"),
    ("x[:0].norm(float('inf'))", ShapeError, "no largest one"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_says_why(code: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        eval(code, {"lib": FUNCTIONS, "x": Tensor._wrap(np.ones((2, 3)))})


def test_a_spread_of_one_element_warns_as_pytorch_does() -> None:
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert math.isnan(Tensor._wrap(np.ones(1)).std().item())
