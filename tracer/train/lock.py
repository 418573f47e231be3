"""One process at a time writes a run's folder. A lock goes with the process that holds it, however that ends."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from tracer.errors import FileFormatError
from tracer.text import clean

NAME = "lock"
TRIES = 5


def _fcntl() -> ModuleType | None:
    """What locks files here; None on Windows, where nothing keeps a second writer out."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl


def take(folder: Path) -> int:
    """Hold the lock of a run's folder until the returned descriptor is closed, or this process ends.

    Raises:
        FileFormatError: another process holds it.
        OSError: the file cannot be made.
    """
    fcntl = _fcntl()
    held = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        if fcntl is not None:
            _lock(fcntl, held)
        with suppress(OSError):  # who it is, for the one who is refused; a full disk does not matter here
            os.ftruncate(held, 0)
            os.pwrite(held, str(os.getpid()).encode(), 0)
    except BlockingIOError:
        who = os.pread(held, 20, 0).decode("ascii", "replace")
        os.close(held)
        raise FileFormatError(
            clean(f"{folder}: is being trained by another process ({who})."),
            hint="Stop that one first, or train into another folder with --run.",
            ja=clean(f"{folder}: 別のプロセス（{who}）が訓練中です。"),
            hint_ja="先にそちらを止めるか、--run で別のフォルダを指定してください。",
        ) from None
    except OSError:  # a file system without locks
        pass
    return held


def _lock(fcntl: ModuleType, held: int) -> None:
    """Lock, or give up after a moment: whoever only asks whether it is locked holds it for microseconds.

    Raises:
        BlockingIOError: it stays locked.
    """
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(folder: Path) -> bool:
    """Whether a process holds the lock now."""
    fcntl = _fcntl()
    try:
        found = os.open(folder / NAME, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        if fcntl is not None:
            fcntl.flock(found, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    finally:
        os.close(found)
    return False
