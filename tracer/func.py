"""`tracer.func`: derivatives as functions of functions, under the names of `torch.func`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tracer.autograd import functional
from tracer.core.autograd import grad as _gradients
from tracer.core.functions.all import Tensor
from tracer.core.where import user_line
from tracer.errors import GraphError


def jvp(func: Callable[..., Any], primals: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> tuple[Any, Any]:
    """What `func` gives, and how far it moves when the primals move along the tangents."""
    return functional.jvp(func, tuple(primals), tuple(tangents), create_graph=True)


def vjp(func: Callable[..., Any], *primals: Tensor) -> tuple[Any, Callable[..., tuple[Tensor, ...]]]:
    """What `func` gives, and the function that takes what arrives at its output back to the inputs."""
    leaves = tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_(True) for x in primals)
    out = func(*leaves)

    def back(*cotangents: Tensor) -> tuple[Tensor, ...]:
        roots = [out] if isinstance(out, Tensor) else list(out)
        seeds = list(cotangents)
        found = _gradients(roots, list(leaves), seeds, retain_graph=True, create_graph=True, materialize_grads=True)
        return tuple(g for g in found if g is not None)

    return out, back


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
            x = given[i]
            given[i] = x.view_as(x) if x.requires_grad else x.detach().requires_grad_(True)
            leaves.append(given[i])
        out = func(*given, **keywords)
        if not isinstance(out, Tensor) or out._array.ndim:
            shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise GraphError(f"grad: the function must give a tensor without axes; got {shape}.", where=user_line())
        found = _gradients(out, leaves, create_graph=True, materialize_grads=True)
        return (found[0] if isinstance(argnums, int) else tuple(found)), out

    return both


def jacrev(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the Jacobian of `func` by one of its arguments."""

    @wraps(func)
    def rows(*args: Any) -> Any:
        def of_one(x: Tensor) -> Any:
            return func(*args[:argnums], x, *args[argnums + 1 :])

        return functional.jacobian(of_one, args[argnums], create_graph=True)

    return rows


def hessian(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of `func` by one of its arguments."""
    return jacrev(grad(func, argnums), argnums)
