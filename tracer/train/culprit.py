"""What made a training step's numbers not finite: the question `why`, asked of the step that ended a run."""

from __future__ import annotations

import math

import numpy as np

from tracer.trace.trace import Trace
from tracer.trace.why import Why, why, worst


def culprit(trace: Trace) -> Why | None:
    """Where a recorded step lost its numbers: the answer of *why* about the first that is not finite.

    First a value, then a gradient, then a parameter that the update spoilt. None where all of them are finite.
    """
    found = worst(trace)
    if found is not None and found.question in ("nan", "inf"):
        return found
    end = trace.cursor(len(trace))
    for node in trace.columns.updates.node.tolist():
        value = end.data(node)
        if value is not None and not np.isfinite(np.asarray(value)).all():
            nan = any(math.isnan(one) for one in np.asarray(value, np.float64).reshape(-1).tolist())
            return why(trace, node, question="nan" if nan else "inf")
    return None
