"""What edges of tensors carry forward and hand back, computed again from the arena exactly as the engine computed it.

Nothing of it is stored: an op's forward step is run again for what its rules keep (a mask, an argmax), the rules give
all contributions of one node at once, and the last ones used are remembered, up to so many bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core import dtype as dtypes
from tracer.core.array import unbroadcast
from tracer.core.op import Op, Static

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

Number = Any
"""A float of a plain node; a read-only array of a tensor."""
Array = NDArray[Any]

MOST_BYTES = 64 << 20
"""Bytes of computed arrays remembered at most, for one trace."""


class Recent:
    """The arrays computed last, up to a number of bytes. Safe to share between threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most, self.held = most, 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """What was kept under `key`, None if nothing is."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, made: Any, size: int) -> None:
        """Keep `made`, and let go of what was used longest ago."""
        with self._lock:
            before = self._kept.pop(key, None)
            self.held += size - (0 if before is None else before[1])
            self._kept[key] = made, size
            while self.held > self.most and len(self._kept) > 1:
                self.held -= self._kept.popitem(last=False)[1][1]


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


class Tensors:
    """The arithmetic of one trace's tensors."""

    def __init__(self, trace: Trace) -> None:
        self._trace, self._recent = trace, Recent()

    def handed(self, pass_index: int, user: int) -> Handed:
        """What `user` handed back in a pass."""
        key = (pass_index, user)
        known: Handed | None = self._recent.get(key)
        if known is not None:
            return known
        trace = self._trace
        op, args, out = trace.op(user), trace.args(user), trace.value(user)
        assert op is not None, "only an op's output hands gradient on"
        upstream = trace.passes[pass_index].recorded_grad(user)
        assert upstream is not None, "a user delivers after it received"
        static = trace.static(user)
        saved = run_again(op, args, static, out.dtype)[1] if op.saves else {}
        wanted = [trace.delivers(edge) for edge in trace.edges_in(user)]
        made = hand_back(op, wanted, upstream, out, args, static, saved)
        size = sum(a.nbytes for a in (*made.local, *made.contribution) if a is not None)
        self._recent.put(key, made, size)
        return made

    def total(self, pass_index: int, node: int, deliveries: Sequence[int]) -> Array:
        """The sum of these deliveries to one node, all that came so far, added in their order as the engine adds."""
        done = len(deliveries)
        found: Array | None = None
        while done and found is None:
            found = self._recent.get((pass_index, node, done))
            done -= found is None
        for i in range(done, len(deliveries)):
            part = self._trace.contribution(pass_index, int(deliveries[i]))[2]
            with np.errstate(all="ignore"):
                found = part if found is None else locked(found + part)
            self._recent.put((pass_index, node, i + 1), found, found.nbytes)
        assert found is not None, "asked for before the first delivery"
        return found


def memory(arrays: Sequence[Array]) -> int:
    """Bytes that arrays occupy together; memory that several look at counts once."""
    total = end = 0
    for low, high in sorted(bounds(a) for a in arrays if a.size):
        total += max(0, high - max(low, end))
        end = max(end, high)
    return total


def bounds(array: Array) -> tuple[int, int]:
    """(first address, one past the last) of the elements of an array that has some."""
    low = high = int(array.__array_interface__["data"][0])
    for n, stride in zip(array.shape, array.strides, strict=True):
        low, high = low + min(0, (n - 1) * stride), high + max(0, (n - 1) * stride)
    return low, high + array.itemsize
