"""Things that were opened, by name: each is run once, in the background, whoever asks.

The gallery's preview and Enter ask for the same lesson within a second of each other; the second to ask waits for the
first one's run.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.lessons.documents.endings import ENDINGS
from tracer.tui.messages import Request

if TYPE_CHECKING:
    from tracer.lessons.documents.course import Course
    from tracer.lessons.documents.document import Document
    from tracer.lessons.runner import Thing
    from tracer.tui.opened_run import OpenedRun

Opener = Callable[[Request, threading.Event], "Thing | Document | Course | OpenedRun"]
Key = tuple[str, tuple[tuple[str, float], ...]]

RUNS = "runs"
MOST_RUNS = 10
"""Runs that the gallery lists."""
KEPT = 64
"""Things kept; a lesson's trace is a few kB."""


class Library:
    """Opens things in daemon threads, so that an endless program cannot keep the app from quitting.

    Args:
        opener: runs a request, in the calling thread, until the event is set. Raises TracerError.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._runs: dict[Key, tuple[Future[Thing | Document | Course | OpenedRun], threading.Event]] = {}
        self._lock = threading.Lock()

    def ask(self, request: Request, *, fresh: bool = False) -> Future[Thing | Document | Course | OpenedRun]:
        """The thing's run, under way or done.

        Args:
            fresh: run it again even if it was run before: a user's file may have changed.
        """
        key = request.name, request.assignments
        with self._lock:
            known = self._runs.pop(key, None)
            if known is not None and not (known[0].done() and (fresh or known[1].is_set())):
                self._runs[key] = known  # the newest again
                return known[0]
            run: Future[Thing | Document | Course | OpenedRun] = Future()
            stop = threading.Event()
            self._runs[key] = run, stop
            while len(self._runs) > KEPT:
                del self._runs[next(iter(self._runs))]
        threading.Thread(target=self._run, args=(request, run, stop), name="open", daemon=True).start()
        return run

    def stop(self, request: Request) -> None:
        """Tell the program to end. The run is then done, with what was computed up to there."""
        with self._lock:
            known = self._runs.get((request.name, request.assignments))
        if known is not None:
            known[1].set()

    def _run(self, request: Request, run: Future[Thing | Document | Course | OpenedRun], stop: threading.Event) -> None:
        try:
            thing = self._opener(request, stop)
        except BaseException as error:  # whoever asked decides what it means
            run.set_exception(error)
        else:
            run.set_result(thing)


def open_with_runner(request: Request, stop: threading.Event) -> Thing | Document | Course | OpenedRun:
    """What `Library` does outside tests: whatever `tracer open` takes. A document is read, not run."""
    path = Path(request.name)
    if _is_there(path) and path.is_dir():
        from tracer.train.run import is_run

        if is_run(path):
            return _run(path)
        from tracer.lessons.documents.course import read_course

        return read_course(path)
    if path.suffix.casefold() in ENDINGS and _is_there(path):
        return _document(path)
    from tracer.lessons.content import find_page
    from tracer.lessons.runner import open_thing

    page = None if _is_there(path) else find_page(request.name)
    if page is not None:
        return _document(page.path)

    thing = open_thing(request.name, dict(request.assignments), stop=stop)
    import tracer.tui.screens.lockstep  # noqa: F401  # here, so that no key waits for it when the thing is shown

    return thing


def _run(path: Path) -> OpenedRun:
    from tracer.train.run import Run
    from tracer.tui.opened_run import OpenedRun

    found = OpenedRun(Run.open(path))
    import tracer.tui.screens.training  # noqa: F401  # as above

    return found


def runs_here() -> list[str]:
    """Training runs in the folder where `tracer train` puts them, the newest first."""
    with suppress(OSError):
        found = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(RUNS) if entry.is_dir()]
        newest = [path for _, path in sorted(found, reverse=True)]
        return [path for path in newest if os.path.isfile(os.path.join(path, "run.json"))][:MOST_RUNS]
    return []


def is_run_here(words: str) -> bool:
    """Whether what would be typed after `tracer open` is a run's folder."""
    with suppress(OSError, ValueError):  # a quote that does not end, or no path
        name, *rest = shlex.split(words) or [""]
        return not rest and os.path.isfile(os.path.join(name, "run.json"))
    return False


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder. Text that cannot be a path is none."""
    with suppress(OSError, ValueError):  # too long, or a null byte
        return path.exists()
    return False


def _document(path: Path) -> Document:
    from tracer.lessons.documents.reading import read_document

    found = read_document(path)
    import tracer.tui.screens.document  # noqa: F401  # as above

    return found
