"""Equations as they are shown: `=` where the numbers on the line agree as they stand, `≈` where rounding spoils it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tracer.core import floats
from tracer.core.dtype import float64
from tracer.core.op import OPS
from tracer.explain.amount import single
from tracer.explain.words import Names, shown
from tracer.numbers import equals_sign, format_number

EXACT: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
}
"""Ops that can be carried out on the decimals a reader sees."""


def sign(result: float, *terms: float, by: str = "", digits: int = 4) -> str:
    """`=` or `≈` between terms and their result, both as shown.

    Args:
        by: the op that leads from the terms to the result; a line whose shown decimals work out exactly gets its `=`
            (0.1 + 0.2 = 0.3) though the floats behind them were rounded.
    """
    if by in EXACT and all(math.isfinite(v) for v in (result, *terms)):
        seen = EXACT[by](*(Decimal(format_number(v, digits)) for v in terms))
        return "=" if seen == Decimal(format_number(result, digits)) else "≈"
    return equals_sign(result, *terms, digits=digits)


def sum_sign(result: float, terms: Sequence[float], digits: int = 4) -> str:
    """`=` or `≈` between a sum's shown terms and its shown result."""
    if all(math.isfinite(v) for v in (result, *terms)):
        seen = sum((Decimal(format_number(v, digits)) for v in terms), Decimal(0))
        return "=" if seen == Decimal(format_number(result, digits)) else "≈"
    return "="


def factor(value: float | None, digits: int = 4) -> str:
    """A number as a factor or a later term: negative ones in parentheses."""
    text = shown(value, digits)
    return f"({text})" if text.startswith("-") else text


def product(left: float | None, right: float | None, digits: int = 4) -> str:
    """`5 · (-1)`."""
    return f"{shown(left, digits)} · {factor(right, digits)}"


def total(terms: Sequence[float], digits: int = 4) -> str:
    """`5 + 2`, `5 + (-2)`."""
    return " + ".join(shown(v, digits) if i == 0 else factor(v, digits) for i, v in enumerate(terms))


def forward_numbers(names: Names, node: int, args: Sequence[float], digits: int = 4) -> str:
    """`3 + 2`: the formula of `node` with its numbers put in."""
    op = names.trace.op(node)
    assert op is not None, "only computed nodes have a formula"
    return op.written([format_number(v, digits) for v in args], names.trace.static(node))


def local_symbols(names: Names, edge: int) -> str:
    """∂user/∂input as a formula in the names at hand: `b`, `1 − h^2`, `1`."""
    e = names.trace.edge(edge)
    op = names.trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    texts = {name: str(value) for name, value in names.trace.static(e.user).items()}
    texts |= {op.spec(i).name: names.place(one) for i, one in enumerate(names.trace.edges_in(e.user))}
    return op.spec(e.slot).rule.show({**texts, "out": names(e.user)})


def local_numbers(names: Names, edge: int, digits: int = 4) -> str | None:
    """The same with numbers put in; None where it holds no name, or where the formula alone does not give the value.

    The rule may know a limit that its formula cannot express (0^b), and then putting numbers in would be a lie.
    """
    trace = names.trace
    e = trace.edge(edge)
    op = trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    rule = op.spec(e.slot).rule
    if not rule.names:
        return None
    numbers = {name: v for name, v in trace.static(e.user).items() if isinstance(v, int | float)}
    numbers |= {op.spec(i).name: single(value) for i, value in enumerate(trace.args(e.user))}
    numbers["out"] = single(trace.value(e.user))
    found, local = rule.evaluate(numbers, _call), single(trace.local_gradient(edge))
    off = 1e-9 if trace.dtype(e.user) is float64 else 1e-3
    if not (math.isclose(found, local, rel_tol=off, abs_tol=1e-300) or (math.isnan(found) and math.isnan(local))):
        return None
    return rule.show({name: format_number(numbers[name], digits) for name in rule.names})


def _call(function: str, *args: float) -> float:
    if function == "step":
        return float(args[0] > 0)
    if function == "sign":
        return floats.sign(args[0])
    return float(OPS[function].forward(floats, *args))
