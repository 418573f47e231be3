"""Observations made of random numbers, and a run that has them behind it."""

from __future__ import annotations

import numpy as np

from tracer.panels.panel import RunView
from tracer.trace.observation import Array, Observation, Seen, Weights, softmax
from tracer.train.history import History, Past
from tracer.train.report import Report, Sample, Setup
from tracer.train.signals import signals_of

SYMBOLS = ("a", "b", "e", "世", "n")


def seen(rng: np.random.Generator, *shape: int, spoil: float | None = None, relu: bool = False) -> Seen:
    """A thing of such a shape."""
    value, grad = rng.normal(size=shape), rng.normal(size=shape)
    if relu:
        value = np.maximum(0, value)
    if spoil is not None and value.size:
        value.reshape(-1)[0] = grad.reshape(-1)[-1] = spoil
    return Seen(value, grad)


def weights(rng: np.random.Generator, *shape: int, spoil: float | None = None, whole: bool = True) -> Weights:
    """A parameter, as Adam leaves it, or as one that no gradient reached."""
    value = np.asarray(rng.normal(size=shape))
    if spoil is not None and value.size:
        value.reshape(-1)[0] = spoil
    if not whole:
        return Weights(value, None, None)
    grad = np.asarray(rng.normal(size=shape))
    return Weights(value, grad, -0.01 * grad, 0.1 * grad, 0.01 * grad**2)


def observation(
    step: int = 1,
    *,
    seed: int = 0,
    layers: int = 1,
    positions: int = 4,
    width: int = 8,
    documents: int = 1,
    symbols: tuple[str, ...] = SYMBOLS,
    spoil: float | None = None,
) -> Observation:
    """Of a GPT that never was.

    Args:
        spoil: a number that stands somewhere in each array.
    """
    rng = np.random.default_rng([seed, step])
    v = len(symbols) + 1
    tokens = tuple(tuple(rng.integers(0, v, positions).tolist()) for _ in range(documents))
    targets = tuple((*row[1:], v - 1)[: len(row)] for row in tokens)
    logits = tuple(seen(rng, positions, v, spoil=spoil) for _ in range(documents))
    taps = {"logits": logits, "probs": tuple(Seen(softmax(one.value), None) for one in logits)}
    named: dict[str, Weights] = {"wte": weights(rng, v, width, spoil=spoil), "lm_head": weights(rng, v, width)}
    for layer in range(layers):
        things = (seen(rng, positions, 4 * width, spoil=spoil, relu=True) for _ in range(documents))
        taps[f"layer{layer}.mlp"] = tuple(things)
        named[f"layer{layer}.mlp_fc1"] = weights(rng, 4 * width, width)
    named["bias"] = weights(rng, width, whole=False)
    return Observation(step, 2.5, documents, tokens, targets, taps, named, 0.01)


def past(steps: int, observed: tuple[Observation, ...] = (), *, texts: bool = True, spoil: float | None = None) -> Past:
    """What a run has told, with signals of the steps that were observed."""
    told, by_step = History(), {one.step: one for one in observed}
    rng = np.random.default_rng(steps)
    for step in range(1, steps + 1):
        loss = 3 * 0.99**step + 0.1 * float(rng.normal())
        told.add(
            Report(
                step,
                spoil if spoil is not None and step == steps else loss,
                step / 100,
                lr=0.01 * (1 - step / steps),
                eval=loss + 0.1 if step % 10 == 0 and texts else None,
                samples=(Sample("anna[b]", 0.5), Sample("", 0.5)) if step % 10 == 0 and texts else (),
                signals=signals_of(by_step[step]) if step in by_step else None,
            )
        )
    return told.past


def setup(symbols: tuple[str, ...] = SYMBOLS, steps: int = 40) -> Setup:
    settings = {"lr": 0.01, "n_layer": 1}
    return Setup("gpt.py", "names.txt", "Tensor", 4192, steps, settings, (), False, symbols, 100, 10 if symbols else 0)


def view(steps: int = 40, every: int = 2, shown: int | None = None, **of: object) -> RunView:
    """A run that has been observed now and then, seen at one of its steps."""
    observed = tuple(observation(step, **of) for step in range(1, steps + 1, every))  # type: ignore[arg-type]
    at = steps if shown is None else shown
    there = [one for one in observed if one.step <= at]
    symbols = of.get("symbols", SYMBOLS)
    assert isinstance(symbols, tuple)
    return RunView(setup(symbols, steps), past(steps, observed), at, there[-1] if there else None, tuple(there[:-1]))


def numbers(array: Array) -> list[float]:
    return [float(one) for one in np.asarray(array).reshape(-1)]
