"""The loss at each position of a document; its twin is the gradient at the score of the symbol that was wanted."""

from __future__ import annotations

from itertools import islice
from typing import ClassVar

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import Data
from tracer.panels.histories import position_losses
from tracer.panels.labels import symbol
from tracer.panels.panel import NOT_HERE, NOT_YET, Choice, Panel, RunView
from tracer.panels.place import DOCUMENT, joined
from tracer.text import Text
from tracer.trace.cells import Cell
from tracer.trace.observation import Observation
from tracer.train.report import Setup
from tracer.train.signals import losses_by_position


class Positions(Panel):
    """Where in a document the model is surprised."""

    id = "positions"
    title = Text("Loss per position", "位置ごとの損失")
    twin: ClassVar[Text | None] = Text("dL/d logit of the target", "dL/d logit（正解）")
    caption = Text("-log p of the right symbol, at each position.", "各位置での、正解の確率 p の -log p。")
    twin_caption = Text("How strongly the right symbol's score is asked to rise.", "正解のスコアをどれだけ上げたいか。")
    history_captions = (
        Text("The loss at each position, step by step.", "各位置の損失の、ステップごとの推移。"),
        twin_caption,
    )
    about = Text(
        "Each position predicts the symbol that follows. Its loss is -log(p) of the symbol that really does: 0 where "
        "the model was sure and right, large where it was surprised. The step's loss is their mean. The first "
        "position knows nothing but that a document begins, so it is hard to get right; later ones have more to go "
        "by (document, sections 4.7 and 6). Over the steps: the mean over all documents of a step, for each "
        "position.",
        "各位置は次に来る文字を予測します。損失は実際に来た文字の確率 p の -log(p) で、確信して当たれば 0、意外なほ"
        "ど大きくなります。ステップの損失はその平均です。最初の位置は「文書が始まる」としか知らないので当てにくく、"
        "後の位置ほど手がかりが増えます（文書の 4.7 節と 6 節）。推移の表示では、位置ごとに、そのステップの全文書の"
        "平均です。",
    )
    twin_about = Text(
        "The gradient at the logit of the right symbol: (p - 1) divided by the number of positions. It is never "
        "above 0, for a higher score always lowers this loss; near 0 where the model is already sure. "
        "Backpropagation starts here.",
        "正解の logit での勾配で、(p - 1) を位置の数で割ったものです。スコアを上げれば損失は必ず下がるので 0 より大"
        "きくはなりません。すでに確信している位置では 0 に近くなります。逆伝播はここから始まります。",
    )
    chooses = ("document", "position", "log", "history")
    reads = ("past", "shown", "observation", "trail")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return bool(setup.symbols) if observation is None else next(losses_by_position(observation), None) is not None

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        seen = view.observation
        if choice.history and not choice.grad:
            return position_losses(view, self.title, choice)
        if seen is None:
            return NOT_YET
        document = choice.document_of(len(seen.targets))
        losses = next(islice(losses_by_position(seen), document, None), None)
        if losses is None:
            return NOT_HERE
        targets = np.array(seen.targets[document], np.int64)
        values = losses.astype(np.float64)
        if choice.grad:
            logits = seen.seen("logits", document)
            if logits is None or logits.grad is None or logits.grad.ndim != 2 or len(logits.grad) < len(targets):
                return NOT_HERE
            values = logits.grad[np.arange(len(targets)), targets].astype(np.float64)
        tokens, symbols = seen.tokens, view.setup.symbols
        read = tokens[document] if document < len(tokens) and len(tokens[document]) == len(targets) else None
        rows = []
        for place, target in enumerate(targets.tolist()):
            before = f"{symbol(read[place], symbols)} " if read is not None else ""
            rows.append(f"{place} {before}→ {symbol(target, symbols)}")
        with np.errstate(all="ignore"):
            mean = format_number(float(values.mean())) if len(values) else "?"
        many = len(seen.targets) > 1
        title = joined([self.title, DOCUMENT.format(document=document)])
        current = choice.position_of(len(targets))
        return Data(
            "bars",
            title if many else self.title,
            seen.step,
            values,
            rows=tuple(rows),
            axis=Text("dL/d logit", "dL/d logit") if choice.grad else Text("nats", "nat"),
            signed=choice.grad,
            log=choice.log,
            marks={"current": frozenset({current})} if len(values) else {},
            cells=tuple(
                Cell("logits" if choice.grad else "probs", (place, target), document, choice.grad)
                for place, target in enumerate(targets.tolist())
            ),
            note=Text("mean {mean}", "平均 {mean}").format(mean=mean),
        )
