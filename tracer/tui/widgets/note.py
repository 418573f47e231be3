"""What there is to say beside the explanation: the lesson's words, how far a nudge has travelled, what one can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.strip import Strip

from tracer.explain.explain import explain
from tracer.scene.palette import Palette, Role
from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.tui.view import APART, View
from tracer.tui.widgets.explanation import told
from tracer.tui.widgets.panel import Panel, ScrollingPanel

if TYPE_CHECKING:
    from tracer.tui.page import Page

ROOM = 8
"""Lines that a nudge may take in the panel."""
FEW_NODES = 300
"""Hints look ahead in time, which is worth it only where a person would predict a gradient."""


class NotePanel(ScrollingPanel):
    """The box under the explanation."""

    DEFAULT_CSS = """
    NotePanel { padding: 0 1; }
    """
    HEADING = Text(en="Note", ja="メモ")

    def document(self, view: View, width: int) -> list[Strip]:
        lines = [*said(view, self.lang, self.palette)]
        if lines:
            lines.append(Prose(""))
        lines += [*announced(view, self.lang, self.palette), *hints(view, self.lang, self.palette)]
        return self.wrapped(lines, width)


class SentenceLine(Panel):
    """Three lines that are there on the smallest terminal too: the step in one line, or the lesson's words."""

    DEFAULT_CSS = """
    SentenceLine { height: 3; border: none; border-left: thick $accent; background: $surface; padding: 0 1; }
    SentenceLine:focus { border: none; border-left: thick $accent; }
    """
    PAINTED = ()
    can_focus = False

    def paint(self, view: View, size: Size) -> list[Strip]:
        lines: list[Prose] = []
        if view.nothing is not None:
            lines.append(Prose(view.nothing[self.lang]))
        elif view.beside is None and view.nudge is None and (view.note is None or not view.fresh):
            step = told(view)
            lines += [Prose(step.short[self.lang]), *announced(view, self.lang, self.palette)]
        lines += said(view, self.lang, self.palette, size.height)
        found = self.wrapped(lines, size.width)
        if len(found) < size.height:
            found += self.wrapped(hints(view, self.lang, self.palette), size.width)
        return found


class PartingLine(Panel):
    """Under each of two runs: its step in one line, and where it parts from the other."""

    DEFAULT_CSS = """
    PartingLine { height: 4; border: none; background: $background; padding: 0 1; }
    PartingLine:focus { border: none; }
    """
    GROUND = "background"
    can_focus = False

    def paint(self, view: View, size: Size) -> list[Strip]:
        step = explain(view.cursor, by=view.by)
        lines = [Prose(step.short[self.lang], self.palette.style("text"))]
        if view.apart is not None:
            role: Role = "wrong" if view.apart.reached else "missing"
            lines.append(Prose(f"{APART} {view.apart.words[self.lang]}", self.palette.style(role)))
        return self.wrapped(lines, size.width)


def said(view: View, lang: Lang, palette: Palette, room: int = ROOM) -> Iterator[Prose]:
    """The nudge (in `room` lines, if it can be), then the lesson's words: bright where they belong, dim afterwards."""
    if view.nudge is not None:
        from tracer.explain.nudge import travelled

        lines = travelled(view.nudge)
        if len(lines) > room:
            lines = travelled(view.nudge, inner=False)
        for i, line in enumerate(lines):
            yield Prose(line[lang], palette.style("accent" if i == 0 else "text", bold=i == 0))
    if view.note is not None:
        yield Prose(view.note[lang].replace("\n", " "), palette.style("text" if view.fresh else "muted"))


def announced(view: View, lang: Lang, palette: Palette) -> Iterator[Prose]:
    """What a quiz will ask for next."""
    if view.quiz is not None and view.quiz.next is not None and not view.blanks:
        yield Prose(_QUIZ.format(name=view.cursor.trace.label(view.quiz.next))[lang], palette.style("accent"))


def hints(view: View, lang: Lang, palette: Palette) -> Iterator[Prose]:
    """One or two things worth knowing here."""
    style = palette.style("muted")
    trace, cursor = view.cursor.trace, view.cursor
    if view.page is not None:
        yield from (Prose(words[lang], style) for words in _on_a_page(view, view.page))
    elif cursor.position == 0:
        yield Prose(_BEGIN[lang], style)
    if view.nudge is not None:
        yield Prose(_TAKE_BACK[lang], style)
    if view.at_end and view.page is None:
        yield Prose((_CARD if view.ends_lesson else _END)[lang], style)
    if view.beside is not None:
        if not view.at_end:
            yield Prose(_BESIDE[lang], style)
        return
    if view.node is not None and trace.shape(view.node) and view.cell is None:
        yield Prose(_ELEMENTS[lang], style)
    if view.folding is not None:
        yield Prose((_OPEN_BOX if cursor.position == 0 or view.part is not None else _FOLDED)[lang], style)
    if trace.n_nodes > FEW_NODES:
        return
    moment = cursor.moment
    if moment.node is not None and cursor.grad_state(moment.node) == "partial":
        yield Prose(_MISSING[lang], style)
    if cursor.at_pass is None:
        return
    from tracer.explain.predict import next_question

    question = next_question(cursor)
    if question is not None and not view.blanks and view.quiz is None:
        yield Prose(_PREDICT.format(name=question.name(trace))[lang], style)


def _on_a_page(view: View, page: Page) -> Iterator[Text]:
    """At the ends of a block: where the keys lead."""
    if view.at_end and len(view.cursor.trace):
        yield _LAST_PLACE if page.last else _NEXT_PLACE
    elif view.cursor.position == 0:
        yield _READ


_NEXT_PLACE = Text(
    en="The end of this block. → goes on, n nudges a leaf, e edits one.",
    ja="このブロックはここまでです。→ で先へ。n で葉を少し動かし、e で値を変えられます。",
)
_LAST_PLACE = Text(
    en="The end of the document. n nudges a leaf, e edits one, o goes elsewhere.",
    ja="文書はここまでです。n で葉を少し動かし、e で値を変えられます。o でほかの場所へ。",
)
_READ = Text(
    en="→ reads on and walks, J next block, K the one before, o outline",
    ja="→ で読み進めてたどる。J で次のブロック、K で前のブロック、o で目次",
)
_BEGIN = Text(en="→ takes the first step, ← takes it back.", ja="→ で最初の一歩、← で戻ります。")
_QUIZ = Text(
    en="Quiz: you will be asked for the gradient of {name}.", ja="クイズ: このあと {name} の勾配を質問します。"
)
_TAKE_BACK = Text(en="n, N  further up, down   esc  take it back", ja="n・N  さらに増やす・減らす   esc  元に戻す")
_CARD = Text(en="→ once more closes the lesson.", ja="もう一度 → でレッスンのまとめへ。")
_END = Text(
    en="The end. n nudges a leaf, e edits one, x saves the picture.",
    ja="ここで終わりです。n で葉を少し動かし、e で値を変え、x で図を書き出せます。",
)
_BESIDE = Text(
    en="=  to the first difference   enter  walk one run alone",
    ja="=  最初に食い違う場面へ   enter  片方だけをたどる",
)
_OPEN_BOX = Text(
    en="⊞ is a part of the graph: enter opens it, backspace folds it again, shift and arrows go to another.",
    ja="⊞ はグラフの一部です。enter で開き、backspace で折りたたみます。shift+矢印でほかの箱へ。",
)
_FOLDED = Text(
    en="enter opens the box at work, backspace folds what is around it.",
    ja="enter で実行中の箱を開き、backspace でその周りを折りたたみます。",
)
_ELEMENTS = Text(
    en="tab to the values: shift and arrows choose an element, + numbers, - heat map",
    ja="tab で値のパネルへ: shift+矢印で要素を選ぶ、+ で数、- で色",
)
_MISSING = Text(en="… means: a contribution is still missing", ja="… は、まだ届いていない寄与がある印です")
_PREDICT = Text(en="p  predict what {name} gets in all", ja="p  {name} に届く勾配の合計を予想する")
