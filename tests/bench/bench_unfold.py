"""What it costs to unfold a tensor's node, beside recording and checking the folded program.

    python tests/bench/bench_unfold.py [ROUNDS]

The program is one product of matrices, summed, with its backward pass. Figures are processor time: a median in
milliseconds with the least and the most, and the ratio to recording the program, all from one interleaved run.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from time import process_time

import tracer
from tracer.core.record import record
from tracer.explain.proof import check_trace
from tracer.trace.trace import Trace
from tracer.trace.unfold import unfold


def product(rows: int, inner: int, columns: int) -> Trace:
    """(rows, inner) @ (inner, columns), summed, and its backward pass."""
    tracer.manual_seed(0)
    with record() as rec:
        a = tracer.randn(rows, inner, requires_grad=True)
        b = tracer.randn(inner, columns, requires_grad=True)
        c = (a @ b).named("c")
        c.sum().backward()
    return rec.trace


def milliseconds(act: Callable[[], object]) -> float:
    start = process_time()
    act()
    return (process_time() - start) * 1e3


def main(rounds: int) -> None:
    wide, small = product(32, 64, 32), product(12, 32, 12)
    opened = unfold(small, small.find("c"), "all").trace
    acts: dict[str, Callable[[], object]] = {
        "record (32, 64) @ (64, 32)": lambda: product(32, 64, 32),
        "unfold one element of it": lambda: unfold(wide, wide.find("c"), (33,)),
        "unfold one row of it": lambda: unfold(wide, wide.find("c"), tuple(range(32))),
        f"unfold (12, 32) @ (32, 12), {opened.n_nodes:,} nodes": lambda: unfold(small, small.find("c"), "all"),
        "check all of those": lambda: check_trace(opened),
    }
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            times[name].append(milliseconds(act))
    base = statistics.median(next(iter(times.values())))
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"{name:45} {middle:8.1f} ms  ({min(taken):.1f} to {max(taken):.1f})  x{middle / base:.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
