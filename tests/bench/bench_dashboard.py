"""What watching a model learn costs the learning.

    python tests/bench/bench_dashboard.py speed [ROUNDS]
    python tests/bench/bench_dashboard.py memory [STEPS]
    python tests/bench/bench_dashboard.py step

`speed`: training steps per second of `tracer train` with the dashboard open in a terminal of 120 x 40, and of `tracer
train --plain`, both engines: the whole commands, in turn. Steps are counted in the run's log from the first tenth to
their end. Beside the clock's time the processor time of the process that trains, of a step: on a machine with other
work to do it says more. `memory`: of the app and of the process that trains, on the way through a long run and at its
end.
`step`: processor time of one step that nobody watches, of one that is watched, and of what is made of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import runpy
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CASES = {"tensors": ("gpt", 600, ()), "numbers": ("gpt_scalar", 30, ("--block-size", "8"))}
"""Engine -> model, steps, and settings at which a run takes some seconds."""
POLL = 0.01
PATIENCE = 300
"""Seconds to wait for a step."""


@dataclass(frozen=True)
class Measured:
    steps_per_second: float
    processor: float
    """Seconds of the process that trains, a step."""


def command(model: str, steps: int, more: Sequence[str], folder: Path, *, plain: bool) -> list[str]:
    words = [sys.executable, "-m", "tracer", "train", model, "--steps", str(steps), "--run", str(folder), *more]
    return [*words, "--plain"] if plain else words


@contextlib.contextmanager
def running(words: list[str], *, plain: bool) -> Iterator[int]:
    """A command, in a terminal of its own unless it is plain; its process number."""
    settings = tempfile.TemporaryDirectory()
    Path(settings.name, "settings.json").write_text('{"version": 1, "lang": "en", "theme": "dark"}')
    env = {**os.environ, "TERM": "xterm-256color", "LANG": "en_GB.UTF-8", "TRACER_CONFIG_DIR": settings.name}
    if plain:
        child = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ours = None
    else:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        child = subprocess.Popen(
            words, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        threading.Thread(target=drain, args=(ours,), daemon=True).start()
    try:
        yield child.pid
    finally:
        trainers = trainers_of(child.pid)
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pid in trainers:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if ours is not None:
            with contextlib.suppress(OSError):
                os.close(ours)
        settings.cleanup()


def drain(end: int) -> None:
    """Read what the app draws, as a terminal does."""
    with contextlib.suppress(OSError):
        while os.read(end, 1 << 16):
            pass


def trainers_of(pid: int) -> list[int]:
    """The processes below this one in which a program is trained."""
    found = []
    for one in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            line = (one / "cmdline").read_bytes()
            parent = int((one / "stat").read_text().rpartition(")")[2].split()[1])
            if b"tracer.train.child" in line and parent == pid:
                found.append(int(one.name))
    return found


def processor(pid: int) -> float:
    """Seconds of processor time of a process so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except OSError:
        return float("nan")


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6
    except OSError:
        return float("nan")


def taken(folder: Path) -> int:
    try:
        return (folder / "log.jsonl").read_bytes().count(b"\n")
    except OSError:
        return 0


def until(folder: Path, steps: int, pid: int) -> int:
    """Wait for so many steps; how many there are then."""
    stop = time.monotonic() + PATIENCE
    while (there := taken(folder)) < steps:
        if time.monotonic() > stop or not Path(f"/proc/{pid}").exists():
            raise SystemExit(f"{folder}: only {there} of {steps} steps were taken")
        time.sleep(POLL)
    return there


def measure(engine: str, *, plain: bool) -> Measured:
    """One run."""
    model, steps, more = CASES[engine]
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, "run")
        with running(command(model, steps, more, folder, plain=plain), plain=plain) as pid:
            first = until(folder, steps // 10, pid)
            (trainer,) = trainers_of(pid)
            began, used = time.perf_counter(), processor(trainer)
            last = until(folder, steps - 2, pid)
            spent, used = time.perf_counter() - began, processor(trainer) - used
    return Measured((last - first) / spent, used / (last - first))


def told(found: list[float], unit: str, digits: int) -> str:
    middle = statistics.median(found)
    return f"{middle:8.{digits}f} {unit} ({min(found):.{digits}f} to {max(found):.{digits}f})"


def speed(rounds: int) -> None:
    """Both ways of training, in turn."""
    found: dict[tuple[str, bool], list[Measured]] = {}
    for _ in range(rounds):
        for engine in CASES:
            for plain in (True, False):
                found.setdefault((engine, plain), []).append(measure(engine, plain=plain))
    for engine in CASES:
        for plain in (True, False):
            some = found[engine, plain]
            steps = told([one.steps_per_second for one in some], "steps/s", 1)
            used = told([1000 * one.processor for one in some], "ms of processor a step", 2)
            print(f"{engine:8} {'--plain' if plain else 'dashboard':10} {steps}   {used}")
        pairs = list(zip(found[engine, False], found[engine, True], strict=True))
        by_clock = told([one.steps_per_second / other.steps_per_second for one, other in pairs], "of --plain", 2)
        by_processor = told([one.processor / other.processor for one, other in pairs], "of --plain", 2)
        print(f"{engine:8} speed {by_clock}   processor time {by_processor}")


def memory(steps: int) -> None:
    """One long run in the app."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, "run")
        with running(command("gpt", steps, (), folder, plain=False), plain=False) as pid:
            for at in (steps // 10, steps // 2, steps - 1):
                step = until(folder, at, pid)
                trainer = trainers_of(pid)
                trains = resident(trainer[0]) if trainer else float("nan")
                print(f"step {step:6,}: app {resident(pid):6.0f} MB, training {trains:6.0f} MB")
            time.sleep(3)
            print(f"3 s later: app {resident(pid):6.0f} MB; log {(folder / 'log.jsonl').stat().st_size / 1e6:.2f} MB")


def step() -> None:
    """What a step costs, watched and not."""
    from tracer.trace.observation_file import to_bytes
    from tracer.train.observed import Watch
    from tracer.train.signals import signals_of

    clock = time.process_time
    for engine, (model, _, _) in CASES.items():
        training = runpy.run_path(str(ROOT / "models" / f"{model}.py"))["training"]()
        times: dict[str, list[float]] = {}

        def note(what: str, began: float, times: dict[str, list[float]] = times) -> float:
            times.setdefault(what, []).append(1000 * (clock() - began))
            return clock()

        for k in range(200 if engine == "tensors" else 10):
            i = k // 2
            began = clock()
            if k % 2:
                training.step(i)
                note("a step", began)
                continue
            with Watch(training) as watch:
                training.step(i)
            began = note("a step that is watched", began)
            seen = watch.observation(i + 1, 0.0, None)
            began = note("what is seen", began)
            signals_of(seen)
            began = note("its signals", began)
            data = to_bytes(seen)
            note("its file", began)
        print(f"{engine}: a file of {len(data) / 1e3:.0f} kB")
        for what, some in times.items():
            print(f"  {what:24} {told(some[2:], 'ms', 2)}")


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["speed"]
    if what == "memory":
        memory(int(rest[0]) if rest else 5000)
    elif what == "step":
        step()
    else:
        speed(int(rest[0]) if rest else 5)
