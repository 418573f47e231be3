"""Nodes per second, forward and backward, beside micrograd from the package index: the same program on both `Value`s.

    python tests/bench/bench_engine.py [ROUNDS]

Runs are interleaved (one of each, ROUNDS times), so that a machine that grows slower is slower for all; what is
compared is the ratio within a round. Python's garbage collector takes most of the time of a graph that lives, so each
engine is timed with it and without it. `recorded` is what `tracer open` does: the same program inside `record()`.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import Any, NamedTuple

from micrograd.engine import Value as Micrograd

from tracer import Value, record

WIDTHS, SAMPLES = (3, 16, 16, 1), 40
"""A small perceptron's loss over some samples: about 28,000 nodes."""


class Timing(NamedTuple):
    forward: float
    """Nodes per second."""
    backward: float


def loss(make: Callable[[float], Any]) -> Any:
    """The loss, from operations that both engines have and count alike (+, *, relu)."""
    rng = random.Random(20)
    layers = [
        [[make(rng.uniform(-1, 1)) for _ in range(fan_in + 1)] for _ in range(fan_out)]
        for fan_in, fan_out in pairwise(WIDTHS)
    ]
    total = make(0.0)
    for _ in range(SAMPLES):
        row = [make(rng.uniform(-1, 1)) for _ in range(WIDTHS[0])]
        for layer in layers:
            outs = []
            for *weights, bias in layer:
                out = bias
                for weight, x in zip(weights, row, strict=True):
                    out = out + weight * x
                outs.append(out.relu())
            row = outs
        error = row[0] + make(rng.uniform(-1, 1))
        total = total + error * error
    return total


def count_nodes() -> int:
    with record() as rec:
        loss(Value)
    return rec.trace.n_nodes


def timed(make: Callable[[float], Any], nodes: int) -> Timing:
    began = perf_counter()
    root = loss(make)
    half = perf_counter()
    root.backward()
    return Timing(nodes / (half - began), nodes / (perf_counter() - half))


def recorded(nodes: int) -> Timing:
    with record():
        return timed(Value, nodes)


ENGINES: dict[str, Callable[[int], Timing]] = {
    "micrograd": lambda nodes: timed(Micrograd, nodes),
    "tracer": lambda nodes: timed(Value, nodes),
    "tracer, recorded": recorded,
}


def measure(rounds: int, nodes: int, *, collect: bool) -> dict[str, list[Timing]]:
    found: dict[str, list[Timing]] = {name: [] for name in ENGINES}
    for _ in range(rounds):
        for name, engine in ENGINES.items():
            gc.collect()
            (gc.enable if collect else gc.disable)()
            try:
                found[name].append(engine(nodes))
            finally:
                gc.enable()
    return found


def spread(values: list[float], show: Callable[[float], str]) -> str:
    """Median, then the range that the middle half of the rounds lies in."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{show(middle)}  [{show(low)} – {show(high)}]"


def report(found: dict[str, list[Timing]]) -> None:
    for direction in Timing._fields:
        theirs = [getattr(timing, direction) for timing in found["micrograd"]]
        for name, timings in found.items():
            ours = [getattr(timing, direction) for timing in timings]
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            speed = spread(ours, lambda v: f"{v / 1000:,.0f}")
            ratio = "" if name == "micrograd" else spread(ratios, lambda v: f"{v:.2f}")
            print(f"  {direction:<9} {name:<17} {speed:<26} {ratio}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    sys.setrecursionlimit(100_000)  # micrograd's backward() recurses
    nodes = count_nodes()
    mine, theirs = loss(Value), loss(Micrograd)
    assert abs(mine.data - theirs.data) < 1e-9, "both compute the same"
    print(f"{nodes:,} nodes; thousands of nodes a second, and the ratio to micrograd in the same round,")
    print(f"as median [middle half] of {rounds} interleaved rounds; Python {sys.version.split()[0]}")
    for collect in (True, False):
        print(f"garbage collector {'as Python has it' if collect else 'off'}")
        report(measure(rounds, nodes, collect=collect))


if __name__ == "__main__":
    main()
