"""Writing a file so that whatever happens, the old one or the new one is there, whole; and where our own files live."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from tracer.errors import NotFoundError, TracerError

FIRST = "start"
"""The folder of samples that comes before all others."""


def settings_folder() -> Path | None:
    """Where we keep what we remember: `TRACER_CONFIG_DIR` if set, else the system's place for it; None if none is."""
    override = os.environ.get("TRACER_CONFIG_DIR")
    if override:
        return Path(override)
    from platformdirs import user_config_path

    try:
        return user_config_path("gradient-tracer", appauthor=False)
    except (OSError, RuntimeError):  # no home folder
        return None


def content_root() -> Path:
    """The folder that holds `samples` and `models`: the package's own copy in a wheel, else the checkout.

    Raises:
        NotFoundError: neither is there.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_content", package.parent):
        if (root / "samples" / FIRST).is_dir():
            return root
    raise NotFoundError(
        "the lessons are missing from this installation.",
        hint="Reinstall it: pip install --force-reinstall gradient-tracer",
    )


def write_atomic(path: str | Path, data: bytes, error: type[TracerError] = TracerError) -> None:
    """Write `data` to `path`: a temporary file beside it, fsync, rename.

    A device or pipe (`/dev/stdout`) is written to directly, since nothing can be renamed over it.

    Raises:
        error: the folder does not exist, is not writable, or the disk is full; `path` is then as it was.
    """
    if "\0" in str(path):
        raise error(f"{str(path)!r}: not written: a file's name has no null character.")
    target = Path(os.path.realpath(path))  # the file that a link leads to is replaced, the link stays
    temporary: str | None = None
    try:
        if _is_stream(path):
            Path(path).write_bytes(data)
            return
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder", str(target))
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        # named before it is made: whatever interrupts from here on, it is known what to take away
        temporary = str(target.parent / f".{target.name}.{secrets.token_hex(4)}")
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
        temporary = None
    except OSError as problem:
        raise error(f"{target}: not written: {_reason(problem)}.", hint=_remedy(problem, target)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _is_stream(path: str | Path) -> bool:
    """Whether `path` is a device, a pipe, or this process's own output wherever that goes: no place for a new file."""
    if str(path).startswith(("/dev/", "/proc/")):
        return os.path.exists(path) and not os.path.isdir(path)
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(problem: OSError) -> str:
    return {
        errno.ENOENT: "the folder does not exist",
        errno.ENOTDIR: "part of the path is a file, not a folder",
        errno.EISDIR: "it is a folder",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
        errno.EROFS: "the file system is read-only",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.ENAMETOOLONG: "the name is too long",
    }.get(problem.errno or 0, (problem.strerror or str(problem)).lower())


def _remedy(problem: OSError, target: Path) -> str | None:
    if problem.errno == errno.ENOENT:
        return f"Create it first: mkdir -p {target.parent}"
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR):
        return "Give another path with -o."
    return None
