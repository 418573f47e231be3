"""`tracer lesson check`: every claim of a document, a lesson or a course, held to what its code computes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tracer.cli.documents import read, run
from tracer.cli.ending import as_ctrl_c
from tracer.cli.naming import Wish, document_file
from tracer.cli.terminal import choose_lang, plain, say
from tracer.errors import FileFormatError, NotFoundError, TracerError
from tracer.lessons.content import find
from tracer.lessons.documents.check import Finding, check_lesson, check_reading, check_running, claims_of
from tracer.lessons.documents.course import Course, Page, read_course
from tracer.lessons.lesson import Lesson, load
from tracer.lessons.limits import Limits
from tracer.text import Lang, Text


def check_lessons(names: Sequence[str], wish: Wish, *, lang: str | None, nodes: int) -> int:
    """Check each; 0 where all is well, 1 where a claim is wrong, 2 where something cannot be read or run."""
    words, code = choose_lang(lang), 0
    for name in names:
        try:
            code = max(code, _check(name, wish, words, nodes))
        except TracerError as error:
            say(error.told(words).replace("tracer open ", "tracer lesson check "))
            code = 2
    return code


def _check(name: str, wish: Wish, lang: Lang, nodes: int) -> int:
    document = document_file(name, lang)
    if document is not None:
        return _document(document, wish, lang, nodes)
    if os.path.isdir(name):
        return _course(read_course(Path(name)), wish, lang, nodes)
    return _lesson(_lesson_of(name), lang)


def _document(path: Path, wish: Wish, lang: Lang, nodes: int) -> int:
    document = read(path, wish)
    code = _tell(check_reading(document), lang)
    ran = run(document, wish, lang=lang, nodes=nodes)
    code = max(code, _tell(check_running(document, ran, limits=Limits(nodes=nodes)), lang))
    claims = sum(claims_of(found.block) for found in ran.blocks)
    if not code and not ran.interrupted:
        cut = sum(found.status != "ran" for found in ran.blocks)
        words = _HOLDS if cut else _WELL
        print(plain(words.format(name=document.name, blocks=len(ran.blocks), cut=cut, claims=claims)[lang]))
    return 130 if ran.interrupted else code


def _lesson(lesson: Lesson, lang: Lang) -> int:
    with as_ctrl_c():
        code = _tell(check_lesson(lesson), lang)
    if not code:
        print(plain(_WELL_LESSON.format(name=lesson.file.name, stops=len(lesson.stops))[lang]))
    return code


def _course(course: Course, wish: Wish, lang: Lang, nodes: int) -> int:
    """Everything in it, and what of it cannot be read."""
    code = 0
    for problem in course.problems:
        say(problem.told(lang))
        code = 2
    for left_out in course.left_out:
        print(plain(_LEFT_OUT.format(name=left_out, course=course.name)[lang]))
    for item in course.items:
        if isinstance(item, Page):
            names = [str(path) for path in (item.path, item.ja) if path is not None]
            code = max(code, check_lessons(names, wish, lang=lang, nodes=nodes))
            continue
        try:
            code = max(code, _lesson(item, lang))
        except TracerError as error:
            say(error.told(lang))
            code = 2
    return code


def _tell(findings: Iterator[Finding], lang: Lang) -> int:
    """Print them as they come; 1 if a claim is wrong."""
    wrong = 0
    for finding in findings:
        print(plain(finding.told(lang)), flush=True)
        wrong |= finding.wrong
    return int(wrong)


def _lesson_of(name: str) -> Lesson:
    """The lesson whose TOML or program `name` is, or which is called so.

    Raises:
        NotFoundError: there is none.
        FileFormatError: it is a file, but of no lesson.
        LessonError: it cannot be read.
    """
    path = Path(name)
    if not path.is_file():
        if path.suffix in (".py", ".toml"):
            raise NotFoundError(f"{name}: no such file.", ja=f"{name}: ファイルが見つかりません。")
        return find(name)
    toml = path.with_suffix(".toml")
    if path.suffix not in (".py", ".toml") or not toml.is_file():
        raise FileFormatError(
            f"{name} is no lesson.",
            hint="A lesson is a document (.md, .ipynb), a program (.py) with a .toml beside it, or a folder of these.",
            ja=f"{name} はレッスンではありません。",
            hint_ja="レッスンとは、文書（.md、.ipynb）、.toml を添えたプログラム（.py）、それらのフォルダーです。",
        )
    return load(toml)


_WELL = Text(
    en="{name}: nothing is wrong. Blocks run: {blocks}; stops and changes checked: {claims}.",
    ja="{name}: 問題はありません。実行したブロック {blocks} 個、確かめた停止点と変更 {claims} 個。",
)
_HOLDS = Text(
    en="{name}: no claim is wrong, but not every block ran to its end (see above): {cut} of {blocks} did not. "
    "Stops and changes checked: {claims}.",
    ja="{name}: 書かれたことに誤りはありませんが、ブロック {blocks} 個のうち {cut} 個が最後まで実行されませんでした"
    "（上の行を参照）。確かめた停止点と変更 {claims} 個。",
)
_WELL_LESSON = Text(
    en="{name}: nothing is wrong. Stops checked: {stops}.", ja="{name}: 問題はありません。確かめた停止点 {stops} 個。"
)
_LEFT_OUT = Text(
    en="{course}: {name} is not in the order of about.toml, so nobody will find it.",
    ja="{course}: {name} は about.toml の order にないため、表示されません。",
)
