"""Whole training runs beside PyTorch's. Skipped where PyTorch is not installed; `.ci/run` installs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tests.nn import small_gpt

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")


def test_two_layers() -> None:
    """Adam, clipping and a schedule, in float64 from the same start: after 50 steps the same weights."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 4)), rng.integers(0, 3, size=32)
    finals = []
    for lib in (tracer, torch):
        lib.manual_seed(0)
        model = lib.nn.Sequential(lib.nn.Linear(4, 8), lib.nn.ReLU(), lib.nn.Linear(8, 3)).double()
        optimizer = lib.optim.AdamW(model.parameters(), lr=0.05)
        schedule = lib.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
        for _ in range(50):
            optimizer.zero_grad()
            loss = lib.nn.CrossEntropyLoss()(model(lib.tensor(x)), lib.tensor(y))
            loss.backward()
            lib.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            schedule.step()
        finals.append([p.detach().numpy() for p in model.parameters()] + [loss.item()])
    for mine, yours in zip(*finals, strict=True):
        np.testing.assert_allclose(mine, yours, rtol=1e-8)


def test_a_small_gpt() -> None:
    """From the same seed in float32: the same text, data, losses, gradient norms and generated symbols."""
    mine, yours = small_gpt.build(tracer), small_gpt.build(torch)
    assert repr(mine) == repr(yours)
    for p, q in zip(mine.parameters(), yours.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())
    tracer.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = small_gpt.train(tracer, mine, 20), small_gpt.train(torch, yours, 20)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4)
    assert ours[2] == theirs[2]
