"""The numbers of the step shown, and what the run is. Nothing that was measured after the step is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.cells import cell_len
from rich.text import Text as RichText
from textual.geometry import Size
from textual.strip import Strip

from tracer.numbers import format_number
from tracer.scene.palette import Role
from tracer.text import Lang, Text, clean
from tracer.train.report import setting_in_words
from tracer.tui.widgets.training import TrainingPanel, TrainingView

NOTHING = Text.same("")


@dataclass(frozen=True)
class Row:
    """A number, what it is called, and what is said of it."""

    name: Text
    value: Text
    role: Role
    more: Text = NOTHING
    """Said behind it where there is room."""
    weight: int = 0
    """How much that matters: where there is not room for all, the least goes first."""

    def words(self, lang: Lang) -> str:
        return self.value[lang] + self.more[lang]

    def width(self, lang: Lang) -> int:
        """Cells of its words."""
        return cell_len(self.words(lang))


def fit_rows(columns: Sequence[Sequence[Row]], indents: Sequence[int], width: int, lang: Lang) -> list[list[Row]]:
    """Columns that stand side by side in `width` cells, as far as leaving words away can do it.

    Args:
        indents: cells before each column's numbers.
    """
    found = [list(column) for column in columns]
    while True:
        widest = [max(row.width(lang) for row in column) for column in found]
        if sum(widest) + sum(indents) <= width:
            return found
        in_the_way = [
            (column[i].weight, c, i)
            for c, column in enumerate(found)
            for i in range(len(column))
            if column[i].width(lang) == widest[c] and column[i].more[lang]
        ]
        if not in_the_way:
            return found
        _, c, i = min(in_the_way)
        found[c][i] = replace(found[c][i], more=NOTHING)


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
        below = _NAMES["data"][self.lang], _NAMES["settings"][self.lang]
        names = max(map(cell_len, [*(row.name[self.lang] for row in rows), *below]))
        settings = self._settings(view, names, size.width)
        if size.width >= 2 * (names + 18) and len(rows) > size.height - len(told) - len(settings):
            half = (len(rows) + 1) // 2
            columns = [rows[:half], rows[half:]]
            names = max(map(cell_len, [*(row.name[self.lang] for row in columns[0]), *below]))
            settings = self._settings(view, names, size.width)
        else:
            columns = [rows]
        return [*told, *self.strips([*self._rows(columns, names, size.width), *settings], size.width)]

    def _settings(self, view: TrainingView, names: int, width: int) -> list[RichText]:
        """What is learned from, and the settings."""
        return [
            *self._wrapped(_NAMES["data"], [part[self.lang] for part in data_of(view)], names, width),
            *self._wrapped(_NAMES["settings"], settings_of(view), names, width),
        ]

    def _rows(self, columns: Sequence[Sequence[Row]], names: int, width: int) -> list[RichText]:
        """The rows, in columns as wide as they need; where that is too much, without what matters least.

        Args:
            names: width of the first column's names.
        """
        lang = self.lang
        indents = [names, *(max(cell_len(row.name[lang]) for row in column) for column in columns[1:])]
        fitted = fit_rows(columns, [indent + 2 for indent in indents], width - 2 * (len(columns) - 1), lang)
        ends = [
            max(indent + 2 + row.width(lang) for row in column) for indent, column in zip(indents, fitted, strict=True)
        ]
        starts = [0]
        if len(columns) > 1:
            starts.append(max(ends[0] + 2, min(width // 2, width - ends[1])))
        lines = []
        for i in range(len(fitted[0])):
            line = RichText(no_wrap=True)
            for start, indent, column in zip(starts, indents, fitted, strict=True):
                if i < len(column):
                    row = column[i]
                    line.append(" " * (start - line.cell_len))
                    line.append(row.name[lang], self.palette.style("muted"))
                    line.append(" " * (indent - cell_len(row.name[lang]) + 2))
                    line.append(row.words(lang), self.palette.style(row.role))
            line.truncate(width, overflow="ellipsis")
            lines.append(line)
        return lines

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
    name = view.data or setup.data
    found = [Text.same(clean(name)) if name else _ITS_OWN]
    if setup.settings.get("mode") == "text":
        found += [] if not setup.documents else [_ONE_TEXT]  # what is held out of it is no document
    elif setup.documents:
        count = setup.documents + setup.held_out
        words = _DOCUMENT if count == 1 else _DOCUMENTS if not setup.held_out else _SOME_HELD_OUT
        found.append(words.format(n=f"{count:,}", held_out=f"{setup.held_out:,}"))
    if setup.symbols:
        found.append(_SYMBOLS.format(n=len(setup.symbols)))
    return found


def numbers_of(view: TrainingView) -> Iterable[Row]:
    """The numbers of the step shown."""
    past, setup, at = view.past, view.setup, view.shown
    yield Row(_NAMES["step"], _same(f"{at:,} / {setup.steps:,}"), "text")
    yield Row(_NAMES["loss"], _same(format_number(past.losses[at - 1]) if at else "?"), "data")
    if at:
        losses = past.losses[:at]
        low = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
        yield Row(_NAMES["smoothed"], _same(format_number(past.smoothed[at - 1])), "data")
        where = _AT.format(step=f"{low + 1:,}")
        yield Row(_NAMES["lowest"], _same(format_number(losses[low])), "text", where, 3)
    tested = past.eval_at(at)
    if tested is not None:
        step, loss = tested
        yield Row(_NAMES["held out"], _same(format_number(loss)), "mark", _seen(step, at), 4)
    elif setup.held_out:
        yield Row(_NAMES["held out"], _same("?"), "missing")
    if setup.chance is not None:
        formula = _same(f"  = -log(1/{len(setup.symbols) + 1})")
        yield Row(_NAMES["guessing"], _same(format_number(setup.chance)), "grad", formula, 1)
    rate = past.rate_at(at)
    if rate is not None:
        yield Row(_NAMES["rate"], _same(format_number(rate)), "text")
    if view.look is not None:
        step, look = view.look
        of = _WRONG_OF.format(wrong=f"{len(look.wrong):,}", rows=f"{len(setup.rows):,}")
        yield Row(_NAMES["accuracy"], _same(f"{look.accuracy:.1%}"), "ok", _joined("  ", of, _seen(step, at)), 2)
    if past.speed is not None:
        yield Row(_NAMES["speed"], _same(f"{speed_in_words(past.speed)}/s"), "text")
    yield Row(_NAMES["parameters"], _same(f"{setup.parameters:,}"), "text", _same(f"  {clean(setup.engine)}"), 0)


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
    "held out": Text("held out", "検証用"),
    "guessing": Text("guessing", "一様に予測"),
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
_AT = Text(en="  at step {step}", ja="  ステップ {step}")
_SEEN = Text(en="  (after step {step})", ja="（ステップ {step} の後）")
_WRONG_OF = Text(en="{wrong} of {rows} wrong", ja="{rows} 点中 {wrong} 点が誤り")
_DOCUMENT = Text(en="1 document", ja="1 件")
_DOCUMENTS = Text(en="{n} documents", ja="{n} 件")
_SOME_HELD_OUT = Text(en="{n} documents, {held_out} held out", ja="{n} 件、うち検証用 {held_out} 件")
_ONE_TEXT = Text(en="1 long text", ja="ひと続きの文章")
_SYMBOLS = Text(en="{n} symbols + BOS", ja="{n} 文字 + BOS")
_ITS_OWN = Text(en="the program's own", ja="プログラムが持つデータ")
