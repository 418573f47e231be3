"""`tracer.load`: a trace, a run or weights, by what the file or folder holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracer.errors import FileFormatError
from tracer.trace import store
from tracer.trace.trace import Trace
from tracer.train.run import Run
from tracer.train.weights import read_weights


def load(path: str | Path) -> Trace | Run | dict[str, NDArray[np.float64]]:
    """What `Trace.save`, `tracer record`, `tracer train` or `tracer weights` has written; the name does not matter.

    Returns:
        A `Trace` of a recording, a `Run` of a folder, and of weights name -> array.

    Raises:
        NotFoundError: there is nothing.
        FileFormatError: it is none of these, or is truncated, newer, or damaged.
    """
    where = Path(path)
    if "\0" not in str(path) and where.is_dir():
        return Run.open(where)
    try:
        return store.load(where)
    except FileFormatError as no_trace:
        if store.is_trace(where):  # one that is newer or damaged: it is no file of weights, though read like one
            raise
        try:
            return read_weights(where)
        except FileFormatError:
            raise no_trace from None
