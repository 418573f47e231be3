"""A document's parts as lines, and what there is to say about a block that has nothing to step through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.text import Text as RichText

from tracer.errors import TracerError
from tracer.explain.source import Mark
from tracer.lessons.documents.document import Block
from tracer.lessons.documents.status import how_it_ended
from tracer.scene.listing import code_lines, output_lines
from tracer.scene.markdown import markdown_lines
from tracer.scene.palette import Palette, Role
from tracer.scene.prose import Prose, broken, cut
from tracer.text import LANGS, Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.tui.page import Page, State, language_of

if TYPE_CHECKING:
    from tracer.lessons.documents.process import BlockRun

Marks = tuple[tuple[int, Mark], ...]

HERE, ELSEWHERE = "▌", "│"
"""Stands before every line of a block: of the one that one is at, and of the others."""
NAMES = 8
"""Names that a sentence lists at most."""


def prose_lines(text: str, width: int, palette: Palette) -> list[RichText]:
    """Prose, and an empty line after it."""
    lines = markdown_lines(text, width, palette)
    return [*lines, RichText()] if lines else []


def block_lines(
    page: Page,
    block: Block,
    marks: Marks,
    printed: bool,
    width: int,
    lang: Lang,
    palette: Palette,
    *,
    called: Called | None = None,
    code: bool = True,
) -> list[RichText]:
    """A block between the prose: its head, its code, what it printed or why it does not run, an empty line.

    Args:
        marks: lines of the file that are at work.
        printed: whether its steps have been walked, so that its output may be shown.
        called: the working line where it stands in another block.
        code: False leaves the code to a panel beside: the head alone stands for it.
    """
    here = page.block is block
    bar = (HERE, palette.style("accent", bold=True)) if here else (ELSEWHERE, palette.style("muted"))
    room = width - 2
    lines = [head_line(page, block, printed, room, lang, palette)]
    if code:
        lines += code_lines(block.shown, block.line, room, palette, marks, block.lang or "text")
        lines += called_lines(called, room, lang, palette)
        lines += foot_lines(page, block, printed, room, lang, palette)
    return [*(RichText.assemble(bar, " ", line) for line in lines), RichText()]


def head_line(page: Page, block: Block, printed: bool, width: int, lang: Lang, palette: Palette) -> RichText:
    """`Block 3  JavaScript` and, at the right, what has become of it as far as the walk has come."""
    here = page.block is block
    name = _HEAD.format(i=block.number)[lang] + (f"  {language_of(block)}" if block.kind == "other" else "")
    if block.script is not None and block.script.title is not None:
        name += f"  {block.script.title[lang]}"
    line = RichText(name, palette.style("accent" if here else "muted", bold=here))
    state = page.state_of(block)
    words, role = _STATES[state]
    if state in ("ran", "failed", "stopped") and not printed:  # how it ends is told at its end
        words, role = _STATES["waiting"] if not page.agreed else (Text.same(""), "muted")
    room = width - RichText(words[lang]).cell_len
    line = cut(line, room - 2)
    line.append(" " * (room - line.cell_len))
    line.append(words[lang], palette.style(role))
    return line


@dataclass(frozen=True)
class Called:
    """The line at work, where it stands in another block: in a function that was defined there."""

    number: int
    """Of that block; below 0 it is hidden."""
    line: int
    text: str


def called_at(page: Page, cursor: Cursor) -> Called | None:
    """The working line where it is in another block than the one that one is at."""
    line = cursor.line
    if line is None or page.block is None:
        return None
    for block in page.document.blocks:
        if block is not page.block and block.file == line.file and block.line <= line.line <= block.last_line:
            return Called(block.number, line.line, block.shown.split("\n")[line.line - block.line])
    return None


def called_lines(called: Called | None, width: int, lang: Lang, palette: Palette) -> list[RichText]:
    """Under a block's code: the line of another block that is at work for it."""
    if called is None:
        return []
    words = _CALLED.format(i=called.number) if called.number > 0 else _CALLED_HIDDEN
    code = code_lines(called.text.strip(), called.line, width, palette, ((called.line, "now"),))
    return [RichText(), RichText(words[lang], palette.style("muted")), *code]


def foot_lines(page: Page, block: Block, printed: bool, width: int, lang: Lang, palette: Palette) -> list[RichText]:
    """What stands under the code: what was printed, or why there is nothing."""
    run = page.run_of(block)
    found: list[RichText] = []
    if run is not None and run.output.strip():
        words = _PRINTS if printed else _WILL_PRINT
        found += [RichText(), RichText(words[lang], palette.style("muted"))]
        found += output_lines(run.output, width, palette) if printed else []
    ended = ended_early(run) if run is not None and printed else None
    if ended is not None:
        found += [RichText(), *broken(Prose(f"✗ {ended[lang]}", palette.style("wrong")), width)]
    about = why_not(page, block, here=page.block is block)
    if about is not None:
        found += [RichText(), *broken(Prose(about[lang], palette.style("missing")), width)]
    return found


def nothing_here(page: Page) -> Text:
    """What to say where there is nothing to step through: what the block is, and what one can do."""
    block = page.block
    if block is None:
        return _NO_BLOCKS if not page.document.shown_blocks else _AFTER
    state = page.state_of(block)
    why = why_not(page, block)
    if why is not None:
        return why
    if state in ("ran", "failed", "stopped"):
        return _joined(*_what_it_did(page, block))
    return {"unread": _UNREAD, "running": _IS_RUNNING}.get(state, _IS_WAITING)


def _what_it_did(page: Page, block: Block) -> Iterator[Text]:
    """Of a block that ran and left nothing to step through."""
    run = page.run_of(block)
    assert run is not None, "it ran"
    ended = ended_early(run)
    yield ended or _NO_STEPS
    if block.defines and ended is None:
        yield _DEFINES.format(names=listed(block.defines))
    yield _GO_ON


def ended_early(run: BlockRun) -> Text | None:
    """How a block ended and what to do about it; None where it ran to its end."""
    said = how_it_ended(run)
    return None if said is None else _joined(said, run.outcome.hint or Text.same(""))


def why_not(page: Page, block: Block, *, here: bool = True) -> Text | None:
    """Why a block does not run here, and what to open instead; None where it runs.

    Args:
        here: whether it is the block that one is at, so that enter is for it.
    """
    state = page.state_of(block)
    if state == "skipped":
        return _SKIPPED
    if state not in ("other", "fragment", "broken"):
        return None
    if state == "broken":
        assert block.problem is not None, "that is what broken means"
        first = _BROKEN.format(problem=block.problem)
    elif state == "fragment":
        first = _FRAGMENT.format(names=listed(block.needs))
    else:
        first = _OTHER.format(language=language_of(block))
    title = lesson_title(block.nearest) if block.nearest is not None else None
    if title is None:
        return _joined(first, block.nearest_why)
    return _joined(first, (_NEAREST if here else _NEAREST_ELSEWHERE).format(lesson=title))


@lru_cache(maxsize=256)
def lesson_title(name: str) -> Text | None:
    """`6.3  A computation graph`; None where there is no such lesson."""
    from tracer.lessons.content import find

    try:
        lesson = find(name)
    except TracerError:
        return None
    en, ja = (f"{lesson.section}  {lesson.title[lang]}".strip() for lang in LANGS)
    return Text(en, ja)


def listed(names: tuple[str, ...]) -> str:
    """`W1, b1, x`; many are cut short."""
    shown = ", ".join(clean(name) for name in names[:NAMES])
    return shown + (", …" if len(names) > NAMES else "")


def marks_of(cursor: Cursor) -> dict[str, Marks]:
    """File -> its lines that are at work at this moment."""
    found: dict[str, Marks] = {}
    line, also = cursor.line, cursor.also_line
    if line is not None:
        found[line.file] = ((line.line, "now"),)
    if also is not None and also != line:
        found[also.file] = (*found.get(also.file, ()), (also.line, "also"))
    return found


def _joined(*texts: Text) -> Text:
    """Sentences after each other, as their language writes them."""
    en = " ".join(text.en for text in texts if text.en)
    return Text(en, "".join(text.ja for text in texts))


_HEAD = Text(en="Block {i}", ja="ブロック {i}")
_STATES: dict[State, tuple[Text, Role]] = {
    "unread": (Text(en="not run", ja="未実行"), "muted"),
    "waiting": (Text(en="waits", ja="順番待ち"), "muted"),
    "running": (Text(en="running…", ja="実行中…"), "missing"),
    "ran": (Text(en="✓ ran", ja="✓ 実行済み"), "ok"),
    "failed": (Text(en="✗ ended early", ja="✗ 途中で終了"), "wrong"),
    "stopped": (Text(en="stopped", ja="中止"), "missing"),
    "skipped": (Text(en="not for running", ja="実行しない"), "muted"),
    "fragment": (Text(en="a fragment", ja="断片"), "missing"),
    "broken": (Text(en="not Python as it stands", ja="このままでは Python ではない"), "missing"),
    "other": (Text(en="to read", ja="読むだけ"), "muted"),
}
_PRINTS = Text(en="prints", ja="出力")
_WILL_PRINT = Text(en="prints at its end", ja="出力は最後に表示します")
_FRAGMENT = Text(
    en="A fragment: it needs {names}, which nothing above defines.",
    ja="これは断片です。{names} がここまでに定義されていません。",
)
_BROKEN = Text(en="It cannot run as it stands: {problem}.", ja="このままでは実行できません。{problem}。")
_OTHER = Text(en="{language} does not run here.", ja="{language} はここでは実行しません。")
_NEAREST = Text(en="enter opens the lesson nearest to it: {lesson}", ja="enter で最も近いレッスンを開きます: {lesson}")
_NEAREST_ELSEWHERE = Text(en="The lesson nearest to it: {lesson}", ja="最も近いレッスン: {lesson}")
_CALLED = Text(en="at work, in block {i}", ja="今の行（ブロック {i}）")
_CALLED_HIDDEN = Text(en="at work, in a hidden set-up block", ja="今の行（表示されない準備ブロック）")
_SKIPPED = Text(
    en="It is here to be read: its author does not want it run.",
    ja="読むためのブロックです（著者の指定により実行しません）。",
)
_NO_BLOCKS = Text(
    en="There is no code in this document to step through. → reads on, o shows its headings.",
    ja="この文書には、たどれるコードがありません。→ で読み進め、o で見出しの一覧を表示します。",
)
_AFTER = Text(
    en="That was the last block. o goes to any other one.",
    ja="これが最後のブロックでした。o でほかのブロックへ移れます。",
)
_UNREAD = Text(
    en="This block has not been run, so there are no steps yet. enter asks whether to run the document.",
    ja="まだ実行していないので、ステップがありません。enter で、文書を実行するかどうかを選べます。",
)
_IS_RUNNING = Text(
    en="This block is running. Its steps appear here when it has ended; esc stops it.",
    ja="このブロックを実行しています。終わるとここにステップが現れます。esc で中止します。",
)
_IS_WAITING = Text(
    en="The blocks before this one are running. Its steps appear here when its turn has come.",
    ja="前のブロックを実行しています。順番が来ると、ここにステップが現れます。",
)
_NO_STEPS = Text(
    en="It ran, and computed nothing that has steps: no Value, no tensor.",
    ja="実行しましたが、たどる計算（Value やテンソル）はありませんでした。",
)
_DEFINES = Text(en="It leaves behind {names}.", ja="{names} を定義しました。")
_GO_ON = Text(en="→ goes on.", ja="→ で先へ進みます。")
