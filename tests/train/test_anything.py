"""`tracer.load` tells by what is in a file or folder what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tracer import Trace, Value, load, record
from tracer.errors import FileFormatError, NotFoundError
from tracer.trace.store import VERSION


def saved(path: Path) -> Path:
    with record() as rec:
        (Value(2.0, name="x") * 3).backward()
    rec.trace.save(path)
    return path


def test_a_trace_is_a_trace_and_weights_are_arrays_by_name(tmp_path: Path) -> None:
    save_file({"w": np.ones((2, 3))}, tmp_path / "w.safetensors")
    found = load(tmp_path / "w.safetensors")
    assert isinstance(found, dict)
    assert found["w"].shape == (2, 3)
    assert isinstance(load(saved(tmp_path / "w.trace")), Trace)


def test_a_trace_that_is_newer_is_never_taken_for_weights(tmp_path: Path) -> None:
    """Both are safetensors files."""
    path = saved(tmp_path / "a.trace")
    data, there = path.read_bytes(), f'\\"version\\": {VERSION}'.encode()
    assert there in data
    path.write_bytes(data.replace(there, b'\\"version\\": 7'))
    with pytest.raises(FileFormatError, match="newer"):
        load(path)


def test_what_is_none_of_these_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no run"):
        load(tmp_path)
    with pytest.raises(NotFoundError, match="no such file"):
        load(tmp_path / "nothing")
    (tmp_path / "noise").write_bytes(b"\xff" * 64)
    with pytest.raises(FileFormatError, match="not a trace"):
        load(tmp_path / "noise")
