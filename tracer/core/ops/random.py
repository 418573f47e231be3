"""Drawing: chance decides, so a small nudge of a probability changes nothing that was drawn."""

from __future__ import annotations

from tracer.core.op import Input, Op, Sample, register
from tracer.text import Text

BERNOULLI = register(
    Op(
        name="bernoulli",
        unfolds="elements",
        label="draw",
        show="bernoulli({p})",
        what=Text(
            en="{out} is 1 with probability {p} and 0 otherwise, each element by its own draw.",
            ja="{out} は確率 {p} で 1、それ以外は 0 です。要素ごとに抽選します。",
        ),
        # drawn beforehand: a graph that is run again must not draw again
        forward=lambda xp, p, *, drawn: xp.asarray(drawn).astype(p.dtype),
        inputs=(
            Input(
                "p",
                vjp=lambda xp, g, out, p, *, drawn: xp.zeros(g.shape, g.dtype),
                local="",
                why=Text(
                    en="What was drawn stays 0 or 1 when {p} is nudged a little, so no gradient comes back.",
                    ja="{p} を少し動かしても、引いた結果は 0 か 1 のままです。勾配は 0 になります。",
                ),
                needs=(),
                back=Text(
                    en="The gradient ends here: {p} receives 0.", ja="勾配はここで止まり、{p} には 0 が届きます。"
                ),
            ),
        ),
        samples=lambda rng: [Sample((rng.uniform(0.2, 0.8, (2, 3)),), {"drawn": rng.integers(0, 2, (2, 3))})],
        grad_fn="BernoulliBackward0",
    )
)
