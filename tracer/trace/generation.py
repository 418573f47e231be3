"""A recorded generation, read back: a text written symbol by symbol, and at any moment what the model has by then.

The program takes a position after another inside `scope("position 0")`, `scope("position 1")`, ..., and taps what
panels show (`tracer.core.taps`): `probs`, `layer0.keys`, `layer0.values`. The trace's `info` says the `text`, the
`symbols` and the `temperature`. Nothing here is told before its time: a symbol is drawn once all of its position has
been computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

Floats = NDArray[np.float64]
_POSITION = re.compile(r"position (\d+)(?:\.|$)")
_CACHE = re.compile(r"(.+)\.keys$")


@dataclass(frozen=True, eq=False)
class Token:
    """One position: what is read, what is computed of it, and the symbol that is drawn from that."""

    position: int
    read: int
    """The number of the symbol read; that after the last symbol is BOS."""
    drawn: int | None
    """The number of the symbol drawn; None where the text says nothing of it."""
    begins: int
    """The position of the trace before anything of it has happened."""
    ends: int
    """The position of the trace at which all of it is computed, and the symbol drawn."""
    probs: NDArray[Any] | None
    """Nodes: one tensor of shape (V,), or V numbers. None where the program taps none."""


@dataclass(frozen=True, eq=False)
class Cache:
    """Keys and values of the positions there are by now, in one layer."""

    layer: str
    keys: Floats
    """(rows, C)"""
    values: Floats
    """(rows, C)"""


class Generation:
    """Reads a trace.

    Args:
        trace: of one text that was generated.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        info: Mapping[str, Any] = trace.info
        self.text = str(info.get("text") or "")
        self.symbols: tuple[str, ...] = tuple(str(one) for one in info.get("symbols") or ())
        self.temperature = float(info.get("temperature") or 0.0)
        self._lines = info.get("mode") != "text"
        self.kept: dict[str, Any] = {}
        """What readers drew last, to be drawn again; it goes with this."""
        self._caches: dict[tuple[int, ...], tuple[Cache, ...]] = {}
        """How many there are of each thing -> what they are: asked at every step, it changes once a position."""

    @property
    def bos(self) -> int:
        """The number of the mark that begins and ends a text."""
        return len(self.symbols)

    def symbol(self, number: int | None) -> str | None:
        """The symbol with this number; None for BOS, and for a number that is none's."""
        return self.symbols[number] if number is not None and 0 <= number < len(self.symbols) else None

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Every position, in order."""
        spans = self._spans
        numbers = {symbol: k for k, symbol in enumerate(self.symbols)}
        written = [numbers.get(symbol, self.bos) for symbol in self.text]
        read = ([self.bos] if self._lines else []) + written
        drawn: list[int | None] = [*read[1:], self.bos]
        probs = self.trace.taps.get("probs", ())
        found = []
        for k, (first, last) in enumerate(spans):
            made = self.trace.made_at(first) - 1
            symbol = drawn[k] if k < len(drawn) else None
            tapped = probs[k] if len(probs) == len(spans) else None
            found.append(
                Token(k, read[k] if k < len(read) else self.bos, symbol, made, self.trace.made_at(last), tapped)
            )
        return tuple(found)

    @cached_property
    def _spans(self) -> tuple[tuple[int, int], ...]:
        """The first and the last node of each position."""
        columns = self.trace.columns
        of_scope = np.array([_position_in(scope) for scope in columns.scopes], np.int64)
        of_node = of_scope[columns.scope]
        spans = []
        for k in range(int(of_scope.max(initial=-1)) + 1):
            nodes = np.flatnonzero(of_node == k)
            if not len(nodes):
                break
            spans.append((int(nodes[0]), int(nodes[-1])))
        return tuple(spans)

    # At a moment

    def token_at(self, cursor: Cursor) -> Token | None:
        """The position that is being computed, or has been last; None before the first."""
        begun = [token for token in self.tokens if cursor.position > token.begins]
        return begun[-1] if begun else None

    def read_by(self, cursor: Cursor) -> tuple[int, ...]:
        """Numbers of the symbols that have been read, the one at hand too."""
        token = self.token_at(cursor)
        return () if token is None else tuple(one.read for one in self.tokens[: token.position + 1])

    def drawn_by(self, cursor: Cursor) -> int | None:
        """The number of the symbol drawn at the position at hand; None before it is."""
        token = self.token_at(cursor)
        return token.drawn if token is not None and cursor.position >= token.ends else None

    def probabilities(self, cursor: Cursor) -> Floats | None:
        """(V,) how probable each symbol is to come next; None before that is known."""
        token = self.token_at(cursor)
        if token is None or token.probs is None:
            return None
        found = _numbers(cursor, token.probs)
        return None if found is None or np.isnan(found).all() else found.ravel()

    def caches(self, cursor: Cursor) -> tuple[Cache, ...]:
        """The cache of each layer, as many rows as are complete; the same object for as long as it is the same."""
        taps = self.trace.taps
        there = tuple(_there(cursor, taps[name]) for name in taps if name.endswith((".keys", ".values")))
        if there not in self._caches:
            self._caches[there] = self._caches_at(cursor)
        return self._caches[there]

    def _caches_at(self, cursor: Cursor) -> tuple[Cache, ...]:
        found = []
        for name in self.trace.taps:
            layer = _CACHE.match(name)
            if layer:
                keys = _rows(cursor, self.trace.taps[name])
                values = _rows(cursor, self.trace.taps.get(f"{layer[1]}.values", ()))
                if keys is not None or values is not None:
                    empty = np.empty((0, 0))
                    found.append(Cache(layer[1], empty if keys is None else keys, empty if values is None else values))
        return tuple(found)


def _position_in(scope: str) -> int:
    """The position a scope belongs to; -1 for none."""
    found = _POSITION.match(scope)
    return int(found[1]) if found else -1


def _numbers(cursor: Cursor, nodes: NDArray[Any]) -> Floats | None:
    """The numbers of a tapped thing, nan for those not made; of a tensor None before it is."""
    if nodes.ndim == 0:
        made = int(nodes) >= 0 and cursor.is_made(int(nodes))
        return np.asarray(cursor.data(int(nodes)), np.float64) if made else None
    flat = [cursor.data(node) if node >= 0 and cursor.is_made(node) else None for node in nodes.ravel().tolist()]
    return np.array([np.nan if one is None else one for one in flat], np.float64).reshape(nodes.shape)


def _there(cursor: Cursor, things: Sequence[NDArray[Any]]) -> int:
    """How many tensors there are of these, or rows of the last thing."""
    if things and things[-1].ndim == 2:
        return sum(int(node) >= 0 and cursor.is_made(int(node)) for node in things[-1].max(axis=1))
    return sum(nodes.ndim == 0 and int(nodes) >= 0 and cursor.is_made(int(nodes)) for nodes in things)


def _rows(cursor: Cursor, things: Sequence[NDArray[Any]]) -> Floats | None:
    """The rows that are complete in the newest of these that has any."""
    for nodes in reversed(things):
        if nodes.ndim == 2:
            last = nodes.max(axis=1)
            complete = [int(node) >= 0 and cursor.is_made(int(node)) for node in last]
            rows = complete.index(False) if False in complete else len(complete)
            if rows:
                return _numbers(cursor, nodes[:rows])
        elif nodes.ndim == 0:
            found = _numbers(cursor, nodes)
            if found is not None:
                return np.atleast_2d(found)
    return None
