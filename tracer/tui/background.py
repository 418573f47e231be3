"""Work that takes longer than a frame, in a daemon thread: a key never waits for it, and quitting never does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

from textual.app import App
from textual.message_pump import MessagePump

from tracer.errors import TracerError

T = TypeVar("T")


def in_background(
    pump: MessagePump, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[TracerError], None]
) -> None:
    """Run `job` in a thread; then call `done` (or `failed`) as a message of `pump`, unless that is gone by then.

    Args:
        job: touches no widget. What a user can act on is raised as `TracerError`; any other error is our own mistake
            and ends the app with its traceback.
    """
    app = pump.app
    run: Future[T] = Future()
    run.add_done_callback(partial(_report, app, pump, done, failed))
    threading.Thread(target=_go, args=(job, run), name="background", daemon=True).start()


def _go(job: Callable[[], T], run: Future[T]) -> None:
    try:
        run.set_result(job())
    except BaseException as error:  # `_report` decides what it means
        run.set_exception(error)


def _report(
    app: App[object],
    pump: MessagePump,
    done: Callable[[T], None],
    failed: Callable[[TracerError], None],
    run: Future[T],
) -> None:
    """Called in the thread that ran the job."""
    error = run.exception()
    if not pump.is_running:
        return
    with suppress(RuntimeError):  # the app has ended in this very moment
        if error is None:
            pump.call_later(done, run.result())
        elif isinstance(error, TracerError):
            pump.call_later(failed, error)
        else:
            app.call_later(_raise, error)


def _raise(error: BaseException) -> None:
    raise error
