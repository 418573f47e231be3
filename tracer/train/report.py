"""What a training run tells while it runs: frozen values that travel from the child process as lines of JSON."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.text import Text, clean
from tracer.train import anchors
from tracer.train.anchors import Axes
from tracer.train.entry import Changes, Row, Setting
from tracer.train.signals import Signals


@dataclass(frozen=True)
class Setup:
    """What is trained; told once, before the first step."""

    program: str
    data: str
    """Name of the data; empty where the program's own is used."""
    engine: str
    """`Value`, `Tensor`, or whatever the parameters are."""
    parameters: int
    """Numbers that are trained."""
    steps: int
    settings: Mapping[str, float | str | bool]
    """Every setting that is a number, a word or a switch, the seed too."""
    rows: tuple[Row, ...]
    predicts: bool
    """Whether there is a decision boundary to show."""
    symbols: tuple[str, ...] = ()
    """The vocabulary of a model of texts, without the BOS that stands after it; empty for any other."""
    documents: int = 0
    """Texts it learns from."""
    held_out: int = 0
    """Texts it is tested on and never learns from."""
    folder: str = ""
    """Where the run is kept; empty where it is not."""
    taken: int = 0
    """Steps that a run which is gone on with has taken before; their reports are in its log."""
    notes: tuple[Text, ...] = ()
    """What is learned or read otherwise than one would think; of a run that is gone on with, also what is other than
    when it began, and may make its numbers differ."""
    changes: Changes = ()
    """Where its settings became others; `settings` are those of its newest step and of the next one."""

    def settings_at(self, step: int) -> dict[str, Setting]:
        """The settings that were in force when a step was taken; of step 0 those that the run began with."""
        found = dict(self.settings)
        for after, changed in reversed(self.changes):
            for name, (was, _) in changed.items() if step <= after else ():
                if was is None:
                    found.pop(name, None)
                else:
                    found[name] = was
        return found

    @property
    def chance(self) -> float | None:
        """The loss of a model of texts that knows nothing, -log(1/V); None for any other."""
        return math.log(len(self.symbols) + 1) if self.symbols else None

    def settings_in_words(self, between: str = "  ", equals: str = " ") -> str:
        """`seed 42  lr 0.01  tied off`."""
        return between.join(f"{name}{equals}{setting_in_words(value)}" for name, value in self.settings.items())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Setup:
        rows = tuple((x1, x2, label) for x1, x2, label in said["rows"])
        notes = tuple(Text(**note) for note in said.get("notes", ()))
        changes = tuple(
            (step, {name: (was, now) for name, (was, now) in changed.items()})
            for step, changed in said.get("changes", ())
        )
        more = {"symbols": tuple(said.get("symbols", ())), "notes": notes, "changes": changes}
        return cls(**{**said, "rows": rows, **more})


def setting_in_words(value: float | str | bool) -> str:
    """A setting as one types it: `0.01`, `relu`, `off`."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return clean(value)
    short = f"{value:g}"
    return short if float(short) == value and "e+" not in short else repr(value)


@dataclass(frozen=True, eq=False)
class Boundary:
    """The model's score at every point of a grid."""

    left: float
    right: float
    bottom: float
    top: float
    scores: NDArray[np.float32]
    """(rows, columns), the top row first; above 0 where the model says label 1. Not finite where it says nothing."""

    def to_json(self) -> dict[str, Any]:
        packed = base64.b64encode(np.ascontiguousarray(self.scores).tobytes()).decode()
        return {"box": [self.left, self.right, self.bottom, self.top], "shape": self.scores.shape, "scores": packed}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Boundary:
        scores = np.frombuffer(base64.b64decode(said["scores"]), np.float32).reshape(said["shape"])
        left, right, bottom, top = said["box"]
        return cls(left, right, bottom, top, scores)


@dataclass(frozen=True, eq=False)
class Look:
    """How well the model does on all of the data after a step. It costs many predictions, so not every step has one."""

    accuracy: float
    """Share of the points it gets right, 0 to 1."""
    wrong: tuple[int, ...]
    """Those it gets wrong, by their number in the data."""
    boundary: Boundary | None
    """None where only the accuracy was asked for."""

    def to_json(self) -> dict[str, Any]:
        field = None if self.boundary is None else self.boundary.to_json()
        return {"accuracy": self.accuracy, "wrong": self.wrong, "boundary": field}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Look:
        field = said["boundary"]
        return cls(said["accuracy"], tuple(said["wrong"]), None if field is None else Boundary.of(field))


@dataclass(frozen=True)
class Sample:
    """A text that the model wrote."""

    text: str
    temperature: float
    """What it was drawn at; 0 always takes the most probable symbol."""


@dataclass(frozen=True, eq=False)
class Report:
    """One training step that has been taken."""

    step: int
    """From 1."""
    loss: float
    """What the step measured, before its update; it may be nan or infinite."""
    seconds: float
    """Time spent in steps so far, pauses and looks not counted."""
    look: Look | None = None
    lr: float | None = None
    """The learning rate of this step's update, where the program says."""
    eval: float | None = None
    """Mean loss on the held-out texts after the step."""
    samples: tuple[Sample, ...] = ()
    """Texts that the model wrote after the step."""
    broken: str | None = None
    """The first parameter that is not finite after the step."""
    signals: Signals | None = None
    """A few numbers of all that panels show, of some steps."""
    anchors: Mapping[str, Axes] = field(default_factory=dict)
    """Embedding -> the axes of its plane before the step, of some steps."""

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"step": self.step, "loss": self.loss, "seconds": self.seconds}
        extra = {
            "look": None if self.look is None else self.look.to_json(),
            "lr": self.lr,
            "eval": self.eval,
            "samples": [[one.text, one.temperature] for one in self.samples] or None,
            "broken": self.broken,
            "signals": None if self.signals is None else self.signals.to_json(),
            "anchors": anchors.to_json(self.anchors) or None,
        }
        return said | {name: value for name, value in extra.items() if value is not None}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Report:
        look = said.get("look")
        return cls(
            said["step"],
            said["loss"],
            said["seconds"],
            None if look is None else Look.of(look),
            said.get("lr"),
            said.get("eval"),
            tuple(Sample(text, temperature) for text, temperature in said.get("samples") or ()),
            said.get("broken"),
            Signals.of(said["signals"]) if "signals" in said else None,
            anchors.of(said.get("anchors", {})),
        )
