"""What a training run tells while it runs: frozen values that travel from the child process as lines of JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.train.entry import Row


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
    settings: Mapping[str, float]
    """Every setting that is a number, the seed too."""
    rows: tuple[Row, ...]
    predicts: bool
    """Whether there is a decision boundary to show."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Setup:
        rows = tuple((x1, x2, label) for x1, x2, label in said["rows"])
        return cls(**{**said, "rows": rows})


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

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"step": self.step, "loss": self.loss, "seconds": self.seconds}
        return said if self.look is None else {**said, "look": self.look.to_json()}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Report:
        look = said.get("look")
        return cls(said["step"], said["loss"], said["seconds"], None if look is None else Look.of(look))
