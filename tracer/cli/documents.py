"""Documents on the command line: read, agreed to, run; then each block is a thing like any other."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tracer.cli.agreeing import make_sure
from tracer.cli.ending import as_ctrl_c
from tracer.cli.naming import Wish
from tracer.cli.terminal import plain, say, watched
from tracer.errors import NotFoundError
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.process import DocumentRun, run_document
from tracer.lessons.documents.status import how_it_ended, why_not
from tracer.lessons.documents.thing import block_thing
from tracer.lessons.documents.told import lesson_of
from tracer.lessons.given import parse_assignments
from tracer.lessons.leaves import overrides_of
from tracer.lessons.limits import Limits
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text


def read(path: Path, wish: Wish) -> Document:
    """The document, and that it has the block asked for.

    Raises:
        TracerError: it cannot be read, or has no such block.
    """
    from tracer.lessons.documents.reading import read_document

    document = read_document(path)
    if wish.block is not None and document.block(wish.block) is None:
        last = len(document.shown_blocks)
        raise NotFoundError(
            f"{document.name} has no block {wish.block}.",
            hint=f"Its blocks are 1 to {last}." if last else "It has no code block.",
            ja=f"{document.name} にブロック {wish.block} はありません。",
            hint_ja=f"ブロックは 1 から {last} までです。" if last else "コードブロックがありません。",
        )
    return document


def run(document: Document, wish: Wish, *, lang: Lang, nodes: int, upto: int | None = None) -> DocumentRun:
    """What the blocks of `document` leave, once somebody has agreed to run them; it says which one it is at.

    Raises:
        ProgramError: nobody has agreed.
    """
    make_sure(document, yes=wish.yes, lang=lang)
    total = sum(block.runs for block in document.blocks)
    shown = False

    def tell(so_far: DocumentRun, running: Block | None) -> None:
        nonlocal shown
        if running is not None and watched():
            words = _RUNNING.format(name=document.name, number=len(so_far.blocks) + 1, total=total)[lang]
            print(f"\r{plain(words)}\x1b[K", end="", file=sys.stderr, flush=True)
            shown = True

    try:
        with as_ctrl_c():
            return run_document(document, limits=Limits(nodes=nodes), progress=tell, upto=upto)
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def one_block(
    path: Path, values: Sequence[str], wish: Wish, *, lang: Lang, nodes: int, unfold: Sequence[str] = ()
) -> tuple[Document, Thing]:
    """The block that was asked for, or the only one that computes something, as something to walk.

    Raises:
        NotFoundError: it does not run, or several could be meant.
    """
    given = parse_assignments(values)
    document = read(path, wish)
    number = wish.block
    if number is not None and (why := why_not(_block(document, number))) is not None:
        raise _does_not_run(document, _block(document, number), why)
    ran = run(document, wish, lang=lang, nodes=nodes, upto=number)
    if number is None:
        number = _the_only(document, ran)
    thing = thing_of(document, ran, number, nodes=nodes)
    if given:
        changed = thing.rerun(overrides_of(thing.trace, given, f"block {number} of {document.name}"))
        thing = replace(changed, lesson=thing.lesson)
    if unfold:
        from tracer.lessons.unfolded import unfold_thing

        thing = unfold_thing(thing, unfold)
    return document, thing


def thing_of(document: Document, ran: DocumentRun, number: int, *, nodes: int) -> Thing:
    """A block that has run, with its author's words."""
    thing = block_thing(document, ran, number, limits=Limits(nodes=nodes))
    return replace(thing, lesson=lesson_of(document, _block(document, number)))


def every_block(
    path: Path, wish: Wish, *, lang: Lang, nodes: int
) -> tuple[Document, DocumentRun, Iterator[tuple[Block, Thing | None]]]:
    """All blocks that a reader sees, each as something to walk where it ran; only the one asked for, if one was."""
    document = read(path, wish)
    wanted = None if wish.block is None else _block(document, wish.block)
    if wanted is not None and not wanted.runs:
        ran = DocumentRun(document)
    else:
        ran = run(document, wish, lang=lang, nodes=nodes, upto=wish.block)

    def things() -> Iterator[tuple[Block, Thing | None]]:
        for block in document.blocks:
            if block == wanted or (wanted is None and (not block.hidden or _is_worth_telling(ran, block))):
                done = ran.of(block.number) is not None
                yield block, thing_of(document, ran, block.number, nodes=nodes) if done else None

    return document, ran, things()


def _is_worth_telling(ran: DocumentRun, block: Block) -> bool:
    """Whether a hidden block went wrong."""
    found = ran.of(block.number)
    return found is not None and found.status != "ran"


def heading(document: Document, block: Block, lang: Lang) -> str:
    """What stands above a block: `block 3, line 31: 6.3 Forward and backward`."""
    words = _HIDDEN_HEAD if block.hidden else _HEAD
    title = block.script.title[lang] if block.script is not None and block.script.title is not None else block.heading
    return words.format(number=block.number, line=block.line)[lang] + (f": {title}" if title else "")


def about(block: Block, ran: DocumentRun, lang: Lang) -> Iterator[str]:
    """Lines on what became of a block: why it does not run and what is near, or how it ended."""
    why, found = why_not(block), ran.of(block.number)
    if why is not None:
        yield why[lang]
        if block.kind != "python":
            yield block.nearest_why[lang] + (f"  (tracer open {block.nearest})" if block.nearest else "")
    elif found is None:
        yield _NOT_REACHED[lang]
    elif (ended := how_it_ended(found)) is not None:
        yield ended[lang]
        if found.outcome.hint is not None:
            yield found.outcome.hint[lang]
    for problem in block.omitted:
        yield problem.told(lang)


def tell_ends(ran: DocumentRun, lang: Lang) -> int:
    """Say on stderr what went wrong in any block; the exit code that follows from it."""
    from tracer.cli.opening import EXIT_CODES

    code = 0
    for found in ran.blocks:
        ended = how_it_ended(found)
        if ended is None:
            continue
        if found.outcome.traceback:
            print(plain(found.outcome.traceback.rstrip("\n")), file=sys.stderr)
        hint = f"\n  {found.outcome.hint[lang]}" if found.outcome.hint is not None else ""
        say(f"{heading(ran.document, found.block, lang)}\n  {ended[lang]}{hint}")
        code = max(code, EXIT_CODES.get(found.outcome.kind, 0))
    return 130 if ran.interrupted else code


def _block(document: Document, number: int) -> Block:
    found = document.block(number)
    assert found is not None, "it was looked for when the document was read"
    return found


def _the_only(document: Document, ran: DocumentRun) -> int:
    """The number of the only block that computed something."""
    made = [found.block.number for found in ran.blocks if found.trace.n_nodes and not found.block.hidden]
    if len(made) == 1:
        return made[0]
    if not made:
        raise NotFoundError(
            f"no block of {document.name} computes something to walk.",
            hint=f"What became of each: tracer steps {shlex.quote(str(document.path))}",
            ja=f"{document.name} には、たどれる計算をするブロックがありません。",
        )
    numbers = ", ".join(map(str, made))
    raise NotFoundError(
        f"{document.name} has several blocks that compute something: {numbers}.",
        hint=f"Say which: --block {made[0]}",
        ja=f"{document.name} には計算をするブロックがいくつもあります: {numbers}",
        hint_ja=f"どれかを指定してください: --block {made[0]}",
    )


def _does_not_run(document: Document, block: Block, why: Text) -> NotFoundError:
    near = f"\n  tracer open {block.nearest}" if block.nearest else ""
    return NotFoundError(
        f"block {block.number} of {document.name}: {why.en}",
        hint=f"{block.nearest_why.en}{near}" if block.nearest_why.en else None,
        ja=f"{document.name} のブロック {block.number}: {why.ja}",
        hint_ja=f"{block.nearest_why.ja}{near}" if block.nearest_why.ja else None,
    )


_RUNNING = Text(
    en="running {name}: block {number} of {total} (Ctrl-C stops it)",
    ja="{name} を実行中: {total} 個中 {number} 個目のブロック（Ctrl-C で止めます）",
)
_HEAD = Text(en="block {number}, line {line}", ja="ブロック {number}（{line} 行目）")
_HIDDEN_HEAD = Text(en="set-up, line {line}", ja="準備（{line} 行目）")
_NOT_REACHED = Text(en="Not run: the document was stopped before it.", ja="その前に止められたため、実行していません。")
