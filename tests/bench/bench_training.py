"""How fast the GPT learns, and how well.

    python tests/bench/bench_training.py speed [ROUNDS]
    python tests/bench/bench_training.py losses [SEEDS]

`speed`: training steps per second of both engines, forward to update, at three sizes; beside them PyTorch (eager, one
thread, float32) and microgpt's arithmetic, with and without Python's garbage collector. All begin with the same weights
and read the same tokens, windows of a text with exactly T positions; before anything is timed their losses of two steps
are compared. Processor time, on one thread; runs are interleaved, so a machine that grows slower is slower for all.

`losses`: README's table. Each data set at the defaults, with seeds 42, 43, ...: the loss of the last 100 of 1,000 steps
(a step reads one document: one step alone says little), and of all held-out documents after them.
"""

from __future__ import annotations

import gc
import math
import os
import runpy
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
MOST_NODES = 5_000_000
"""Of a step in floats: more takes gigabytes."""
SETS = ("names", "places")
GC_OFF = ", gc off"


@dataclass(frozen=True)
class Size:
    """A model and what a step reads."""

    name: str
    n_embd: int
    n_layer: int
    positions: int
    documents: int

    def __str__(self) -> str:
        return f"{self.name} C{self.n_embd} L{self.n_layer} T{self.positions} B{self.documents}"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "n_embd": self.n_embd,
            "n_layer": self.n_layer,
            "block_size": self.positions,
            "batch_size": self.documents,
            "held_out": 0.0,
            "mode": "text",
            "documents": [text()],
        }

    @property
    def nodes(self) -> int:
        """Of a step in floats, about: a product and a sum for each weight, key and value that a position meets."""
        c, t = self.n_embd, self.positions
        each = 12 * c * c * self.n_layer + 27 * c + self.n_layer * c * (t + 1)
        return self.documents * t * 2 * each


SIZES = (Size("tiny", 16, 1, 8, 1), Size("small", 64, 2, 32, 16), Size("medium", 128, 4, 64, 32))


def text() -> str:
    """Our names as one text of 26 symbols."""
    return "".join((ROOT / "samples" / "data" / "names.txt").read_text(encoding="utf-8").split())


def model(name: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "models" / f"{name}.py"))


# Speed


def contestants(size: Size) -> dict[str, Callable[[int], Any]]:
    """Name -> takes step i; None where it is too large."""
    from plain_gpt import pytorch, scalar

    from tracer import Documents

    ours = model("gpt")["training"](**size.settings)
    reads = Documents([text()], "text", block_size=size.positions)
    weights = {name: parameter.detach().numpy().tolist() for name, parameter in ours.named_parameters().items()}

    def fed(step: Any) -> Callable[[int], Any]:
        def take(i: int) -> Any:
            tokens = [reads.read(i * size.documents + b) for b in range(size.documents)]
            return step(tokens, 0.01 * max(0.0, 1 - i / 1000))

        return take

    found: dict[str, Callable[[int], Any]] = {"gpt.py (tensors)": ours.step}
    try:
        found["PyTorch, eager, one thread"] = fed(pytorch(weights, size.n_layer, 4))
    except ImportError:
        print("PyTorch is not installed: left out", file=sys.stderr)
    if size.nodes < MOST_NODES:
        found["gpt_scalar.py (every float)"] = model("gpt_scalar")["training"](**size.settings).step
        found[f"gpt_scalar.py{GC_OFF}"] = model("gpt_scalar")["training"](**size.settings).step
        found["microgpt's arithmetic"] = fed(scalar(weights, size.n_layer, 4))
        found[f"microgpt's arithmetic{GC_OFF}"] = fed(scalar(weights, size.n_layer, 4))
    return found


def number(loss: Any) -> float:
    return float(getattr(loss, "item", lambda: getattr(loss, "data", loss))())


def speed(rounds: int) -> None:
    for size in SIZES:
        running = contestants(size)
        first = {name: [number(step(i)) for i in range(2)] for name, step in running.items()}
        (expected, *others) = first.values()
        assert all(math.dist(one, expected) < 1e-4 for one in others), first
        times: dict[str, list[float]] = {name: [] for name in running}
        taken = 2
        for _ in range(rounds):
            for name, step in running.items():
                times[name].append(seconds_a_step(step, taken, collecting=not name.endswith(GC_OFF)))
            taken += 50
        print(f"\n{size}: the loss begins at {expected[0]:.4f}, {expected[1]:.4f} for all")
        fastest = statistics.median(times["gpt.py (tensors)"])
        for name, each in times.items():
            median = statistics.median(each)
            spread = f"{1 / max(each):,.4g} to {1 / min(each):,.4g}"
            print(f"  {name:<32}{1 / median:>9,.4g} steps/s  ({spread})  {median / fastest:>8,.3g}x gpt.py's time")
        if size.nodes >= MOST_NODES:
            print(f"  in floats: not run, about {size.nodes / 1e6:,.0f} million nodes a step")


def seconds_a_step(step: Callable[[int], Any], taken: int, *, collecting: bool) -> float:
    """Processor time of a step, the mean over as many as a second takes, 50 at most."""
    gc.collect()
    gc.freeze()  # what the others have made is none of its business
    if not collecting:
        gc.disable()
    begun, i = process_time(), 0
    while i < 50 and (i == 0 or process_time() - begun < 1):
        step(taken + i)
        i += 1
    spent = process_time() - begun
    gc.enable()
    gc.unfreeze()
    return spent / i


# Losses


def losses(seeds: int) -> None:
    training = model("gpt")["training"]
    print("| data | documents | symbols with BOS | guessing, -log(1/V) | last 100 steps | held-out documents |")
    print("|---|---|---|---|---|---|")
    for name in SETS:
        documents = (ROOT / "samples" / "data" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        late, held = [], []
        for seed in range(42, 42 + seeds):
            run = training(documents=documents, seed=seed)
            taken = [number(run.step(i)) for i in range(1000)]
            out = [one for one in documents if one not in set(run.documents)]
            late.append(statistics.fmean(taken[-100:]))
            held.append(statistics.fmean(number(run.loss(one)) for one in out))
        v = len(run.symbols) + 1
        print(f"| `{name}` | {len(documents):,} | {v} | {math.log(v):.2f} | {spread(late)} | {spread(held)} |")


def spread(numbers: list[float]) -> str:
    """`2.41 (2.38 to 2.44)`: the mean, the least and the most."""
    return f"{statistics.fmean(numbers):.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


def main(words: list[str]) -> None:
    if any(os.environ.get(name) != "1" for name in THREADS):  # read when NumPy is imported
        os.execve(sys.executable, [sys.executable, __file__, *words], {**os.environ, **dict.fromkeys(THREADS, "1")})
    sys.path.insert(0, str(ROOT))
    what, *count = words or ["speed"]
    {"speed": speed, "losses": losses}[what](int(count[0]) if count else 5)


if __name__ == "__main__":
    main(sys.argv[1:])
