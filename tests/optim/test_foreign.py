"""Optimizers and clipping on arrays of another module, as on a GPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.core.foreign import FOREIGN, Foreign
from tracer.core import backend
from tracer.core.functions.all import Tensor
from tracer.core.record import record
from tracer.nn.utils import clip_grad_norm_
from tracer.optim import SGD, Adam, AdamW


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (SGD, {"lr": 0.1, "weight_decay": 0.1, "maximize": True}),
        (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (Adam, {"weight_decay": 0.1, "amsgrad": True}),
        (AdamW, {"maximize": True}),
    ],
)
def test_steps_are_taken_where_the_parameters_lie(
    rule: Any, options: dict[str, Any], recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the array module they belong to, and the same numbers as NumPy's; recorded ones too."""
    monkeypatch.setitem(backend.MODULES, Foreign, FOREIGN)
    monkeypatch.setattr(backend, "device_of", lambda array: backend.CPU)
    monkeypatch.setattr(backend, "_cupy", lambda: SimpleNamespace(asnumpy=lambda one: one.array.copy()))

    def run(wrap: Any) -> list[Any]:
        rng = np.random.default_rng(0)
        parameters = [Tensor._wrap(wrap(np.array(rng.normal(size=shape))), True) for shape in ((3, 2), ())]
        optimizer = rule(parameters, **options)
        for _ in range(3):
            for p in parameters:
                p.grad = Tensor._wrap(wrap(np.array(rng.normal(size=p.shape))))
            clip_grad_norm_(parameters, 0.5)
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
        assert all(type(p._array) is type(wrap(np.zeros(1))) for p in parameters)
        return [p._array.array if isinstance(p._array, Foreign) else p._array for p in parameters]

    if recorded:
        with record() as rec:
            found = run(Foreign), run(np.asarray)
        assert all(not isinstance(one, Foreign) for note in rec.update_notes if note for one in note.values())
    else:
        found = run(Foreign), run(np.asarray)
    for there, here in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-14)
