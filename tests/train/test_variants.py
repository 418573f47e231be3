"""Variants of an experiment: found again where all agrees, gone on with where they are not whole, else beside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tracer.__main__ import main
from tracer.errors import TracerError
from tracer.train.job import Job
from tracer.train.run import Run
from tracer.train.together import Together
from tracer.train.variants import place_of

PROGRAM = """
from tracer import Training, Value

def training(data=None, seed=42, lr=0.1, steps=4):
    w = Value(1.0 + seed, name="w")

    def step(i):
        loss = w * w
        loss.backward()
        w.data -= lr * w.grad
        w.grad = 0.0
        return loss

    return Training(step, [w], steps=4, state={})
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "p.py").write_text(PROGRAM, encoding="utf-8")
    return Job(tmp_path / "p.py", "p.py", seed=1, settings={"lr": 0.1}, steps=4)


def test_an_empty_place_is_the_folder_itself_and_one_that_is_somebody_elses_is_left_alone(
    job: Job, tmp_path: Path
) -> None:
    assert place_of(job, tmp_path / "a").folder == tmp_path / "a"
    (tmp_path / "a").mkdir()
    assert place_of(job, tmp_path / "a").folder == tmp_path / "a"
    (tmp_path / "a" / "notes.txt").write_text("mine")
    assert place_of(job, tmp_path / "a").folder == tmp_path / "a-2"


@pytest.mark.deep
def test_a_whole_run_is_reused_and_one_that_differs_stands_beside_it(job: Job, tmp_path: Path) -> None:
    """Another setting, seed, number of steps, or program: nothing that is there is touched."""
    folder = tmp_path / "a"
    together = Together([place_of(job, folder).job])
    assert together.train()
    assert together.going[0].ended
    found = place_of(job, folder)
    assert (found.folder, found.whole, found.taken) == (folder, True, 4)
    before = (folder / "log.jsonl").read_bytes()
    for other in (
        replace(job, settings={"lr": 0.2}),
        replace(job, settings={}),
        replace(job, seed=2),
        replace(job, steps=5),
    ):
        assert place_of(other, folder).folder == tmp_path / "a-2"
    (tmp_path / "p.py").write_text(PROGRAM + "# edited\n", encoding="utf-8")
    assert place_of(job, folder).folder == tmp_path / "a-2"
    assert (folder / "log.jsonl").read_bytes() == before


@pytest.mark.deep
def test_one_that_was_stopped_is_gone_on_with_to_the_same_numbers(job: Job, tmp_path: Path) -> None:
    many = replace(job, steps=4000, settings={"lr": 1e-5})
    together = Together([place_of(many, tmp_path / "a").job])
    together.train(lambda: together.stop() if together.going[0].taken > 50 else None)
    stopped = place_of(many, tmp_path / "a")
    assert 50 < stopped.taken < 4000
    assert not stopped.whole
    assert Together([stopped.job]).train()
    assert Together([place_of(many, tmp_path / "b").job]).train()
    one, other = (Run.open(tmp_path / name).history.losses for name in "ab")
    assert (one == other).all()


@pytest.mark.deep
def test_the_first_that_fails_ends_the_others_and_is_told(job: Job, tmp_path: Path) -> None:
    wrong = replace(job, settings={"width": 3.0})
    with pytest.raises(TracerError, match="width"):
        Together([place_of(wrong, tmp_path / "a").job, place_of(job, tmp_path / "b").job]).train()


@pytest.mark.deep
def test_an_experiment_of_ones_own_is_trained_printed_and_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path / ".settings"))
    shell = Shell(tmp_path, capsys)
    shell.write("p.py", PROGRAM)
    head = 'title = "Two rates"\nmodel = "p.py"\nsteps = 4\nanswer = "The second."\n'
    two = '[[variant]]\nname = "slow"\nsettings = { lr = 0.01 }\n[[variant]]\nname = "fast"\nsettings = { lr = 0.1 }\n'
    shell.write("my.toml", head + two)
    ran = shell("experiment", "my.toml", "--lang", "en")
    assert ran.code == 0, ran
    assert "The second." in ran.out
    assert [line.split()[0] for line in ran.out.splitlines() if line.startswith(("slow", "fast"))] == ["slow", "fast"]
    again = shell("experiment", "my.toml", "--json", "--lang", "en")
    assert "all runs are in runs/experiments/my already" in again.err
    told = json.loads(again.out)
    assert [one["step"] for one in told["variants"]] == [4, 4]
    assert told["variants"][1]["loss"] < told["variants"][0]["loss"]
    assert Path(told["variants"][0]["folder"]).is_dir()
    assert (
        shell("diff", *(f"runs/experiments/my/{name}" for name in ("slow", "fast", "slow")), "--lang", "en").code == 1
    )
    shell.write("my.toml", head + two.replace("lr = 0.1 ", "rate = 0.1 "))
    assert shell.refused("experiment", "my.toml").startswith(
        "tracer: my.toml:10: variant 2: settings: p.py takes no 'rate'"
    )
    shell.write("my.toml", head.replace("p.py", "q.py") + two)
    assert "my.toml:2: 'model'" in shell.refused("experiment", "my.toml")
    assert main(["experiment"]) == 0
    assert "residual" in capsys.readouterr().out
