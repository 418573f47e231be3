"""How much of a gradient came through a part of the program: `attention`, `layer 1.mlp`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.text import clean
from tracer.trace.flow import Floats
from tracer.trace.residual import Part
from tracer.trace.sweep import sweep_of

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

MOST = 12
"""Parts that are looked at together, where none was asked for."""
_NUMBERED = re.compile(r"(.* )?\d+")


def scope_parts(scope: str) -> tuple[str, ...]:
    """`layer 1.attention` -> layer 1, attention."""
    return tuple(scope.split(".")) if scope else ()


def inside(trace: Trace, name: str) -> NDArray[np.bool_]:
    """(n,) the nodes made in a scope of this name, or of a name with this stretch in it: `attention`, `layer 1.mlp`."""
    wanted = scope_parts(name)
    match = np.array([_has(scope_parts(clean(scope)), wanted) for scope in trace.columns.scopes], bool)
    return match[trace.columns.scope] if len(match) else np.zeros(trace.n_nodes, bool)


def _has(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    k = len(wanted)
    return k > 0 and any(tuple(parts[i : i + k]) == tuple(wanted) for i in range(len(parts) - k + 1))


def named_parts(trace: Trace) -> tuple[str, ...]:
    """The parts of scopes that are names and not one of many (`layer 1`, `0`), those with the most nodes first."""
    counts: dict[str, int] = {}
    sizes = np.bincount(trace.columns.scope, minlength=len(trace.columns.scopes))
    for scope, size in zip(trace.columns.scopes, sizes.tolist(), strict=True):
        for part in set(scope_parts(clean(scope))):
            if size and not _NUMBERED.fullmatch(part):
                counts[part] = counts.get(part, 0) + size
    return tuple(sorted(counts, key=lambda part: (-counts[part], part))[:MOST])


def share_through(trace: Trace, node: int, pass_index: int, names: Sequence[str]) -> tuple[Part, ...]:
    """For each name what the routes bring that pass a node made there, between the root and the node.

    Exact sums over all routes: of all of them, less those that keep out. A route may pass several of the names. Plain
    numbers only.
    """
    sweep = sweep_of(trace, pass_index)
    outside = _keeping_out(trace, pass_index, tuple(names))
    rows = sweep.rows_to(node)
    found = []
    for name in names:
        gradient, mass = outside[name]
        users = sweep.users[rows]
        with np.errstate(all="ignore"):
            kept_out = float((gradient[users] * sweep.local[rows]).sum()), float((mass[users] * sweep.size[rows]).sum())
            all_of_it = float(sweep.sum_down[node]), float(sweep.mass_down[node])
        found.append(Part(all_of_it[0] - kept_out[0], max(0.0, all_of_it[1] - kept_out[1])))
    return tuple(found)


def _keeping_out(trace: Trace, pass_index: int, names: tuple[str, ...]) -> dict[str, tuple[Floats, Floats]]:
    """Name -> (n,) twice: gradient and mass of the routes to each node that pass nothing of that name."""
    known: dict[str, tuple[Floats, Floats]] = trace.kept.setdefault(("keeping out", pass_index), {})
    missing = [name for name in names if name not in known]
    if missing:
        sweep = sweep_of(trace, pass_index)
        keep = np.stack([~inside(trace, name) for name in missing], axis=1)
        keep[sweep.root] = True
        gradient, mass = sweep.down(sweep.local, keep), sweep.down(sweep.size, keep)
        for i, name in enumerate(missing):
            known[name] = gradient[:, i], mass[:, i]
    return known
