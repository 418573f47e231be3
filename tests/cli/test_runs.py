"""Training runs on the command line: kept, opened, gone on with, compared, their weights taken out."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.cli.shell import Shell, Terminal, finish, spawn, wait_for
from tracer.__main__ import main
from tracer.cli.listing import run_completions
from tracer.train.run import Run

NAMES = "anna\nbob\nbea\ncara\ndan\neve\n" * 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five steps; tests take a copy."""
    folder = tmp_path_factory.mktemp("made") / "moons-7"
    assert main(["train", "mlp", "--data", "moons", "--seed", "7", "--steps", "5", "--run", str(folder)]) == 0
    return folder


@pytest.fixture
def run(made: Path, shell: Shell) -> str:
    """Its name in the folder that commands run in."""
    shutil.copytree(made, shell.folder / "runs" / "moons-7")
    return "runs/moons-7"


def test_a_run_is_opened_as_text_without_a_terminal(shell: Shell, run: str) -> None:
    ran = shell("open", run)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("moons-7  models/mlp.py, moons (200 rows), 13 parameters (Value), 5 of 5")
    assert "lr=0.2" in lines[1]
    assert lines[2] == "checkpoints after step: 0, 5"
    assert [line.split()[0] for line in lines[3:8]] == [f"step={k}" for k in range(1, 6)]
    assert lines[8] == "to walk a step: tracer open runs/moons-7 --step 5"
    assert shell("open", f"{run}/run.json").out == ran.out


def test_a_run_that_is_not_done_says_how_to_go_on(shell: Shell, run: str) -> None:
    log = shell.folder / run / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    ran = shell("open", run, "--lang", "ja")
    assert "5 ステップ中 3 ステップ済み" in ran.out
    assert ran.out.endswith("続きから再開するには: tracer train --resume runs/moons-7\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check"], "is a run: say which of its steps.\n  For example --step 5"),
        (["steps"], "`tracer open` without it shows all of the run"),
        (["open", "--step", "6"], "the steps of runs/moons-7 are 1 to 5"),
        (["open", "--at", "3"], "a position in which step?"),
        (["open", "--block", "1"], "runs/moons-7 is no document"),
        (["sample", "--temperature", "-1"], "--temperature -1: it must be 0 or more"),
        (["sample", "--temperature", "hot"], "--temperature hot: a number is needed"),
        (["sample", "--number", "0"], "--number 0: a whole number from 1"),
        (["sample", "--seed", "1.5"], "--seed 1.5: a whole number from 0"),
        (["weights", "-o", "w.json", "--at", "3"], "The nearest are those of 0, 5"),
        (["weights", "-o", "no/w.json"], "the folder does not exist"),
        (["weights", "-o", "w.txt"], "w.txt: weights are written as .safetensors or .json"),
        (["weights", "-o", "json"], "by the name's ending"),
        (["train"], "--resume runs/moons-7"),
        (["train", "--resume", "runs/moons-7"], "runs/moons-7 is a run, not a program"),
    ],
)
def test_what_is_wrong_with_a_question_is_one_message(shell: Shell, run: str, words: list[str], says: str) -> None:
    assert says in shell.refused(words[0], run, *words[1:])


def test_a_folder_of_runs_lists_them(shell: Shell, run: str) -> None:
    shutil.copytree(shell.folder / run, shell.folder / "runs" / "broken")
    (shell.folder / "runs" / "broken" / "run.json").write_text("{", encoding="utf-8")
    ran = shell("open", "runs")
    assert ran.code == 1
    assert re.fullmatch(r"runs/moons-7  models/mlp.py, moons .* 5 of 5 steps taken  loss=[\d.]+\n", ran.out)
    assert ran.err == "tracer: runs/broken/run.json: it is not whole, or not JSON.\n"


def test_another_run_is_never_overwritten(shell: Shell, run: str) -> None:
    before = {path: path.read_bytes() for path in (shell.folder / run).rglob("*") if path.is_file()}
    assert "a run is kept there already" in shell.refused("train", "mlp", "--run", run)
    assert {path: path.read_bytes() for path in (shell.folder / run).rglob("*") if path.is_file()} == before


def test_only_a_run_has_steps(shell: Shell) -> None:
    assert "6.3 is no run" in shell.refused("open", "6.3", "--step", "1")
    assert "記録ではありません" in shell.refused("why", "x*x", "x=1", "--step", "1", "--lang", "ja")
    assert "absent: no such folder" in shell.refused("sample", "absent")
    shell.write("notes", "")
    assert "notes" in shell.refused("weights", "notes", "-o", "w.json")


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("run.json", None, "run.json is missing"),
        ("run.json", "", "run.json: it is not whole, or not JSON"),
        ("run.json", '{"format": "gradient-tracer-run", "version": 1}', "run.json: program"),
        ("run.json", '{"format": "gradient-tracer-run", "version": 99}', "made by a newer Gradient Tracer"),
        ("run.json", "[]", "run.json: it is no table"),
        ("log.jsonl", '{"step": 1, "loss": "huge", "seconds": 0.1}\n', "log.jsonl"),
        ("log.jsonl", "[3]\n{}\n", "log.jsonl"),
    ],
)
def test_what_is_wrong_with_a_broken_run_is_told_with_its_file(
    shell: Shell, run: str, part: str, text: str | None, says: str
) -> None:
    if text is None:
        (shell.folder / run / part).unlink()
    else:
        (shell.folder / run / part).write_text(text, encoding="utf-8")
    assert says in shell.refused("open", run)
    assert says in shell.refused("train", "--resume", run)


def test_runs_of_two_engines_are_compared_by_their_losses(shell: Shell, run: str) -> None:
    """A number of one and a tensor of the other are no pair: nothing is said of nodes, and no step is opened."""
    shutil.copytree(shell.folder / run, shell.folder / "other")
    about, log = shell.folder / "other" / "run.json", shell.folder / "other" / "log.jsonl"
    about.write_text(about.read_text(encoding="utf-8").replace('"Value"', '"Tensor"'), encoding="utf-8")
    same = shell("diff", run, "other")
    assert same.code == 0
    assert "Only losses are compared: one run is made of Values, the other of Tensors" in same.out
    loss = Run.open(run).reports[2].loss
    log.write_text(log.read_text(encoding="utf-8").replace(repr(loss), repr(loss + 0.25)), encoding="utf-8")
    lines = shell("diff", run, "other").out.splitlines()
    assert lines[-3] == f"First differing step: 3 (loss {loss!r} | {loss + 0.25!r})"
    assert lines[-2] == "The losses are furthest apart at step 3: by 0.25."
    assert "nodes of two engines cannot be paired" in lines[-1]
    found = json.loads(shell("diff", run, "other", "--json").out)
    assert (found["same"], found["step"], found["difference"]) == (False, 3, None)
    assert "cannot be paired" in shell.refused("diff", run, "other", "--step", "2")


@pytest.mark.parametrize("name", ["w.json", "w.safetensors"])
def test_weights_are_taken_out(shell: Shell, run: str, name: str) -> None:
    from tracer.train.weights import read_weights

    ran = shell("weights", f"{run}/run.json", "-o", name, "--at", "0")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"tracer: {name}: 13 parameters, 13 numbers, after step 0\n"
    kept = Run.open(run).weights(0)
    found = read_weights(name)
    assert found.keys() == kept.keys()
    assert all(np.array_equal(found[key], kept[key]) for key in kept)


def test_runs_are_completed(shell: Shell, run: str) -> None:
    (shell.folder / "elsewhere").mkdir()
    assert run_completions("") == ["runs/moons-7", "elsewhere/"]
    assert run_completions("runs/m") == ["runs/moons-7"]
    assert run_completions("no/where") == []


def test_one_document_is_measured_in_either_engine(shell: Shell) -> None:
    """The line that other programs read: one object, nothing else, no run."""
    shell.write("names.txt", NAMES)
    words = ["train", "gpt", "--data", "names.txt", "--document", "anna", "--steps", 0, "--dtype", "float64", "--json"]
    ran = shell(*words)
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert [*found] == ["loss", "grad_norm"]
    assert {"wte", "wpe", "lm_head", "layer0.attn_wq", "layer0.mlp_fc2"} <= found["grad_norm"].keys()
    other = json.loads(shell(*words, "--engine", "scalar").out)
    assert other["loss"] == pytest.approx(found["loss"], rel=1e-10)
    assert other["grad_norm"] == pytest.approx(found["grad_norm"], rel=1e-10)
    assert {path.name for path in shell.folder.iterdir() if path.name != ".settings"} == {"names.txt"}


@pytest.mark.deep
def test_weights_go_in_as_they_came_out(shell: Shell) -> None:
    """As JSON and as safetensors, into either engine, they measure the same; another shape is refused."""
    shell.write("names.txt", NAMES)
    small = ["--data", "names.txt", "--n-embd", 8, "--n-head", 2, "--dtype", "float64"]
    assert shell("train", "gpt", *small, "--steps", 3, "--run", "r", "--save-weights", "w.json").code == 0
    assert shell("weights", "r", "-o", "w.safetensors").code == 0
    told = []
    for name in ("w.json", "w.safetensors"):
        for engine in ("tensor", "scalar"):
            words = ["--init", name, "--document", "cara", "--json", "--engine", engine]
            told.append(json.loads(shell("train", "models/gpt.py", *small, *words).out))
    for one in told[1:]:
        assert one["loss"] == pytest.approx(told[0]["loss"], rel=1e-10)
        assert one["grad_norm"] == pytest.approx(told[0]["grad_norm"], rel=1e-10)
    message = shell.refused("train", "gpt", "--data", "names.txt", "--init", "w.json", "--no-save")
    assert "wte has shape (10, 8); the model's has shape (10, 16)" in message
    text = shell("train", "gpt", *small, "--init", "w.json", "--document", "cara").out
    assert text.startswith(f"loss={told[0]['loss']!r}\ngrad_norm wte=")


@pytest.mark.deep
def test_a_step_of_a_run_is_asked_as_any_program_is(shell: Shell, run: str) -> None:
    loss = Run.open(run).reports[2].loss
    ran = shell("open", run, "--step", 3)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("moons-7  step 3\n")
    assert f"loss = {loss:.4g}" in ran.out
    assert json.loads(shell("steps", run, "--step", 3, "--json").out.splitlines()[0])["schema"] == "tracer-steps"
    assert shell("check", run, "--step", 3).code == 0
    assert shell("find", run, "h1.w1", "--step", 3).code == 0
    assert shell("why", run, "--step", 3).code == 0
    assert shell("paths", run, "h1.w1", "--step", 3).code == 0
    assert shell("export", run, "--step", 3, "-o", "g.dot").code == 0
    assert shell("record", run, "--step", 3).code == 0
    assert shell("open", "moons-7-3.trace").code == 0
    changed = shell("steps", run, "out.b=1", "--step", 3)
    assert "out.b = 1" in changed.out


@pytest.mark.deep
def test_a_step_that_measures_something_else_is_told(shell: Shell, run: str) -> None:
    log = shell.folder / run / "log.jsonl"
    loss = Run.open(run).reports[1].loss
    log.write_text(log.read_text(encoding="utf-8").replace(repr(loss), "0.5"), encoding="utf-8")
    ran = shell("open", run, "--step", 2)
    assert ran.code == 0
    assert f"step 2 measures {loss!r} here; in training it was 0.5" in ran.err


@pytest.mark.deep
def test_resumed_it_prints_what_a_whole_run_prints(shell: Shell) -> None:
    shell.write("names.txt", NAMES)
    words = ["train", "gpt", "--data", "names.txt", "--steps", 12, "--every", 1]
    whole = shell(*words, "--run", "whole").out.splitlines()
    process = spawn(*words, "--run", "cut", "--checkpoint-every", 3, cwd=shell.folder)
    wait_for(shell.folder / "cut" / "checkpoints" / "step-000003.safetensors")
    process.kill()
    finish(process)
    ran = shell("train", "--resume", "cut", "--every", 1)
    assert ran.code == 0
    assert re.match(r"tracer: cut goes on after step \d+\n", ran.err) or not ran.out
    assert ran.out.splitlines() == whole[len(whole) - len(ran.out.splitlines()) :]
    assert [one.loss for one in Run.open("cut").reports] == [one.loss for one in Run.open("whole").reports]
    assert shell("diff", "cut", "whole").out == "cut  |  whole\nThe runs are the same, all 12 steps.\n"


@pytest.mark.deep
def test_changed_data_are_refused_unless_forced(shell: Shell) -> None:
    shell.write("names.txt", NAMES)
    assert shell("train", "gpt", "--data", "names.txt", "--steps", 2, "--run", "r").code == 0
    shell.write("names.txt", NAMES.replace("bea", "bob"))
    assert "--force" in shell.refused("train", "--resume", "r", "--steps", 4)
    forced = shell("train", "--resume", "r", "--steps", 4, "--force")
    assert forced.code == 0
    assert [line.split()[0] for line in forced.out.splitlines()] == ["step=3", "step=4"]
    assert "data was " in forced.err


@pytest.mark.deep
def test_a_run_keeps_its_settings_and_may_take_more_steps(shell: Shell) -> None:
    assert shell("train", "mlp", "--steps", 2, "--run", "r", "lr=0.1").code == 0
    assert "--n-layer" in shell.refused("train", "--resume", "r", "--n-layer", "2")
    done = shell("train", "mlp", "--resume", "r", "--lr", "0.1")
    assert (done.code, done.out) == (0, "")
    more = shell("train", "--resume", "r", "--steps", 4)
    assert [line.split()[0] for line in more.out.splitlines()] == ["step=3", "step=4"]
    assert "lr was" not in more.err
    changed = shell("train", "--resume", "r", "--lr", "0.5", "--steps", 5)
    assert (changed.code, changed.out.split()[0]) == (0, "step=5")
    assert "lr was 0.1, it is 0.5 now: the numbers differ from here on." in changed.err
    shell.write("mlp.py", "x = 1\n")
    assert "defines no function `training`" in shell.refused("train", "mlp.py", "--resume", "r")


@pytest.mark.deep
def test_ctrl_c_keeps_what_was_trained_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text(NAMES, encoding="utf-8")
    words = ["train", "gpt", "--data", "names.txt", "--steps", "100000", "--every", "1", "--run", "a run"]
    process = spawn(*words, cwd=tmp_path)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    assert ran.code == 130
    assert "stopped after step" in ran.err
    assert "to go on: tracer train --resume 'a run'" in ran.err
    kept = Run.open(tmp_path / "a run")
    assert kept.checkpoints[-1] == kept.taken >= 5


@pytest.mark.deep
def test_a_bar_moves_above_nothing_that_is_data(tmp_path: Path) -> None:
    """On a terminal there is a bar on stderr; lines stand above it, and the terminal is left as it was."""
    with Terminal("train", "mlp", "--plain", "--steps", "4000", "--lang", "en", cwd=tmp_path) as terminal:
        terminal.until("step=1 ")
        terminal.until("smoothed")
        terminal.until("/4000")
        terminal.until("step=4000 ")
        assert terminal.ended() == 0
        terminal.assert_sane()
        assert b"kept in runs/xor-42" in terminal.told


@pytest.mark.deep
def test_a_model_writes(shell: Shell) -> None:
    shell.write("names.txt", NAMES)
    assert shell("train", "gpt", "--data", "names.txt", "--steps", 5, "--run", "r").code == 0
    ran = shell("sample", "r", "--number", 3, "--seed", 5)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 3
    assert {*ran.out} <= {*NAMES}
    assert shell("sample", "r", "--number", 3, "--seed", 5).out == ran.out
    assert shell("sample", "r", "--number", 3, "--seed", 6).out != ran.out
    texts = [json.loads(line) for line in shell("sample", "r", "--number", 3, "--seed", 5, "--json").out.splitlines()]
    assert [one["text"] for one in texts] == ran.out.splitlines()
    first = shell("sample", "r", "--number", 1, "--temperature", 0, "--at", 0)
    assert first.code == 0
    walked = [json.loads(line) for line in shell("sample", "r", "--walk", "--seed", 5, "--json").out.splitlines()]
    written = "".join(one["drawn"] or "" for one in walked)
    assert written == ran.out.splitlines()[0]
    for t, one in enumerate(walked):
        assert one["position"] == t
        assert one["read"] == (None if t == 0 else walked[t - 1]["drawn"])
        assert [p for _, p in one["top"]] == sorted((p for _, p in one["top"]), reverse=True)
        assert one["cache"] == [{"layer": "layer0", "keys": [t + 1, 16], "values": [t + 1, 16]}]
    lines = shell("sample", "r", "--walk", "--seed", 5).out.splitlines()
    assert len(lines) == 1 + len(walked)
    assert lines[0] == "temperature 0.5: each symbol is drawn with the probability it has here"
    assert lines[1].startswith("0  reads BOS  →  ")
    cold = shell("sample", "r", "--walk", "--temperature", 0).out.splitlines()
    assert cold[0] == "temperature 0: the most probable symbol is taken each time"
    assert all("→  takes " in line for line in cold[1:])


@pytest.mark.deep
def test_two_runs_differ_first_where_something_else_was_done(shell: Shell) -> None:
    """Another learning rate: the losses part at step 2, but the update of step 1 was another already."""
    for name, rate in (("a", "0.1"), ("b", "0.2")):
        assert shell("train", "mlp", "--steps", 4, "--lr", rate, "--run", name).code == 0
    ran = shell("diff", "a", "b")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[:2] == ["a  |  b", "  lr: 0.1 | 0.2"]
    assert re.fullmatch(r"First differing step: 1. Its losses are equal \(1.157\d+\); its update differs.", lines[2])
    assert "First difference: h1.w1 is " in ran.out
    assert " after its update here." in ran.out
    found = json.loads(shell("diff", "a", "b", "--json").out)
    assert (found["same"], found["step"], found["taken"]) == (False, 1, [4, 4])
    assert found["settings"] == {"lr": [0.1, 0.2]}
    assert found["difference"]["first"]["labels"] == ["h1.w1", "h1.w1"]
    same = json.loads(shell("diff", "a", "a", "--json").out)
    assert same == {
        "same": True,
        "settings": {},
        "taken": [4, 4],
        "step": None,
        "losses": None,
        "difference": None,
    }
    assert shell("diff", "a", "b", "--step", 4).code == 1
    assert shell("diff", "a", "a", "--step", 4).code == 0
    assert (shell("diff", "a", "b", "a").code, shell("diff", "a", "a", "a").code) == (1, 0)


@pytest.mark.deep
def test_another_seed_differs_from_the_first_number(shell: Shell) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        assert shell("train", "mlp", "--steps", 2, "--seed", seed, "--run", name).code == 0
    found = json.loads(shell("diff", "a", "b", "--json").out)
    assert (found["step"], found["settings"]) == (1, {"seed": [1, 2]})
    assert found["difference"]["first"]["labels"] == ["h1.w1", "h1.w1"]


@pytest.mark.deep
def test_a_number_that_is_not_finite_leads_to_its_culprit(shell: Shell) -> None:
    ran = shell("train", "mlp", "--lr", "1e300", "--run", "r")
    assert ran.code == 2
    assert ran.out.splitlines()[-1].startswith("step=2 loss=inf")
    assert "here a number stops being finite" in ran.err
    assert "tracer why r --step 2" in ran.err
    assert shell("why", "r", "--step", 2).code == 1
    assert "there is nothing to go on with" in shell.refused("train", "--resume", "r")
