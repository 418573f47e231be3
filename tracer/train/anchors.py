"""Axes that the planes of embeddings are matched with, kept in the log so that a plane drawn of any step stays put.

Which way an axis points is decided once, at the first step, and from then on by the axes before. So the chain is the
same whoever looks, and whenever: a run that was killed takes it up from its log.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.pca import anchored_at, plane
from tracer.train import parameters
from tracer.train.entry import Training

EMBEDDINGS = ("wte", "wpe", "lm_head")
"""Parameters whose rows are looked at as points."""
FULL = 127
"""What stands for 1: the length of an axis tells nothing."""
Axes = NDArray[np.int8]
"""(2, C)"""


class Anchors:
    """The chain of axes of one run.

    Args:
        steps: how many the run is to take.
        last: the axes that were kept last, of a run that is gone on with.
    """

    def __init__(self, steps: int, last: Mapping[str, Axes] | None = None) -> None:
        self._steps, self._last = steps, dict(last or {})

    def before(self, training: Training, step: int) -> dict[str, Axes]:
        """The axes of the embeddings as a step finds them, where they are to be kept; else nothing.

        Args:
            step: from 1; asked for one after the other.
        """
        if not anchored_at(step, self._steps):
            return {}
        named, found = training.named_parameters(), {}
        for name in EMBEDDINGS:
            thing = named.get(name)
            shape = parameters.shape_of(thing) if thing is not None and parameters.is_known(thing) else ()
            if len(shape) == 2 and min(shape) > 1:
                axes = plane(parameters.numbers(thing), self._last.get(name)).axes
                found[name] = np.rint(axes * FULL).astype(np.int8)
        self._last |= found
        return found


def to_json(anchors: Mapping[str, Axes]) -> dict[str, str]:
    """What `of` reads."""
    return {name: base64.b64encode(axes.tobytes()).decode() for name, axes in anchors.items()}


def of(said: Any) -> dict[str, Axes]:
    """What `to_json` gave.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(said, dict) or not all(isinstance(one, str) for one in said.values()):
        raise ValueError
    try:
        data = {name: base64.b64decode(one, validate=True) for name, one in said.items()}
    except binascii.Error:
        raise ValueError from None
    if any(not one or len(one) % 2 for one in data.values()):
        raise ValueError
    return {name: np.frombuffer(one, np.int8).reshape(2, -1) for name, one in data.items()}
