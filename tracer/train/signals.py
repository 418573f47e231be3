"""What is kept of a training step for ever: a few numbers of each tapped thing and each parameter, in the run's log.

An observation has every number of one step; the signals of many steps are what panels draw histories from. They are
taken at steps that the number of steps alone decides, so a run that was killed and gone on with has the same log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.observation import Observation, Seen
from tracer.trace.things import AXES
from tracer.train.about import finite_or_word

DIGITS = 10
"""Significant digits that are kept."""
MOST = 256
"""Parameters, and tapped things, that are kept one by one."""
RESIDUAL = ("embed", "attn_out", "mlp_out")
"""The last word of the names of the residual stream's stages."""
NO_NEURONS = frozenset(AXES) - {"mlp"} | {"keys", "values", "prediction", "predictions", "output", "outputs", "loss"}
"""The last word of the names of what is no layer of neurons after their activation."""
MOST_NEURONS = 4096
"""Of a layer that are told one by one."""
Array = NDArray[Any]


@dataclass(frozen=True)
class OfWeights:
    """L2 norms of a parameter; nan where there is none."""

    grad: float
    weight: float
    """Before the update."""
    update: float


@dataclass(frozen=True)
class OfTap:
    """A tapped thing, all documents together; nan where there is none."""

    norm: float
    """L2 norm of a row (along the last axis), the mean over rows: over positions, for the residual stream."""
    grad: float
    """The same of its gradient."""
    active: float
    """Share of the numbers above 0."""


@dataclass(frozen=True)
class Signals:
    """One step. Names are those of `Observation`."""

    total: OfWeights
    """Of all parameters together."""
    weights: Mapping[str, OfWeights]
    """By parameter; of so many that nobody can look at them, the first `MOST`."""
    taps: Mapping[str, OfTap]
    cosine: Mapping[str, float] = field(default_factory=dict)
    """Stage of the residual stream -> how far it points where the stage before pointed, the mean over positions."""
    entropy: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """`layer0.attn` -> of each head in nats, the mean over positions: 0 looks at one position only."""
    fired: Mapping[str, tuple[bool, ...]] = field(default_factory=dict)
    """`layer0.mlp`, a program's own `hidden` -> whether each neuron was above 0 at any position, of the step's
    documents and of the held-out ones where they were asked after the step."""
    positions: tuple[float, ...] = ()
    """The loss at each position, the mean over the documents that reach it."""

    def and_fired(self, fired: Mapping[str, tuple[bool, ...]]) -> Signals:
        """With the neurons that fired elsewhere, too."""
        both = {name: _either(mine, fired.get(name, ())) for name, mine in self.fired.items()}
        return replace(self, fired=both)

    def to_json(self) -> dict[str, Any]:
        """What `of` reads."""
        return {
            "total": _words(self.total),
            "weights": {name: _words(one) for name, one in self.weights.items()},
            "taps": {name: _words(one) for name, one in self.taps.items()},
            "cosine": {name: finite_or_word(one) for name, one in self.cosine.items()},
            "entropy": {name: [finite_or_word(one) for one in heads] for name, heads in self.entropy.items()},
            "fired": {name: _in_hex(neurons) for name, neurons in self.fired.items()},
            "positions": [finite_or_word(one) for one in self.positions],
        }

    @classmethod
    def of(cls, said: Any) -> Signals:
        """What `to_json` gave.

        Raises:
            ValueError: it is something else.
        """
        parts = {
            name: _checked(_table(said).get(name), dict) for name in ("weights", "taps", "cosine", "entropy", "fired")
        }
        return cls(
            OfWeights(*_numbers(said.get("total"), 3)),
            {name: OfWeights(*_numbers(one, 3)) for name, one in parts["weights"].items()},
            {name: OfTap(*_numbers(one, 3)) for name, one in parts["taps"].items()},
            {name: _number(one) for name, one in parts["cosine"].items()},
            {name: _numbers(heads) for name, heads in parts["entropy"].items()},
            {name: _mask(neurons) for name, neurons in parts["fired"].items()},
            _numbers(said.get("positions")),
        )


def _either(one: tuple[bool, ...], other: tuple[bool, ...]) -> tuple[bool, ...]:
    return tuple(map(any, zip(one, other, strict=True))) if len(one) == len(other) else one


def observed_at(step: int, steps: int, every: int) -> bool:
    """Whether signals are kept of a step (from 1): of the first, the last, and of those with a look.

    Args:
        every: steps from one look to the next.
    """
    return step in (1, steps) or step % every == 0


def signals_of(observation: Observation) -> Signals:
    """The signals of a step."""
    with np.errstate(all="ignore"):
        return _signals_of(observation)


def _signals_of(observation: Observation) -> Signals:
    weights = {
        name: OfWeights(_norm(one.grad), _norm(one.value), _norm(one.update))
        for name, one in observation.weights.items()
    }
    taps = dict(islice(observation.taps.items(), MOST))
    return Signals(
        OfWeights(
            _together([weights[name].grad for name, one in observation.weights.items() if one.grad is not None]),
            _together([one.weight for one in weights.values()]),
            _together([weights[name].update for name, one in observation.weights.items() if one.update is not None]),
        ),
        dict(islice(weights.items(), MOST)),
        {name: _of_tap(seen) for name, seen in taps.items()},
        _cosines(taps),
        {name: _entropy(seen) for name, seen in taps.items() if _is_attention(name, seen)},
        fired_of(observation),
        _loss_by_position(observation),
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_attention(name: str, seen: tuple[Seen, ...]) -> bool:
    return _last(name) == "attn" and all(one.value.ndim == 3 for one in seen)


def fired_of(observation: Observation) -> dict[str, tuple[bool, ...]]:
    """Layer of neurons -> whether each was above 0 at any position of what was read."""
    taps = islice(observation.taps.items(), MOST)
    return {name: _fired(seen) for name, seen in taps if _last(name) not in NO_NEURONS and _are_neurons(seen)}


def _are_neurons(seen: tuple[Seen, ...]) -> bool:
    """Whether all have the same columns, and not too many."""
    sizes = {one.value.shape[-1] if one.value.ndim else 0 for one in seen}
    return len(sizes) == 1 and 0 < sizes.pop() <= MOST_NEURONS


def _of_tap(seen: tuple[Seen, ...]) -> OfTap:
    values = [one.value for one in seen]
    grads = [one.grad for one in seen if one.grad is not None]
    known = sum(int((~np.isnan(one)).sum()) for one in values)
    positive = sum(int((one > 0).sum()) for one in values)
    active = positive / known if known else math.nan
    return OfTap(_mean_norm(values), _mean_norm(grads), _short(active))


def _mean_norm(arrays: list[Array]) -> float:
    """The mean over all rows. A cell that is not there counts nothing; a row with a computed nan is nan."""
    norms = [_row_norms(one).ravel() for one in arrays]
    together = np.concatenate(norms) if norms else np.zeros(0)
    return _short(float(together.sum()) / len(together)) if len(together) else math.nan


def _row_norms(array: Array) -> NDArray[np.float64]:
    numbers = np.atleast_1d(array).astype(np.float64)
    if numbers.ndim == 3:  # attention: later positions are nan
        numbers = np.where(~np.isnan(numbers) | np.tril(np.ones(numbers.shape[1:], bool)), numbers, 0.0)
    found: NDArray[np.float64] = np.sqrt((numbers * numbers).sum(axis=-1))
    return found


def _cosines(taps: Mapping[str, tuple[Seen, ...]]) -> dict[str, float]:
    stages = [name for name in taps if _last(name) in RESIDUAL]
    found = {}
    for before, after in pairwise(stages):
        pairs = [(one.value, two.value) for one, two in zip(taps[before], taps[after], strict=False)]
        if pairs and all(one.shape == two.shape and one.ndim for one, two in pairs):
            rows = np.concatenate([np.atleast_1d(cosine(one, two)).ravel() for one, two in pairs])
            found[after] = _short(float(rows.mean())) if len(rows) else math.nan
    return found


def cosine(one: Array, two: Array) -> NDArray[np.float64]:
    """Of the angle between the rows of two arrays; nan where a row is 0 throughout.

    Args:
        one, two: (..., C)

    Returns:
        (...)
    """
    a, b = one.astype(np.float64), two.astype(np.float64)
    with np.errstate(all="ignore"):
        # scaled first: no square overflows
        a, b = (x / np.abs(x).max(axis=-1, keepdims=True, initial=0.0) for x in (a, b))
        found: NDArray[np.float64] = (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
        return found


def _entropy(seen: tuple[Seen, ...]) -> tuple[float, ...]:
    by_head: list[list[float]] = [[] for _ in range(max(len(one.value) for one in seen))]
    for one in seen:
        for head, rows in enumerate(entropy(one.value)):
            by_head[head].extend(rows.tolist())
    return tuple(_short(float(np.mean(rows))) if rows else math.nan for rows in by_head)


def entropy(weights: Array) -> NDArray[np.float64]:
    """Of attention weights, in nats: 0 where one position gets it all, log(n) where n positions get the same.

    Args:
        weights: (H, T, T), nan at later positions.

    Returns:
        (H, T); nan where a weight that was computed is.
    """
    later = np.triu(np.ones(weights.shape[1:], bool), 1)
    numbers = np.where(later & np.isnan(weights), 0.0, weights.astype(np.float64))
    with np.errstate(all="ignore"):
        found: NDArray[np.float64] = -np.where(numbers == 0, 0.0, numbers * np.log(numbers)).sum(axis=-1)
        return found


def _fired(seen: tuple[Seen, ...]) -> tuple[bool, ...]:
    rows = [one.value.reshape(-1, one.value.shape[-1]) for one in seen]
    return tuple(np.any([(one > 0).any(axis=0) for one in rows], axis=0).tolist())


def _loss_by_position(observation: Observation) -> tuple[float, ...]:
    rows = list(losses_by_position(observation))
    most = max(map(len, rows), default=0)
    return tuple(_short(float(np.mean([row[t] for row in rows if len(row) > t]))) for t in range(most))


def losses_by_position(observation: Observation) -> Iterator[NDArray[np.float64]]:
    """Of each document the loss at each position, -log of the target's probability: (T,).

    Where the program took the loss from the scores, so is it here: a probability may be too small for its number, and
    the loss still finite.
    """
    for document, targets in enumerate(observation.targets):
        seen = observation.seen("probs", document)
        if seen is None or seen.value.ndim != 2 or len(seen.value) < len(targets):
            return
        if any(target >= seen.value.shape[1] for target in targets):
            return
        with np.errstate(all="ignore"):
            scores = observation.seen("logits", document)
            if seen.grad is None and scores is not None and scores.value.shape == seen.value.shape:
                rows = scores.value[: len(targets)].astype(np.float64)
                top = rows.max(axis=1, keepdims=True)
                all_of_them = np.log(np.exp(rows - top).sum(axis=1)) + top[:, 0]
                yield all_of_them - rows[np.arange(len(targets)), list(targets)]
            else:
                yield -np.log(seen.value[np.arange(len(targets)), list(targets)].astype(np.float64))


def _norm(array: Array | None) -> float:
    if array is None:
        return math.nan
    numbers = np.abs(array.astype(np.float64)).ravel()
    largest = float(numbers.max(initial=0.0))
    if not 0 < largest < math.inf:
        return largest  # 0, inf or nan
    with np.errstate(all="ignore"):
        # scaled first: no square overflows or vanishes
        return _short(largest * float(np.sqrt(np.square(numbers / largest).sum())))


def _together(norms: list[float]) -> float:
    """The norm of several parts; nan where there is none, or one of them is."""
    if any(map(math.isnan, norms)):  # hypot would let an infinite one speak for it
        return math.nan
    return _short(math.hypot(*norms)) if norms else math.nan


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


# In a log


def _words(numbers: OfWeights | OfTap) -> list[float | str]:
    return [finite_or_word(getattr(numbers, one.name)) for one in fields(numbers)]


def _checked(said: Any, kind: type) -> Any:
    if not isinstance(said, kind):
        raise ValueError
    return said


def _table(said: Any) -> dict[str, Any]:
    found: dict[str, Any] = _checked(said, dict)
    return found


def _number(said: Any) -> float:
    if isinstance(said, str) and said in ("nan", "inf", "-inf"):
        return float(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise ValueError
    return float(said)


def _numbers(said: Any, count: int | None = None) -> tuple[float, ...]:
    numbers = tuple(_number(one) for one in _checked(said, list))
    if count is not None and len(numbers) != count:
        raise ValueError
    return numbers


def _in_hex(neurons: tuple[bool, ...]) -> list[int | str]:
    """How many there are, and a bit for each, the first one the highest."""
    return [len(neurons), np.packbits(neurons).tobytes().hex()]


def _mask(said: Any) -> tuple[bool, ...]:
    count, bits = _checked(said, list)
    if type(count) is not int or not 0 <= count <= MOST_NEURONS or len(_checked(bits, str)) != -(-count // 8) * 2:
        raise ValueError
    packed = np.frombuffer(bytes.fromhex(bits), np.uint8)
    return tuple(np.unpackbits(packed, count=count).astype(bool).tolist())
