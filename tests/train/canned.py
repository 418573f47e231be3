"""A training run without a process: the same reports every time."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

import numpy as np

from tracer.trace.observation import Observation, Seen, Weights, softmax
from tracer.train import data
from tracer.train.history import History, Past
from tracer.train.looks import spacing
from tracer.train.process import Job, OpenedStep
from tracer.train.report import Boundary, Look, Report, Sample, Setup
from tracer.tui.running import Running

STEPS = 200


def setup(steps: int = STEPS, **other: object) -> Setup:
    said = {
        "program": "models/mlp.py",
        "data": "moons",
        "engine": "Value",
        "parameters": 13,
        "steps": steps,
        "settings": {"seed": 42, "lr": 0.2, "hidden": 3, "batch": 4},
        "rows": data.make("moons", 42),
        "predicts": True,
    }
    return Setup(**{**said, **other})  # type: ignore[arg-type]


def look(step: int) -> Look:
    """A boundary that turns from flat to slanted as the steps go on."""
    rows = np.array(data.make("moons", 42))
    turn = min(1.0, step / STEPS)
    xs, ys = np.meshgrid(np.linspace(-1.6, 2.6, 20), np.linspace(1.6, -0.9, 20))
    scores = (2 * turn * (xs - 0.5) - 3 * (ys - 0.25)).astype(np.float32)
    said = 2 * turn * (rows[:, 0] - 0.5) - 3 * (rows[:, 1] - 0.25)
    wrong = np.flatnonzero((said > 0) != (rows[:, 2] > 0))
    return Look((len(rows) - len(wrong)) / len(rows), tuple(wrong.tolist()), Boundary(-1.6, 2.6, -0.9, 1.6, scores))


def report(step: int, loss: float | None = None, *, looked: bool = False) -> Report:
    found = math.exp(-step / 60) + 0.1 * abs(math.sin(7 * step)) if loss is None else loss
    return Report(step, found, step / 500, look(step) if looked else None)


def reports(steps: int = STEPS) -> Iterator[Report]:
    every = spacing(steps)
    for step in range(1, steps + 1):
        yield report(step, looked=step in (1, steps) or step % every == 0)


class Told:
    """A process's commands, written down. `step` lets one more report through, `to` as many as are needed."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.allowed = threading.Semaphore(0)
        self.sent = 0
        """Reports that have left."""
        self.stopped = threading.Event()

    def run(self) -> None:
        self.commands.append("run")

    def pause(self) -> None:
        self.commands.append("pause")

    def step(self) -> None:
        self.commands.append("step")
        self.allowed.release()

    def observe(self) -> None:
        """What is observed while it trains is not among the commands: it comes by itself."""

    def to(self, step: int) -> None:
        self.commands.append(f"to {step}")
        self.allowed.release(max(1, step - self.sent))

    def stop(self) -> None:
        self.commands.append("stop")
        self.stopped.set()
        self.allowed.release()


def running(
    steps: int = STEPS,
    taken: int | None = None,
    *,
    said: Setup | None = None,
    reporting: Callable[[int], Iterable[Report]] | None = None,
    **other: object,
) -> tuple[Running, Told]:
    """A run whose first `taken` steps arrive at once, and then one for each `step`; all of them by default."""
    told = Told()
    at_once = steps if taken is None else taken

    def messages() -> Iterator[Report]:
        for number, message in enumerate((reporting or reports)(steps)):
            if number >= at_once:
                told.allowed.acquire()
            if told.stopped.is_set():
                return
            told.sent += 1
            yield message

    typed = ("tracer", "train", "mlp", "--data", "moons")
    found = said or setup(steps)
    seen = observation if found.symbols else points_observation
    other = {"observer": lambda: Watching(seen=seen), **other}
    made = Running(Job(Path(found.program)), found, told, messages(), typed, **other)  # type: ignore[arg-type]
    return made, told


# A model of texts

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
WORDS = ("kamira", "anlo", "mayen", "shari", "delia", "ton", "", "ariella")


def text_setup(steps: int = STEPS, **other: object) -> Setup:
    said = {
        "program": "models/gpt.py",
        "data": "names.txt",
        "engine": "Tensor",
        "parameters": 4192,
        "rows": (),
        "predicts": False,
        "settings": {"n_layer": 1, "n_embd": 16, "n_head": 4, "block_size": 16, "lr": 0.01, "seed": 42, "beta1": 0.85,
                     "beta2": 0.99, "batch_size": 1, "held_out": 0.1, "activation": "relu", "residual": True,
                     "norm": "rms", "attention": True, "tied": False},
        "symbols": LETTERS,
        "documents": 1016,
        "held_out": 102,
        "folder": "runs/names-42",
    }  # fmt: skip
    return setup(steps, **{**said, **other})


def text_reports(steps: int = STEPS) -> Iterator[Report]:
    """A loss that falls from log 27; every tenth step is followed by a text, every twentieth by a held-out loss."""
    for step in range(1, steps + 1):
        loss = 2.3 + math.exp(-step / 40) + 0.2 * math.sin(7.0 * step)
        texts = (Sample(WORDS[step // 10 % len(WORDS)], 0.5),) if step % 10 == 0 else ()
        tested = 2.35 + math.exp(-step / 40) if step % 20 == 0 else None
        yield Report(step, loss, step / 500, lr=0.01 * (1 - (step - 1) / steps), eval=tested, samples=texts)


def text_running(steps: int = STEPS, taken: int | None = None, **other: object) -> tuple[Running, Told]:
    """A run of a model of texts."""
    said = other.pop("said", None) or text_setup(steps)
    return running(steps, taken, **{"said": said, "reporting": text_reports, **other})  # type: ignore[arg-type]


# What its steps show

NAME = "anna"


def observation(
    step: int, *, layers: int = 1, heads: int = 4, documents: int = 1, positions: int = 5, symbols: int = len(LETTERS)
) -> Observation:
    """A step of a model of texts that read names: 5 positions, 16 numbers a position, 27 symbols."""
    rng = np.random.default_rng(step)
    taps: dict[str, tuple[Seen, ...]] = {}
    c, v = 16, symbols + 1
    name = (NAME * positions)[: positions - 1]
    tokens = tuple((v - 1, *(LETTERS.index(one) for one in name[d % 2 :])) for d in range(documents))

    def seen(*shape: int, rest: bool = False) -> Seen:
        value = np.maximum(0.0, rng.normal(size=shape)) if rest else rng.normal(size=shape)
        return Seen(value, rng.normal(size=shape) / 50)

    def attention(t: int) -> Seen:
        scores = np.where(np.tri(t, dtype=bool), np.exp(rng.normal(size=(heads, t, t))), np.nan)
        grad = np.where(np.tri(t, dtype=bool), rng.normal(size=(heads, t, t)) / 50, np.nan)
        return Seen(scores / np.nansum(scores, axis=-1, keepdims=True), grad)

    for read in tokens:
        t = len(read)
        told = {"embed": seen(t, c), "logits": seen(t, v)}
        for layer in range(layers):
            told |= {f"layer{layer}.attn": attention(t), f"layer{layer}.heads": seen(t, c)}
            told |= {f"layer{layer}.attn_out": seen(t, c), f"layer{layer}.mlp": seen(t, 4 * c, rest=True)}
            told |= {f"layer{layer}.mlp_out": seen(t, c)}
        told["probs"] = Seen(softmax(told["logits"].value), None)
        taps = {name: (*taps.get(name, ()), one) for name, one in told.items()}
    shapes = {"wte": (v, c), "wpe": (max(16, positions), c), "lm_head": (v, c)}
    for layer in range(layers):
        shapes |= {f"layer{layer}.attn_w{one}": (c, c) for one in "qkvo"}
        shapes |= {f"layer{layer}.mlp_fc1": (4 * c, c), f"layer{layer}.mlp_fc2": (c, 4 * c)}
    weights = {name: _weights(rng, shape) for name, shape in shapes.items()}
    targets = tuple((*read[1:], v - 1) for read in tokens)
    loss = next(itertools.islice(text_reports(), step - 1, None)).loss if step <= STEPS else 2.3
    return Observation(step, loss, documents, tokens, targets, taps, weights, 0.01)


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> Weights:
    value, grad = np.array(rng.normal(size=shape)) * 0.08, np.array(rng.normal(size=shape)) / 20
    return Weights(value, grad, -0.01 * np.sign(grad), 0.15 * grad, 0.01 * grad**2)


def points_observation(step: int) -> Observation:
    """A step of a model of points with three neurons that read four points, every weight a number of its own."""
    rng = np.random.default_rng(step)
    hidden = tuple(Seen(np.tanh(rng.normal(size=3)), rng.normal(size=3) / 10) for _ in range(4))
    names = [f"h{neuron}.{one}" for neuron in (1, 2, 3) for one in ("w1", "w2", "b")]
    weights = {name: _weights(rng, ()) for name in (*names, "out.w1", "out.w2", "out.w3", "out.b")}
    return Observation(step, report(step).loss, 1, (), (), {"hidden": hidden}, weights)


class Watching:
    """A process that looks back without one: the canned observation of every step but those it is told to keep."""

    def __init__(self, *, missing: Container[int] = (), seen: Callable[..., Observation] = observation, **other: int):
        self.asked: list[int] = []
        self.missing, self._seen, self._other = missing, seen, other
        self._waiting: int | None = None
        self.closed = False

    def ask(self, step: int) -> None:
        self.asked.append(step)
        self._waiting = step

    def take(self) -> Observation | None:
        step, self._waiting = self._waiting, None
        return None if step is None or step in self.missing else self._seen(step, **self._other)

    def close(self) -> None:
        self.closed = True


class Kept:
    """A run in a folder that is no folder: what `OpenedRun` reads of a `Run`, from canned reports.

    Args:
        taken: reports in the log now.
        broken: as the last report says.
    """

    def __init__(
        self,
        steps: int = STEPS,
        taken: int | None = None,
        *,
        writing: bool = False,
        name: str = "names-42",
        **other: object,
    ) -> None:
        self.folder = Path("runs") / name
        self.name = name
        self.setup = text_setup(steps, folder=str(self.folder), **other)
        self.log = list(text_reports(steps))[: steps if taken is None else taken]
        self.writing = writing

    def newer(self, offset: int, steps: int) -> tuple[tuple[Report, ...], int]:
        return tuple(self.log[steps:]), len(self.log)

    def job(self, **changes: object) -> Job:
        return Job(Path("models/gpt.py"), "models/gpt.py", run=self.folder, **changes)  # type: ignore[arg-type]

    @property
    def history(self) -> Past:
        made = History()
        for one in self.log:
            made.add(one)
        return made.past


__all__ = [
    "Kept", "OpenedStep", "Told", "Watching", "look", "observation", "points_observation", "report", "reports",
    "running", "setup", "text_reports", "text_running", "text_setup",
]  # fmt: skip
