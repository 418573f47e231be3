"""One application of an op on tensors run again, forward and back, exactly as the engine runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core import dtype as dtypes
from tracer.core.array import unbroadcast
from tracer.core.columns import ENDS, LIVE, Columns
from tracer.core.op import Op, Static, find_op

Number = Any
"""A float of a plain node; a read-only array of a tensor."""
Array = NDArray[Any]


class Handed(NamedTuple):
    """What one node hands back in one pass."""

    upstream: Array
    local: tuple[Array | None, ...]
    """For each input: ∂out/∂input element by element, in the shape of the output; None where the op is not elementwise,
    or takes no gradient."""
    contribution: tuple[Array | None, ...]
    """For each input, in its shape and dtype; None where none is delivered."""


def locked(values: Any) -> Array:
    """`values` as an array nobody can write to; a copy where it could be changed through another one."""
    array = np.asarray(values)
    array.flags.writeable = False
    return array


def run_again(op: Op, args: Sequence[Number], static: Static, dtype: np.dtype[Any]) -> tuple[Array, Mapping[str, Any]]:
    """The forward step of an op, as the engine runs it on tensors.

    Args:
        args: arrays, and floats for plain numbers.
        dtype: of the output, as it was recorded.

    Returns:
        The output, and what the op keeps for its rules.
    """
    given = list(args)
    if op.elementwise:
        into = dtypes.promote(*operands(args, dtype)).numpy if op.boolean else dtype
        given = [x.astype(into, copy=False) if isinstance(x, np.ndarray) else x for x in operands(args, into)]
    with np.errstate(all="ignore"):
        made = op.forward(np, *given, **static)
    out, saved = made if op.saves else (made, {})
    out = np.asarray(out)
    if op.elementwise and not op.boolean:
        out = out.astype(dtype, copy=False)
    return out, saved


def operands(args: Sequence[Number], dtype: np.dtype[Any]) -> list[Number]:
    """Inputs with plain numbers as the program wrote them: a recording keeps `2` as 2.0.

    Args:
        dtype: of the output; only among integers does it matter how a number was written.
    """
    whole = all(x.dtype.kind in "iub" for x in args if isinstance(x, np.ndarray)) and dtype.kind in "iub"
    return [int(x) if whole and not isinstance(x, np.ndarray) and float(x).is_integer() else x for x in args]


def hand_back(
    op: Op,
    wanted: Sequence[bool],
    upstream: Array,
    out: Array,
    args: Sequence[Number],
    static: Static,
    saved: Mapping[str, Any],
) -> Handed:
    """All contributions of one application, summed over axes that were broadcast, in the dtypes of the inputs."""
    upstream = np.asarray(upstream)  # arithmetic on arrays without axes gives NumPy's numbers, which are no arrays
    with np.errstate(all="ignore"):
        found = op.contributions(np, wanted, upstream, out, args, static, saved)
        contributions = tuple(
            fit(part, arg) if want else None for part, arg, want in zip(found, args, wanted, strict=True)
        )
        locals_: tuple[Array | None, ...] = (None,) * len(args)
        if op.joint_vjp is None and any(op.spec(slot).local for slot, want in enumerate(wanted) if want):
            ones = np.ones(out.shape, upstream.dtype)
            alone = op.contributions(np, wanted, ones, out, args, static, saved)
            locals_ = tuple(
                locked(np.broadcast_to(part, out.shape)) if part is not None and op.spec(slot).local else None
                for slot, part in enumerate(alone)
            )
    return Handed(upstream, locals_, contributions)


def fit(contribution: Any, like: Array) -> Array:
    """A rule's answer in the shape and dtype of the input; zeros where the rule had none."""
    if contribution is None:
        return locked(np.zeros(like.shape, like.dtype))
    found = np.asarray(contribution)
    if found.shape != like.shape:
        found = np.asarray(unbroadcast(np, found, like.shape))
    return locked(found.astype(like.dtype, copy=False))


def delivering(c: Columns) -> NDArray[np.bool_]:
    """(m,) edges along which gradient flows: the input takes gradient, the op has a rule for it."""
    found: NDArray[np.bool_] = (c.flags[c.inputs] & LIVE) > 0
    found &= np.repeat((c.flags & ENDS) == 0, np.diff(c.offsets))
    for code, name in enumerate(c.op_names, start=1):
        op = find_op(name)
        ruleless = [slot for slot, spec in enumerate(op.inputs) if spec.vjp is None]
        for node in np.flatnonzero(c.op == code).tolist() if ruleless else ():
            for slot, edge in enumerate(range(int(c.offsets[node]), int(c.offsets[node + 1]))):
                found[edge] &= op.spec(slot).vjp is not None
    return found
