"""Go to a training step by its number: one that was taken is looked back at, one to come is trained up to."""

from __future__ import annotations

from tracer.text import Text
from tracer.tui.keys import ascii_twin
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import Refused


class RunToScreen(Dialog[int]):
    """Gives back the step.

    Args:
        shown, newest, last: the step one is at, the newest one taken, the last there will be.
        trains: whether steps beyond the newest can be taken.
        resume: the command that goes on with the run once it is over; empty where none can.
    """

    HEADING = Text(en="Go to step", ja="ステップへ移動")

    def __init__(self, shown: int, newest: int, last: int, *, trains: bool = True, resume: str = "") -> None:
        self.shown, self.newest, self.last = shown, newest, last if trains else newest
        self._planned, self._resume = last, resume
        some = examples(shown, self.last)
        super().__init__(placeholder=Text(en=", ".join(some), ja="、".join(some)))

    def hint(self) -> Text:
        ahead = _AHEAD if self.last > self.newest else Text.same("")
        words = _HINT.format(newest=f"{self.newest:,}", last=f"{self.last:,}", next=f"{self.newest + 1:,}")
        more = ahead.format(newest=f"{self.newest:,}", last=f"{self.last:,}", next=f"{self.newest + 1:,}")
        return Text(words.en + more.en, words.ja + more.ja)

    def accept(self, typed: str) -> None:
        further = None if not self._resume else (self._planned, self._resume)
        self.dismiss(parse_step(typed, self.shown, self.newest, self.last, further))


def examples(shown: int, last: int) -> list[str]:
    """What can be typed at a step: nothing that would be refused."""
    found = [f"{last // 2}"] if last > 1 else []
    for stride in (100, 10, 1):
        sign = "+" if shown + stride <= last else "-" if shown - stride >= 1 else ""
        if sign:
            found.append(f"{sign}{stride}")
            break
    return [*found, "start", "end"]


def parse_step(typed: str, shown: int, newest: int, last: int, further: tuple[int, str] | None = None) -> int:
    """The step that was typed: `500`, `+100`, `-10`, `start`, `end`.

    Args:
        shown: what `+` and `-` count from.
        newest: `end`.
        last: the largest there is.
        further: the planned end, and the command that trains beyond it.

    Raises:
        Refused: it is none of these, or there is no such step.
    """
    words = ascii_twin(typed).strip().replace(",", "").replace("_", "").casefold().replace("−", "-")
    if words in ("start", "first"):
        return min(1, newest)
    if words in ("end", "last", "newest"):
        return newest
    sign = words[:1] if words[:1] in ("+", "-") else ""
    number = words.removeprefix(sign)
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        raise Refused(_WHAT)
    step = int(number) if not sign else shown + int(sign + number)
    if not 1 <= step <= last:
        refused = _NO_STEP.format(step=f"{step:,}", last=f"{last:,}") if last else _NONE
        if further is not None and step > further[0]:
            refused = _RESUME.format(words=refused, command=further[1], step=step)
        raise Refused(refused)
    return step


_HINT = Text(en="1–{newest} look back", ja="1–{newest}: 振り返る")
_AHEAD = Text(en="; {next}–{last} train up to there, then pause", ja="、{next}–{last}: そこまで訓練して一時停止")
_WHAT = Text(
    en="A step's number; + or - and how many from here; start or end",
    ja="ステップの番号、ここからの差（+10 や -10）、start、end のどれかを入力してください",
)
_NO_STEP = Text(
    en="There is no step {step}; the last one is {last}.", ja="ステップ {step} はありません（最後は {last}）。"
)
_RESUME = Text(
    en="{words} To train further: {command} --steps {step}", ja="{words}続きを訓練するには {command} --steps {step}"
)
_NONE = Text(en="No step has been taken yet.", ja="まだ 1 ステップも進んでいません。")
