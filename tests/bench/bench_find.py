"""What finding costs, by size of the trace: all numbers at a moment, queries, breakpoints, watches.

    python tests/bench/bench_find.py [FILE.trace ...]

Without files it records a training step of `models/gpt_scalar.py` with 1 layer and 5 tokens, and with 2 layers and 16
tokens: some 43,000 and 260,000 nodes. Times are a processor's, in milliseconds, the median of several runs; where the
first is dearer because something is worked out that is kept, it stands beside.
"""

from __future__ import annotations

import random
import runpy
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

import tracer
from tracer.trace.breakpoints import parse_break, run_to
from tracer.trace.flow import flow
from tracer.trace.query import parse_query
from tracer.trace.snapshot import snapshot
from tracer.trace.trace import Trace
from tracer.trace.watches import parse_watch

MODEL = Path(__file__).resolve().parents[2] / "models" / "gpt_scalar.py"
STEPS = ((1, 5), (2, 16))
"""(layers, tokens)"""
QUERIES = (
    "layer0.attn_wq[3,5]",
    "layer*.attn_wq[3,*]",
    "softmax",
    'scope == "position 3.layer 0"',
    "op == relu and grad == 0",
    "|grad| > 1e-2",
    "nan",
    "largest 10 |grad|",
    "smallest 10 |grad| where kind == leaf",
)
BREAKPOINTS = ("op == relu", "name == layer0.attn_wq[3,5]", "|grad| > 0.5", "first nan", "total norm > 1")
WATCHES = ("layer0.attn_wq[3,5]", "norm grad of layer0.attn_wq", "max |grad|")
RUNS = 7


def recorded(layers: int, tokens: int) -> Trace:
    """One training step."""
    model = runpy.run_path(str(MODEL), run_name="gpt_scalar")
    config = model["Config"](n_layer=layers)
    words = random.Random(0).choices(range(config.vocab_size), k=tokens + 1)
    with tracer.record() as rec:
        model["GPT"](config, model["init"](config, random.Random(42))).loss(words).backward()
    return Trace(rec.columns())


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    start = process_time()
    act()
    return (process_time() - start) * 1e3


def times(act: Callable[[], object]) -> tuple[float, float]:
    """(the first time, the median of the others)."""
    first, *others = [timed(act) for _ in range(RUNS + 1)]
    return first, statistics.median(others)


def rows(trace: Trace) -> Iterator[tuple[str, float, float]]:
    """What was measured, its first time, its median."""
    end, middle = len(trace), (trace.n_nodes + len(trace)) // 2
    once = timed(lambda: flow(trace, 0))
    yield "flow of the pass, once", once, once
    once = timed(lambda: snapshot(trace, end))
    yield "snapshot at the end", once, once
    snapshot(trace, middle)
    steps = [timed(lambda p=p: snapshot(trace, p)) for p in range(middle + 4, middle + 400, 4)]  # type: ignore[misc]
    yield "snapshot one edge further", max(steps), statistics.median(steps)
    back = [timed(lambda p=p: snapshot(trace, p)) for p in range(middle, middle - 400, -4)]  # type: ignore[misc]
    yield "snapshot one edge back", max(back), statistics.median(back)
    for text in QUERIES:
        query = parse_query(text)
        yield f"find {text}", *times(lambda: query.matches(trace, end))  # noqa: B023  asked before the next one
    for text in BREAKPOINTS:
        one = parse_break(text)
        yield f"run to {text}", *times(lambda: run_to(trace, middle, [one], -1))  # noqa: B023
    for text in WATCHES:
        watch, cursor = parse_watch(text), trace.cursor(end)
        yield f"watch {text}", *times(lambda: watch.read(cursor))  # noqa: B023


def main(files: list[str]) -> None:
    made = (tracer.load(file) for file in files) if files else (recorded(*step) for step in STEPS)
    for trace in made:
        print(f"{trace.n_nodes:,} nodes, {trace.n_edges:,} edges, {len(trace):,} positions")
        for name, first, median in rows(trace):
            print(f"  {name:50} {median:8.2f} ms" + (f"  (at most, or first, {first:.1f})" if first > median else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
