"""Whatever a program does, what it computed comes back, or one message that says why not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tracer.errors import NotFoundError, ProgramError
from tracer.lessons import process
from tracer.lessons.limits import Limits
from tracer.lessons.process import Run, run_program
from tracer.programs.process import OUTPUT_KEPT

needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "prog.py"


def run(program: Path, text: str, **options: object) -> Run:
    program.write_text(text, encoding="utf-8")
    return run_program(program, **options)  # type: ignore[arg-type]


GOOD = """\
from tracer import Value
x = Value(3.0)
w = [Value(2.0), Value(4.0)]
y = (x + 2) * w[0]
y.backward()
"""


def test_a_program_runs_as_python_runs_it_and_its_variables_name_the_nodes(program: Path) -> None:
    made = run(program, GOOD + "import sys\nprint(__name__, __file__, sys.argv, sys.path[0])\nassert __doc__ is None\n")
    trace = made.trace
    assert made.outcome.kind == "complete"
    assert {trace.name(n) for n in range(trace.n_nodes)} == {"x", "w[0]", "w[1]", "y", None}
    assert trace.cursor(-1).grad("x") == 2.0
    assert trace.sources == {"prog.py": program.read_text()}
    assert trace.source(trace.find("y")) == ("prog.py", 4)
    assert made.output == f"__main__ {program} ['{program}'] {program.parent}\n"
    assert trace.info["program"] == "prog.py"


def test_a_leaf_can_be_overridden_and_an_if_then_takes_the_other_way(program: Path) -> None:
    text = "from tracer import Value\nx = Value(3.0)\ny = x * 2 if x > 0 else -x\ny.backward()\n"
    first = run(program, text).trace
    again = run_program(program, overrides={first.leaf_key(first.find("x")): -3.0}).trace
    assert (first.cursor(-1).grad("x"), again.cursor(-1).grad("x")) == (2.0, -1.0)
    assert [n.op.name for n in again.nodes if n.op] == ["neg"]


HOSTILE = ("numpy", "tracer", "json", "safetensors", "typing", "random", "encodings", "tempfile", "linecache")


def test_modules_beside_a_program_are_its_own_and_never_ours(program: Path, tmp_path: Path) -> None:
    for name in HOSTILE:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a hostile module was imported')\n")
    (tmp_path / "models.py").write_text("def double(v): return v * 2\n")
    text = (
        "import models, numpy as np, json, random\nfrom tracer import Value\n"
        "x = Value(3.0)\ny = models.double(x) * np.float64(2)\ny.backward()\nx / 0\nraise KeyError(json.dumps(1))\n"
    )
    made = run(program, text)
    assert made.outcome.error == "KeyError: '1'"
    assert made.trace.cursor(-1).grad("x") == 4.0
    assert made.trace.source(made.trace.inputs(made.trace.find("y"))[0]) == (str(tmp_path / "models.py"), 1)


def test_a_program_that_raises_keeps_its_trace_and_tells_its_own_lines(program: Path) -> None:
    text = (
        "import json\nfrom tracer import Value\nx = Value(3.0)\n"
        "def deep(v):\n    inner = v * 2\n    return json.loads('{' + str(inner.data))\n"
        "y = x + 1\ndeep(y)\n"
    )
    outcome = (made := run(program, text)).outcome
    assert (outcome.kind, outcome.where) == ("raised", "prog.py:6")
    assert outcome.error.startswith("json.decoder.JSONDecodeError: Expecting property name")
    frames = [line for line in outcome.traceback.splitlines() if "File " in line]
    assert frames == ['  File "prog.py", line 8, in <module>', '  File "prog.py", line 6, in deep']
    assert [made.trace.label(n) for n in (0, 2, 4)] == ["x", "y", "inner"]
    assert outcome.words is not None
    assert "prog.py:6" in outcome.words.en


def test_a_recursion_too_deep_is_an_exception_like_any_other(program: Path) -> None:
    text = "from tracer import Value\nx = Value(1.0)\ndef f(v):\n    return f(v * 2) + v\nf(x)\n"
    made = run(program, text)
    assert made.outcome.error.startswith("RecursionError")
    assert made.trace.n_nodes > 300
    assert len(made.outcome.traceback) < 2000


@pytest.mark.parametrize(
    ("ending", "kind", "error"),
    [
        ("raise SystemExit", "complete", ""),
        ("import sys; sys.exit(0)", "complete", ""),
        ("import sys; sys.exit(3)", "exited", "3"),
        ("import sys; sys.exit('no \\x1b[31m data')", "exited", r"'no \x1b[31m data'"),
        ("raise KeyboardInterrupt", "stopped", ""),
        ("input('number? ')", "raised", "EOFError: EOF when reading a line"),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E", "raised", "E: <exception str() failed>"),
        ("raise ValueError('\\x1b]0;title\\x07')", "raised", "ValueError: \ufffd]0;title\ufffd"),
        ("raise ExceptionGroup('many', [ValueError(1)])", "raised", "ExceptionGroup: many (1 sub-exception)"),
    ],
)
def test_every_way_to_end_is_told_apart(program: Path, ending: str, kind: str, error: str) -> None:
    made = run(program, GOOD + ending + "\n")
    assert (made.outcome.kind, made.outcome.error) == (kind, error)
    assert made.trace.cursor(-1).grad("x") == 2.0
    assert (made.outcome.words is None) == (kind == "complete")


def test_reading_input_finds_the_end_and_the_hint_says_why(program: Path) -> None:
    made = run(
        program, "import sys\nfrom tracer import Value\nx = Value(1.0)\nprint(repr(sys.stdin.read()))\ninput()\n"
    )
    assert made.output == "''\n"
    assert made.outcome.hint is not None
    assert "no keyboard" in made.outcome.hint.en


def test_a_micrograd_program_is_told_which_import_to_write(program: Path) -> None:
    with pytest.raises(ProgramError) as error:
        run(program, "from micrograd.engine import Value\nx = Value(3.0)\n")
    assert "`from tracer import Value`" in str(error.value)
    assert "pip install" not in str(error.value)


@needs_signals
@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ("os._exit(5)", "exit code 5"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.abort()", "SIGABRT"),
        ("import subprocess, time\ntime.sleep(1)\nsubprocess.run(['kill', '-9', str(os.getpid())])", "SIGKILL"),
    ],
    ids=["exit", "kill", "abort", "killed by another"],
)
def test_a_program_that_dies_at_once_opens_with_what_it_computed(program: Path, ending: str, says: str) -> None:
    made = run(program, GOOD + f"import os\n{ending}\n")
    assert (made.outcome.kind, made.outcome.error) == ("killed", says)
    assert made.trace.cursor(-1).grad(0) == 2.0
    assert made.trace.name(0) == "x"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_end_of_a_forked_process_writes_nothing(program: Path) -> None:
    fork = "import os\nif os.fork() == 0:\n    y = y + x\n    os._exit(0)\nos.wait()\nos.kill(os.getpid(), 9)\n"
    assert run(program, GOOD + fork).trace.n_nodes == 6


def test_a_program_that_never_ends_is_stopped_and_opens(program: Path) -> None:
    ticks: list[float] = []
    text = GOOD + "open('ready', 'w').close()\nwhile True:\n    y = y * 1.0001\n"
    made = run(program, text, stop=when(program.with_name("ready")), progress=ticks.append)
    assert made.outcome.kind == "stopped"
    assert made.trace.n_nodes > 10
    assert made.trace.name(made.trace.n_nodes - 1) in ("y", None)
    assert ticks == sorted(ticks)
    assert ticks


def when(path: Path) -> threading.Event:
    """Set as soon as the program has written `path`."""
    event = threading.Event()

    def watch() -> None:
        while not path.exists():
            time.sleep(0.02)
        time.sleep(0.3)  # for a first write of what it computed
        event.set()

    threading.Thread(target=watch, daemon=True).start()
    return event


READY = GOOD + "open('ready', 'w').close()\nimport time\n"


def test_a_program_that_sleeps_is_woken_to_be_stopped(program: Path) -> None:
    began = time.monotonic()
    made = run(program, READY + "time.sleep(1000)\n", stop=when(program.with_name("ready")))
    assert made.outcome.kind == "stopped"
    assert made.outcome.where == "prog.py:8"
    assert time.monotonic() - began < 60


def test_a_program_that_will_not_stop_is_killed_and_opens(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 1.5)
    text = READY + "while True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass\n"
    made = run(program, text, stop=when(program.with_name("ready")))
    assert made.outcome.kind == "stopped"
    assert made.trace.cursor(-1).grad("x") == 2.0


def test_a_time_limit_stops_a_program_like_a_request(program: Path) -> None:
    made = run(program, GOOD + "while True: pass\n", limits=Limits(seconds=2))
    assert made.outcome.kind == "stopped"


@pytest.mark.parametrize("swallow", [False, True])
def test_the_node_limit_ends_a_program_in_clear_words(program: Path, swallow: bool) -> None:
    loop = (
        "try:\n    for _ in range(9999): y = y + x\nexcept Exception: pass\n" if swallow else "while True: y = y + x\n"
    )
    made = run(program, GOOD + loop, limits=Limits(nodes=500))
    assert (made.outcome.kind, made.outcome.error) == ("limit", "500")
    assert made.trace.n_nodes == 500
    assert made.outcome.words is not None
    assert "node limit (500)" in made.outcome.words.en


def printed(megabytes: int) -> str:
    return f"print('first')\nfor _ in range({megabytes} << 10): print('y' * 1023)\nprint('last')\n"


def test_much_output_is_kept_at_both_ends_and_blocks_nothing(program: Path) -> None:
    made = run(program, GOOD + printed(64))
    assert made.output.startswith("first\ny")
    assert made.output.endswith("y\nlast\n")
    assert f"… {(64 << 20) + 11 - 2 * OUTPUT_KEPT:,} bytes left out …" in made.output
    assert len(made.output) < 3 * OUTPUT_KEPT


@pytest.mark.deep
def test_a_gigabyte_of_output_fills_no_memory(program: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = run(program, GOOD + printed(1024))
    assert made.output.endswith("last\n")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_what_c_code_and_other_processes_print_is_kept_too(program: Path) -> None:
    text = (
        "import os, subprocess, sys\nos.write(2, b'raw \\xff\\n')\nsubprocess.run([sys.executable, '-c', 'print(7)'])\n"
    )
    assert run(program, GOOD + text).output == "raw \ufffd\n7\n"


@needs_signals
def test_nothing_a_program_started_outlives_it(program: Path, tmp_path: Path) -> None:
    text = GOOD + "import subprocess\nopen('pid', 'w').write(str(subprocess.Popen(['sleep', '100']).pid))\n"
    began = time.monotonic()
    assert run(program, text).outcome.kind == "complete"
    assert time.monotonic() - began < 20
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_file_the_program_left_open_is_written_out(program: Path, tmp_path: Path) -> None:
    run(program, GOOD + "out = open('result.txt', 'w')\nout.write('kept')\n")
    assert (tmp_path / "result.txt").read_text() == "kept"


def test_a_thread_that_never_ends_holds_nothing_up(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.3)
    made = run(program, GOOD + "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n")
    assert made.outcome.kind == "complete"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("print(1)\n", "made no Value, so there is nothing to walk.\n  Only tracer's Value is recorded"),
        ("from micrograd.engine import Value\nValue(1.0)\n", "in its place: the rest can stay."),
        ("x = (1 +\n", "'(' was never closed"),
        ("if True:\nx = 1\n", 'File "prog.py", line 2'),
        ("1 / 0\n", "raised before it made a Value.\nTraceback"),
        ("import nowhere\n", "No module named 'nowhere'\n  Programs run with tracer's own Python"),
        ("import sys\nsys.exit('no data')\n", "ended with sys.exit('no data') before it made a Value.\n  at prog.py:2"),
        ("import os\nos._exit(4)\n", "died before anything was written down: exit code 4."),
        ("\0", "null bytes"),
        ("", "made no Value"),
    ],
)
def test_a_program_that_records_nothing_is_told_why(
    program: Path, tmp_path: Path, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "micrograd" in text:
        (tmp_path / "micrograd").mkdir()
        (tmp_path / "micrograd" / "engine.py").write_text("class Value:\n    def __init__(self, x): pass\n")
    with pytest.raises(ProgramError) as caught:
        run(program, text)
    assert says in str(caught.value)
    assert "prog.py" in str(caught.value)


def test_a_path_that_is_no_program_is_told_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.py: no such file"):
        run_program(tmp_path / "none.py")
    with pytest.raises(ProgramError, match="is a folder"):
        run_program(tmp_path)
    with pytest.raises(ProgramError, match="a device or a pipe"):
        run_program(os.devnull)
    latin = tmp_path / "latin.py"
    latin.write_bytes(b"# ok\nname = '\xe9'\n")
    with pytest.raises(ProgramError, match=r"is not text in UTF-8\.\n  at .*latin\.py:2"):
        run_program(latin)
    latin.write_bytes(b"# -*- coding: latin-1 -*-\nfrom tracer import Value\nx = Value(1.0, name='\xe9')\n")
    assert run_program(latin).trace.name(0) == "é"


def test_a_program_may_be_edited_while_it_runs(program: Path) -> None:
    """The source panel shows what ran."""
    text = GOOD + "open(__file__, 'w').write('gone')\n"
    assert run(program, text).trace.sources["prog.py"] == text


def test_a_process_stands_ready_for_the_next_run_and_is_not_left_behind(program: Path) -> None:
    first = run(program, GOOD, again=True)
    waiting = process._READY._waiting[0]
    second = run_program(program, again=True)
    assert waiting.poll() is not None, "it did the second run"
    assert second.trace.cursor(-1).grad("x") == first.trace.cursor(-1).grad("x")
    left = process._READY._waiting[0]
    process._READY.empty()
    assert left.poll() is not None


def test_a_ready_process_that_died_is_replaced(program: Path) -> None:
    run(program, GOOD, again=True)
    process._READY._waiting[0].kill()
    process._READY._waiting[0].wait()
    assert run_program(program).outcome.kind == "complete"


@needs_signals
def test_a_program_ends_with_whoever_started_it(program: Path, tmp_path: Path) -> None:
    """Even when that was killed without a chance to tidy up."""
    program.write_text(GOOD + "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)\n")
    code = f"from tracer.lessons.process import run_program; run_program({str(program)!r})"
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environ)
    child = 0
    for _ in range(400):
        time.sleep(0.05)
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            child = int((tmp_path / "pid").read_text())
            break
    assert child, "the program never began"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(child)
    assert not list(tmp_path.glob("tracer-*")), "its folder"


def gone(pid: int) -> bool:
    """Whether that process ends within some seconds; one that waits to be collected has ended."""
    for _ in range(400):
        stat = Path(f"/proc/{pid}/stat")
        try:
            os.kill(pid, 0)
            if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False
