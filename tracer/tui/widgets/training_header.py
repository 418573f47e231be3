"""The line above a training run: what is trained, how far it is, how it stands."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from tracer.numbers import format_number
from tracer.panels.numbers import speed_in_words
from tracer.scene.palette import Role
from tracer.text import Text, clean
from tracer.tui.running import State
from tracer.tui.widgets.header import LANGUAGES, LONG
from tracer.tui.widgets.training import TrainingPanel, TrainingView

BAR = 28
"""Cells of the progress bar where there is much room."""
LEAST_BAR = 12
"""Where there is little."""


class TrainingHeader(TrainingPanel):
    """One line: what is trained, how far it is, how fast. A click on the other language switches to it."""

    DEFAULT_CSS = """
    TrainingHeader { height: 1; width: 1fr; border: none; background: $background; padding: 0 1; }
    TrainingHeader:focus { border: none; }
    """
    GROUND = "background"
    can_focus = False

    def draw(self, view: TrainingView, size: Size) -> list[Strip]:
        palette, long = self.palette, size.width >= LONG
        steps, of = view.past.steps, view.setup.steps
        program, name = clean(view.setup.program), clean(view.name)
        title = RichText(name if long else name.rpartition("/")[2], palette.style("text", bold=True))
        if long and name != program:
            title.append(f"  {program}", palette.style("muted"))
        if view.data and long:
            title.append(f"  {clean(view.data)}", palette.style("muted"))
        right = RichText()
        if view.shown < steps:
            back = _BACK_AT.format(step=f"{view.shown:,}")[self.lang] if long else f"◂ {view.shown:,}"
            right.append(back + "   ", palette.style("accent"))
        if view.stride > 1:
            right.append(f"±{view.stride}   ", palette.style("accent"))
        if view.shown:
            loss = format_number(view.past.losses[view.shown - 1])
            right.append(f"{_LOSS[self.lang]} {loss}   ", palette.style("data"))
        if view.past.speed is not None and long and view.state in ("running", "paused"):
            speed = speed_in_words(view.past.speed)
            right.append(_SPEED.format(n=speed)[self.lang] + "   ", palette.style("muted"))
        right.append(state_in_words(view)[self.lang], palette.style(_ROLES.get(view.state, "accent")))
        right.append("   " + LANGUAGES[self.lang], palette.style("muted"))
        middle = RichText(f"  {_STEP[self.lang]} {steps:,} / {of:,}  ", palette.style("text"))
        room = size.width - right.cell_len - middle.cell_len - 2
        name_whole = min(cell_len(name) + 2 if long else 0, room - LEAST_BAR)  # and a sign that there is more
        title.truncate(max(8, room - (BAR if long else LEAST_BAR), name_whole), overflow="ellipsis")
        bar = max(0, min(BAR, room - title.cell_len - 1))
        line = title + middle + self._bar(view.shown / of, steps / of, bar)
        if view.said is not None:  # said here too: of the panels, one may be all there is room for
            line = title + RichText("  ").append(view.said[self.lang], palette.style("accent"))
            line.truncate(max(8, size.width - right.cell_len - 1), overflow="ellipsis")
        line.append(" " * max(1, size.width - line.cell_len - right.cell_len))
        return self.strips([line + right], size.width)

    def _bar(self, shown: float, taken: float, width: int) -> RichText:
        """How far the run is; up to the step shown in the colour of what one is at."""
        here, full = round(min(1.0, shown) * width), round(min(1.0, taken) * width)
        line = RichText("━" * here, self.palette.style("accent"))
        line.append("━" * (full - here), self.palette.style("muted"))
        return line.append("─" * (width - full), self.palette.style("muted"))

    async def on_click(self, event: events.Click) -> None:
        if event.x >= self.size.width - cell_len(LANGUAGES[self.lang]):
            await self.run_action("app.switch_lang")


def state_in_words(view: TrainingView) -> Text:
    """How the run stands; of one that a number has ended: which, and where."""
    if view.state != "failed" or not view.past.stopped:
        return STATES[view.state]
    loss, broken = float(view.past.losses[-1]), view.past.broken
    what = "nan" if math.isfinite(loss) else f"{loss:g}"
    words = _BROKE.format(what=what, step=f"{view.past.steps:,}")
    where = f"  {clean(broken)}" if broken else ""
    return Text(words.en + where, words.ja + where)


STATES: dict[State, Text] = {
    "running": Text(en="running", ja="訓練中"),
    "paused": Text(en="paused", ja="一時停止中"),
    "done": Text(en="done", ja="完了"),
    "failed": Text(en="ended early", ja="途中で終了"),
    "resting": Text(en="not finished", ja="未完了"),
    "followed": Text(en="trained elsewhere", ja="ほかで訓練中"),
    "starting": Text(en="starting…", ja="再開しています…"),
    "stopping": Text(en="saving…", ja="保存しています…"),
}
_ROLES: dict[State, Role] = {"failed": "wrong", "running": "active", "followed": "active"}
_BROKE = Text(en="✗ {what} at step {step}", ja="✗ ステップ {step} で {what}")
_LOSS = Text("loss", "損失")
_STEP = Text("step", "ステップ")
_SPEED = Text(en="{n} steps/s", ja="{n} ステップ/秒")
_BACK_AT = Text(en="◂ step {step}", ja="◂ ステップ {step}")
