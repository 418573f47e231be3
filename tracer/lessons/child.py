"""The process in which a user's program runs: started by `tracer.lessons.process`.

Everything of ours is imported before the program's folder comes onto the path, so that a `numpy.py` or `models.py`
beside the program cannot take our modules' place, while the program still finds its own neighbours.

Standard input carries one line of JSON, the job; after that, a line is a request to stop, and its end means that
whoever started us is gone. The program itself reads an empty file instead.
"""

from __future__ import annotations

import gc
import io
import json
import linecache
import os
import shutil
import signal
import sys
import threading
import time
import tokenize
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Protocol

import safetensors.numpy  # noqa: F401  now, though it is needed later: then the program's folder is on the path

from tracer.core import backward, gradcheck  # noqa: F401  likewise
from tracer.core.record import Recorder, RecordLimit
from tracer.errors import TracerError
from tracer.files import write_atomic
from tracer.lessons.outcome import Outcome
from tracer.programs.frames import is_users, one_line, own_frames, told
from tracer.trace.spool import Spool, busy


class Writes(Protocol):
    """What keeps a recording on disk."""

    def write(self) -> float: ...


TRACE, OUTCOME = "run.trace", "outcome.json"
"""What a run leaves in its folder."""
OTHERS = ("micrograd", "torch", "jax", "tensorflow")
"""Modules whose presence explains why nothing of ours was recorded."""
WALKED: list[Recorder] = []
"""The recorder of the program that runs in this process; empty in a process that was not started for a program."""


class Stopper(threading.Thread):
    """Waits for a request to stop, or for the end of whoever started us."""

    def __init__(self, control: io.FileIO, folder: Path) -> None:
        super().__init__(name="control", daemon=True)
        self.control, self.folder = control, folder
        self.asked = self.done = False
        self._raised = threading.Event()

    def run(self) -> None:
        asked = self.control.readline()
        if self.done:
            return
        if not asked:
            shutil.rmtree(self.folder, ignore_errors=True)
            os._exit(1)
        self.asked = True
        while not self.done and not self._raised.is_set():
            signal.raise_signal(signal.SIGINT) if os.name == "nt" else os.kill(os.getpid(), signal.SIGINT)
            self._raised.wait(0.005)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT: KeyboardInterrupt, but never with half an event recorded."""
        if busy(frame):
            return  # whoever asked asks again in a moment
        self._raised.set()
        raise KeyboardInterrupt


class NamingSpool(Spool):
    """A spool whose every write carries the names that the program's variables have at that moment.

    Only the write does: a variable may hold another value a moment later, and then names that one.
    """

    def __init__(self, recorder: Recorder, path: Path, variables: Mapping[str, Any]) -> None:
        super().__init__(recorder, path)
        self.variables = variables

    def write(self) -> float:
        began = time.perf_counter()
        self.recorder.settle()  # what waits brings names of its own
        own = dict(self.recorder.names)
        self.recorder.take_names(self.variables)
        try:
            super().write()
        finally:
            self.recorder.names = own
        return time.perf_counter() - began


def write_before_death(spool: Writes) -> None:
    """Let the program's own `os._exit`, `os.abort` and signals to itself write first: after them nothing of ours runs.

    Not in a process that the program forked, whose recording is not ours, nor in another thread, where the recording
    may be in the middle of an event.
    """
    ours, main_thread, kill = os.getpid(), threading.main_thread(), os.kill

    def write() -> None:
        if os.getpid() == ours and threading.current_thread() is main_thread:
            with suppress(TracerError):  # whoever wants it is gone
                spool.write()

    def first(end: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(end)
        def ending(*args: Any, **keywords: Any) -> Any:
            write()
            return end(*args, **keywords)

        return ending

    @wraps(kill)
    def sending(pid: int, number: int, /) -> None:
        if pid in (ours, 0) and number not in (0, signal.SIGINT):
            write()
        kill(pid, number)

    os._exit, os.abort, os.kill = first(os._exit), first(os.abort), sending


def take_control() -> io.FileIO:
    """What was standard input, for us alone; the program reads an empty file instead."""
    control = io.FileIO(os.dup(0))  # unbuffered: a thread that waits in it may not hold a lock when we end
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return control


def main() -> None:
    """Read the job, run it, leave trace and outcome in its folder."""
    control = take_control()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    line = control.readline()
    if not line:  # nobody needed us
        return
    job = json.loads(line)
    with suppress(OSError):  # it may have gone meanwhile
        os.chdir(job["cwd"])
    folder = Path(job["folder"])
    stopper = Stopper(control, folder)
    signal.signal(signal.SIGINT, stopper.interrupt)
    stopper.start()
    overrides = {(f, n, k): dict(v) if isinstance(v, list) else v for f, n, k, v in job["overrides"]}
    recorder = Recorder(overrides, limit=job["limit"])
    recorder.info.update(job["info"])
    try:
        outcome = run(recorder, job["path"], job["shown"], job["argv"], folder / TRACE)
    except KeyboardInterrupt:  # between the program's end and ours
        outcome = Outcome("stopped")
    stopper.done = True
    with suppress(KeyboardInterrupt):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        said = {**outcome.to_json(), "others": [name for name in OTHERS if name in sys.modules]}
        write_atomic(folder / OUTCOME, json.dumps(said).encode())
    gc.freeze()  # the interpreter's own end need not look through millions of values


def run(recorder: Recorder, path: str, shown: str, argv: list[str], spool: Path) -> Outcome:
    """Run the program at `path`, recorded, keeping `spool` a trace of it; how it ended.

    Args:
        shown: what the trace calls the file.
    """
    program = ModuleType("__main__")
    namespace = program.__dict__
    namespace.update(__file__=os.path.abspath(path), __builtins__=__builtins__)
    try:
        source = Path(path).read_bytes()
        text = io.TextIOWrapper(io.BytesIO(source), tokenize.detect_encoding(io.BytesIO(source).readline)[0]).read()
        linecache.cache[shown] = len(text), None, text.splitlines(keepends=True), shown  # as it is now, if edited later
        code = compile(source, shown, "exec", dont_inherit=True)
    except Exception as problem:
        return raised(problem, shown)
    WALKED.append(recorder)
    sys.modules["__main__"] = program  # `import __main__` finds the program
    sys.argv = argv
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    with NamingSpool(recorder, spool, namespace) as writing:
        write_before_death(writing)
        recorder.__enter__()
        outcome, error = Outcome(), BaseException()
        try:
            exec(code, namespace)
        except BaseException as problem:
            outcome, error = ended(problem, shown, recorder), problem
        finally:
            recorder.take_names(namespace)
            name_locals(recorder, error)
            leave(recorder)
        if outcome.kind == "complete" and recorder.limit is not None and recorder.n_nodes >= recorder.limit:
            outcome = Outcome("limit", f"{recorder.limit:,}")  # the program caught the error and went on
        recorder.info["outcome"] = outcome.to_json()
    return outcome


def leave(_recorder: Recorder) -> None:
    """End the recording, from a frame in which no variable but ours could give a name."""
    _recorder.__exit__(None, None, None)


def ended(error: BaseException, shown: str, recorder: Recorder) -> Outcome:
    """What `error` says of how the program `shown` ended."""
    if isinstance(error, SystemExit):
        frames = own_frames(error)
        if error.code in (None, 0):
            return Outcome()
        file, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else (shown, 0)
        return Outcome("exited", one_line(repr(error.code)), file, line)
    if isinstance(error, RecordLimit):
        frames = own_frames(error)
        return Outcome("limit", f"{recorder.limit:,}", frames[-1].filename, frames[-1].lineno or 0)
    if isinstance(error, KeyboardInterrupt):
        frames = own_frames(error)
        file, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        return Outcome("stopped", "", file, line)
    return raised(error, shown)


def raised(error: BaseException, shown: str) -> Outcome:
    """The outcome of a program that an exception ended."""
    return Outcome("raised", *told(error, shown))


def name_locals(recorder: Recorder, error: BaseException) -> None:
    """Where it broke, values carry the names they have in the functions under way."""
    at = error.__traceback__
    found: list[Mapping[str, Any]] = []
    while at is not None:
        if is_users(at.tb_frame.f_code.co_filename) and at.tb_frame.f_code.co_name != "<module>":
            found.append(at.tb_frame.f_locals)
        at = at.tb_next
    for variables in reversed(found[-10:]):
        recorder.take_names(variables)
