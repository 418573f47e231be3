"""The reverse walk: users in reverse creation order, one contribution an edge, added by the engine."""

from __future__ import annotations

from tracer.core import floats
from tracer.core.passed import HEARING
from tracer.core.record import ACTIVE
from tracer.core.value import Value
from tracer.errors import GraphError


def reachable(root: Value) -> list[Value]:
    """Every value gradient can reach from `root`, newest first (so users come before their inputs)."""
    found = _found(root)
    return [found[serial] for serial in sorted(found, reverse=True)]


def _found(root: Value) -> dict[int, Value]:
    """The same by serial number."""
    found = {root._serial: root}
    stack = [root]
    while stack:
        for value in stack.pop()._ins:
            if value._live and value._serial not in found:
                found[value._serial] = value
                if value._rule is not None:
                    stack.append(value)
    return found


def clear_inner(root: Value) -> tuple[list[Value], list[int]]:
    """Set inner gradients to 0 before a pass: they hold that of the last pass only.

    Returns:
        `reachable`, and the serial numbers of these values.
    """
    found = _found(root)
    serials = sorted(found, reverse=True)
    order = [found[serial] for serial in serials]
    for value in order:
        if value._rule is not None:
            value._grad = 0.0
    return order, serials


def backward(root: Value) -> None:
    """One ordinary backward pass from `root`; see `Value.backward`."""
    if not root._live:
        raise GraphError(
            "backward: this value was made from plain numbers only, so there is nothing to differentiate.",
            hint="Make an input a Value: x = Value(3.0)",
        )
    order, serials = clear_inner(root)
    growing = [recorder.began_pass(root, serials) for recorder in ACTIVE]
    root._grad += 1.0
    deliveries = 0
    for user in order:
        rule = user._rule
        if rule is None:
            continue
        g, out, args = user._grad, user._data, user._args
        for spec, target in zip(rule.inputs, user._ins, strict=True):
            if target._live and spec.vjp is not None:
                target._grad += spec.vjp(floats, g, out, *args)
                deliveries += 1
    for recorder, one in zip(ACTIVE, growing, strict=True):
        recorder.ended_pass(root, one, order, serials, deliveries)
    for heard in HEARING:
        heard(order, {})
