"""`tracer.func`: derivatives as functions of functions, under the names of `torch.func`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from tracer.autograd import functional
from tracer.core.autograd import grad as _gradients
from tracer.core.function import AccumulateGrad, Node
from tracer.core.functions.all import Tensor
from tracer.core.where import user_line
from tracer.errors import GraphError


def jvp(func: Callable[..., Any], primals: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> tuple[Any, Any]:
    """What `func` gives, and how far it moves when the primals move along the tangents."""
    leaves = tuple(map(_leaf, primals))
    out, moved = functional.jvp(func, leaves, tuple(tangents), create_graph=True)
    return _handed_out(out, leaves), _handed_out(moved, leaves)


def vjp(func: Callable[..., Any], *primals: Tensor) -> tuple[Any, Callable[..., tuple[Tensor, ...]]]:
    """What `func` gives, and the function that takes what arrives at its output back to the inputs."""
    leaves = tuple(map(_leaf, primals))
    out = func(*leaves)

    def back(*cotangents: Tensor) -> tuple[Tensor, ...]:
        roots = [out] if isinstance(out, Tensor) else list(out)
        seeds = list(cotangents)
        found = _gradients(roots, list(leaves), seeds, retain_graph=True, create_graph=True, materialize_grads=True)
        return tuple(_handed_out(g, leaves) for g in found if g is not None)

    return _handed_out(out, leaves), back


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The function that gives the gradient of `func`, whose value must have one element."""
    value = grad_and_value(func, argnums)

    @wraps(func)
    def gradient(*args: Any, **keywords: Any) -> Any:
        return value(*args, **keywords)[0]

    return gradient


def grad_and_value(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives gradient and value of `func`."""
    which = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(func)
    def both(*args: Any, **keywords: Any) -> tuple[Any, Any]:
        given = list(args)
        leaves = []
        for i in which:
            given[i] = _leaf(given[i])
            leaves.append(given[i])
        out = func(*given, **keywords)
        if not isinstance(out, Tensor) or out._array.ndim:
            shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise GraphError(f"grad: the function must give a tensor without axes; got {shape}.", where=user_line())
        found = _handed_out(tuple(_gradients(out, leaves, create_graph=True, materialize_grads=True)), leaves)
        return (found[0] if isinstance(argnums, int) else found), _handed_out(out, leaves)

    return both


def jacrev(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the Jacobian of `func` by one of its arguments."""

    @wraps(func)
    def rows(*args: Any) -> Any:
        def of_one(x: Tensor) -> Any:
            return func(*args[:argnums], x, *args[argnums + 1 :])

        leaf = _leaf(args[argnums])
        return _handed_out(functional.jacobian(of_one, leaf, create_graph=True), (leaf,))

    return rows


def hessian(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of `func` by one of its arguments."""
    return jacrev(grad(func, argnums), argnums)


def _leaf(x: Tensor) -> Tensor:
    """What a function is differentiated by: a part of the caller's graph where there is one, else a leaf of our own."""
    leaf: Tensor = x.view_as(x) if x.requires_grad else x.detach().requires_grad_(True)
    return leaf


def _handed_out(found: Any, own: Sequence[Tensor]) -> Any:
    """A result without its graph where that leads to nothing but leaves of our own, which no caller knows of."""
    if isinstance(found, tuple | list):
        return type(found)(_handed_out(one, own) for one in found)
    ours = {id(leaf) for leaf in own}
    if not isinstance(found, Tensor) or not found.requires_grad or _reaches_others(found, ours):
        return found
    return found.detach()


def _reaches_others(found: Tensor, ours: set[int]) -> bool:
    """Whether a gradient would get from here to a leaf that is not among ours, given by their ids."""
    if found.grad_fn is None:
        return id(found) not in ours
    waiting: list[Node] = [found.grad_fn]
    seen: set[Node] = set()
    while waiting:
        for node, _ in waiting.pop().next_functions:
            if isinstance(node, AccumulateGrad):
                if id(node.variable) not in ours:
                    return True
            elif node is not None and node not in seen:
                seen.add(node)
                waiting.append(node)
    return False
