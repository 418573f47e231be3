"""What a run tells besides its setup and its reports: what it saved, what it could not save, what a step looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracer.text import Text
from tracer.trace.observation import Observation


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk, and every line of the log up to it."""

    step: int
    """Steps taken when it was made."""


@dataclass(frozen=True)
class Unsaved:
    """Something could not be written. Training goes on; what was there stays whole, and the next checkpoint tries
    again to write all that is missing."""

    step: int
    reason: Text

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "reason": [self.reason.en, self.reason.ja]}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Unsaved:
        return cls(said["step"], Text(*said["reason"]))


@dataclass(frozen=True)
class Observed:
    """What was seen of a step, after its report."""

    observation: Observation
    seconds: float
    """What seeing it cost the run, beyond the step itself."""
