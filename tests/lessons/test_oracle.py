"""Each lesson program about tensors, run with PyTorch in our place. Skipped where PyTorch is not installed."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lessons.running import run
from tracer.lessons.content import content_root
from tracer.lessons.part import nodes_named

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

PROGRAMS = sorted(
    path
    for path in (content_root() / "samples").glob("*/*.py")
    if "import tracer as torch" in path.read_text(encoding="utf-8") and path.stem != "26_scalars_tensors"
)
"""All but the one that has numbers and tensors: tests/lessons/test_gpt_lessons.py."""


class PyTorchRun:
    """What a program leaves behind under PyTorch: its named tensors, and every leaf's gradient after each pass."""

    def __init__(self, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passes: list[dict[int, Any]] = []
        self._alive: list[Any] = []
        """What has been met stays alive, so that nothing else gets its id."""
        backward = torch.Tensor.backward

        def noted(loss: Any, *args: Any, **keywords: Any) -> None:
            leaves = list(_leaves_behind(loss))
            backward(loss, *args, **keywords)
            self._alive += leaves
            self.passes.append({id(leaf): leaf.grad.numpy().copy() for leaf in leaves})

        monkeypatch.setattr(torch.Tensor, "backward", noted)
        text = program.read_text(encoding="utf-8")
        text = text.replace("import tracer as torch", "import torch")
        text = text.replace("from tracer import scope", "from contextlib import nullcontext as scope")
        text = re.sub(r"^from tracer\b", "from torch", text, flags=re.MULTILINE)
        variables: dict[str, Any] = {"__name__": "__main__"}
        self.printed = io.StringIO()
        with contextlib.redirect_stdout(self.printed):
            exec(compile(text, str(program), "exec"), variables)
        self.named = dict(_named(variables))


def _leaves_behind(loss: Any) -> Iterator[Any]:
    """The leaves that a loss was made of and that take a gradient."""
    seen, rest = set(), [loss.grad_fn]
    while rest:
        node = rest.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        rest += [before for before, _ in node.next_functions]


def _named(variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, thing in variables.items():
        if isinstance(thing, torch.nn.Module):
            yield from ((f"{name}.{inner}", parameter) for inner, parameter in thing.named_parameters())
        elif isinstance(thing, torch.Tensor):
            yield name, thing


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_gradients_and_values_are_pytorchs(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each pass every leaf holds PyTorch's gradient; at the end every named tensor holds PyTorch's numbers."""
    theirs, trace = PyTorchRun(program, monkeypatch), run(program)
    nodes = {name: found[-1] for name in theirs.named if (found := nodes_named(trace, name))}
    assert len(nodes) > 2
    for name, node in nodes.items():
        assert_close(trace.cursor(-1).data(node), theirs.named[name].detach().numpy(), name, atol=3e-6)
    for grads, this in zip(theirs.passes, trace.passes, strict=True):
        end = trace.cursor(this.stop)
        ours = {int(node): end.grad(node) for node in this.targets if trace.kind(node) == "leaf"}
        for name, node in nodes.items():
            if id(theirs.named[name]) in grads:
                assert_close(ours.pop(node), grads.pop(id(theirs.named[name])), f"∂{name}")
        assert len(ours) == len(grads) <= 1  # the leaf of an earlier round has lost its name
        for got, wanted in zip(ours.values(), grads.values(), strict=True):
            assert_close(got, wanted, "∂ of a leaf without a name")


def assert_close(ours: Any, theirs: Any, name: str, atol: float = 6e-8) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=atol, err_msg=name)


def test_the_comparison_sees_a_gradient_that_is_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program whose twin under PyTorch has another number in it fails."""
    program = next(path for path in PROGRAMS if path.stem == "10_matmul")
    other = tmp_path / program.name
    other.write_text(program.read_text(encoding="utf-8").replace("[1.0, 2.0, 0.0, 1.0]", "[1.5, 2.0, 0.0, 1.0]"))
    theirs, trace = PyTorchRun(other, monkeypatch), run(program)
    (grads,) = theirs.passes
    got = trace.cursor(-1).grad(trace.find("B"))
    with pytest.raises(AssertionError, match="Mismatched elements: 5 / 20"):
        assert_close(got, grads[id(theirs.named["B"])], "∂B")
