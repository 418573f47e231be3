"""Overwriting a tensor with numbers that have no history: what it was computed from no longer matters."""

from __future__ import annotations

from typing import Any

from tracer.core.op import Input, Op, Sample, register
from tracer.text import Text


def _fill(xp: Any, a: Any, *, value: Any) -> Any:
    out = xp.zeros_like(a)
    out[...] = xp.asarray(value)
    return out


FILL = register(
    Op(
        name="fill",
        unfolds="elements",
        label="fill",
        show="fill({a})",
        what=Text(
            en="{out} has the shape of {a} and numbers of its own, written over those of {a}.",
            ja="{out} は {a} と同じ形で、中身は {a} の上に書き込まれた別の数です。",
        ),
        forward=_fill,
        inputs=(
            Input(
                "a",
                vjp=lambda xp, g, out, a, *, value: xp.zeros(g.shape, g.dtype),
                local="",
                why=Text(
                    en="The numbers of {a} were overwritten: nudge them, and {out} stays as it is.",
                    ja="{a} の数は上書きされたので、少し動かしても {out} は変わりません。",
                ),
                needs=(),
                back=Text(
                    en="The gradient ends here: {a} receives 0.",
                    ja="勾配はここで止まり、{a} には 0 が届きます。",
                ),
            ),
        ),
        samples=lambda rng: [
            Sample((rng.normal(size=(2, 3)),), {"value": 0.5}),
            Sample((rng.normal(size=(2, 3)),), {"value": rng.normal(size=3)}),
        ],
        grad_fn="FillBackward0",
    )
)
