"""What folding costs by size, against the budget of 200 ms (50 ms hoped for), beside networkx where it still finishes.

    python tests/bench/bench_fold.py [--others] [TRACE...]

Without traces, steps of the scalar GPT from 1,500 to 44,000 nodes are recorded; `bench_big.py` records the large ones.
`first` is what opening a trace costs once, `open` and `close` the median over groups down to one softmax, `window` that
of a scope with more nodes than are drawn, `numbers` what all folds show at one more step of the backward pass, `share`
the flow through every fold, once a pass. Layout and drawing are in `bench_layout.py`. Processor time in milliseconds.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import tracer
from models.gpt_scalar import GPT, Config, encode, init
from tracer.layout.fold import Folding, draw_graph, stats
from tracer.layout.groups import groups_of
from tracer.trace.flow import flow
from tracer.trace.share import shares_of
from tracer.trace.snapshot import snapshot
from tracer.trace.trace import Trace

LIMIT_S = 60
COLUMNS = ("nodes", "groups", "first", "open", "close", "window", "numbers", "share", "MB kept")

NETWORKX = """
import sys, time
import networkx as nx, tracer
trace = tracer.load(sys.argv[1])
start = time.process_time()
graph = nx.DiGraph()
graph.add_nodes_from(range(trace.n_nodes))
graph.add_edges_from((edge.input, edge.user) for edge in trace.edges)
built = time.process_time()
parts = {}
for node in graph:
    parts.setdefault(trace.scope(node).partition(".")[0], set()).add(node)
nx.quotient_graph(graph, list(parts.values()), relabel=True)
print(f"{built - start:.2f} {time.process_time() - built:.2f}")
"""


def timed(act: Callable[[], object]) -> float:
    start = process_time()
    act()
    return (process_time() - start) * 1e3


def small_steps() -> Iterator[Trace]:
    for config, text in ((Config(n_embd=4, n_head=2), "a"), (Config(n_embd=8), "an"), (Config(), "anna")):
        with tracer.record() as rec:
            GPT(config, init(config, random.Random(42))).loss(encode(text)).backward()
        yield rec.trace


def deepest(trace: Trace) -> list[str]:
    """The groups around the last scope with the most levels, from the outermost one on."""
    groups = groups_of(trace)
    key = max(groups.keys, key=lambda key: (key.count("."), key))
    found = []
    group = groups.by_key[key]
    while group:
        if group not in groups.stacks:
            found.append(groups.keys[group])
        group = groups.parent[group]
    return found[::-1]


def largest_scope(trace: Trace) -> int:
    """A node of the scope that has the most nodes directly."""
    groups = groups_of(trace)
    return int(np.flatnonzero((groups.group == groups.boxes[1:].argmax() + 1) & (trace.columns.op > 0))[0])


def measure(trace: Trace) -> None:
    """One row of the table."""
    start = process_time()
    groups = groups_of(trace)
    drawn = draw_graph(trace, folding=Folding())
    first = (process_time() - start) * 1e3
    opening, closing = [], []
    folding = Folding()
    for key in deepest(trace):
        folding = folding.open(key)
        opening.append(timed(lambda: draw_graph(trace, 0, folding=folding)))  # noqa: B023
    for key in deepest(trace)[::-1]:
        folding = folding.close(key)
        trace.kept.pop("quotients")
        closing.append(timed(lambda: draw_graph(trace, 0, folding=folding)))  # noqa: B023
    node = largest_scope(trace)
    wide = Folding().opened_to(trace, node)
    trace.kept.pop("quotients")
    window = timed(lambda: draw_graph(trace, node, folding=wide))
    folds = list(drawn.folds.values())
    middle = trace.passes[0].start + (trace.passes[0].stop - trace.passes[0].start) // 2
    steps = []
    for position in range(middle, middle + 24, 3):
        snapshot(trace, position)
        steps.append(timed(lambda: [stats(trace, fold).at(position) for fold in folds]))  # noqa: B023
    flow(trace, 0)
    share = timed(lambda: [shares_of(trace, 0).of(fold.nodes, once=True) for fold in folds])
    arrays = [groups.group, groups.leaf, groups.users, groups.first_use, groups.written, groups.writer]
    mega = sum(array.nbytes for array in arrays) / 1e6
    times = (first, statistics.median(opening), statistics.median(closing), window, statistics.median(steps), share)
    print(f"{trace.n_nodes:9,} {len(groups):8,} " + " ".join(f"{t:8.1f}" for t in times) + f" {mega:8.1f}", flush=True)


def beside(path: str) -> None:
    """networkx, in a child process with a time limit: all nodes and edges as a DiGraph, then its quotient by scope."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", NETWORKX, path], capture_output=True, text=True, timeout=LIMIT_S, check=True
        )
    except subprocess.TimeoutExpired:
        print(f"{Path(path).stem}: networkx did not finish in {LIMIT_S} s")
        return
    built, quotient = done.stdout.split()
    print(
        f"{Path(path).stem}: networkx builds its graph in {built} s, its quotient by the first level takes {quotient} s"
    )


def main(arguments: list[str]) -> None:
    paths = [argument for argument in arguments if argument != "--others"]
    print(" ".join(f"{name:>{9 if name == 'nodes' else 8}}" for name in COLUMNS))
    with TemporaryDirectory() as folder:
        if not paths:
            for trace in small_steps():
                paths.append(f"{folder}/{trace.n_nodes}.trace")
                trace.save(paths[-1])
        for path in paths:
            measure(tracer.load(path))
        if "--others" in arguments:
            for path in paths:
                beside(path)


if __name__ == "__main__":
    main(sys.argv[1:])
