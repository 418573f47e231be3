"""A run in a child process: reports come out, commands go in, whatever the program does."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tracer.errors import NotFoundError, ProgramError
from tracer.train import process as process_module
from tracer.train.process import Job, TrainingProcess, open_step
from tracer.train.report import Report, Setup
from tracer.tui.running import thing_of_step

MLP = Path(__file__).resolve().parents[2] / "models" / "mlp.py"

PROGRAM = """
from tracer import Training, Value

w = Value(1.0, name="w")
def training(data=None, seed=42, lr=0.1):
    def step(i):
        {before}
        loss = ((w * 2 - 6) ** 2).named("loss")
        loss.backward()
        w.data -= lr * w.grad
        w.grad = 0
        return loss
    return Training(step, [w], lambda points: [w * x1 for x1, _ in points], [(1, 0, 1), (-1, 0, -1)], steps=5)
"""


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def make(before: str = "pass", text: str | None = None) -> Path:
        path = tmp_path / "prog.py"
        path.write_text(PROGRAM.format(before=before) if text is None else text, encoding="utf-8")
        return path

    return make


def run(job: Job) -> tuple[Setup, list[Report], str]:
    with TrainingProcess(job) as process:
        setup, *reports = process.messages()
        process.close()
        return setup, reports, process.output  # type: ignore[return-value]


def failing(job: Job) -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        run(job)
    return caught.value


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_tells_what_it_is_and_every_step(write) -> None:  # type: ignore[no-untyped-def]
    setup, reports, output = run(Job(write(), settings={"lr": 0.05}))
    assert (setup.engine, setup.parameters, setup.steps, setup.data) == ("Value", 1, 5, "")
    assert setup.settings == {"seed": 42, "lr": 0.05}
    assert setup.rows == ((1.0, 0.0, 1.0), (-1.0, 0.0, -1.0))
    assert [r.step for r in reports] == [1, 2, 3, 4, 5]
    assert reports[0].loss == 16.0
    assert [r.loss for r in reports] == sorted((r.loss for r in reports), reverse=True)
    assert reports[-1].look is not None
    assert reports[-1].look.accuracy == 1.0
    assert output == ""


def test_it_pauses_steps_and_goes_on(write) -> None:  # type: ignore[no-untyped-def]
    with TrainingProcess(Job(write(), steps=1000), running=False) as process:
        messages = process.messages()
        assert isinstance(next(messages), Setup)
        process.step()
        process.step()
        first, second = itertools.islice(messages, 2)
        assert isinstance(first, Report)
        assert isinstance(second, Report)
        assert (first.step, second.step) == (1, 2)
        got: list[int] = []

        def take() -> None:
            got.extend(message.step for message in messages if isinstance(message, Report))

        reader = threading.Thread(target=take, daemon=True)
        reader.start()
        time.sleep(0.3)
        assert set(got) <= {2}, "it stands still"
        process.run()
        reader.join(30)
        assert got[-1] == 1000


@pytest.mark.parametrize("step", [1, 3, 5])
def test_an_opened_step_has_the_losses_bits_and_all_phases(step: int) -> None:
    job = Job(MLP, "models/mlp.py", data="moons", settings={"hidden": 4.0}, steps=5)
    losses = [report.loss for report in run(job)[1]]
    opened = open_step(job, step)
    assert opened.loss is not None
    assert opened.loss.hex() == losses[step - 1].hex()
    trace = opened.trace
    assert [s.kind for s in trace.segments] == ["forward", "backward", "update", "write"]
    end = trace.cursor(len(trace))
    loss = next(n for n in range(trace.n_nodes) if trace.name(n) == "loss")
    assert end.data(loss).hex() == losses[step - 1].hex()
    assert "models/mlp.py" in trace.sources
    assert {"h1.w1", "out.b", "prediction"} <= {trace.name(n) for n in range(trace.n_nodes)}


def test_the_next_steps_loss_follows_from_what_the_opened_step_left() -> None:
    """The update that is walked is the one training went on from: run one step from its parameters."""
    job = Job(MLP, "models/mlp.py", steps=4)
    losses = [report.loss for report in run(job)[1]]
    trace = open_step(job, 3).trace
    following = open_step(job, 4).trace
    end, start = trace.cursor(len(trace)), following.cursor(-1)
    names = [f"{neuron}.{p}" for neuron in ("h1", "h2", "h3", "out") for p in ("w1", "w2", "b")]
    first = {name: following.cursor(len(following.segments[0])).data(following.find(name)) for name in names}
    assert {name: end.data(trace.find(name)) for name in names} == first
    assert start.data(following.find("loss")) == losses[3]


def test_what_it_prints_goes_aside_however_much(write) -> None:  # type: ignore[no-untyped-def]
    _, reports, output = run(Job(write("print('x' * 100_000); import os; os.write(1, b'raw')")))
    assert len(reports) == 5
    assert "bytes left out" in output
    assert len(output) < 100_000


def test_an_exception_is_told_with_the_users_line(write) -> None:  # type: ignore[no-untyped-def]
    error = failing(Job(write("if i == 2: 1 / 0"), "prog.py"))
    assert error.message == "prog.py raised ZeroDivisionError: division by zero"
    assert error.where == "prog.py:7"


def test_a_step_that_raises_opens_up_to_there(write) -> None:  # type: ignore[no-untyped-def]
    program = write("x = w * 3; 1 / 0")
    opened = open_step(Job(program, "prog.py"), 1)
    assert opened.loss is None
    assert opened.trace.info["outcome"]["kind"] == "raised"
    assert opened.trace.n_nodes == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n", "defines no function `training`"),
        ("1 / 0\n", "raised ZeroDivisionError"),
        ("def training(:\n", "is not Python"),
        ("import sys; sys.exit(3)\n", r"sys.exit\(3\)"),
        ("import nothing_there\n", "raised ModuleNotFoundError"),
        ("def training():\n    return 3\n", "returned a int, not a Training"),
        ("import os; os.abort()\n", "the program died"),
        ("import os; os._exit(0)\n", "the program died"),
        ("raise KeyboardInterrupt\n", "raised KeyboardInterrupt"),
        (
            "from tracer import Training\ndef training():\n    return Training(lambda i: None, [])\n",
            "must return the loss",
        ),
    ],
)
def test_a_program_that_cannot_be_trained_is_one_message(write, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    import re

    assert re.search(says, str(failing(Job(write(text=text), "prog.py"))))


def test_a_file_that_is_none_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        TrainingProcess(Job(tmp_path / "none.py"))
    with pytest.raises(ProgramError, match="is a folder"):
        TrainingProcess(Job(tmp_path))


@pytest.mark.parametrize("name", ["json", "numpy", "tracer", "random", "dataclasses"])
def test_a_file_beside_the_program_takes_no_place_of_ours(write, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    program = write()
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('not me')\n", encoding="utf-8")
    assert len(run(Job(program))[1]) == 5


def test_closing_it_ends_an_endless_step_and_what_that_started(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    note = tmp_path / "pids"
    program = write(
        "import os, subprocess; p = subprocess.Popen(['sleep', '600']);"
        f" open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{p.pid}}')\n        while True: pass"
    )
    with TrainingProcess(Job(program)) as process:
        assert isinstance(next(process.messages()), Setup)
        end = time.monotonic() + 60
        while not (note.exists() and len(note.read_text().split()) == 2):
            assert time.monotonic() < end
            time.sleep(0.02)
    pids = [int(pid) for pid in note.read_text().split()]
    end = time.monotonic() + 30
    while any(map(alive, pids[:1])):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_opening_can_be_given_up(write) -> None:  # type: ignore[no-untyped-def]
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(ProgramError, match="stopped"):
        open_step(Job(write("while True: pass")), 1, stop=stop)
    assert time.monotonic() - began < 30


def test_opening_a_late_step_tells_how_far_it_is(write) -> None:  # type: ignore[no-untyped-def]
    told: list[int] = []
    open_step(Job(write("import time; time.sleep(0.02)")), 20, replayed=told.append)
    assert told == sorted(told)
    assert told


def test_a_step_is_taken_again_with_another_number() -> None:
    """What editing a leaf of an opened step does: the parameter begins that step elsewhere."""
    job = Job(MLP, "models/mlp.py", steps=3)
    before = open_step(job, 3)
    value = before.trace.cursor(-1).data(before.trace.find("loss"))
    thing = thing_of_step(job, 3, before)
    leaf = next(n for n in range(thing.trace.n_nodes) if thing.trace.name(n) == "out.b")
    key = thing.trace.leaf_key(leaf)
    other = thing.rerun({key: 1.5})
    first = other.trace.cursor(len(other.trace.segments[0]))
    assert first.data(leaf) == 1.5
    assert other.trace.cursor(-1).data(other.trace.find("loss")) > value
    assert other.overrides == {key: 1.5}
    again = other.rerun({})
    assert again.trace.cursor(-1).data(again.trace.find("loss")) == value


def test_some_elements_of_a_tensor_begin_a_step_elsewhere() -> None:
    job = Job(MLP.with_name("two_layer.py"), "models/two_layer.py", steps=3)
    thing = thing_of_step(job, 2, open_step(job, 2))
    leaf = thing.trace.find("fc1.bias")
    other = thing.rerun({thing.trace.leaf_key(leaf): {3: 0.25}})
    at = len(other.trace.segments[0])
    before, after = (t.trace.cursor(at).data(leaf) for t in (thing, other))
    assert after[3] == 0.25
    assert [i for i in range(8) if before[i] != after[i]] == [3]


def test_what_is_no_parameter_cannot_be_changed(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ProgramError, match="lr cannot be changed here"):
        open_step(Job(write()), 1, changes={"lr": 2.0})


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_child_ends_when_whoever_started_it_is_killed(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    note = tmp_path / "pid"
    program = write(f"import os; open({str(note)!r}, 'w').write(str(os.getpid()))\n        while True: pass")
    code = (
        "import sys; from pathlib import Path; from tracer.train.process import Job, TrainingProcess\n"
        f"for _ in TrainingProcess(Job(Path({str(program)!r}))).messages(): pass"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=MLP.parents[1])
    try:
        end = time.monotonic() + 60
        while not (note.exists() and note.read_text()):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        starter.kill()
        starter.wait()
    end = time.monotonic() + 30
    while alive(int(note.read_text())):
        assert time.monotonic() < end, "it lives on"
        time.sleep(0.02)


@pytest.mark.deep
def test_where_more_steps_will_be_opened_a_process_stands_ready() -> None:
    """It takes the next job, and gives the same numbers; afterwards nothing is left running."""
    job = Job(MLP, "models/mlp.py", steps=3)
    first = open_step(job, 3, again=True)
    waiting = process_module._READY._waiting[0]
    assert open_step(job, 3, again=True).loss == first.loss
    assert waiting.poll() is not None
    left = process_module._READY._waiting[0]
    process_module._READY.empty()
    assert left.poll() is not None
