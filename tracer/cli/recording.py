"""`tracer record`: run a program, save its trace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tracer.cli.opening import exit_code, open_quietly
from tracer.cli.terminal import say, watched
from tracer.errors import FileFormatError


def record(name: str, values: Sequence[str], *, out: Path, nodes: int) -> int:
    """Save what `name` computes to `out`."""
    if not os.path.isdir(out.parent):  # before a program runs for an hour
        raise FileFormatError(
            f"{out}: not written: the folder does not exist.", hint=f"Create it: mkdir -p {out.parent}"
        )
    if os.path.isdir(out):
        raise FileFormatError(f"{out}: not written: it is a folder.")
    thing = open_quietly(name, values, nodes=nodes, output=True)
    trace = thing.trace
    trace.save(out)
    passes = "1 backward pass" if len(trace.passes) == 1 else f"{len(trace.passes)} backward passes"
    if watched():
        say(f"{out}: {trace.n_nodes:,} nodes, {passes}, {len(trace):,} steps. Open it: tracer open {out}")
    return exit_code(thing)
