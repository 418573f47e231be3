"""Named taps: a program marks what panels show of it, and goes on as if nothing had happened.

    weights = tap("layer0.attn", F.softmax(scores, dim=-1))

`tap` returns what it was given. A recording keeps, under the name, which nodes those are (`trace.taps`); while a model
trains, whoever listens gets the things themselves:

    with taps() as found:
        loss = model.loss(batch)
    found["layer0.attn"][-1]

Nobody listening, it costs a call. Panels find their contents by these names, in any model that uses them (B documents,
T positions, C the width of the model, H heads, V symbols; without B where one document is read at a time):

    tokens, targets       (B, T)        numbers of the symbols read, and of those wanted next; below 0 where none counts
    embed                 (B, T, C)     the residual stream as it enters the first layer
    layer0.attn           (B, H, T, T)  attention weights: how much position t draws from position s
    layer0.heads          (B, T, C)     what the heads found, side by side, before they are mixed by wo
    layer0.attn_out       (B, T, C)     the residual stream after attention
    layer0.mlp            (B, T, 4C)    the neurons of the perceptron, after their activation
    layer0.mlp_out        (B, T, C)     the residual stream after the perceptron
    logits, probs         (B, T, V)     scores for the next symbol, and their softmax where it is computed by itself
    layer0.keys, .values  (T, C)        the cache of a generation, as it stands after a position

Other models use what applies: `hidden`, `prediction`. A name may be tapped many times; all are kept, in order. Lists of
plain numbers, as tokens often are, may be tapped too: a recording keeps the numbers (`trace.tap_numbers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tracer.core.record import ACTIVE
from tracer.core.tapped import Tapped, plain_numbers, serials_of

T = TypeVar("T")

LISTENING: list[Tapped] = []
"""Where things are collected now, innermost last."""


def tap(name: str, thing: T, at: int | tuple[int, ...] | None = None) -> T:
    """`thing`, marked with a panel's name.

    Args:
        thing: a `Tensor`, a `Value`, or rows of them (lists in lists; plain numbers may stand among them).
        at: where in the whole this piece stands, for a program that computes a thing piece by piece: `tap("embed", x,
            at=position)`. Pieces of a name gather in one thing until one comes whose place is taken: it begins another.
    """
    if ACTIVE or LISTENING:
        place = at if at is None or isinstance(at, tuple) else (at,)
        for found in LISTENING:
            found.add(name, thing, place)
        if ACTIVE:
            numbers, serials = plain_numbers(thing), serials_of(thing)
            for recorder in ACTIVE:
                recorder.tapped(name, serials, place, numbers)
    return thing


@contextmanager
def taps() -> Iterator[Tapped]:
    """`with taps() as found:` collects what is tapped inside: name -> the things, in order. Nothing else changes."""
    found = Tapped()
    LISTENING.append(found)
    try:
        yield found
    finally:
        LISTENING.remove(found)
