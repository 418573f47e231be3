"""One model, two programs: `gpt.py` made of tensors, `gpt_scalar.py` of `Value`s."""

from __future__ import annotations

from pathlib import Path

from tracer.train.job import Engine

NAMES: dict[str, str] = {"scalar": "Value", "tensor": "Tensor"}
"""Engine -> what its parameters are made of."""
SUFFIX = "_scalar"


def program_for(program: Path, engine: Engine | None) -> Path:
    """The program to train with an engine: the twin beside `program` where there is one, else `program` itself, which
    is refused later if its parameters are of the other kind."""
    stem = program.stem.removesuffix(SUFFIX)
    if engine is None or not stem:
        return program
    twin = program.with_name(f"{stem}{SUFFIX if engine == 'scalar' else ''}{program.suffix}")
    return twin if twin.is_file() else program
