"""The process in which a program is trained: started by `tracer.train.process`.

Everything of ours is imported before the program's folder comes onto the path, so that a `numpy.py` beside the program
cannot take our modules' place. Standard input carries one line of JSON, the job; after that a line is a command (`run`,
`pause`, `step`), and its end means that whoever started us is gone. Reports leave by what was standard output; what the
program prints goes to standard error, wherever it prints to.
"""

from __future__ import annotations

import gc
import io
import json
import linecache
import os
import shutil
import sys
import threading
import time
import tokenize
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import safetensors.numpy  # noqa: F401  now, though it is needed later: then the program's folder is on the path

from tracer.core import backward, gradcheck  # noqa: F401  likewise
from tracer.errors import ProgramError, TracerError
from tracer.programs.frames import clean, told
from tracer.train import data
from tracer.train.entry import ENTRY, Training, build, in_use
from tracer.train.loop import Looker, recorded_step, spacing, train
from tracer.train.report import Report, Setup

TRACE = "step.trace"
"""What an opened step leaves in the job's folder."""
NAME = "__program__"
"""The trained program's `__name__`: not `__main__`, or it would train itself."""
_FLUSH = 0.02
"""Seconds that a report may wait for others to leave with."""


class Control(threading.Thread):
    """Reads commands, and holds the run where it was told to stand still."""

    def __init__(self, commands: io.FileIO, folder: Path | None, *, running: bool) -> None:
        super().__init__(name="control", daemon=True)
        self._commands, self._folder = commands, folder
        self._changed = threading.Condition()
        self._steps = 0
        self.running = running

    def run(self) -> None:
        while line := self._commands.readline():
            with self._changed:
                if line.startswith(b"step"):
                    self._steps += 1
                else:
                    self.running = line.startswith(b"run")
                self._changed.notify()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(1)

    @property
    def waits(self) -> bool:
        """Whether nobody wants another step now."""
        with self._changed:
            return not self.running and not self._steps

    def wait(self) -> None:
        """Until another step is wanted."""
        with self._changed:
            while not self.running and not self._steps:
                self._changed.wait()
            self._steps = max(0, self._steps - 1)


class Sender:
    """Sends lines of JSON; many a system call where there are many in a moment."""

    def __init__(self, out: io.BufferedWriter) -> None:
        self._out, self._flushed = out, 0.0

    def __call__(self, kind: str, what: Any, *, now: bool = True) -> None:
        self._out.write(json.dumps({kind: what}).encode() + b"\n")
        if now or time.monotonic() - self._flushed > _FLUSH:
            flush_printed()  # first: whoever has read the last line may end us
            self._out.flush()
            self._flushed = time.monotonic()


def flush_printed() -> None:
    """What the program has printed leaves this process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # it may have closed or replaced them
            stream.flush()


def main() -> None:
    """Read the job, do it, tell how it went."""
    commands = io.FileIO(os.dup(0))  # unbuffered: a thread that waits in it may not hold a lock when we end
    send = Sender(io.BufferedWriter(io.FileIO(os.dup(1), "w"), 1 << 16))
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    line = commands.readline()
    if not line:  # nobody needed us
        return
    job = json.loads(line)
    with suppress(OSError):  # it may have gone meanwhile
        os.chdir(job["cwd"])
    folder = Path(job["folder"]) if job["folder"] else None
    control = Control(commands, folder, running=job["running"])
    control.start()
    try:
        _do(job, folder, control, send)
    except TracerError as error:
        send("error", _fields(error))
    except BaseException as error:  # the program's: our own have been told apart
        send("error", _fields(_raised(error, job["shown"])))
    flush_printed()
    gc.freeze()  # the interpreter's own end need not look through millions of values


def _do(job: dict[str, Any], folder: Path | None, control: Control, send: Sender) -> None:
    rows, seed = None, job["seed"]
    if job["data"] is not None:
        rows = data.load(job["data"], 42 if seed is None else seed).rows
    program = run_program(job["path"], job["shown"])
    training = build(vars(program), job["shown"], rows, seed, job["settings"])
    steps = job["steps"] or training.steps
    if job["open"] is not None:
        assert folder is not None, "an opened step has a place"
        _open(job, training, vars(program), folder, send)
        return
    send("setup", setup_of(job, training, vars(program), steps).to_json())
    every = job["every"] or spacing(steps)
    look = Looker(training, grid=job["grid"])
    reports = train(
        training, steps, looks=lambda step: step % every == 0 or step in (1, steps) or control.waits, look=look
    )
    for report in _paced(reports, look, control):
        send("report", report.to_json(), now=report.look is not None or control.waits)
    send("end", {})


def _paced(reports: Iterator[Report], look: Looker, control: Control) -> Iterator[Report]:
    """The reports, one more wherever the run stands still after a step that has no look."""
    last: Report | None = None
    while True:
        if control.waits and last is not None and last.look is None and (seen := look()) is not None:
            last = replace(last, look=seen)
            yield last
        control.wait()
        report = next(reports, None)
        if report is None:
            return
        last = report
        yield report


def run_program(path: str, shown: str) -> ModuleType:
    """The program's module, its top level run.

    Args:
        shown: what tracebacks and traces call the file.

    Raises:
        ProgramError: it raised, or is not Python.
    """
    program = ModuleType(NAME)
    program.__dict__.update(__file__=os.path.abspath(path), __builtins__=__builtins__)
    try:
        source = Path(path).read_bytes()
        text = io.TextIOWrapper(io.BytesIO(source), tokenize.detect_encoding(io.BytesIO(source).readline)[0]).read()
        linecache.cache[shown] = len(text), None, text.splitlines(keepends=True), shown  # as it is now, if edited later
        code = compile(source, shown, "exec", dont_inherit=True)
        sys.modules[NAME] = program  # dataclasses look themselves up there
        sys.argv = [path]
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        exec(code, vars(program))
    except TracerError:
        raise
    except BaseException as error:
        raise _raised(error, shown) from None
    return program


def setup_of(job: dict[str, Any], training: Training, namespace: dict[str, Any], steps: int) -> Setup:
    """What the run is, for those who show it."""
    parameters = list(training.named_parameters().values())
    counts = [getattr(p, "numel", _one)() for p in parameters]
    return Setup(
        program=job["shown"],
        data=Path(job["data"]).name if job["data"] else "",
        engine="" if not parameters else "Tensor" if hasattr(parameters[0], "numel") else type(parameters[0]).__name__,
        parameters=int(sum(counts)),
        steps=steps,
        settings=in_use(namespace[ENTRY], job["seed"], job["settings"]),
        rows=tuple(training.rows),
        predicts=training.predict is not None and bool(training.rows),
    )


def _elements(value: Any) -> Any:
    """A number, or place -> number: JSON has no keys that are numbers."""
    return dict(value) if isinstance(value, list) else value


def _one() -> int:
    return 1


def _open(job: dict[str, Any], training: Training, namespace: dict[str, Any], folder: Path, send: Sender) -> None:
    """Record one step of the run into the folder."""
    ticking = _every(0.1, lambda step: send("replayed", step))
    recorder, loss, error = recorded_step(
        training,
        job["open"],
        limit=job["limit"],
        replayed=ticking,
        changes={name: _elements(value) for name, value in job["changes"]},
        overrides={(file, line, k): _elements(value) for file, line, k, value in job["overrides"]},
    )
    recorder.take_names({name: thing for name, thing in namespace.items() if name != ENTRY})
    recorder.info.update(title=f"{Path(job['shown']).name} · {job['open']:,}", program=job["shown"])
    if error is not None:
        kind = dict(zip(("error", "file", "line", "traceback"), told(error, job["shown"]), strict=True))
        recorder.info["outcome"] = {"kind": "raised", **kind}
    trace = recorder.trace
    if not trace.n_nodes:
        raise ProgramError(
            f"{job['shown']}: step {job['open']} made no Value or Tensor of ours, so there is nothing to walk.",
            ja=f"{job['shown']}: ステップ {job['open']} は Value や Tensor を作らないので、たどるものがありません。",
        )
    trace.save(folder / TRACE)
    send("opened", {"loss": loss})


def _every(seconds: float, act: Callable[[int], object]) -> Callable[[int], None]:
    """`act`, but not more often than every so many seconds."""
    last = [time.monotonic()]

    def tick(step: int) -> None:
        now = time.monotonic()
        if now - last[0] >= seconds:
            last[0] = now
            act(step)

    return tick


def _raised(error: BaseException, shown: str) -> ProgramError:
    """What to say of a program that raised."""
    line, file, number, text = told(error, shown)
    where = f"{file}:{number}" if number else None
    if isinstance(error, SyntaxError) and file == shown:
        said = clean(text.strip())
        return ProgramError(f"{shown} is not Python: {said}", ja=f"{shown} は Python として読めません: {said}")
    if isinstance(error, SystemExit):
        return ProgramError(
            f"{shown} ended itself with sys.exit({error.code!r}).",
            where=where,
            ja=f"{shown} は sys.exit({error.code!r}) で終了しました。",
        )
    return ProgramError(f"{shown} raised {line}", where=where, ja=f"{shown} が例外で終わりました: {line}")


def _fields(error: TracerError) -> dict[str, Any]:
    """An error as it travels."""
    kept = {name: getattr(error, name) for name in ("message", "where", "hint", "ja", "hint_ja")}
    return {**kept, "exit_code": error.exit_code}
