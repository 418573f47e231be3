"""Devices: the CPU always; a GPU where CuPy finds one, and a remedy where it does not."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import tracer
from tests.core.foreign import FOREIGN, Foreign
from tracer.core import backend
from tracer.core.functions.all import Tensor

no_cupy = pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is installed")
CORE = Path(backend.__file__).parent


@no_cupy
def test_a_gpu_that_is_not_there_is_told_with_its_remedy() -> None:
    x = tracer.ones(2)
    for ask in (lambda: x.to("cuda"), lambda: tracer.ones(2, device="cuda:0"), lambda: x.cuda()):
        with pytest.raises(RuntimeError, match="needs CuPy") as told:
            ask()
        assert "pip install 'gradient-tracer[gpu]'" in str(told.value)
        assert "test_backend.py:" in str(told.value)
    assert not tracer.cuda.is_available()
    assert tracer.cuda.device_count() == 0


def test_the_cpu_is_a_device_like_any_other() -> None:
    x = tracer.ones(2, device="cpu")
    assert (str(x.device), repr(x.device)) == ("cpu", "device(type='cpu')")
    assert x.to("cpu") is x
    assert x.to(tracer.device("cpu")) is x
    assert tracer.device("cuda:1") == tracer.device("cuda", 1)
    assert not x.is_cuda
    with pytest.raises(RuntimeError, match="'cpu', 'cuda' or 'cuda:0'"):
        tracer.ones(2, device="tpu")


def test_only_the_backend_names_the_array_libraries() -> None:
    """CuPy in one file; no op gets its arrays' functions from anywhere but the `xp` it is given."""
    naming = [f.name for f in CORE.rglob("*.py") if re.search(r"^\s*(import|from) cupy", f.read_text(), re.MULTILINE)]
    assert naming == []
    assert [f.name for f in CORE.rglob("*.py") if '"cupy"' in f.read_text()] == ["backend.py"]


def test_a_whole_graph_runs_on_another_array_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward, backward and an update on arrays that NumPy cannot touch."""
    monkeypatch.setitem(backend.MODULES, Foreign, FOREIGN)
    monkeypatch.setattr(backend, "device_of", lambda array: backend.CPU)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4)), rng.normal(size=4)

    def run(wrap: type) -> list[np.ndarray]:
        x, w = (Tensor._wrap(wrap(v.copy()), requires_grad=True) for v in (a, b))
        y = ((x * w + 2).tanh() @ w).exp().sum()
        y.backward()
        found = [t._array for t in (y, x.grad, w.grad)]
        return [one.array if isinstance(one, Foreign) else one for one in found]

    for here, there in zip(run(np.asarray), run(Foreign), strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-14)
