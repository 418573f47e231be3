"""`tracer record`: run a program, save its trace."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from tracer.cli.naming import Wish, run_folder
from tracer.cli.opening import exit_code, open_quietly
from tracer.cli.terminal import say, watched
from tracer.cli.writing import check_writable
from tracer.errors import FileFormatError, NotFoundError
from tracer.lessons.content import find, find_page
from tracer.lessons.runner import PROGRAM_ENDINGS, TRACE_ENDINGS


def record(
    name: str, values: Sequence[str], *, out: Path | None, nodes: int, lang: str | None = None, wish: Wish | None = None
) -> int:
    """Save what `name` computes to `out`, or to `prog.trace` in the current folder."""
    target = out or default_output(name, wish)
    check_writable(target, FileFormatError)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, output=True, wish=wish)
    trace = thing.trace
    trace.save(target)
    passes = "1 backward pass" if len(trace.passes) == 1 else f"{len(trace.passes)} backward passes"
    if out is None or watched():
        size = f"{trace.n_nodes:,} nodes, {passes}, {len(trace):,} steps"
        say(f"{target}: {size}. Open it: tracer open {shlex.quote(str(target))}")
    return exit_code(thing)


def default_output(name: str, wish: Wish | None = None) -> Path:
    """`prog.trace` for `prog.py`, `03_graph.trace` for a lesson or a document, else `expression.trace`.

    Of step 7 of a run, `names-42-7.trace`.

    Raises:
        FileFormatError: `name` is a trace itself.
    """
    folder = run_folder(name)
    if folder is not None:
        return Path(f"{folder.resolve().name}-{wish.step if wish is not None and wish.step else 1}.trace")
    path = Path(name)
    if path.suffix.lower() in TRACE_ENDINGS:
        raise FileFormatError(f"{name} is a saved trace already.", hint="Name another file for the copy with -o.")
    if path.suffix.lower() in PROGRAM_ENDINGS or os.path.isfile(name):
        return Path(f"{path.stem}.trace")
    try:
        return Path(f"{find(name).name.rpartition('/')[2]}.trace")
    except NotFoundError:
        page = find_page(name)
        return Path("expression.trace" if page is None else f"{page.path.stem}.trace")
