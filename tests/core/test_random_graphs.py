"""Random programs of mixed tensor ops, run by us and by PyTorch: every value and every leaf's gradient.

A program is drawn first and then run in both libraries; a failure shows its shortest beginning that already fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer.nn.functional as our_nn
from tests.core.both import OURS
from tests.core.graphs import Graph, Leaf, graph

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::UserWarning")]
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

TOLERANCE = {"float64": 1e-8, "float32": 1e-3}  # of the largest number in an array; sums cancel


def ours(program: Graph) -> tuple[list[Any], list[Any]]:
    return program.run(OURS, our_nn, OURS.tensor)


def pytorchs(program: Graph, nudge: float = 0.0) -> tuple[list[Any], list[Any]]:
    return program.run(torch, torch.nn.functional, torch.tensor, nudge)


def differences(program: Graph, values: Any, grads: Any, theirs: Any, their_grads: Any) -> list[str]:
    """Where two runs differ by more than rounding."""
    found = []
    single = "float32" in str(program) or ".float()" in str(program)
    rtol = TOLERANCE["float32" if single else "float64"]
    named = [
        *((f"v{i}", a, b) for i, (a, b) in enumerate(zip(values, theirs, strict=True))),
        *((f"v{i}.grad", a, b) for i, (a, b) in enumerate(zip(grads, their_grads, strict=True))),
    ]
    for name, mine, yours in named:
        if mine is None or yours is None:
            if mine is not yours:
                found.append(f"{name}: {mine} instead of {yours}")
            continue
        if str(mine.dtype) != str(yours.dtype) or tuple(mine.shape) != tuple(yours.shape):
            found.append(f"{name}: {mine.dtype}{list(mine.shape)} instead of {yours.dtype}{list(yours.shape)}")
            continue
        a, b = (np.asarray(x.detach().numpy(), float) for x in (mine, yours))
        size = max(1.0, float(np.abs(b).max(initial=0.0)))
        if not np.allclose(a, b, rtol=rtol, atol=rtol * size):
            found.append(f"{name}: {a.tolist()} instead of {b.tolist()}")
    return found


def tame(values: Any, grads: Any) -> bool:
    """Finite, and not so large that rounding is all there is."""
    arrays = [x.detach().numpy() for x in (*values, *grads) if x is not None]
    return all(np.isfinite(a).all() and np.abs(a).max(initial=0) < 1e6 for a in arrays)


def settled(program: Graph, theirs: Any, their_grads: Any) -> bool:
    """Whether PyTorch agrees with itself when the leaves move in their last digits: no tie or jump is near."""
    for nudge in (1e-13, -1e-13, 3e-13):
        values, grads = pytorchs(program, nudge)
        if differences(program, values, grads, theirs, their_grads):
            return False
    return True


def fault(program: Graph) -> list[str] | None:
    """Where we differ from PyTorch; None where the program settles nothing."""
    theirs, their_grads = pytorchs(program)
    if not tame(theirs, their_grads):
        return None
    values, grads = ours(program)
    found = differences(program, values, grads, theirs, their_grads)
    return None if found and not settled(program, theirs, their_grads) else found


@pytest.mark.parametrize("cases", [50, pytest.param(1000, marks=pytest.mark.deep)])
def test_random_graphs_have_pytorchs_values_and_gradients(cases: int) -> None:
    """Of every tensor in between, and of every leaf."""
    held = 0
    for seed in range(cases):
        program = graph(seed)
        found = fault(program)
        if found:
            short = next(cut for n in range(len(program.lines) + 1) if fault(cut := program.first(n)))
            pytest.fail(f"seed {seed}:\n{short}\n" + "\n".join(fault(short) or ()))
        held += found is not None
    assert held > 0.85 * cases, "too many programs overflow or stand on a tie"


def test_the_check_catches_a_wrong_gradient() -> None:
    """A gradient that is 0.1 % off is found, so a green run above means something."""
    program = Graph((Leaf((2, 3), "float64", 1),), ("v1 = torch.tanh(v0)",))
    theirs, their_grads = pytorchs(program)
    values, grads = ours(program)
    assert not differences(program, values, grads, theirs, their_grads)
    found = differences(program, values, [grads[0] * 1.001], theirs, their_grads)
    assert [line.split(":")[0] for line in found] == ["v0.grad"]
    assert settled(program, theirs, their_grads)


def test_programs_are_long_and_varied() -> None:
    programs = [graph(seed) for seed in range(100)]
    assert np.mean([len(program.lines) for program in programs]) > 7
    written = "\n".join(map(str, programs))
    for word in ("@", "einsum", "cat(", "stack(", "sum(", "softmax", "clone", "reshape", "permute", "+=", "layer_norm"):
        assert word in written, word
