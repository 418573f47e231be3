"""Whole documents and courses on the command line: opened, walked block by block, checked."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tracer.cli.check import print_checks
from tracer.cli.documents import about, every_block, heading, read, tell_ends
from tracer.cli.naming import Wish
from tracer.cli.steps import SCHEMA, VERSION, print_steps, records
from tracer.cli.terminal import choose_lang, interactive, plain, say
from tracer.errors import NotFoundError
from tracer.lessons.documents.consent import agree, is_agreed
from tracer.lessons.documents.course import Page
from tracer.lessons.documents.document import Block
from tracer.lessons.documents.process import BlockRun
from tracer.lessons.given import parse_assignments
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.trace.segment import By


def walk_document(
    path: Path, values: Sequence[str], wish: Wish, *, at: str | None, ascii_only: bool, lang: str | None, nodes: int
) -> int:
    """Open a document in the app, which runs it; or print the steps of its blocks."""
    if not interactive():
        if not values and at is None:
            return steps_of_document(path, "edge", wish, as_json=False, lang=choose_lang(lang), nodes=nodes)
        from tracer.cli.naming import position_of
        from tracer.cli.opening import exit_code, open_quietly

        thing = open_quietly(str(path), values, nodes=nodes, lang=lang, output=True, wish=wish)
        if at is not None:
            position_of(thing.trace, at)
        print_steps(thing, "edge", choose_lang(lang))
        return exit_code(thing)
    document = read(path, wish)
    if wish.yes:
        agree(document)
    given = parse_assignments(values)
    if given and wish.block is None:
        raise NotFoundError(
            f"{document.name}: {values[0]} changes a number of one block; say of which.",
            hint="Add --block 1, or another number.",
            ja=f"{document.name}: {values[0]} はどのブロックの数を変えますか。",
            hint_ja="--block 1 のようにブロックを指定してください。",
        )
    from tracer.tui.messages import Request
    from tracer.tui.start import run_app

    request = Request(
        str(path),
        tuple(given.items()),
        None if at is None else _position(at),
        block=wish.block,
        run=wish.yes or is_agreed(document),
    )
    return run_app(request, ascii_only=ascii_only, lang=None if lang is None else choose_lang(lang))


def _position(at: str) -> int:
    """What `--at` says, as far as it is known before anything has run."""
    if at == "end":
        return sys.maxsize
    try:
        return int(at.replace("−", "-"))
    except ValueError:
        raise NotFoundError(
            f"--at {at}: a position is a number or `end`.", ja=f"--at {at}: 位置は数か `end` です。"
        ) from None


def walk_course(folder: Path, *, ascii_only: bool, lang: str | None) -> int:
    """Open a folder of documents and lessons in the app, or list what is in it."""
    from tracer.lessons.documents.course import read_course

    course = read_course(folder)
    words = choose_lang(lang)
    if interactive():
        from tracer.tui.messages import Request
        from tracer.tui.start import run_app

        return run_app(Request(str(folder)), ascii_only=ascii_only, lang=None if lang is None else words)
    print(plain(course.title[words]))
    for item in course.items:
        path = item.path_in(words) if isinstance(item, Page) else item.program
        print(plain(f"  {item.title[words]:<50} tracer open {shlex.quote(str(path))}"))
    for problem in course.problems:
        say(problem.told(words))
    return 2 if course.problems else 0


def steps_of_document(path: Path, by: By, wish: Wish, *, as_json: bool, lang: Lang, nodes: int) -> int:
    """Print the steps of every block, or of the one that was asked for."""
    document, ran, blocks = every_block(path, wish, lang=lang, nodes=nodes)
    if not as_json:
        print(plain(document.title[lang]))
    for block, thing in blocks:
        if as_json:
            for record in _records(block, thing, by, ran.of(block.number)):
                print(json.dumps(record, ensure_ascii=False, allow_nan=False))
            continue
        print(plain(f"\n── {heading(document, block, lang)} ──"))
        if thing is not None and thing.trace.n_nodes:
            print_steps(thing, by, lang, title=False)
        for line in about(block, ran, lang):
            print(plain(line))
        if thing is not None and thing.output:
            print(_PRINTED[lang])
            print(plain("\n".join(f"  {line}" for line in thing.output.rstrip("\n").split("\n"))))
    if not document.shown_blocks and not as_json:
        print(_NO_BLOCK[lang])
    return tell_ends(ran, lang)


def _records(block: Block, thing: Thing | None, by: By, found: BlockRun | None) -> Iterator[dict[str, Any]]:
    """A header and one record a step, each with the number of the block; of a block that did not run, the header."""
    head: dict[str, Any] = {
        "block": block.number,
        "kind": "skipped" if block.skip and block.kind == "python" else block.kind,
        "line": block.line,
        "heading": block.heading,
    }
    if thing is None or found is None:
        more = {"needs": list(block.needs), "nearest": block.nearest, "steps": 0}
        yield {"schema": SCHEMA, "version": VERSION, **head, **more}
        return
    first, *steps = records(thing, by)
    yield {**first, **head, "status": found.status, "output": thing.output}
    for step in steps:
        yield {**step, "block": block.number}


def check_document(path: Path, wish: Wish, *, lang: Lang, nodes: int) -> int:
    """Print the checks of every block; 1 if a number in any is wrong."""
    document, ran, blocks = every_block(path, wish, lang=lang, nodes=nodes)
    wrong = 0
    for i, (block, thing) in enumerate(blocks):
        print(plain(("\n" if i else "") + heading(document, block, lang)))
        for line in about(block, ran, lang):
            print(plain(line))
        if thing is not None and thing.trace.n_nodes:
            wrong = print_checks(thing, lang) or wrong
    return wrong or tell_ends(ran, lang)


_NO_BLOCK = Text(en="It has no code block.", ja="コードブロックがありません。")
_PRINTED = Text(en="It printed:", ja="出力:")
