"""A learner changes `import torch` to `import tracer as torch`: the program runs, and prints the same."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

from tracer.core import dtype, printing
from tracer.core.record import record

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
by_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)


def printed(path: Path, module: str) -> str:
    """What the program prints with this module in PyTorch's place; addresses of objects left out."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^import torch$", f"import {module} as torch", text, flags=re.MULTILINE)
    text = re.sub(r"^(import|from) torch\b(?!$)", rf"\1 {module}", text, flags=re.MULTILINE)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, str(path), "exec"), {"__name__": "__main__"})
    return re.sub(r"0x[0-9a-f]+", "0x…", said.getvalue())


@by_program
def test_it_runs_and_can_be_recorded(path: Path) -> None:
    """The same text comes out with a recording as without, and everything that was computed is in it."""
    plain = printed(path, "tracer")
    with record() as rec:
        again = printed(path, "tracer")
    assert again == plain
    assert rec.trace.n_nodes > 3
    assert dtype.get_default_dtype() is dtype.float32
    assert printing.get_printoptions()["precision"] == 4


@pytest.mark.oracle
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@by_program
def test_it_prints_what_pytorch_prints(path: Path) -> None:
    """To the letter, but for a last digit where float32 was rounded along another way."""
    ours, theirs = printed(path, "tracer"), printed(path, "torch")
    number = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?")
    assert number.sub("#", ours) == number.sub("#", theirs)
    assert list(map(float, number.findall(ours))) == pytest.approx(list(map(float, number.findall(theirs))), 3e-4, 1e-4)
