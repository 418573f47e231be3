"""What to train, and the line that tells a child process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tracer.core.record import LeafKey, Override
from tracer.programs.process import check_program, shown_name
from tracer.train.entry import Setting

MOST_NODES = 2_000_000
"""Of a step that is opened: about 100 MB of trace."""
Engine = Literal["scalar", "tensor"]
Mode = Literal["lines", "text"]


@dataclass(frozen=True)
class Job:
    """What to train. The same job gives the same numbers, step by step."""

    program: Path
    shown: str = ""
    """What messages and traces call the program; by default its path from the current folder."""
    data: str | None = None
    seed: int | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    steps: int | None = None
    """How many; None for the program's own number. 0 for `measure`, which takes none."""
    every: int | None = None
    """Steps between two reports with a look; None for `looks.spacing`."""
    grid: bool = True
    """Whether a look has a decision boundary, which costs more than the accuracy alone."""
    mode: Mode | None = None
    """Of text: a document a line, or one long text."""
    engine: Engine | None = None
    """What the parameters must be made of; None for whatever the program makes them of. See `engines.program_for`."""
    device: str | None = None
    """The setting `device`, of a program that takes it."""
    run: Path | None = None
    """The run's folder: what is trained is kept there, and a step is opened from the checkpoints in it."""
    resume: bool = False
    """Go on with the run in `run`, from its last checkpoint."""
    force: bool = False
    """Go on though the data or the program have changed."""
    init: Path | None = None
    """A file of weights to begin with."""
    document: str | None = None
    """What `measure` measures."""
    source: str | None = None
    """The program's text, where it is not what its file holds now: a run goes on with the program it began with."""
    checkpoint_every: int | None = None
    """Steps between two checkpoints; None for `writer.EVERY`."""

    def check(self) -> None:
        """Raise unless there is a program to run.

        Raises:
            NotFoundError, ProgramError: the program's file is none.
        """
        if self.source is None:
            check_program(self.program)

    def line(
        self,
        task: str = "train",
        *,
        running: bool = True,
        folder: str = "",
        changes: Mapping[str, Override] | None = None,
        overrides: Mapping[LeafKey, Override] | None = None,
        **more: Any,
    ) -> bytes:
        """The line that tells the child what to do.

        Args:
            task: one of `child.TASKS`.
            running: whether training begins at once.
            folder: where a trace is to be left.
            changes, overrides: see `loop.recorded_step`.
            more: what else the task is told.
        """
        settings = dict(self.settings) | ({} if self.device is None else {"device": self.device})
        what = {
            "task": task,
            "path": str(self.program.absolute()),
            "cwd": os.getcwd(),
            "shown": self.shown or shown_name(self.program),
            "source": self.source,
            "data": self.data,
            "mode": self.mode,
            "seed": self.seed,
            "settings": settings,
            "engine": self.engine,
            "steps": self.steps,
            "every": self.every,
            "grid": self.grid,
            "run": None if self.run is None else str(self.run.absolute()),
            "resume": self.resume,
            "force": self.force,
            "init": None if self.init is None else str(self.init),
            "document": self.document,
            "checkpoint_every": self.checkpoint_every,
            "running": running,
            "folder": folder,
            "changes": [[name, sent(value)] for name, value in (changes or {}).items()],
            "overrides": [[*key, sent(value)] for key, value in (overrides or {}).items()],
            "limit": MOST_NODES,
        }
        return json.dumps(what | more).encode() + b"\n"


def sent(value: Override) -> float | list[tuple[int, float]]:
    """As JSON can carry it: it has no keys that are numbers."""
    return list(value.items()) if isinstance(value, Mapping) else value
