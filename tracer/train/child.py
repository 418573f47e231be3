"""The process in which a program is trained: started by `tracer.train.process`.

Everything of ours is imported before the program's folder comes onto the path, so that a `numpy.py` beside the program
cannot take our modules' place. Standard input carries one line of JSON, the job; after that a line is a command (see
`Control`), and its end means that whoever started us is gone. Reports leave by what was standard output; what the
program prints goes to standard error, wherever it prints to.
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import safetensors.numpy  # noqa: F401  now, though it is needed later: then the program's folder is on the path

from tracer.core import backward, gradcheck  # noqa: F401  likewise
from tracer.errors import TracerError
from tracer.train.control import Control, Sender, flush_printed
from tracer.train.program import fields, raised
from tracer.train.tasks import TASKS

THRESHOLD = 200_000, 20, 100
"""Of the collector of reference cycles: graphs have none, and looking through a step of 60,000 `Value`s for them again
and again takes longer than the step."""


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
    gc.set_threshold(*THRESHOLD)
    with suppress(OSError):  # it may have gone meanwhile
        os.chdir(job["cwd"])
    folder = Path(job["folder"]) if job["folder"] else None
    kept = job["task"] == "train" and job["run"] is not None
    control = Control(commands, folder, running=job["running"], kept=kept)
    control.start()
    try:
        TASKS[job["task"]](job, control, send)
    except TracerError as error:
        send("error", fields(error))
    except BaseException as error:  # the program's: our own have been told apart
        send("error", fields(raised(error, job["shown"])))
    flush_printed()
    gc.freeze()  # the interpreter's own end need not look through millions of values
