"""Things that were opened, by name: each is run once, in the background, whoever asks.

The gallery's preview and Enter ask for the same lesson within a second of each other; the second to ask waits for the
first one's run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tracer.tui.messages import Request

if TYPE_CHECKING:
    from tracer.lessons.runner import Thing

Opener = Callable[[Request], "Thing"]

KEPT = 64
"""Things kept; a lesson's trace is a few kB."""


class Library:
    """Opens things in daemon threads, so that an endless program cannot keep the app from quitting.

    Args:
        opener: runs a request, in the calling thread. Raises TracerError.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._runs: dict[tuple[str, tuple[tuple[str, float], ...]], Future[Thing]] = {}
        self._lock = threading.Lock()

    def ask(self, request: Request, *, fresh: bool = False) -> Future[Thing]:
        """The thing's run, under way or done.

        Args:
            fresh: run it again even if it was run before: a user's file may have changed.
        """
        key = (request.name, request.assignments)
        with self._lock:
            run = self._runs.get(key)
            if run is not None and not (fresh and run.done()):
                return run
            run = self._runs[key] = Future()
            while len(self._runs) > KEPT:
                del self._runs[next(iter(self._runs))]
        return _in_background(lambda: self._opener(request), run)

    def start(self, make: Callable[[], Thing]) -> Future[Thing]:
        """What `make` gives, made in the background and not kept."""
        return _in_background(make, Future())


def _in_background(make: Callable[[], Thing], run: Future[Thing]) -> Future[Thing]:
    def go() -> None:
        try:
            run.set_result(make())
        except BaseException as error:  # whoever asked decides what it means
            run.set_exception(error)

    threading.Thread(target=go, name="open", daemon=True).start()
    return run


def open_with_runner(request: Request) -> Thing:
    """What `Library` does outside tests: a lesson, model, file or expression, as `tracer open` takes it."""
    from tracer.lessons.runner import open_thing

    return open_thing(request.name, dict(request.assignments))
