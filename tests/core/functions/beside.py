"""One line of code, run by us and by PyTorch on the same numbers: what comes out, what goes back, what is refused.

A case is text, so that a failure reads as a program. Its names are the arrays' (tensors in both libraries; those of
floating point require gradient), `lib` (their functions and ours) and what `extra` brings.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.core.functions.all import FUNCTIONS, Tensor
from tracer.errors import TracerError

BUILT_IN = (IndexError, ValueError, TypeError, RuntimeError)
DTYPES = ("float64", "float64", "float32", "float32", "int64", "bool")
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}

cases = pytest.mark.parametrize("cases", [10, pytest.param(200, marks=pytest.mark.deep)])
"""How many random cases an op: 10 always, 200 in the long run."""


@dataclass(frozen=True)
class Case:
    """A line of code and the arrays it names."""

    code: str
    arrays: Mapping[str, np.ndarray[Any, Any]]
    extra: Mapping[str, Any] = field(default_factory=dict)
    names: bool = True
    """Whether the graph's node must be called what PyTorch calls it."""


def hold(strategy: st.SearchStrategy[Case], number: int) -> None:
    """So many random cases agree."""

    @settings(max_examples=number, deadline=None)
    @given(strategy)
    def each(case: Case) -> None:
        agree(case)

    each()


def agree(case: Case) -> None:
    """Both libraries give the same tensors, graph nodes, shared memory and gradients, or both refuse in one way."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    mine = {
        name: Tensor._wrap(array.copy(), requires_grad=array.dtype.kind == "f") for name, array in case.arrays.items()
    }
    theirs = {name: torch.tensor(array, requires_grad=array.dtype.kind == "f") for name, array in case.arrays.items()}
    expected, refusal = _run(case, torch, theirs)
    got, error = _run(case, FUNCTIONS, mine)
    if refusal is not None:
        assert error is not None, f"PyTorch refuses {_told(case)}: {refusal}; we give {got}"
        kind = next(kind for kind in BUILT_IN if isinstance(refusal, kind))
        assert isinstance(error, kind), f"{_told(case)}: PyTorch raises {refusal!r}, we {error!r}"
        assert isinstance(error, TracerError), f"{_told(case)}: not told by us: {error!r}"
        return
    assert error is None, f"PyTorch gives {expected} for {_told(case)}; we raise {error!r}"
    assert len(got) == len(expected), _told(case)
    rng = np.random.default_rng(0)
    start, reference = None, None
    for one, other in zip(got, expected, strict=True):
        _same(case, one, other, mine, theirs)
        if one.requires_grad:
            g = rng.normal(size=one._array.shape).astype(one._array.dtype)
            term, theirs_term = (one * Tensor._wrap(g)).sum(), (other * torch.tensor(g)).sum()
            start = term if start is None else start + term
            reference = theirs_term if reference is None else reference + theirs_term
    if start is None:
        return
    start.backward()
    reference.backward()
    for name, leaf in mine.items():
        grad, known = leaf.grad, theirs[name].grad
        assert (grad is None) == (known is None), f"{_told(case)}: gradient of {name}: {grad}, PyTorch's {known}"
        if grad is not None:
            assert grad._array.dtype == leaf._array.dtype
            # computed in the coarsest dtype on the way
            rtol = max(TOLERANCE.get(str(one.dtype).split(".")[-1], 0.0) for one in [known, *expected])
            close(grad._array, known.numpy(), f"{_told(case)}: gradient of {name}", rtol)


def close(ours: Any, theirs: Any, what: str, rtol: float | None = None) -> None:
    """Equal up to the rounding of a sum."""
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, PyTorch's {theirs.shape}"
    rtol = TOLERANCE.get(str(theirs.dtype), 0.0) if rtol is None else rtol
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol, err_msg=what)


def _run(case: Case, lib: Any, tensors: Mapping[str, Any]) -> tuple[list[Any], Exception | None]:
    names = {"lib": lib, "inf": float("inf"), **case.extra, **tensors}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of some things once a process
        try:
            made = eval(case.code, names)
        except BUILT_IN as error:
            return [], error
    return list(made) if isinstance(made, tuple | list) else [made], None


def _same(case: Case, one: Any, other: Any, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    told = _told(case)
    assert str(one.dtype) == str(other.dtype), told
    close(one._array, other.detach().numpy(), told)
    assert (one.requires_grad, one.is_leaf) == (other.requires_grad, other.is_leaf), told
    if case.names and other.grad_fn is not None:
        assert one.grad_fn.name() == other.grad_fn.name(), told
    for name in mine if other.numel() else ():
        shared = other.untyped_storage().data_ptr() == theirs[name].untyped_storage().data_ptr()
        assert np.may_share_memory(one._array, mine[name]._array) == shared, f"{told}: memory shared with {name}"


def _told(case: Case) -> str:
    return f"`{case.code}` with " + ", ".join(f"{n}: {a.dtype}{list(a.shape)}" for n, a in case.arrays.items())


# What cases are drawn from

shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
"""Shapes of up to four axes, empty ones among them."""
full_shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
"""Shapes with an axis and an element at least."""


def array(draw: Callable[..., Any], shape: tuple[int, ...], dtype: str | None = None) -> np.ndarray[Any, Any]:
    """Numbers of a random dtype; PyTorch's result and ours then differ by rounding only."""
    kind = dtype or draw(st.sampled_from(DTYPES))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    if kind == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    return np.asarray(rng.normal(0, 3, shape)).astype(kind)


def axis(draw: Callable[..., Any], ndim: int, *, wrong: bool = True) -> int:
    """An axis from either end; once in a while one that is not there."""
    most = max(ndim, 1)
    return int(draw(st.integers(-most - wrong, most - 1 + wrong)))


def laid_out(draw: Callable[..., Any], shape: tuple[int, ...]) -> str:
    """`x` as it is, or as a view whose memory does not lie row by row."""
    ways = ["x"] * 3
    if len(shape) > 1:
        ways += ["x.transpose(0, -1)", "x.mT"]
    if shape and shape[-1] > 1:
        ways += ["x[..., 1:]", "x[..., ::2]"]
    if shape:
        ways += [f"x.expand({', '.join(map(str, (2, *shape)))})"]
    return str(draw(st.sampled_from(ways)))


def shape_after(way: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of `laid_out`'s expression."""
    return tuple(int(n) for n in eval(way, {"x": np.empty(shape).view(_Shaped)}).shape)


class _Shaped(np.ndarray[Any, Any]):
    """An array with the methods that `laid_out` uses under PyTorch's names."""

    @property
    def mT(self) -> Any:
        return self.swapaxes(-1, -2)

    def transpose(self, *axes: Any) -> Any:
        return self.swapaxes(*axes)

    def expand(self, *sizes: int) -> Any:
        return np.broadcast_to(self, sizes)
