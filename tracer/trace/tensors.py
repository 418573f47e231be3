"""What edges of tensors carry forward and hand back, computed again from the arena exactly as the engine computed it.

Nothing of it is stored: an op's forward step is run again for what its rules keep (a mask, an argmax), the rules give
all contributions of one node at once, and the last ones used are remembered, up to so many bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.core.rerun import Array, Handed, hand_back, locked, run_again

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

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
