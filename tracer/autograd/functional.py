"""Derivatives of functions: products with a Jacobian from either side, Jacobians and Hessians.

Forward mode is two backward passes. The first gives u ↦ Jᵀu for any u; that map is linear, and the gradient of ⟨Jᵀu, v⟩
by u is Jv, whatever u was: so no op needs a rule of its own for it.

Source: J. Townsend, "A new trick for calculating Jacobian vector products", 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.core.autograd import grad
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.functions.all import Tensor
from tracer.core.grad_mode import enable_grad
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, GraphError, ShapeError

Function = Callable[..., Any]
Tensors = Tensor | tuple[Tensor, ...]


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """What `func` gives, and vᵀJ: the gradient that arrives at the inputs when v arrives at the outputs.

    Args:
        v: of the outputs' shapes; may be left out where the output has one element.
        create_graph: whether the result can be differentiated again.
        strict: raise where an output does not depend on an input, instead of giving zeros.
    """
    with enable_grad():
        given, single = _tuple(inputs, "inputs", "vjp")
        xs = _leaves(given, create_graph)
        outs, single_out = _outputs(func, xs, "vjp")
        vs = _cotangents(outs, v, "vjp")
        found = _grads(outs, xs, vs, create_graph, strict, "vjp")
    return _like(outs, single_out, create_graph), _like(found, single, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """What `func` gives, and Jv: how far the outputs move when the inputs move along v.

    Args:
        v: of the inputs' shapes; may be left out for a single input of one element.
        create_graph: whether the result can be differentiated again.
        strict: raise where an output does not depend on an input, instead of giving zeros.
    """
    with enable_grad():
        given, _ = _tuple(inputs, "inputs", "jvp")
        xs = _leaves(given, create_graph)
        outs, single_out = _outputs(func, xs, "jvp")
        vs = _cotangents(xs, v, "jvp")
        us = tuple(F.zeros_like(out).requires_grad_() for out in outs)
        back = _grads(outs, xs, us, True, strict, "jvp")
        found = _grads(back, us, vs, create_graph, False, "jvp")
    return _like(outs, single_out, create_graph), _like(found, single_out, create_graph)


def jacobian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """∂outputs/∂inputs, of shape output.shape + input.shape; nested in tuples where there are several."""
    with enable_grad():
        given, single = _tuple(inputs, "inputs", "jacobian")
        xs = _leaves(given, create_graph)
        outs, single_out = _outputs(func, xs, "jacobian")
        rows = []
        for out in outs:
            flat = out.reshape(-1)
            by_element = [
                _grads((flat[i],), xs, (F.ones_like(flat[i]),), create_graph, strict, "jacobian")
                for i in range(flat.shape[0])
            ]
            columns = []
            for k, x in enumerate(xs):
                shape = (*out.shape, *x.shape)
                stacked = F.stack([row[k] for row in by_element]) if by_element else F.zeros_like(x)
                columns.append(stacked.reshape(shape) if by_element else F.zeros(shape, dtype=x.dtype))
            rows.append(_like(tuple(columns), single, create_graph))
    return rows[0] if single_out else tuple(rows)


def hessian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """The second derivatives of a function of one number: the Jacobian of its gradient."""
    given, single = _tuple(inputs, "inputs", "hessian")

    def gradient(*xs: Tensor) -> Any:
        outs, _ = _outputs(func, xs, "hessian")
        if len(outs) != 1 or outs[0]._array.size != 1:
            raise GraphError("hessian: the function must give one tensor of one element.", where=user_line())
        found = _grads(outs, xs, (F.ones_like(outs[0]),), True, strict, "hessian")
        return found[0] if single else found

    return jacobian(gradient, given[0] if single else given, create_graph, strict)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """What `func` gives, and Hv, without making the Hessian."""
    with enable_grad():
        given, single = _tuple(inputs, "inputs", "hvp")
        xs = _leaves(given, create_graph)
        outs, single_out = _outputs(func, xs, "hvp")
        vs = _cotangents(xs, v, "hvp")
        first = _grads(outs, xs, tuple(F.ones_like(out) for out in outs), True, strict, "hvp")
        found = _grads(first, xs, vs, create_graph, False, "hvp")
    return _like(outs, single_out, create_graph), _like(found, single, create_graph)


vhp = hvp
"""vᵀH, which is Hv: a Hessian is symmetric."""


def _tuple(given: Any, what: str, name: str) -> tuple[tuple[Tensor, ...], bool]:
    found = (given,) if isinstance(given, Tensor) else tuple(given) if isinstance(given, Sequence) else None
    if found is None or not all(isinstance(x, Tensor) for x in found):
        raise ArgumentTypeError(
            f"{name}: the {what} are a {type(given).__name__}; give a tensor or a tuple of them.", where=user_line()
        )
    return found, isinstance(given, Tensor)


def _leaves(given: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate by: views of the given ones where a graph is wanted, else leaves of their own."""
    return tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_(True) for x in given)


def _outputs(func: Callable[..., Any], xs: Sequence[Tensor], name: str) -> tuple[tuple[Tensor, ...], bool]:
    return _tuple(func(*xs), "outputs", name)


def _cotangents(like: Sequence[Tensor], v: Tensors | None, name: str) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0]._array.size != 1:
            raise GraphError(
                f"{name}: the vector v can only be left out for one tensor of one element.", where=user_line()
            )
        return (F.ones_like(like[0]),)
    vs, _ = _tuple(v, "vectors", name)
    if [x.shape for x in vs] != [x.shape for x in like]:
        got, want = ([tuple(x.shape) for x in xs] for xs in (vs, like))
        raise ShapeError(f"{name}: v has shape {got}, it must have {want}.", where=user_line())
    return vs


def _grads(
    outs: Sequence[Tensor], xs: Sequence[Tensor], vs: Sequence[Tensor], create_graph: bool, strict: bool, name: str
) -> tuple[Tensor, ...]:
    """Σ vᵢᵀ ∂outᵢ/∂x for each x; zeros where nothing depends on it."""
    live = [(out, v) for out, v in zip(outs, vs, strict=True) if out.requires_grad]
    found: tuple[Tensor | None, ...] = (None,) * len(xs)
    if live:
        roots, seeds = [out for out, _ in live], [v for _, v in live]
        found = grad(roots, list(xs), seeds, retain_graph=True, create_graph=create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        raise GraphError(f"{name}: an output does not depend on every input, and strict is on.", where=user_line())
    return tuple(Tensor._wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, xs, strict=True))


def _like(found: tuple[Tensor, ...], single: bool, create_graph: bool) -> Any:
    kept = found if create_graph else tuple(x.detach() for x in found)
    return kept[0] if single else kept
