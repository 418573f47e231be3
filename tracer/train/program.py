"""Running the program that is trained, in this process; what to say when it raises."""

from __future__ import annotations

import io
import linecache
import os
import sys
import tokenize
from pathlib import Path
from types import ModuleType
from typing import Any

from tracer.errors import ProgramError, TracerError
from tracer.programs.frames import clean, told

NAME = "__program__"
"""The trained program's `__name__`: not `__main__`, or it would train itself."""


def run_program(path: str, shown: str, source: bytes | None = None) -> ModuleType:
    """The program's module, its top level run.

    Args:
        path: its file.
        shown: what tracebacks and traces call the file.
        source: what to run instead of what the file holds now; the program still finds what lies beside that file.

    Raises:
        ProgramError: it raised, or is not Python.
    """
    program = ModuleType(NAME)
    program.__dict__.update(__file__=os.path.abspath(path), __builtins__=__builtins__)
    try:
        if source is None:
            source = Path(path).read_bytes()
        text = io.TextIOWrapper(io.BytesIO(source), tokenize.detect_encoding(io.BytesIO(source).readline)[0]).read()
        linecache.cache[shown] = len(text), None, text.splitlines(keepends=True), shown  # as it is now, if edited later
        code = compile(source, shown, "exec", dont_inherit=True)
        sys.modules[NAME] = program  # dataclasses look themselves up there
        sys.argv = [path]
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        exec(code, vars(program))
    except TracerError:
        raise
    except BaseException as error:
        raise raised(error, shown) from None
    return program


def raised(error: BaseException, shown: str) -> ProgramError:
    """What to say of a program that raised."""
    line, file, number, text = told(error, shown)
    where = f"{file}:{number}" if number else None
    if isinstance(error, SyntaxError) and file == shown:
        said = clean(text.strip())
        return ProgramError(f"{shown} is not Python: {said}", ja=f"{shown} は Python として読めません: {said}")
    if isinstance(error, SystemExit):
        return ProgramError(
            f"{shown} ended itself with sys.exit({error.code!r}).",
            where=where,
            ja=f"{shown} は sys.exit({error.code!r}) で終了しました。",
        )
    return ProgramError(f"{shown} raised {line}", where=where, ja=f"{shown} が例外で終わりました: {line}")


def fields(error: TracerError) -> dict[str, Any]:
    """An error as it travels."""
    kept = {name: getattr(error, name) for name in ("message", "where", "hint", "ja", "hint_ja")}
    return {**kept, "exit_code": error.exit_code}
