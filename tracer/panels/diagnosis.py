"""What the run's gradients say up to the step shown: every reading, the numbers it was made from, what to try."""

from __future__ import annotations

import numpy as np

from tracer.panels.data import NOTHING, Data
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.place import joined
from tracer.text import Text
from tracer.trace.observation import Observation
from tracer.train.diagnosis import diagnose
from tracer.train.report import Setup

EVIDENCE, ADVICE = Text("evidence", "根拠"), Text("try", "対策")
AFTER = Text(" (step {step})", "（ステップ {step}）")
NOTHING_YET = Text(
    "Nothing can be read yet: the first step that is looked at decides.",
    "まだ診断できません。最初に観測したステップから分かります。",
)


class Diagnosis(Panel):
    """A few words for each reading; below them its evidence."""

    id = "diagnosis"
    title = Text("Diagnosis", "診断")
    caption = Text("What the gradients say, and from which numbers.", "勾配から読みとれることと、その根拠。")
    about = Text(
        "How large a gradient should be nobody can say; how gradients stand to one another, to depth and to their own "
        "past one can. Exploding: far larger than at first, than the loss accounts for, or at the first layer than at "
        "the last. Vanishing: less than a hundredth of what sets out at the last layer arrives at the first, or hardly "
        "any reaches a parameter. Dead neurons: above 0 at none of the last looks, so no gradient passes them. "
        "Converging: all gradients shrink together while the loss falls. Balanced: none of these warns (document, "
        "section 7). Readings are made at some of the steps; one made at an earlier step than this one names it. "
        "`tracer diagnose` prints the same.",
        "勾配の大きさに正解はありませんが、互いの比、層の深さによる違い、過去との違いからは多くのことが読みとれま"
        "す。勾配爆発: はじめより、損失に見合うより、あるいは最後の層より最初の層で、桁違いに大きい。"
        "勾配消失: 最後の層を出た勾配の 100 分の 1 も最初の層に届かない、またはあるパラメータにほとんど届かない。"
        "死んだニューロン: 直近の観測で一度も 0 を超えず、勾配が通らない。"
        "収束: 損失が下がりながら、勾配がそろって小さくなる。バランス良好: どれにも当てはまらない（文書の 7 節）。"
        "診断に使う数は一部のステップで記録されます。表示中より前のステップのものなら、その番号を示します。"
        "`tracer diagnose` でも同じものを表示できます。",
    )
    reads = ("past", "shown")

    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        return True

    def data(self, view: RunView, choice: Choice) -> Data | Text:
        readings = diagnose(view.past, view.shown, view.setup.settings_at(view.shown)) if view.shown else ()
        if not readings:
            return NOTHING_YET
        table: list[tuple[Text, Text]] = []
        for one in readings:
            earlier = AFTER.format(step=f"{one.step:,}") if one.step != view.shown else NOTHING
            table.append((one.brief, one.says))
            table.append((EVIDENCE, joined([one.evidence, earlier], "")))
            if one.advice.en:
                table.append((ADVICE, one.advice))
        return Data("words", self.title, view.shown, np.zeros(0), table=tuple(table))
