"""Largest, smallest, middle and sorted beside PyTorch: values, places, gradients at ties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.core.functions.beside import Case, agree, axis, cases, hold, shapes
from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import ArgumentTypeError, AxisError, OptionError, ShapeError, UnsupportedDtypeError

Draw = Callable[..., Any]


def with_ties(draw: Draw, shape: tuple[int, ...], *, distinct: bool = False) -> np.ndarray[Any, Any]:
    """Numbers of which many are equal; or none."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    dtype = draw(st.sampled_from(["float64", "float32", "int64", "bool"] if not distinct else ["float64", "float32"]))
    size = int(np.prod(shape))
    found = rng.permutation(size).reshape(shape) if distinct else rng.integers(-2, 3, shape)
    return np.asarray(found).astype(dtype)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("form", ["()", "({d})", "(dim={d}, keepdim=True)", "({d}, True)", "(axis={d})"])
@cases
def test_max_and_min(name: str, form: str, cases: int) -> None:
    """Without an axis, equal elements share the gradient; with one, the first of them gets it all."""

    @st.composite
    def case(draw: Draw) -> Case:
        x = with_ties(draw, draw(shapes))
        call = form.format(d=axis(draw, x.ndim))
        return Case(f"x.{name}{call}" if draw(st.booleans()) else f"lib.{name}(x, {call[1:]}", {"x": x})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["amax", "amin"])
@cases
def test_amax_and_amin(name: str, cases: int) -> None:
    """Equal elements share the gradient."""

    @st.composite
    def case(draw: Draw) -> Case:
        x = with_ties(draw, draw(shapes))
        dims = tuple(draw(st.permutations(range(x.ndim)))[: draw(st.integers(0, x.ndim))])
        form = draw(st.sampled_from(["()", "({d})", "(dim={t}, keepdim=True)", "({t})"]))
        return Case(f"x.{name}{form.format(d=axis(draw, x.ndim), t=dims)}", {"x": x})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "code",
    ["x.max()", "x.min()", "x.amax()", "x.amin(0)", "x.max(0)", "x.min(0)", "x.argmax()", "x.argmin()", "x.sort()",
     "x.sort(descending=True)", "x.topk(3)", "x.median()", "x.median(0)"],
)  # fmt: skip
def test_nan_is_found_first(code: str) -> None:
    agree(Case(code, {"x": np.array([1.0, np.nan, 3.0, np.nan, -np.inf])}))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["argmax", "argmin"])
@cases
def test_places(name: str, cases: int) -> None:
    @st.composite
    def case(draw: Draw) -> Case:
        x = with_ties(draw, draw(shapes))
        form = draw(st.sampled_from(["()", "({d})", "(dim={d}, keepdim=True)", "(keepdim=True)", "(axis={d})"]))
        return Case(f"x.{name}{form.format(d=axis(draw, x.ndim))}", {"x": x})

    hold(case(), cases)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "form",
    ["sort(dim={d}, stable=True)", "sort(dim={d}, descending=True, stable=True)", "argsort(dim={d}, stable=True)",
     "sort({d})", "argsort(dim={d}, descending=True)", "topk({k}, {d})", "topk({k}, dim={d}, largest=False)",
     "median({d})", "median()", "median(dim={d}, keepdim=True)", "sort({d}).values", "topk({k}, {d}).indices"],
)  # fmt: skip
@cases
def test_orders(form: str, cases: int) -> None:
    """A stable sort keeps equal elements in order; elsewhere PyTorch promises nothing of equal ones, nor do we."""

    @st.composite
    def case(draw: Draw) -> Case:
        shape = draw(shapes)
        x = with_ties(draw, shape, distinct="stable" not in form)
        dim = axis(draw, x.ndim)
        length = shape[dim] if shape and -len(shape) <= dim < len(shape) else 1
        k = draw(st.integers(0, length + (draw(st.integers(0, 9)) == 0)))
        return Case(f"x.{form.format(d=dim, k=k)}", {"x": x})

    strategy = case()
    if form.startswith("median("):
        strategy = strategy.filter(lambda one: 0 not in one.arrays["x"].shape or form == "median()")
    hold(strategy, cases)


@pytest.mark.oracle
def test_pairs_have_names_and_print_as_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = np.array([[1.0, 3.0], [4.0, 2.0]])
    for code in ("x.max(1)", "x.min(0)", "x.sort()", "x.topk(1)", "x.median(1)"):
        ours, theirs = eval(code, {"x": Tensor._wrap(x)}), eval(code, {"x": torch.tensor(x)})
        assert repr(ours) == repr(theirs)
        values, indices = ours
        assert values is ours.values
        assert indices is ours.indices


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("x[:0].max()", ShapeError, "max: there are no elements"),
    ("x[:0].max(0)", AxisError, "max: axis 0 has length 0"),
    ("x[:0].argmax()", AxisError, "argmax: there are no elements"),
    ("(x > 0).argmax()", UnsupportedDtypeError, "argmax: got a bool tensor"),
    ("x.topk(5)", OptionError, "k is 5, but axis 1 has 3 elements"),
    ("x.max(keepdim=True)", ArgumentTypeError, "keepdim is given, but no dim"),
    ("x.max(2)", AxisError, "max: dim is 2"),
    ("lib.max(x, 2.5)", ArgumentTypeError, "max: dim must be an int"),
]


@pytest.mark.parametrize(("code", "kind", "message"), REFUSED)
def test_what_is_refused_says_why(code: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        eval(code, {"lib": FUNCTIONS, "x": Tensor._wrap(np.ones((2, 3)))})
