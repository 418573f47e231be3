"""The numbers of the step shown, and what the run is. Nothing that was measured after the step is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from rich.cells import cell_len
from rich.text import Text as RichText
from textual.geometry import Size
from textual.strip import Strip

from tracer.numbers import format_number
from tracer.scene.palette import Role
from tracer.text import Text, clean
from tracer.train.report import setting_in_words
from tracer.tui.widgets.training import TrainingPanel, TrainingView


class NumbersPanel(TrainingPanel):
    """The numbers of the step shown, and what the run is."""

    HEADING = Text(en="Numbers", ja="数値")

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        paragraphs = []
        warning = view.past.warning
        if warning is not None:
            paragraphs.append(RichText(f"✗ {warning[self.lang]}", self.palette.style("wrong")))
        if view.unsaved is not None:
            words = _UNSAVED.format(reason=view.unsaved)
            paragraphs.append(RichText(f"✗ {words[self.lang]}", self.palette.style("wrong")))
        if view.said is not None:
            paragraphs.append(RichText(view.said[self.lang], self.palette.style("accent")))
        told = self.wrapped(paragraphs, size.width)
        rows = list(numbers_of(view))
        every = [*(name for name, _, _ in rows), _NAMES["data"], _NAMES["settings"]]
        names = max(cell_len(name[self.lang]) for name in every)
        settings = [
            *self._wrapped(_NAMES["data"], [part[self.lang] for part in data_of(view)], names, size.width),
            *self._wrapped(_NAMES["settings"], settings_of(view), names, size.width),
        ]
        two = size.width >= 2 * (names + 18) and len(rows) > size.height - len(told) - len(settings)
        lines = []
        half = (len(rows) + 1) // 2 if two else len(rows)
        for i in range(half):
            line = RichText(no_wrap=True)
            for name, value, role in rows[i::half] if two else [rows[i]]:
                if line.plain:
                    line.truncate(size.width // 2 - 2, overflow="ellipsis")
                    line.append(" " * (size.width // 2 - line.cell_len))
                line.append(name[self.lang], self.palette.style("muted"))
                line.append(" " * (names - cell_len(name[self.lang]) + 2))
                line.append(value[self.lang], self.palette.style(role))
            line.truncate(size.width, overflow="ellipsis")
            lines.append(line)
        return [*told, *self.strips([*lines, *settings], size.width)]

    def _wrapped(self, name: Text, parts: Sequence[str], names: int, width: int) -> list[RichText]:
        """A name and what belongs to it, broken between two parts."""
        lines = [RichText(no_wrap=True)]
        lines[0].append(name[self.lang], self.palette.style("muted"))
        lines[0].append(" " * (names - lines[0].cell_len + 2))
        for part in parts:
            if lines[-1].cell_len > names + 2 and lines[-1].cell_len + 2 + cell_len(part) > width:
                lines.append(RichText(" " * (names + 2), no_wrap=True))
            lines[-1].append("  " if lines[-1].cell_len > names + 2 else "").append(part, self.palette.style("text"))
            lines[-1].truncate(width, overflow="ellipsis")
        return lines if parts else []


def settings_of(view: TrainingView) -> list[str]:
    """`n_layer 1`, `tied off`, ..."""
    told = view.setup.settings.items()
    return [f"{clean(name)} {setting_in_words(value)}" for name, value in told if name != "steps"]  # said elsewhere


def data_of(view: TrainingView) -> list[Text]:
    """What is learned from, and how much of it there is."""
    setup = view.setup
    found = [_same(clean(setup.data)) if setup.data else _ITS_OWN]
    if setup.documents:
        found.append(_TEXTS.format(n=f"{setup.documents:,}"))
    if setup.symbols:
        found.append(_SYMBOLS.format(n=len(setup.symbols)))
    return found


def numbers_of(view: TrainingView) -> Iterable[tuple[Text, Text, Role]]:
    """What each line says: its name, the number, and what kind of number it is."""
    past, setup, at = view.past, view.setup, view.shown
    yield _NAMES["step"], _same(f"{at:,} / {setup.steps:,}"), "text"
    yield _NAMES["loss"], _same(format_number(past.losses[at - 1]) if at else "?"), "data"
    if at:
        losses = past.losses[:at]
        low = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
        yield _NAMES["smoothed"], _same(format_number(past.smoothed[at - 1])), "data"
        yield _NAMES["lowest"], _joined(f"{format_number(losses[low])}  ", _AT.format(step=f"{low + 1:,}")), "text"
    tested = past.eval_at(at)
    if tested is not None:
        step, loss = tested
        yield _NAMES["held out"], _joined(format_number(loss), _seen(step, at)), "mark"
    elif setup.held_out:
        yield _NAMES["held out"], _joined("?  ", _TEXTS.format(n=f"{setup.held_out:,}")), "missing"
    if setup.chance is not None:
        guessing = f"{format_number(setup.chance)}  = -log(1/{len(setup.symbols) + 1})"
        yield _NAMES["guessing"], _same(guessing), "grad"
    rate = past.rate_at(at)
    if rate is not None:
        yield _NAMES["rate"], _same(format_number(rate)), "text"
    if view.look is not None:
        step, look = view.look
        of = _WRONG_OF.format(wrong=f"{len(look.wrong):,}", rows=f"{len(setup.rows):,}")
        yield _NAMES["accuracy"], _joined(f"{look.accuracy:.1%}  ", of, _seen(step, at)), "ok"
    if past.speed is not None:
        yield _NAMES["speed"], _same(f"{speed_in_words(past.speed)}/s"), "text"
    yield _NAMES["parameters"], _same(f"{setup.parameters:,}  {clean(setup.engine)}"), "text"


def speed_in_words(speed: float) -> str:
    """Steps a second: `9,800`, `3.2`."""
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"


def _joined(*parts: Text | str) -> Text:
    both = [part if isinstance(part, Text) else Text.same(part) for part in parts]
    return Text("".join(part.en for part in both), "".join(part.ja for part in both))


def _seen(step: int, at: int) -> Text:
    """After which step, where that is not the one shown."""
    return _SEEN.format(step=f"{step:,}") if step != at else Text.same("")


def _same(words: str) -> Text:
    return Text.same(words)


_NAMES = {
    "step": Text("step", "ステップ"),
    "loss": Text("loss", "損失"),
    "smoothed": Text("smoothed", "平滑化"),
    "lowest": Text("lowest", "最小"),
    "held out": Text("held out", "検証用の損失"),
    "guessing": Text("guessing", "当て推量"),
    "rate": Text("rate", "学習率"),
    "accuracy": Text("accuracy", "正解率"),
    "speed": Text("steps", "速さ"),
    "parameters": Text("parameters", "パラメータ"),
    "data": Text("data", "データ"),
    "settings": Text("settings", "設定"),
}
_UNSAVED = Text(
    en="Not saved: {reason} Training goes on; the next checkpoint tries again.",
    ja="保存できません: {reason} 訓練は続き、次のチェックポイントでもう一度保存します。",
)
_AT = Text(en="at step {step}", ja="ステップ {step}")
_SEEN = Text(en="  (after step {step})", ja="（ステップ {step} の後）")
_WRONG_OF = Text(en="{wrong} of {rows} wrong", ja="{rows} 点中 {wrong} 点が誤り")
_TEXTS = Text(en="{n} texts", ja="{n} 文")
_SYMBOLS = Text(en="{n} symbols + BOS", ja="{n} 文字 + BOS")
_ITS_OWN = Text(en="the program's own", ja="プログラムのもの")
