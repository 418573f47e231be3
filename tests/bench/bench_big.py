"""What large recordings cost: recording beside running, file, opening, memory; and how that grows to a million nodes.

    python tests/bench/bench_big.py [ROUNDS] [--growth] [--svg FILE] [--traces FOLDER]

The programs are one training step of `models/gpt_scalar.py` at three sizes, and perceptrons of 10^3 to 10^6 nodes.
Recording is measured beside the same program without a recorder, in turns, in processor time with the garbage collector
off; shown is the median of the ratios with the least and the most. Opening happens in a fresh interpreter: what its
memory grows by, beyond that of the imports. `--traces` leaves the recorded files in a folder, where the scripts that
measure folding, finding and keys take theirs from.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import models.gpt_scalar as gpt_scalar  # noqa: E402  wants the line above
import tracer  # noqa: E402
from tests.bench.loglog import as_svg, as_text  # noqa: E402
from tracer import Trace, Value, scope  # noqa: E402
from tracer.trace.store import to_bytes  # noqa: E402

NAMES = "annamariaelisabeth"


class Size(NamedTuple):
    """A size of the GPT."""

    layers: int
    tokens: int
    width: int

    def __str__(self) -> str:
        return f"GPT {self.layers} x {self.tokens}, width {self.width}"


GPTS = (Size(1, 5, 16), Size(2, 16, 16), Size(2, 16, 32))
COUNTS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
Program = Callable[[], Value]
"""Computes a loss; its backward pass is still to come."""


def gpt(size: Size) -> Program:
    """The step of the GPT at this size."""

    def program() -> Value:
        config = gpt_scalar.Config(n_layer=size.layers, n_embd=size.width)
        model = gpt_scalar.GPT(config, gpt_scalar.init(config, random.Random(42)))
        loss: Value = model.loss(gpt_scalar.encode(NAMES[: size.tokens - 1]))
        return loss

    return program


def perceptron(nodes: int, width: int = 16) -> Program:
    """About so many nodes: layer after layer of tanh units, each in its scope."""

    def program() -> Value:
        rng = random.Random(nodes)
        row = [Value(rng.uniform(-1, 1), name=f"x[{i}]") for i in range(width)]
        made, layer = width, 0
        while made < nodes:
            with scope(f"layer {layer}"):
                outs = []
                for unit in range(width):
                    with scope(f"unit {unit}"):
                        out = Value(0.1, name=f"layer{layer}.bias[{unit}]")
                        for i, value in enumerate(row):
                            out = out + Value(rng.gauss(0, 0.25), name=f"layer{layer}.weight[{unit},{i}]") * value
                        outs.append(out.tanh())
                        made += 2 + 3 * width
                row = outs
            layer += 1
        with scope("loss"):
            return sum(row, Value(0.0)).named("loss")

    return program


def record(program: Program) -> Trace:
    """The trace of a program and its backward pass."""
    with tracer.record() as rec:
        program().backward()
    return rec.trace


# Recording


class Times(NamedTuple):
    """Seconds of processor time."""

    forward: float
    backward: float


def once(program: Program, *, recorded: bool) -> Times:
    """Run it once, the garbage collector off."""
    gc.collect()
    gc.disable()
    recorder = tracer.record()
    try:
        if recorded:
            recorder.__enter__()
        start = process_time()
        root = program()
        half = process_time()
        root.backward()
        end = process_time()
    finally:
        if recorded:
            recorder.__exit__(None, None, None)
        gc.enable()
    return Times(half - start, end - half)


def ratios(program: Program, rounds: int) -> tuple[float, Sequence[float]]:
    """(median seconds without a recorder, for each round how many times as long it takes with one)."""
    plain, found = [], []
    for _ in range(rounds):
        alone, with_one = sum(once(program, recorded=False)), sum(once(program, recorded=True))
        plain.append(alone)
        found.append(with_one / alone)
    return statistics.median(plain), found


# Files


OPENING = """
import json, sys
from time import process_time
import numpy, safetensors.numpy
import tracer, tracer.trace.store, tracer.trace.cursor, tracer.core.ops.elementwise
from tracer.layout.fold import Folding, draw_graph

def held(): return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
def peak(): return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024 / 1e6

before, start = held(), process_time()
trace = tracer.load(sys.argv[1])
loaded = process_time()
trace.name(0), trace.uses(0), trace.events("update"), trace.stops("node"), trace.cursor(len(trace)).moment
asked = process_time()
draw_graph(trace, folding=Folding())
drawn = process_time()
print(json.dumps({"load": loaded - start, "ask": asked - loaded, "fold": drawn - asked,
                  "held": held() - before, "peak": peak() - before}))
"""


def opened(path: Path) -> dict[str, float]:
    """Seconds and megabytes of opening a trace folded, in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def seconds(act: Callable[[], Any], rounds: int = 3) -> float:
    times = []
    for _ in range(rounds):
        start = process_time()
        act()
        times.append(process_time() - start)
    return statistics.median(times)


class Figures(NamedTuple):
    nodes: int
    edges: int
    plain: float
    ratios: Sequence[float]
    size: int
    save: float
    load: float
    ask: float
    fold: float
    held: float
    peak: float


def measured(program: Program, rounds: int, path: Path) -> Figures:
    """All figures of one program; its trace is left at `path`."""
    plain, found = ratios(program, rounds)
    trace = record(program)
    save = seconds(lambda: to_bytes(trace.columns))
    trace.save(path)
    size = path.stat().st_size
    return Figures(trace.n_nodes, trace.n_edges, plain, found, size, save, **opened(path))


HEAD = (
    f"{'program':24}{'nodes':>10}{'edges/n':>8}{'plain s':>9}{'recorded, times as long':>25}{'MB':>8}{'bytes/n':>9}"
    f"{'save s':>8}{'load s':>8}{'ask s':>7}{'fold s':>7}{'held MB':>9}{'peak MB':>9}"
)


def row(name: str, f: Figures) -> str:
    spread = f"{statistics.median(f.ratios):.2f} [{min(f.ratios):.2f} to {max(f.ratios):.2f}]"
    return (
        f"{name:24}{f.nodes:10,}{f.edges / f.nodes:8.2f}{f.plain:9.3f}{spread:>25}{f.size / 1e6:8.2f}"
        f"{f.size / f.nodes:9.1f}{f.save:8.3f}{f.load:8.3f}{f.ask:7.3f}{f.fold:7.3f}{f.held:9.0f}{f.peak:9.0f}"
    )


def programs(*, growth: bool) -> Iterator[tuple[str, Program]]:
    for size in GPTS:
        yield str(size), gpt(size)
    if growth:
        for nodes in COUNTS:
            yield f"perceptron {nodes:,}", perceptron(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    parser.add_argument("--growth", action="store_true", help="also perceptrons of a thousand to a million nodes")
    parser.add_argument("--svg", type=Path, help="where to draw the growth")
    parser.add_argument("--traces", type=Path, help="a folder for the recorded files")
    asked = parser.parse_args()
    print(f"Python {sys.version.split()[0]}; {asked.rounds} rounds; processor time\n{HEAD}")
    grown: list[Figures] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.traces or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name, program in programs(growth=asked.growth or asked.svg is not None):
            path = folder / f"{name.replace(',', '').replace(' ', '_')}.trace"
            figures = measured(program, asked.rounds, path)
            print(row(name, figures), flush=True)
            if name.startswith("perceptron"):
                grown.append(figures)
    if grown:
        # folding and unfolding, finding and keys have scripts of their own (bench_fold.py, bench_find.py,
        # bench_large_keys.py): their series of (nodes, seconds) belong here
        series = {
            "run": [(f.nodes, f.plain) for f in grown],
            "record": [(f.nodes, f.plain * statistics.median(f.ratios)) for f in grown],
            "save": [(f.nodes, f.save) for f in grown],
            "load": [(f.nodes, f.load) for f in grown],
            "first questions": [(f.nodes, f.ask) for f in grown],
            "draw folded": [(f.nodes, f.fold) for f in grown],
        }
        print("\n" + as_text(series, "seconds"))
        if asked.svg:
            asked.svg.write_text(as_svg(series, "seconds"), encoding="utf-8")


if __name__ == "__main__":
    main()
