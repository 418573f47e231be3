"""What a run on screen calls the data it learns from."""

from __future__ import annotations

from pathlib import Path

from tests.train.canned import Told, text_setup
from tracer.panels.numbers import data_of
from tracer.train.process import Job
from tracer.tui.running import Running

ROOT = Path(__file__).resolve().parents[2]


def test_a_programs_own_data_go_by_their_name() -> None:
    own = text_setup(data="")
    run = Running(Job(ROOT / "models" / "gpt.py"), own, Told(), iter(()))
    assert run.data == "names"
    assert Running(Job(ROOT / "models" / "gpt.py", source="x = 1\n"), own, Told(), iter(())).data == ""
    assert Running(Job(ROOT / "models" / "gpt.py"), text_setup(), Told(), iter(())).data == "names.txt"
    assert data_of(own, run.data)[0].en == "names"
    assert data_of(own)[0].en == "the program's own"
