"""What made a training step's numbers not finite: the question `why`, asked of the step that ended a run."""

from __future__ import annotations

from tracer.trace.trace import Trace
from tracer.trace.why import Why, worst


def culprit(trace: Trace) -> Why | None:
    """Where a recorded step lost its numbers: the answer of *why* about the first that is not finite.

    First a value, then a gradient, then a parameter that the update spoilt. None where all of them are finite.
    """
    found = worst(trace)
    return found if found is not None and found.question in ("nan", "inf") else None
