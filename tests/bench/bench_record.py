"""What recording loops of many small events costs, beside the same loops without a recorder.

    python tests/bench/bench_record.py [ROUNDS]

Three loops: 1,000 forward and backward passes of a perceptron on xor, some 30 nodes each; 20 times an update and a
zeroed gradient for each of 4,192 parameters; 200 training steps of `models/mlp.py`. Each is run without and with a
recorder in turns, in processor time, the garbage collector off, and what waits is written down before the clock stops.
Shown is the median of the ratios with the least and the most; "floor" is the same with a recorder that only hears of
each event and keeps nothing: no recording in Python can take less. Large graphs are in bench_big.py.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import models.mlp as mlp_model  # noqa: E402  wants the line above
from tracer import Value  # noqa: E402
from tracer.core.record import Recorder  # noqa: E402

Loop = Callable[[], None]
ROWS = (((0, 0), -1), ((0, 1), 1), ((1, 0), 1), ((1, 1), -1))
PARAMETERS = 4192
"""Of the small GPT."""


def xor(passes: int = 1000) -> None:
    """Forward and backward, no update: two tanh neurons and one without."""
    rng = random.Random(0)

    def row(count: int) -> list[Value]:
        return [Value(rng.uniform(-1, 1)) for _ in range(count)]

    hidden, out = [(row(2), Value(0.0)) for _ in range(2)], (row(2), Value(0.0))
    for i in range(passes):
        x, y = ROWS[i % len(ROWS)]
        found = []
        for weights, bias in hidden:
            total = bias
            for w, value in zip(weights, x, strict=True):
                total = total + w * value
            found.append(total.tanh())
        total = out[1]
        for w, value in zip(out[0], found, strict=True):
            total = total + w * value
        loss = (total - y) ** 2
        loss.backward()


def writes(steps: int = 20) -> None:
    """What `for p in parameters` does after each backward pass."""
    rng = random.Random(0)
    parameters = [Value(rng.uniform(-1, 1)) for _ in range(PARAMETERS)]
    for _ in range(steps):
        for p in parameters:
            p.data -= 0.01 * p.grad
        for p in parameters:
            p.grad = 0


def mlp(steps: int = 200) -> None:
    """A whole training, recorded from beginning to end."""
    training = mlp_model.training()
    for i in range(steps):
        training.step(i)


def _nothing(*_: Any) -> None:
    """What a recorder does that only hears of things."""


def listener() -> Recorder:
    """A recorder that is told of everything and keeps nothing."""
    recorder = Recorder()
    for name in ("made", "assigned", "read_number", "named", "began_pass", "ended_pass"):
        setattr(recorder, name, _nothing)
    return recorder


def once(loop: Loop, recorder: Recorder | None) -> float:
    """Seconds of processor time, the garbage collector off."""
    gc.collect()
    gc.disable()
    try:
        if recorder is not None:
            recorder.__enter__()
        start = process_time()
        loop()
        if recorder is not None:
            recorder.settle()
        end = process_time()
    finally:
        if recorder is not None:
            recorder.__exit__(None, None, None)
        gc.enable()
    return end - start


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f} to {max(ratios):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rounds", type=int, nargs="?", default=9)
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}; {rounds} rounds; processor time")
    print(f"{'loop':24}{'plain ms':>10}{'recorded, times as long':>26}{'floor':>22}")
    for name, loop in (("xor, 1,000 passes", xor), ("writes, 20 x 4,192", writes), ("mlp, 200 steps", mlp)):
        plain, recorded, heard = [], [], []
        for _ in range(rounds):
            alone = once(loop, None)
            plain.append(alone)
            recorded.append(once(loop, Recorder()) / alone)
            heard.append(once(loop, listener()) / alone)
        print(f"{name:24}{statistics.median(plain) * 1e3:10.1f}{spread(recorded):>26}{spread(heard):>22}", flush=True)


if __name__ == "__main__":
    main()
