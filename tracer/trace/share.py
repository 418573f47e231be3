"""What part of a gradient's flow goes through a part of the graph: 0 to 1.

The mass of a route from the root to where gradient ends is the |product of the local gradients| along it. The share of
some nodes is the mass of all routes that pass through them over the mass of all routes. No route is listed: a walk that
leaves each node by each of its deliveries in proportion to the mass behind it takes every route as often as its mass
says, and how often it comes by is a sum with one term a delivery. All of its numbers are between 0 and 1, so that they
are right where the masses themselves overflow.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.core.growing import locked
from tracer.trace.flow import Floats, Ints
from tracer.trace.sweep import Sweep, sweep_of

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

LEAST = 1e-250
"""Masses below this are worked out again with exponents of their own."""


class Shares:
    """The shares of one pass.

    Args:
        sweep: its deliveries.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._users, self._targets, self._root, self._n = sweep.users, sweep.targets, sweep.root, sweep.n_nodes
        self._odds = _odds(sweep)

    @property
    def known(self) -> bool:
        """Whether there are shares: all deliveries are of plain, finite numbers, and some route has a mass."""
        return self._odds is not None

    @cached_property
    def through(self) -> Floats:
        """(n,) the share of each node by itself: the root's is 1."""
        assert self._odds is not None, "there are shares"
        found = [0.0] * self._n
        found[self._root] = 1.0
        for user, target, odds in zip(self._users.tolist(), self._targets.tolist(), self._odds.tolist(), strict=True):
            found[target] += found[user] * odds
        return locked(np.minimum(np.array(found), 1.0))

    @cached_property
    def along(self) -> Floats:
        """(D,) the share of each delivery."""
        assert self._odds is not None, "there are shares"
        return locked(self.through[self._users] * self._odds)

    @cached_property
    def _by_target(self) -> tuple[Ints, Ints]:
        order = np.argsort(self._targets, kind="stable")
        return order, np.searchsorted(self._targets[order], np.arange(self._n + 1))

    def of(self, nodes: NDArray[np.int64], *, once: bool = False) -> float | None:
        """The share of some nodes together.

        Args:
            nodes: ascending, without repeats.
            once: no route that leaves these nodes comes back to them: so it is for a box of a graph without cycles.

        Returns:
            0..1, or None where there are no shares.
        """
        if not self.known or not len(nodes):
            return None
        if self._has(nodes, np.array([self._root]))[0]:
            return 1.0
        rows = self._rows_to(nodes)
        entering = rows[~self._has(nodes, self._users[rows])]
        return min(1.0, float(self.along[entering].sum()) if once else self._first_entries(nodes))

    def _rows_to(self, nodes: NDArray[np.int64]) -> Ints:
        order, starts = self._by_target
        if _is_stretch(nodes):
            stretch: Ints = order[starts[nodes[0]] : starts[nodes[-1] + 1]]
            return stretch
        counts = starts[nodes + 1] - starts[nodes]
        total = int(counts.sum())
        rows: Ints = order[np.repeat(starts[nodes] - (np.cumsum(counts) - counts), counts) + np.arange(total)]
        return rows

    def _has(self, nodes: NDArray[np.int64], wanted: Ints) -> NDArray[np.bool_]:
        if _is_stretch(nodes):
            between: NDArray[np.bool_] = (wanted >= nodes[0]) & (wanted <= nodes[-1])
            return between
        at = np.minimum(np.searchsorted(nodes, wanted), len(nodes) - 1)
        found: NDArray[np.bool_] = nodes[at] == wanted
        return found

    def _first_entries(self, nodes: NDArray[np.int64]) -> float:
        """Routes that come by several times count once: the walk stops where it first enters."""
        assert self._odds is not None, "there are shares"
        inside = np.zeros(self._n, np.bool_)
        inside[nodes] = True
        walked, stopped, total = [0.0] * self._n, inside.tolist(), 0.0
        walked[self._root] = 1.0
        for user, target, odds in zip(self._users.tolist(), self._targets.tolist(), self._odds.tolist(), strict=True):
            if stopped[target]:
                total += walked[user] * odds
            else:
                walked[target] += walked[user] * odds
        return total


def shares_of(trace: Trace, pass_index: int) -> Shares:
    """The shares of a pass. Worked out once a trace."""
    key = ("shares", pass_index)
    found: Shares | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = Shares(sweep_of(trace, pass_index))
    return found


def _is_stretch(nodes: NDArray[np.int64]) -> bool:
    """Whether these nodes, which are ascending, leave none out; most folds are of this kind."""
    return int(nodes[-1]) - int(nodes[0]) + 1 == len(nodes)


def _odds(sweep: Sweep) -> Floats | None:
    """(D,) for each delivery the part of the mass behind its user that lies behind it; None where there is none."""
    size, users, targets = sweep.size, sweep.users, sweep.targets
    if not sweep.numeric.all() or not np.isfinite(size).all():
        return None
    ends = np.bincount(users, minlength=sweep.n_nodes) == 0
    behind = ends.astype(np.float64).tolist()
    for user, target, weight in zip(
        users[::-1].tolist(), targets[::-1].tolist(), size[::-1].tolist(), strict=True
    ):  # from the leaves up: a target's mass is whole before its user asks for it
        behind[user] += weight * behind[target]
    mass = np.array(behind)
    some = mass[users] > 0
    lost = ((size > 0) & (mass[targets] > 0) & ~some).any()
    if np.isfinite(mass).all() and not lost and not (mass[(mass > 0) & ~ends] < LEAST).any():
        odds = np.zeros(len(users))
        odds[some] = size[some] * mass[targets[some]] / mass[users[some]]
    else:
        odds = _scaled_odds(size, users, targets, ends)
    if not ends[sweep.root] and not odds[users == sweep.root].any():
        return None
    return locked(np.minimum(odds, 1.0))


def _scaled_odds(size: Floats, users: Ints, targets: Ints, ends: NDArray[np.bool_]) -> Floats:
    """The same with masses as mantissa x 2 ** exponent: products of thousands of numbers leave the range of floats."""
    mantissas, exponents = np.frexp(size)
    part, power = (ends * 0.5).tolist(), ends.astype(np.int64).tolist()
    rows = zip(
        users[::-1].tolist(),
        targets[::-1].tolist(),
        mantissas[::-1].tolist(),
        exponents[::-1].tolist(),
        strict=True,
    )
    for user, target, mantissa, exponent in rows:
        come = mantissa * part[target]
        if not come:
            continue
        exponent += power[target]
        if not part[user]:
            part[user], power[user] = come, exponent
        elif exponent > power[user]:
            part[user], power[user] = come + math.ldexp(part[user], power[user] - exponent), exponent
        else:
            part[user] += math.ldexp(come, exponent - power[user])
        part[user], more = math.frexp(part[user])
        power[user] += more
    behind, powers = np.array(part), np.array(power, np.int64)
    some = (behind[users] > 0) & (behind[targets] > 0)
    odds = np.zeros(len(users))
    shift = exponents[some] + powers[targets[some]] - powers[users[some]]
    scaled = mantissas[some] * behind[targets[some]] / behind[users[some]]
    odds[some] = np.ldexp(scaled, np.clip(shift, -(1 << 20), 1 << 10).astype(np.int32))
    return odds
