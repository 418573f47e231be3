"""The top line: what is walked, how much of it is checked, how big a step is, where one is, which language."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from tracer.text import LANGS, Lang, Text
from tracer.tui.view import BY_WORDS, SHOW_WORDS, View
from tracer.tui.widgets.panel import Panel

LONG = 100
"""From this width on, words are written out."""
LANGUAGES: dict[Lang, str] = {"en": "EN", "ja": "日本語"}


class Header(Panel):
    """One line. A click on the other language switches to it."""

    DEFAULT_CSS = """
    Header { height: 1; width: 1fr; border: none; background: $background; padding: 0 1; }
    Header:focus { border: none; }
    """
    GROUND = "background"
    PAINTED = ()
    can_focus = False

    def paint(self, view: View, size: Size) -> list[Strip]:
        long = size.width >= LONG
        parts = [part for part in self._parts(view, long) if part.plain]
        right = RichText("   " if long else "  ").join(parts)
        room = size.width - right.cell_len - 2
        name = RichText("Gradient Tracer  " if long and room > 60 else "", self.palette.style("muted"))
        title = view.title[self.lang]
        name.append(_cut(title, max(0, room - name.cell_len)), self.palette.style("text", bold=True))
        name.append(" " * max(2, size.width - name.cell_len - right.cell_len))
        return self.strips([name + right], size.width)

    def _parts(self, view: View, long: bool) -> list[RichText]:
        palette, lang = self.palette, self.lang
        step, steps = view.steps
        shown = "" if view.show == "both" else _EMPHASIS.format(what=SHOW_WORDS[view.show])[lang]
        return [
            RichText(view.busy[lang] if view.busy is not None else "", palette.style("missing")),
            RichText("" if view.speed is None else f"▸ {view.speed:g}/s", palette.style("active")),
            RichText(self._quiz(view), palette.style("accent")),
            RichText(_hit(view), palette.style("accent")),
            RichText(shown, palette.style("grad" if view.show == "gradients" else "data")),
            self._checked(view, long),
            RichText(BY_WORDS[view.by][lang], palette.style("text")).append(
                " (, .)" if long else "", palette.style("muted")
            ),
            RichText(f"{step:,}/{steps:,}", palette.style("text")),
            self._languages(long),
        ]

    def _quiz(self, view: View) -> str:
        """`quiz 0/2`: questions answered, of all."""
        if view.quiz is None:
            return ""
        return _QUIZ.format(right=view.quiz.right, asked=view.quiz.asked)[self.lang]

    def _checked(self, view: View, long: bool) -> RichText:
        """`checked 3/4`: of the nodes that take a gradient, those whose gradient is complete and checked by now."""
        index = view.cursor.at_pass or 0
        total = sum(one.check.pass_index == index for one in view.checks)
        if not total:
            return RichText("")
        marks = {one.check.node: one.check.mark for one in view.checks_here()}
        wrong = [node for node, mark in marks.items() if mark == "✗"]
        if wrong:
            names = ", ".join(view.cursor.trace.label(node) for node in wrong[:2]) + (", …" if wrong[2:] else "")
            return RichText(f"✗ {_WRONG[self.lang]} {names}", self.palette.style("wrong"))
        right = sum(one.check.mark == "✓" and one.check.pass_index == index for one in view.checks_here())
        words = _CHECKED[self.lang] if long else "✓"
        return RichText(f"{words} {right}/{total}", self.palette.style("ok" if right else "muted"))

    def _languages(self, long: bool) -> RichText:
        text = RichText()
        for lang in LANGS if long else (self.lang,):
            text.append(" " if text.plain else "")
            text.append(LANGUAGES[lang], self.palette.style("accent" if lang == self.lang else "muted"))
        return text

    async def on_click(self, event: events.Click) -> None:
        if event.x >= self.size.width - cell_len(" ".join(LANGUAGES.values())):
            await self.run_action("app.switch_lang")


def _hit(view: View) -> str:
    """`/ 3/12`: the third of twelve hits, while one is looking at it."""
    hit = view.hit
    return "" if hit is None or view.about != hit.node else f"/ {hit.number:,}/{hit.count:,}"


def _cut(words: str, room: int) -> str:
    return words if cell_len(words) <= room else set_cell_size(words, max(0, room - 1)) + "…" * (room > 0)


_EMPHASIS = Text(en="emphasis: {what}", ja="強調: {what}")
_QUIZ = Text(en="quiz {right}/{asked}", ja="クイズ {right}/{asked}")
_CHECKED = Text(en="checked", ja="検算済み")
_WRONG = Text(en="wrong:", ja="誤り:")
