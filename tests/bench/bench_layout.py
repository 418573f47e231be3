"""Milliseconds to lay out a graph, to build one step's scene, and to draw one frame, at 50 and 500 drawn nodes.

    python tests/bench/bench_layout.py [ROUNDS]

The graphs are perceptrons as a user writes them, neuron by neuron, and a random program with wires that reach far (the
hardest kind). Layout is what a newly opened trace pays once; scene and frame are paid at every key. Figures are medians
of processor time, so that a busy machine counts less.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from time import process_time

from tracer.core.record import record
from tracer.core.value import Value
from tracer.layout.layered import layered
from tracer.scene.arrange import DIRECTIONS, arrange
from tracer.scene.canvas import draw
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, build_scene
from tracer.trace.trace import Trace

LIMIT = 600
SCREEN = (120, 40)


def perceptron(*widths: int) -> Trace:
    """tanh neurons, weights of their own, squared error."""
    rng = random.Random(1)
    with record() as rec:
        row = [Value(rng.uniform(-1, 1)) for _ in range(widths[0])]
        for _, fan_out in pairwise(widths):
            outs = []
            for _ in range(fan_out):
                total = Value(rng.uniform(-1, 1))
                for x in row:
                    total = total + Value(rng.uniform(-1, 1)) * x
                outs.append(total.tanh())
            row = outs
        ((row[0] - 1.0) ** 2).backward()
    return rec.trace


def tangle(count: int) -> Trace:
    """A program in which every step uses any two of the last 40 values."""
    rng = random.Random(1)
    with record() as rec:
        values = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
        while len(values) < count:
            a, b = rng.choice(values[-40:]), rng.choice(values[-40:])
            values.append(rng.choice([Value.add, Value.mul, Value.sub])(a, b))
        values[-1].backward()
    return rec.trace


def milliseconds(act: Callable[[int], object], rounds: int) -> float:
    times = []
    for number in range(rounds):
        start = process_time()
        act(number)
        times.append((process_time() - start) * 1e3)
    return statistics.median(times)


def main(rounds: int) -> None:
    graphs = {
        "perceptron 2-3-1": perceptron(2, 3, 1),
        "perceptron 7-12-5-1": perceptron(7, 12, 5, 1),
        "tangle": tangle(50),
        "large tangle": tangle(500),
    }
    print(f"{'graph':22}{'notation':10}{'drawn':>6}{'layout':>9}{'scene':>8}{'frame':>8}   ms, median of {rounds}")
    for name, trace in graphs.items():
        middle = len(trace) // 2
        for notation in NOTATIONS:
            placed = arrange(trace, notation, 0, LIMIT, 4)

            def lay_out(_: int, placed=placed, notation=notation) -> object:
                return layered(placed.drawn.graph, placed.sizes, DIRECTIONS[notation])

            def step(number: int, trace=trace, notation=notation, middle=middle) -> object:
                return build_scene(trace.cursor(middle + number), notation=notation, limit=LIMIT)

            scene = build_scene(trace.cursor(middle), notation=notation, limit=LIMIT)
            box = next(box for box in scene.boxes if box.working)
            view = Viewport(max(0, box.x - SCREEN[0] // 2), max(0, box.y - SCREEN[1] // 2), *SCREEN)
            figures = [
                milliseconds(lay_out, rounds),
                milliseconds(step, rounds),
                milliseconds(lambda _, scene=scene, view=view: draw(scene, view), rounds),
            ]
            print(f"{name:22}{notation:10}{len(scene.boxes):6}{figures[0]:9.1f}{figures[1]:8.2f}{figures[2]:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
