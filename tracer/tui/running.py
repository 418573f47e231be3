"""A training run as the app holds it: a thread takes in its reports, whoever draws them asks for the past.

No Textual here: the command line opens a step by the same function as the screen.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Protocol

import numpy as np

from tracer.core.record import LeafKey
from tracer.errors import TracerError
from tracer.lessons.runner import Overrides, Thing
from tracer.text import LANGS, Text, clean
from tracer.trace.trace import Trace
from tracer.train.history import History, Past
from tracer.train.messages import Observed, Saved, Unsaved
from tracer.train.own_data import own_data
from tracer.train.process import Job, OpenedStep, open_step
from tracer.train.report import Report, Setup
from tracer.train.run import taken_before
from tracer.tui.observing import GRACE, LooksBack, Observing

State = Literal["running", "paused", "done", "failed", "resting", "followed", "starting", "stopping"]
"""`resting`: not finished, and nobody trains it now. `followed`: another process trains it."""


class Commands(Protocol):
    """What a run obeys: see `TrainingProcess`."""

    def run(self) -> None: ...
    def pause(self) -> None: ...
    def step(self) -> None: ...
    def to(self, step: int) -> None: ...
    def observe(self) -> None: ...
    def stop(self) -> None: ...


open_again = partial(open_step, again=True)
"""Whoever looks at one step will look at another."""


class Running:
    """A run under way.

    Args:
        job: what is trained.
        setup: what its process said first.
        commands: the process; None while there is none.
        messages: what it says from then on; raises `TracerError` where it fails.
        typed: the words that train it once more.
        earlier: the reports of the steps it had taken before; by default its log tells them.
        observer: starts a process that observes steps taken before.

    Raises:
        NotFoundError, FileFormatError: there is no log to tell them.
    """

    def __init__(
        self,
        job: Job,
        setup: Setup,
        commands: Commands | None,
        messages: Iterator[Any],
        typed: Sequence[str] = (),
        *,
        earlier: Iterable[Report] | None = None,
        opener: Callable[..., OpenedStep] = open_again,
        observer: Callable[[], LooksBack] | None = None,
    ) -> None:
        self.job, self.setup, self.commands, self.typed = job, setup, commands, tuple(typed)
        self.paused = self.ended = self.stopping = False
        self.error: TracerError | None = None
        """Why it ended early."""
        self.successor: Running | None = None
        """What takes its place: itself with other settings, or a new run."""
        self.unsaved: Text | None = None
        """Why the last checkpoint could not be written."""
        self._saved: int | None = None
        self._messages, self._history, self._opener = messages, History(), opener
        self.observing = Observing(observer or self._look_back)
        self._told_at = 0.0
        """When it last told of a step."""
        for report in taken_before(setup) if earlier is None else earlier:
            self._history.add(report)
        self._lock = threading.Lock()
        self._version = 0
        self._past: tuple[int, Past] = (-1, self._history.past)

    def start(self) -> None:
        """Take in reports from now on."""
        threading.Thread(target=self.take_all, name="training", daemon=True).start()

    def take_all(self) -> None:
        """Take in every report there will be."""
        try:
            for message in self._messages:
                self.take(message)
        except TracerError as error:
            self.error = error
        with self._lock:
            self.ended = True
            self._version += 1

    def take(self, message: object) -> None:
        """Take in one message."""
        if isinstance(message, Observed):
            self.observing.take(message.observation, message.seconds)
            return
        with self._lock:
            self._told_at = monotonic()
            if isinstance(message, Report):
                self._history.add(message)
                self._version += 1
            elif isinstance(message, Saved):
                self._saved, self.unsaved = message.step, None
            elif isinstance(message, Unsaved):
                self.unsaved = message.reason

    @property
    def past(self) -> Past:
        """What it has told so far; the same object until there is more."""
        with self._lock:
            if self._past[0] != self._version:
                self._past = self._version, self._history.past
            return self._past[1]

    @property
    def name(self) -> str:
        """What to call it: its folder's name, else the program's file."""
        return Path(self.setup.folder).name if self.setup.folder else self.setup.program

    @property
    def data(self) -> str:
        """What to call what it learns from; empty where nobody knows."""
        return self.setup.data or self._own_data

    @cached_property
    def _own_data(self) -> str:
        return own_data(self.job.program, self.job.source) or ""

    @property
    def resume(self) -> str:
        """The command that goes on with it; empty where it is not kept."""
        if not self.setup.folder:
            return ""
        return shlex.join(["tracer", "train", "--resume", clean(short_path(self.setup.folder))])

    @property
    def done(self) -> bool:
        """Whether every step it was to take has been taken."""
        return self.past.steps >= self.setup.steps

    @property
    def state(self) -> State:
        """How it stands."""
        if self.error is not None or self.past.stopped:
            return "failed"
        if self.done:
            return "done"
        if self.ended:
            return "resting" if self.stopping else "failed"
        return "stopping" if self.stopping else "paused" if self.paused else "running"

    def told(self) -> None:
        """Called when its error has been shown."""

    def close(self) -> None:
        """Called when nobody looks at it any more."""
        self.observing.close()

    # What it can be told

    def play(self) -> None:
        """Go on, or stand still."""
        self.paused, self._until = not self.paused, None
        self._tell("pause" if self.paused else "run")

    def step(self) -> None:
        """Take one step, then stand still."""
        self.paused, self._until = True, None
        self._tell("step")

    def to(self, step: int) -> None:
        """Train up to a step, then stand still."""
        self.paused, self._until = False, step
        self._tell("to", step)

    _until: int | None = None
    """The step it was told to stand still after."""

    def arrived(self) -> None:
        """Called now and then: a run that was told where to stop stands still there."""
        if self._until is not None and self.past.steps >= self._until:
            self._until, self.paused = None, True

    # What is seen of it

    def _look_back(self) -> LooksBack:
        from tracer.train.observer import Observer

        return Observer(self.job)

    def watch(self, shown: int, *, newest: bool) -> None:
        """Called now and then: have the step that is shown observed, or one close to it while the run trains.

        Args:
            newest: whether that is the newest there is: by now, there may be newer ones.
        """
        self.observing.poll()
        state = self.state
        if newest and state == "running":
            self.observing.live(partial(self._tell, "observe"))
        elif not newest or monotonic() > self._told_at + GRACE:  # else it tells its last step itself
            self.observing.look_back(shown, seldom=newest and state in ("followed", "starting", "stopping"))

    def stop(self) -> bool:
        """Have what is not saved yet saved, and end; whether there is anything to wait for."""
        if self.ended or self.commands is None or not self.setup.folder:
            return False
        self.stopping = True
        self._tell("stop")
        return True

    def _tell(self, command: str, *what: int) -> None:
        if self.commands is not None:
            getattr(self.commands, command)(*what)

    @property
    def farewell(self) -> Text | None:
        """What to say of it afterwards: where it is kept and how to go on; None where it is not kept."""
        mine, after = self.own_farewell, self.successor
        theirs = None if after is None else after.farewell
        if after is not None and os.path.abspath(after.setup.folder) == os.path.abspath(self.setup.folder):
            return theirs or mine  # the same run, further on
        told = [one for one in (mine, theirs) if one is not None]
        return Text(*("\n".join(one[lang] for one in told) for lang in LANGS)) if told else None

    @property
    def own_farewell(self) -> Text | None:
        """The same of this one alone."""
        if not self.setup.folder:
            return None
        words = _ALL if self.done else _NOT_ALL if not self.past.stopped else _BROKEN
        folder = shlex.quote(clean(short_path(self.setup.folder)))
        return words.format(folder=folder, steps=f"{self.past.steps:,}", of=f"{self.setup.steps:,}")

    # Its steps

    def words(self, step: int | None = None) -> list[str]:
        """What to type to have it again; with a step, to walk that."""
        return [*self.typed, *([] if step is None else ["--open", str(step)])]

    def open(self, step: int, stop: threading.Event) -> tuple[Thing, bool]:
        """Record a step once more; and whether it measured just what it measured in training.

        Raises:
            TracerError: it could not be done.
        """
        opened = self._opener(self.job, step, stop=stop)
        losses = self.past.losses
        known = step <= len(losses) and opened.loss is not None
        # as bits: a loss that is nan is the same nan
        same = not known or float(losses[step - 1]).hex() == float(opened.loss or 0.0).hex()
        name = self.name if self.setup.folder else ""
        return thing_of_step(self.job, step, opened, self.words(step) if self.typed else (), name), same


def short_path(path: str) -> str:
    """A path as one types it here: below the current folder without what leads to that."""
    with suppress(OSError, ValueError):  # the current folder is gone, or on another drive
        below = os.path.relpath(path)
        return path if below.startswith("..") else below
    return path


def thing_of_step(job: Job, step: int, opened: OpenedStep, typed: Sequence[str] = (), name: str = "") -> Thing:
    """An opened step as something to walk.

    Args:
        typed: the words that open it.
        name: what to call the run; the program's file if empty.
    """
    name = name or Path(job.shown or job.program).name
    trace = opened.trace

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        """The step once more, some leaves with other numbers: those made before it go by their names."""
        leaves = _leaves(trace)
        made_before = {key: trace.name(leaves[key]) or "" for key in overrides if key in leaves and not key[0]}
        changes = {name: overrides[key] for key, name in made_before.items()}
        others = {key: value for key, value in overrides.items() if key not in made_before}
        other = open_again(job, step, stop=stop, changes=changes, overrides=others)
        return replace(thing_of_step(job, step, other, typed, name), rerun=again, overrides=dict(overrides))

    title = _TITLE.format(name=name, step=f"{step:,}")
    return Thing(title.en, trace, rerun=again, name=name, typed=tuple(typed), heading=title)


def _leaves(trace: Trace) -> dict[LeafKey, int]:
    """What names each leaf (`Trace.leaf_key`) -> the leaf, in one pass over all of them."""
    counts: Counter[int] = Counter()
    found: dict[LeafKey, int] = {}
    for node in np.flatnonzero(trace.columns.op == 0).tolist():
        row = int(trace.columns.line[node])
        if trace.kind(node) == "leaf":
            found[*(trace.line_at(row) or ("", -1)), counts[row]] = node
        counts[row] += 1
    return found


_TITLE = Text(en="{name}  step {step}", ja="{name}  ステップ {step}")
_ALL = Text(
    en="{folder}: all {steps} steps. tracer open {folder} shows them again.",
    ja="{folder}: {steps} ステップすべてを訓練しました。tracer open {folder} でまた見られます。",
)
_NOT_ALL = Text(
    en="{folder}: {steps} of {of} steps. tracer train --resume {folder} goes on;"
    " tracer open {folder} shows them again.",
    ja="{folder}: {of} ステップ中 {steps} ステップまで。tracer train --resume {folder} で再開、"
    "tracer open {folder} でまた見られます。",
)
_BROKEN = Text(
    en="{folder}: ended at step {steps} of {of}. tracer open {folder} shows where it comes from.",
    ja="{folder}: {of} ステップ中、ステップ {steps} で終わりました。tracer open {folder} で原因を調べられます。",
)
