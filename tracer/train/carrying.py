"""From one training to another of the same program: what it has learned stays, what its settings say is taken anew.

A state holds both: Adam's moments were made by steps, its betas came from a setting. Which is which, the program's own
two beginnings tell: a number that is another one in a training newly built with the new settings follows the settings;
all others are as the steps left them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.train.checkpoint import Checkpoint
from tracer.train.state import Arrays, Tree

AS_IT_IS = ("random", "generator", "bit_generator")
"""Kinds that no setting gives another beginning: sources of random numbers go on."""
OF_ARRAYS = ("tensor", "array", "scalar", "numbers")
Resolved = Any
"""A tree of `state.pack` with its arrays in the place of their names."""


def carried(at: Checkpoint, was: Checkpoint, now: Checkpoint) -> Checkpoint:
    """What a training with other settings goes on with.

    Args:
        at: where the training stands.
        was: where it began.
        now: where one with the new settings begins.
    """
    assert at.state is not None, "it can be gone on with"
    before, after = (_resolved(one.state or {}, one.arrays) for one in (was, now))
    arrays: Arrays = {name: array for name, array in at.arrays.items() if name.startswith("r/")}
    state = {}
    for name, tree in _resolved(at.state, at.arrays).items():
        there = name in before and name in after
        found = _merged(tree, before[name], after[name]) if there else tree
        state[name] = _packed(found, f"s/{name}", arrays)
    return replace(at, state=state, arrays=arrays)


def _merged(at: Resolved, was: Resolved, now: Resolved) -> Resolved:
    if not all(isinstance(one, dict) and one for one in (at, was, now)):
        return at if _same(was, now) else now
    kinds = {next(iter(one)) for one in (at, was, now)}
    if len(kinds) > 1:
        return at if _same(was, now) else now
    kind = kinds.pop()
    if kind in AS_IT_IS:
        return at
    a, b, c = at[kind], was[kind], now[kind]
    if kind == "mapping":
        return {kind: _of_mapping(*(dict(map(tuple, pairs)) for pairs in (a, b, c)))}
    if kind in ("list", "tuple"):
        if len(a) == len(b) == len(c):
            return {kind: [_merged(*three) for three in zip(a, b, c, strict=True)]}
        return at if _same(b, c) or len(a) != len(b) else now
    if kind in OF_ARRAYS:
        return {kind: _of_array(a, b, c)}
    return {**at, kind: _merged(a, b, c)}  # state_dict, value, float


def _of_mapping(at: dict[Any, Any], was: dict[Any, Any], now: dict[Any, Any]) -> list[list[Any]]:
    found = {
        key: _merged(one, was[key], now[key]) if key in was and key in now else one
        for key, one in at.items()
        if key in now or key not in was
    }
    found |= {key: one for key, one in now.items() if key not in was and key not in at}
    return [[key, one] for key, one in found.items()]


def _of_array(at: NDArray[Any], was: NDArray[Any], now: NDArray[Any]) -> NDArray[Any]:
    """A single number follows its setting; of more, those that no step has changed."""
    if not at.shape == was.shape == now.shape:
        return at
    follows = (was != now) & ((was == was) | (now == now))  # nan is nan
    if at.size > 1:
        follows &= at == was
    return np.where(follows, now, at).astype(at.dtype) if follows.any() else at


def _same(one: Resolved, other: Resolved) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and bool(np.all((one == other) | ((one != one) & (other != other))))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _resolved(tree: Any, arrays: Mapping[str, NDArray[Any]]) -> Resolved:
    """A tree with its arrays in the place of their names."""
    if isinstance(tree, list):
        return [_resolved(one, arrays) for one in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        kind: arrays[inner]
        if isinstance(inner, str) and inner in arrays and kind in (*OF_ARRAYS, *AS_IT_IS)
        else _resolved(inner, arrays)
        for kind, inner in tree.items()
    }


def _packed(found: Resolved, name: str, arrays: Arrays) -> Tree:
    """The tree again, its arrays put into `arrays`, under names that begin with `name`."""
    if isinstance(found, np.ndarray):
        while name in arrays:
            name += "'"
        arrays[name] = found
        return name
    if isinstance(found, list):
        return [_packed(one, f"{name}/{i}", arrays) for i, one in enumerate(found)]
    if isinstance(found, dict):
        return {kind: _packed(inner, name, arrays) for kind, inner in found.items()}
    return found
