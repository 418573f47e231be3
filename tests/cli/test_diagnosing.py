"""`tracer diagnose`: the readings in words and as JSON, the exit code, and what is said of things that have none."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.shell import Shell
from tests.train.canned import text_setup
from tracer.cli.diagnosing import Diagnosed, in_lines, past_of
from tracer.core.record import record
from tracer.core.value import Value
from tracer.text import Text
from tracer.train.diagnosis import Reading, diagnose
from tracer.train.entry import Training
from tracer.train.history import History
from tracer.train.loop import recorded_step
from tracer.train.report import Report
from tracer.train.run import Run
from tracer.train.signals import OfTap, OfWeights, Signals


def planted(embed: float) -> Signals:
    """A step in which so much gradient arrives at the embedding, and 0.03 set out."""
    weights = {"wte": OfWeights(1.0, 3.0, 0.01), "head": OfWeights(2.0, 3.0, 0.01)}
    taps = {"embed": OfTap(4.0, embed, 0.5), "layer0.mlp_out": OfTap(4.0, 0.03, 0.5)}
    return Signals(OfWeights(2.2, 4.2, 0.014), weights, taps)


def a_run(monkeypatch: pytest.MonkeyPatch, folder: Path, *embeds: float) -> Path:
    """A folder that is read as a run of one step for each number."""
    history = History()
    for i, embed in enumerate(embeds):
        history.add(Report(i + 1, 3.0, i / 10, signals=planted(embed)))

    planted_run = SimpleNamespace(name="planted", setup=text_setup(), history=history.past)
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    monkeypatch.setattr(Run, "open", lambda path: planted_run)
    return folder


def test_a_vanishing_gradient_is_told_with_its_evidence_and_ends_in_1(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = shell("diagnose", a_run(monkeypatch, tmp_path / "run", 1e-7, 1e-7), "--lang", "en")
    assert ran.code == 1
    assert "✗ The gradient vanishes on its way back" in ran.out
    assert "at layer0.mlp_out 0.03, at embed 1e-7: 3.3e-06 of it arrives" in ran.out
    assert "Residual connections let it pass" in ran.out


def test_where_nothing_warns_it_says_so_and_ends_in_0(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = shell("diagnose", a_run(monkeypatch, tmp_path / "run", 0.03, 0.03), "--lang", "ja")
    assert ran.code == 0
    assert "✓ バランス良好" in ran.out


def test_nothing_after_the_step_that_was_asked_for_is_looked_at(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_run(monkeypatch, tmp_path / "run", 0.03, 0.03, 1e-9, 1e-9, 1e-9)
    assert shell("diagnose", folder, "--step", 2).code == 0
    assert shell("diagnose", folder, "--step", 5).code == 1
    assert "has taken 5 steps" in shell.refused("diagnose", folder, "--step", 6)


def test_json_has_every_reading_in_both_languages(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = shell("diagnose", a_run(monkeypatch, tmp_path / "run", 1e-7), "--json")
    told = json.loads(ran.out)
    assert (told["warns"], told["step"], ran.code) == (True, 1, 1)
    assert told["readings"][0]["kind"] == "vanishing"
    assert told["readings"][0]["where"] == ["embed", "layer0.mlp_out"]
    assert told["readings"][0]["says"]["ja"]


def test_a_run_without_steps_and_a_program_without_parameters_have_nothing_to_be_read(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_run(monkeypatch, tmp_path / "run")
    assert "no step has been taken yet" in shell.refused("diagnose", folder)
    program = shell.write("p.py", "from tracer import Value\nx = Value(2.0)\n(x * x).backward()\n")
    assert "is no recorded step of a training run" in shell.refused("diagnose", program)


def test_a_recorded_step_is_read_as_a_run_of_one_step() -> None:
    """Its loss is 4; a recording in which nothing is said to be a parameter is no step."""
    w = Value(2.0, name="w")

    def step(i: int) -> Value:
        loss = w * w
        loss.backward()
        return loss

    recorder, loss, _ = recorded_step(Training(step, [w], steps=1, state={}), 1)
    past = past_of(recorder.trace)
    assert past is not None
    assert past.losses.tolist() == [loss] == [4.0]
    assert [one.kind for one in diagnose(past)] == ["balanced"]
    with record() as other:
        step(0)
    assert past_of(other.trace) is None


def test_long_words_are_broken_below_themselves_and_no_line_steers_the_terminal() -> None:
    words = Text("a word " * 40, "言葉" * 60)
    reading = Reading("vanishing", 3, words, Text("\x1b[2J gone", "数"), words)
    for lang in ("en", "ja"):
        lines = in_lines(Diagnosed("run", 7, (reading,)), lang)
        assert max(map(len, lines)) <= 100
        assert all(line[0] in "r✗ " for line in lines)
        assert not any("\x1b" in line for line in lines)
    assert "(step 3)" in "\n".join(in_lines(Diagnosed("run", 7, (reading,)), "en"))
