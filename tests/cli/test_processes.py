"""`tracer` as a process among others: pipes, encodings, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, Shell, environment, finish, run, spawn, wait_for
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.store import load

pytestmark = pytest.mark.deep  # starts many processes, which is slow

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
ENDLESS = """\
from tracer import Value
x = Value(2.0)
y = x * x
y.backward()
open("ready", "w").close()
while True:
    y = y * 1.0001
"""


@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1", "POSIX"])
def test_stdout_is_utf_8_whatever_the_locale(tmp_path: Path, locale: str) -> None:
    environ = environment(LC_ALL=locale, PYTHONIOENCODING="latin-1", PYTHONUTF8="0", TRACER_CONFIG_DIR=str(tmp_path))
    ran = run("steps", "x*x", "x=3", "--json", "--lang", "ja", cwd=tmp_path, env=environ)
    assert (ran.code, ran.err) == (0, "")
    assert "勾配" in ran.out
    for line in ran.out.splitlines():
        json.loads(line)


@posix
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    process = spawn("steps", "+".join("x" * 3000), "x=1", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert finish(process) == (0, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's full device")
@pytest.mark.parametrize(
    "words", [["list"], ["--version"], ["steps", "x*x", "x=3", "--json"], ["--help"]], ids=lambda w: w[0]
)
def test_a_stdout_that_is_full_is_told(tmp_path: Path, words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        ran = run(*words, cwd=tmp_path, stdout=full)
    assert ran.code == 2
    assert ran.err == "tracer: standard output cannot be written: no space left on device.\n"


@posix
def test_no_streams_at_all(tmp_path: Path) -> None:
    """As a daemon may start it."""
    command = f"exec {sys.executable} -P -m tracer record 'x*x' x=3 -o run.trace <&- >&- 2>&-"
    code = subprocess.run(command, shell=True, cwd=tmp_path, env=environment(), check=False).returncode
    assert code == 0
    assert load(tmp_path / "run.trace").n_nodes == 2


@posix
@pytest.mark.parametrize("command", ["record", "steps"])
def test_ctrl_c_stops_the_program_and_what_it_computed_is_kept(tmp_path: Path, command: str) -> None:
    (tmp_path / "prog.py").write_text(ENDLESS.replace("while True:", "import time\nwhile True:\n    time.sleep(0.01)"))
    out = ["-o", "run.trace"] if command == "record" else []
    process = spawn(command, "prog.py", *out, cwd=tmp_path)
    wait_for(tmp_path / "ready")
    process.send_signal(signal.SIGINT)
    code, printed, told = finish(process)
    assert code == 130
    assert "stopped before its end" in told
    assert "Traceback" not in told
    if command == "record":
        assert load(tmp_path / "run.trace").cursor(-1).grad("x") == 4.0
    else:
        assert "y.backward()" not in printed
        assert "x = 2   ∂ 4" in printed


@posix
def test_a_second_ctrl_c_gives_up(tmp_path: Path) -> None:
    stubborn = "while True:\n    try: time.sleep(1)\n    except BaseException: pass\n"
    (tmp_path / "prog.py").write_text(
        f"from tracer import Value\nimport time\nx = Value(1.0)\nopen('ready', 'w')\n{stubborn}"
    )
    process = spawn("record", "prog.py", "-o", "run.trace", cwd=tmp_path)
    wait_for(tmp_path / "ready")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, "", "")
    assert not (tmp_path / "run.trace").exists()


@posix
def test_ctrl_c_in_the_middle_of_the_output_is_quiet(tmp_path: Path) -> None:
    process = spawn("steps", "+".join("x" * 20_000), "x=1", cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    code, _, told = finish(process)
    assert (code, told) == (130, "")


@pytest.mark.parametrize("where", ["tracer.cli.commands.run", "tracer.cli.terminal.prepare_streams"])
def test_ctrl_c_before_anything_began_is_quiet(shell: Shell, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Wherever it is just importing."""

    def interrupt(*words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupt)
    assert shell("list") == (130, "", "")


@posix
def test_a_terminated_run_leaves_no_program_behind(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("import os\nopen('pid', 'w').write(str(os.getpid()))\n" + ENDLESS)
    process = spawn("record", "prog.py", "-o", "run.trace", cwd=tmp_path)
    wait_for(tmp_path / "ready")
    process.terminate()
    finish(process)
    pid = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:4]:
        assert time.monotonic() < end, "the program still runs"
        time.sleep(0.05)


@posix
@pytest.mark.parametrize("command", ["record", "open", "steps", "check"])
def test_a_termination_works_as_ctrl_c_does(tmp_path: Path, command: str) -> None:
    (tmp_path / "prog.py").write_text(ENDLESS.replace("while True:", "import time\nwhile True:\n    time.sleep(0.01)"))
    out = ["-o", "run.trace"] if command == "record" else []
    process = spawn(command, "prog.py", *out, cwd=tmp_path)
    wait_for(tmp_path / "ready")
    process.terminate()
    code, _, told = finish(process)
    assert code == 143
    assert "stopped before its end" in told
    assert told.count("\n") == 1
    if command == "record":
        assert load(tmp_path / "run.trace").cursor(-1).grad("x") == 4.0


SAVER = """
import sys
from tracer import load
trace, other = load(sys.argv[1]), load(sys.argv[2])
print("ready", flush=True)
while True:
    trace.save(sys.argv[3])
    other.save(sys.argv[3])
"""


@pytest.fixture(scope="module")
def two_traces(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A folder with `a.trace` and `b.trace`, and how many nodes they have."""
    folder, sizes = tmp_path_factory.mktemp("traces"), []
    for name, count in (("a.trace", 20_000), ("b.trace", 30_000)):
        with record() as rec:
            x = Value(1.0)
            for _ in range(count):
                x = x + 1
        rec.trace.save(folder / name)
        sizes.append(rec.trace.n_nodes)
    return folder, sizes


@posix
@pytest.mark.parametrize(
    "with_signal",
    [*(pytest.param(s, marks=pytest.mark.deep) for s in (signal.SIGINT, signal.SIGTERM)), signal.SIGKILL],
)
def test_a_save_that_is_killed_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, with_signal: signal.Signals, two_traces: tuple[Path, list[int]]
) -> None:
    """Killed again and again at any moment, while nothing but saving goes on."""
    folder, sizes = two_traces
    for name in ("a.trace", "b.trace"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "out.trace").write_bytes((tmp_path / "a.trace").read_bytes())
    for wait in (0.0, 0.013, 0.031):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, "a.trace", "b.trace", "out.trace"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(with_signal)
        finish(process)
        assert load(tmp_path / "out.trace").n_nodes in sizes
    if with_signal == signal.SIGINT:
        assert {path.name for path in tmp_path.iterdir()} == {"a.trace", "b.trace", "out.trace"}


def test_python_m_tracer_ignores_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('hostile')")
    (tmp_path / "rich.py").write_text("raise SystemExit('hostile')")
    environ = environment(PYTHONPATH=str(ROOT))
    made = subprocess.run(
        [sys.executable, "-m", "tracer", "steps", "x*x", "x=3"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
