"""Where a command is going to write: asked before a program runs for an hour."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from tracer.errors import TracerError


def check_writable(out: Path, error: type[TracerError]) -> None:
    """Raise unless a file can be made at `out`. A device or pipe is left to the writing itself."""
    folder = out.parent
    if not os.path.isdir(folder):
        raise error(
            f"{out}: not written: the folder does not exist.",
            hint=f"Create it: mkdir -p {folder}",
            ja=f"{out}: 書き込めません。フォルダがありません。",
            hint_ja=f"先に作ってください: mkdir -p {folder}",
        )
    if os.path.isdir(out):
        raise error(f"{out}: not written: it is a folder.", ja=f"{out}: 書き込めません。フォルダです。")
    if os.path.exists(out) and not os.path.isfile(out):
        return
    try:
        with tempfile.TemporaryFile(dir=folder):  # a right to write says little: not even root can in /proc
            pass
    except OSError as problem:
        why = (
            (problem.strerror or str(problem)).lower() if problem.errno != errno.ENOENT else "no file can be made in it"
        )
        raise error(
            f"{out}: not written: {folder} is there, but: {why}.",
            hint="Give another path with -o.",
            ja=f"{out}: 書き込めません。フォルダ {folder} にファイルを作れません。",
            hint_ja="-o で別の場所を指定してください。",
        ) from None
