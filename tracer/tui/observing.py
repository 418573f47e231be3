"""Having steps observed: while a run trains, as often as it can bear; looking back, the step that is shown.

A step that is observed costs more than one that is not: the process that trains tells what it cost, and is left alone
until that is a small share of the time. Steps looked back at are taken once more in a process beside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from tracer.errors import TracerError
from tracer.trace.observation import Observation
from tracer.tui.observations import Observations

SHARE = 0.15
"""Of the time of a run that trains, what observing it may take."""
LEAST = 0.2
"""Seconds between two: faster, nobody reads."""
GRACE = 0.5
"""Seconds that a run which has just come to a stand has for telling its last step itself."""
SELDOM = 1.0
"""Seconds between two of a run that another process trains: each is trained once more here."""
PATIENCE = 0.5
"""Seconds that panels wait for the step they are to show, before they show an earlier one."""
LOST = 10.0
"""Seconds after which an observation that was asked for is not waited for any more."""


class LooksBack(Protocol):
    """See `tracer.train.observer.Observer`."""

    def ask(self, step: int) -> None: ...
    def take(self) -> Observation | TracerError | None: ...
    def close(self) -> None: ...


class Observing:
    """The observations of a run, and who is asked for more.

    Args:
        begin: starts a process that looks back; called when it is first needed.
    """

    def __init__(self, begin: Callable[[], LooksBack]) -> None:
        self._begin = begin
        self._kept = Observations()
        self._lock = threading.Lock()
        self._observer: LooksBack | None = None
        self._asked: int | None = None
        """The step looked back at that is being waited for."""
        self._refused: dict[int, TracerError] = {}
        self._live_since: float | None = None
        """When the run was asked to tell a step; None where nothing is awaited."""
        self._not_before = self._seldom_before = self._asked_at = 0.0
        self.version = 0
        """Grows with every observation."""

    # What is there

    def at(self, shown: int) -> Observation | None:
        """The newest at or before a step."""
        with self._lock:
            return self._kept.at(shown)

    def up_to(self, shown: int) -> tuple[Observation, ...]:
        """All at or before a step, ascending."""
        with self._lock:
            return self._kept.up_to(shown)

    def refusal(self, step: int) -> TracerError | None:
        """Why a step could not be observed."""
        return self._refused.get(step)

    @property
    def awaited(self) -> int | None:
        """The step looked back at that is on its way."""
        return self._asked

    def patient(self, step: int) -> bool:
        """Whether a step was asked for a moment ago: until it is there, what is on screen may stay."""
        return self._asked == step and monotonic() < self._asked_at + PATIENCE

    def take_over(self, other: Observing) -> None:
        """Keep what another has of the same run."""
        with other._lock:
            self._kept = other._kept
            self.version = other.version + 1

    # How it comes

    def take(self, observation: Observation, seconds: float = 0.0) -> None:
        """The run has told a step; in whatever thread that is heard.

        Args:
            seconds: what it cost the run beyond the step itself.
        """
        with self._lock:
            self._kept.add(observation)
            self._not_before = monotonic() + max(LEAST, seconds * (1 / SHARE - 1))
            self._live_since = None
            self.version += 1

    def live(self, tell: Callable[[], None]) -> None:
        """Have the next step of a run that trains observed, unless it is too soon.

        Args:
            tell: tells the run so.
        """
        now = monotonic()
        with self._lock:
            awaited = self._live_since is not None and now < self._live_since + LOST
            if awaited or now < self._not_before:
                return
            self._live_since = now
        tell()

    def rest(self, seconds: float) -> None:
        """Leave a run that trains alone for so much longer."""
        with self._lock:
            self._not_before = max(self._not_before, monotonic()) + seconds

    def look_back(self, step: int, *, seldom: bool = False) -> None:
        """Have a step observed that was taken before. Of several, only the one asked for last matters.

        Args:
            seldom: whether there will soon be a later one, so that not every step is worth its time.
        """
        with self._lock:
            if step < 1 or step in self._kept or step == self._asked or step in self._refused:
                return
        now = monotonic()
        if seldom and (self._asked is not None or now < self._seldom_before):
            return
        self._asked_at = now
        if self._observer is None:
            self._observer = self._begin()
        self._asked = step
        self._observer.ask(step)

    def poll(self) -> None:
        """Take in what has come of steps looked back at."""
        if self._observer is None or self._asked is None:
            return
        found = self._observer.take()
        if found is None:
            return
        now = monotonic()
        self._seldom_before = now + min(max(SELDOM, (now - self._asked_at) * (1 / SHARE - 1)), LOST)
        if isinstance(found, TracerError):
            self._refused[self._asked] = found
            self._asked = None
            self.version += 1
            return
        with self._lock:
            self._kept.add(found)
            self.version += 1
        if found.step == self._asked:
            self._asked = None

    def close(self) -> None:
        """End the process that looks back."""
        if self._observer is not None:
            threading.Thread(target=self._observer.close, name="observer", daemon=True).start()
            self._observer = None
