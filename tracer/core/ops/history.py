"""Ops that change no number, only what is remembered: detach."""

from __future__ import annotations

from tracer.core.op import Input, Op, register
from tracer.text import Text

DETACH = register(
    Op(
        name="detach",
        unfolds="elements",
        label="detach",
        show="{a}.detach()",
        what=Text(
            en="{out} has the numbers of {a} and no history: the graph is cut here.",
            ja="{out} は {a} と同じ値ですが、計算の履歴を持ちません。計算グラフはここで切れています。",
        ),
        forward=lambda xp, a: a[...],
        inputs=(
            Input(
                "a",
                vjp=None,
                local="",
                why=Text(
                    en="{out} counts as a fixed number: no gradient flows back to {a} on this way.",
                    ja="{out} は定数として扱われます。この経路では {a} に勾配は流れません。",
                ),
            ),
        ),
        samples=lambda rng: [(rng.normal(0, 1, (2, 3)),)],
        view=True,
    )
)
