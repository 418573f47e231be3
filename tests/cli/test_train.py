"""`tracer train` without its screen: lines for programs, one message for what is wrong, a terminal left as it was."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, Shell, Terminal, finish, run, spawn
from tracer.cli.listing import training_completions

BROKEN = "from tracer import Training, Value\ndef training(seed=42, lr=0.1):\n    {}\n"


def test_a_line_for_about_every_twentieth_part_of_a_run(shell: Shell) -> None:
    ran = shell("train", "mlp", "--steps", 50)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert all(re.fullmatch(r"step=\d+ loss=[\d.e-]+ accuracy=[\d.]+", line) for line in lines)
    steps = [int(line.split()[0].removeprefix("step=")) for line in lines]
    assert (steps[0], steps[-1]) == (1, 50)
    assert 10 <= len(steps) <= 30
    assert lines[-1].endswith("accuracy=1.0")
    assert ran.err == "tracer: kept in runs/xor-42\n"


def test_every_asked_for_step_is_there_in_full_precision(shell: Shell) -> None:
    ran = shell("train", "mlp", "--steps", 7, "--every", 3)
    steps = [line.split()[0] for line in ran.out.splitlines()]
    assert steps == ["step=1", "step=3", "step=6", "step=7"]
    first = float(ran.out.split()[1].removeprefix("loss="))
    assert f"loss={first!r}" in ran.out


def test_the_same_command_prints_the_same_bits(shell: Shell) -> None:
    first = shell("train", "mlp", "--data", "spirals", "--steps", 5, "--seed", 7)
    assert shell("train", "mlp", "--data", "spirals", "--steps", 5, "--seed", 7).out == first.out
    assert shell("train", "mlp", "--data", "spirals", "--steps", 5, "--seed", 8).out != first.out


def test_settings_reach_the_program_either_way(shell: Shell) -> None:
    option = shell("train", "mlp", "--steps", 3, "--lr", "0.01", "--hidden", 5)
    assert shell("train", "mlp", "lr=0.01", "hidden=5", "--steps", 3).out == option.out
    assert shell("train", "mlp", "--steps", 3).out != option.out


@pytest.mark.parametrize("name", ["mlp", "models/mlp", "models/mlp.py", ROOT / "models" / "mlp.py"])
def test_a_model_has_many_names(shell: Shell, name: object) -> None:
    assert shell("train", name, "--steps", 1).out.startswith("step=1 loss=1.15708")


def test_a_csv_is_trained_on(shell: Shell) -> None:
    shell.write("p.csv", "x1,x2,y\n0,0,0\n1,1,0\n0,1,3\n1,0,3\n")
    assert shell("train", "mlp", "--data", "p.csv", "--steps", 200, "--lr", "0.3").out.endswith("accuracy=1.0\n")


def test_two_layer_learns_the_moons(shell: Shell) -> None:
    ran = shell("train", "two_layer", "--steps", 200)
    assert ran.code == 0
    assert float(ran.out.split("accuracy=")[-1]) > 0.97


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--steps", "0"], "--steps 0: a whole number from 1"),
        (["--steps", "-3"], "a whole number from 1"),
        (["--steps", "1.5"], "a whole number from 1"),
        (["--steps", "many"], "--steps many: a number is needed"),
        (["--lr", "-1"], "the learning rate must be a number above 0, not -1"),
        (["--lr", "0"], "the learning rate must be a number above 0"),
        (["lr=-1"], "the learning rate must be a number above 0"),
        (["--lr", "nan"], "a number is needed"),
        (["--hidden", "0"], "--hidden 0: a whole number from 1"),
        (["--seed", "-1"], "a whole number from 0"),
        (["--every", "0"], "a whole number from 1"),
        (["--open", "0"], "a whole number from 1"),
        (["--data", "mons"], "Did you mean 'moons'?"),
        (["--data", "no.csv"], "no data set or file called 'no.csv'"),
        (["hiden=3"], "Did you mean 'hidden'?"),
        (["hidden=2.5"], "takes a whole number here, such as 3"),
        (["hidden"], "'hidden' gives no value to a name"),
        (["--data", "broken.csv"], "at broken.csv:3"),
        (["--no-such-option"], "--no-such-option: models/mlp.py has no such setting"),
        (["--hiden", "3"], "Did you mean '--hidden'?"),
        (["--stpes", "3"], "Did you mean '--steps'?"),
        (["lr=0.1", "--lr", "0.2"], "lr is given twice"),
        (["steps=5", "--steps", "6"], "steps is given twice"),
        (["steps=0"], "--steps 0: a whole number from 1"),
        (["--engine", "scaler"], "it must be scalar or tensor.\n  Did you mean 'scalar'?"),
        (["--mode", "words"], "--mode words: it must be lines or text"),
        (["--no-save", "--run", "r"], "--no-save and --run do not go together"),
        (["--document", "anna", "--steps", "5"], "--document measures one document and trains nothing"),
        (["--document", "anna", "--run", "r"], "measuring leaves no run"),
        (["--force"], "--force is of use with --resume only"),
        (["--resume", "absent"], "absent: no such folder"),
        (["--save-weights", "w.txt"], "written as .safetensors or .json"),
        (["--save-weights", "no/w.json"], "the folder does not exist"),
        (["--checkpoint-every", "0"], "--checkpoint-every 0: a whole number from 1"),
    ],
)
def test_what_is_wrong_is_one_message(shell: Shell, words: list[str], says: str) -> None:
    shell.write("broken.csv", "x1,x2,y\n1,2,1\n1,2\n")
    assert says in shell.refused("train", "mlp", *words)


def test_an_unknown_model_offers_the_nearest(shell: Shell) -> None:
    assert "Did you mean 'mlp'?" in shell.refused("train", "mpl")
    shell.write("network.py", "x = 1\n")
    assert "Did you mean 'network.py'?" in shell.refused("train", "netwrok.py")
    assert "defines no function `training`" in shell.refused("train", "network.py")
    assert "is a folder" in shell.refused("train", ".")
    assert "no program or model" in shell.refused("train", "a\0b")
    assert "which model is to be trained?" in shell.refused("train", "--lr", "0.1")
    shell.write("run.json", "{}")
    assert "--resume ." in shell.refused("train", ".")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("1 / 0", "prog.py raised ZeroDivisionError: division by zero\n  at prog.py:3"),
        ("return Training(lambda i: [][i], [])", "raised IndexError: list index out of range\n  at prog.py:3"),
        ("return Training(lambda i: 'x', [])", "must return the loss, one number; it returned a str"),
        ("return Training(lambda i: 1.0, [], lambda p: p, [(0, 0, 1)])", "one number for each of"),
        ("return Value(1.0)", "returned a Value, not a Training"),
    ],
)
def test_a_program_that_is_wrong_is_one_message(shell: Shell, body: str, says: str) -> None:
    shell.write("prog.py", BROKEN.format(body))
    ran = shell("train", "prog.py")
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("tracer: ") == 1
    assert "tracer/train" not in ran.err


def test_a_loss_that_is_no_number_is_the_last_and_exit_code_2(shell: Shell) -> None:
    shell.write("prog.py", BROKEN.format("return Training(lambda i: [3.0, float('nan'), 1.0][i], [], steps=3)"))
    ran = shell("train", "prog.py")
    assert (ran.code, ran.out) == (2, "step=1 loss=3.0\nstep=2 loss=nan\n")
    assert "The loss is nan at step 2" in ran.err


def test_a_learning_rate_that_is_too_large_is_said(shell: Shell) -> None:
    ran = shell("train", "mlp", "--lr", "30", "--steps", 100)
    assert "growing" in ran.err or "The loss is" in ran.err


def test_what_the_program_prints_is_no_data(shell: Shell) -> None:
    shell.write(
        "prog.py", BROKEN.format("print('hello'); return Training(lambda i: print('x' * 99) or 1.0, [], steps=2)")
    )
    ran = shell("train", "prog.py", "--no-save")
    assert ran.out == "step=1 loss=1.0\nstep=2 loss=1.0\n"
    assert ran.err.splitlines() == ["hello", "x" * 99, "x" * 99]


def test_a_step_is_walked_with_its_five_phases(shell: Shell) -> None:
    losses = shell("train", "mlp", "--steps", 3, "--every", 1).out
    third = float(losses.splitlines()[2].split()[1].removeprefix("loss="))
    ran = shell("train", "mlp", "--open", 3)
    assert ran.code == 0
    assert ran.out.startswith("mlp.py  step 3\n")
    places = [ran.out.index(word) for word in ("FORWARD", "BACKWARD", "UPDATE", "GRADIENT WRITTEN")]
    assert places == sorted(places)
    assert f"loss = {third:.4g}" in ran.out


def test_a_step_that_raises_is_walked_up_to_there(shell: Shell) -> None:
    shell.write("prog.py", BROKEN.format("return Training(lambda i: Value(2.0) * 3 / None, [])"))
    ran = shell("train", "prog.py", "--open", 1)
    assert ran.code == 2
    assert "TypeError" in ran.err
    assert "FORWARD" in ran.out


def test_words_come_in_japanese(shell: Shell) -> None:
    assert "学習率は 0 より大きい数です" in shell.refused("train", "mlp", "--lr", "-1", "--lang", "ja")
    assert "もしかして 'moons'" in shell.refused("train", "mlp", "--data", "mons", "--lang", "ja")


def test_ctrl_c_ends_an_endless_step(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text(BROKEN.format("return Training(lambda i: i or 1.0, [], steps=10**7)"), "utf-8")
    process = spawn("train", "prog.py", "--every", "1", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    assert ran.code == 130
    assert "stopped after step" in ran.err
    assert "Traceback" not in ran.err


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    process = spawn("train", "mlp", "--steps", "3000", "--every", "1", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert finish(process).code == 0


def test_no_child_outlives_the_command(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    body = f"import os; open({str(note)!r}, 'w').write(str(os.getpid())); return Training(lambda i: 1.0, [], steps=3)"
    (tmp_path / "prog.py").write_text(BROKEN.format(body), "utf-8")
    assert run("train", "prog.py", cwd=tmp_path).code == 0
    end = time.monotonic() + 30
    while Path(f"/proc/{note.read_text()}").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.deep
def test_in_a_terminal_it_is_the_screen_and_leaves_it_sane(tmp_path: Path) -> None:
    with Terminal("train", "mlp", "--lang", "en", cwd=tmp_path, size=(120, 40)) as terminal:
        terminal.until("Decision boundary")
        terminal.until("done")
        terminal.type("\r")
        terminal.until("Timeline")
        terminal.type("\x03")
        terminal.until("ctrl+q quits")
        terminal.type("qq")
        assert terminal.ended() == 0
        terminal.assert_sane()


def test_plain_prints_lines_in_a_terminal_too_and_ctrl_c_leaves_it_sane(tmp_path: Path) -> None:
    with Terminal("train", "mlp", "--plain", "--steps", "100000", cwd=tmp_path) as terminal:
        terminal.until("step=1 ")
        terminal.type("\x03")
        assert terminal.ended() == 130
        terminal.assert_sane()
        assert b"stopped after step" in terminal.told


def test_a_wrong_command_shows_no_screen(tmp_path: Path) -> None:
    with Terminal("train", "mlp", "--data", "mons", "--lang", "en", cwd=tmp_path) as terminal:
        assert terminal.ended() == 2
        assert b"Did you mean 'moons'?" in terminal.told
        assert b"\x1b[?1049h" not in terminal.told


def test_models_data_and_files_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("two.py", "table.csv", "notes.txt", "notes.md"):
        (tmp_path / name).touch()
    assert training_completions("tw", ".py") == ["two_layer", "two.py"]
    assert {"gpt", "gpt_scalar", "mlp"} <= {*training_completions("", ".py")}
    assert training_completions("", ".csv") == ["moons", "spirals", "xor", "names", "places", "notes.txt", "table.csv"]
    assert training_completions("nowhere/x", ".csv") == []
