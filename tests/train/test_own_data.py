"""What a program's own data are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.train.own_data import own_data

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('DATA = Path(__file__).parent / "data" / "my names.txt"\n', "my names"),
        ('x = 1 / 2\nROWS = HERE / "points.csv"\nMORE = HERE / "more.csv"\n', "points"),
        ('README = HERE / "README.md"\n', None),
        ("def training(:\n", None),
    ],
)
def test_a_programs_own_data_give_its_runs_their_name(tmp_path: Path, text: str, name: str | None) -> None:
    (tmp_path / "prog.py").write_text(text, encoding="utf-8")
    assert own_data(tmp_path / "prog.py") == name
    assert own_data(tmp_path / "gone.py", text) == name


def test_our_models_name_their_runs_by_their_data() -> None:
    stems = {name: own_data(ROOT / "models" / f"{name}.py") for name in ("gpt", "gpt_scalar", "mlp", "two_layer")}
    assert stems == {"gpt": "names", "gpt_scalar": "names", "mlp": "xor", "two_layer": "moons"}
