"""Converting numbers to another dtype or device: the value stays, as far as the new type can hold it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.backend import move, to_device
from tracer.core.op import Input, Op, Sample, register
from tracer.text import Text


def _to(xp: Any, a: Any, *, dtype: str, device: str = "", source: str = "") -> Any:
    with np.errstate(all="ignore"):
        if dtype == "float16" and a.dtype == np.float64:
            a = a.astype(np.float32)  # PyTorch rounds twice on this way
        found = a.astype(dtype)
    return move(found, to_device(device)) if device else found


def _back(xp: Any, g: Any, out: Any, a: Any, *, dtype: str, device: str = "", source: str = "") -> Any:
    if not source:
        return g
    return g.to(source) if hasattr(g, "_array") else move(g, to_device(source))


TO = register(
    Op(
        name="to",
        unfolds="elements",
        label="to",
        show="{a}.to({dtype})",
        what=Text(
            en="{out} holds the numbers of {a} as another element type, rounded to what that type can hold.",
            ja="{out} は {a} の数を別の要素の型に直したものです。その型で表せる値に丸められます。",
        ),
        forward=_to,
        inputs=(
            Input(
                "a",
                vjp=_back,
                local="",
                why=Text(
                    en="Nudge {a}, and {out} moves as far: only the way the numbers are stored is another.",
                    ja="{a} を少し動かすと、{out} も同じだけ動きます。数の持ち方が違うだけです。",
                ),
                needs=(),
                back=Text(
                    en="The gradient is converted back to the element type of {a}.",
                    ja="勾配は {a} の要素の型に戻されます。",
                ),
            ),
        ),
        samples=lambda rng: [Sample((rng.normal(size=(2, 3)),), {"dtype": "float64"})],
        grad_fn="ToCopyBackward0",
    )
)
