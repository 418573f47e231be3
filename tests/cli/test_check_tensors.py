"""`tracer check` of programs on tensors."""

from __future__ import annotations

from pathlib import Path

from tests.cli.shell import Shell
from tracer.trace.query import find_nodes
from tracer.trace.store import load

PROGRAM = """
import tracer as torch
x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
w = torch.tensor([[0.5, -0.25], [0.1, 0.75]], requires_grad=True)
h = torch.relu(x @ w)
loss = (h ** 2).mean()
loss.backward()
"""


def test_every_tensor_is_checked_in_words(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    ran = shell("check", "prog.py")
    assert (ran.code, ran.err) == (0, "")
    assert "✓ w        ∂loss/∂w: nudging each of its 4 elements shows the same" in ran.out
    assert "Nothing is wrong" in ran.out
    assert "4 個の要素を一つずつ動かして測った傾きと一致" in shell("check", "prog.py", "--lang", "ja").out


def test_a_saved_trace_of_tensors_is_checked_and_searched(shell: Shell, tmp_path: Path) -> None:
    shell.write("prog.py", PROGRAM)
    path = tmp_path / "t.trace"
    assert shell("record", "prog.py", "-o", str(path)).code == 0
    assert shell("check", str(path)).code == 0
    trace = load(path)
    assert [trace.formula(node) for node in find_nodes(trace, "matmul")] == ["x @ w"]
