"""The model where its arrays belong to another module than NumPy, as on a GPU: the same code, the same numbers.

No GPU is at hand here: the arrays of `tests.core.foreign`, as strict as CuPy's, stand in for those of one.
"""

from __future__ import annotations

import importlib.util
import random
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.core.foreign import FOREIGN, Foreign, Module
from tests.models.programs import TINY, program
from tracer.core import backend
from tracer.errors import BackendError


class Cupy(Module):
    """CuPy with one GPU, as far as it is asked for."""

    cuda = SimpleNamespace(
        runtime=SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=RuntimeError),
        Device=lambda index: nullcontext(),
    )

    @staticmethod
    def asnumpy(array: Foreign) -> np.ndarray:
        return np.array(array.array)

    @staticmethod
    def asarray(array: Any, *args: Any, **keywords: Any) -> Any:
        return FOREIGN.asarray(array, *args, **keywords)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = Cupy()
    monkeypatch.setattr(backend, "_cupy", lambda: cupy)
    monkeypatch.setattr(Foreign, "device", SimpleNamespace(id=0), raising=False)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_layer": 2, "batch_size": 3},
        {"activation": "gelu", "norm": "layer", "tied": True, "accumulate": 2},
        {"norm": "off", "activation": "tanh", "residual": False, "mode": "text"},
    ],
)
@pytest.mark.usefixtures("gpu")
def test_a_gpu_trains_through_the_same_code(settings: dict[str, Any]) -> None:
    """No NumPy array meets one of the GPU's; losses, held-out losses and samples are the CPU's."""
    common = {**TINY, "held_out": 0.3, **settings}
    there, here = (program("gpt").training(**common, device=device) for device in ("cuda", "cpu"))
    for parameter in there.named_parameters().values():
        assert isinstance(parameter._array, Foreign)
        assert str(parameter.device) == "cuda:0"
    for i in range(3):
        assert float(there.step(i)) == pytest.approx(float(here.step(i)), abs=1e-6)
    assert there.evaluate() == pytest.approx(here.evaluate(), abs=1e-6)
    assert there.sample(random.Random(0), 0.8) == here.sample(random.Random(0), 0.8)


@pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is installed here")
def test_without_cupy_one_line_says_how_to_get_it() -> None:
    backend._cupy.cache_clear()
    with pytest.raises(BackendError, match=r"pip install 'gradient-tracer\[gpu\]'") as caught:
        program("gpt").training(**TINY, device="cuda")
    assert "'cuda' needs CuPy, which is not installed" in caught.value.message
