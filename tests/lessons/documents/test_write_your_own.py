"""The page we ship as an example: it uses every annotation, keeps every promise, and is the same in both languages."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tracer.lessons.content import catalogue, content_root
from tracer.lessons.documents.document import Block, Document, Prose, Script
from tracer.lessons.documents.process import DocumentRun, run_document
from tracer.lessons.documents.reading import read_document
from tracer.lessons.documents.thing import block_thing
from tracer.lessons.stop import problems
from tracer.lessons.words import fields
from tracer.text import LANGS, Lang, Text

PAGES = catalogue().pages
KANA = re.compile(r"[\u3040-\u30ff]")


@cache
def document(lang: Lang) -> Document:
    """The example in a language."""
    return read_document(PAGES[0].path_in(lang))


@cache
def run() -> DocumentRun:
    """All of its blocks, run once."""
    return run_document(document("en"))


def scripts(of: Document) -> list[tuple[Block, Script]]:
    return [(block, block.script) for block in of.blocks if block.script is not None]


def words(script: Script) -> list[Text]:
    """Everything its comments say."""
    said = [script.title, script.caption, *(stop.say for stop in script.stops)]
    said += [words for question in script.questions for words in (question.ask, question.answer)]
    said += [script.card.result, script.card.question, script.card.answer] if script.card else []
    said += [script.change.say] if script.change else []
    return [one for one in said if one is not None]


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_in_it_is_almost_right(lang: Lang) -> None:
    assert [str(problem) for problem in document(lang).problems] == []


def test_it_shows_every_annotation() -> None:
    """Every key of a comment, hidden set-up, skip, a fragment, another language."""
    blocks = document("en").blocks
    first = blocks[0].script
    assert first is not None
    assert all((first.title, first.caption, first.notation, first.by, first.stops, first.questions, first.card))
    assert first.change is not None
    assert any(stop.quiz for stop in first.stops)
    assert [(one.number, one.kind, one.hidden, one.skip) for one in blocks] == [
        (1, "python", False, False),
        (-1, "python", True, False),
        (2, "python", False, False),
        (3, "python", False, False),
        (4, "python", False, True),
        (5, "fragment", False, False),
        (6, "other", False, False),
    ]
    assert blocks[5].nearest is not None


def test_both_languages_are_the_same_page() -> None:
    """The same code, so that it is agreed to once; the same comments; prose in the language it says."""
    en, ja = document("en"), document("ja")
    assert en.sha == ja.sha
    assert [(one.number, one.code, one.kind) for one in en.blocks] == [
        (one.number, one.code, one.kind) for one in ja.blocks
    ]
    assert [words(script) for _, script in scripts(en)] == [words(script) for _, script in scripts(ja)]
    assert [script.stops for _, script in scripts(en)] == [script.stops for _, script in scripts(ja)]
    for of, there in ((en, False), (ja, True)):
        prose = re.sub(r"```.*?```", "", "\n".join(p.text for p in of.parts if isinstance(p, Prose)), flags=re.DOTALL)
        assert bool(KANA.search(prose)) is there


def test_what_the_page_claims_its_code_computes() -> None:
    """Stops, expected numbers, and the printed results in its code's own comments."""
    for block, script in scripts(document("en")):
        found = run().of(block.number)
        assert found is not None
        assert list(problems(script.stops, found.trace)) == []
    for block in document("en").blocks:
        if block.runs:
            found = run().of(block.number)
            assert found is not None
            assert found.status == "ran"
            claimed = re.findall(r"print\(.*\)  # (.*)", block.code)
            assert found.output.splitlines() == claimed


def test_the_suggested_change_does_what_the_page_says() -> None:
    """Run again with the other number."""
    block, script = scripts(document("en"))[0]
    assert script.change is not None
    thing = block_thing(document("en"), run(), block.number)
    leaf = thing.trace.leaf_key(thing.trace.find(script.change.leaf))
    changed = thing.rerun({leaf: script.change.to}).trace
    assert list(problems((script.change.see,), changed)) == []
    assert list(problems((script.change.see,), thing.trace)) != []


def test_the_words_are_whole() -> None:
    """Both languages, the same numbers in each, Japanese that is Japanese and polite."""
    for _, script in scripts(document("en")):
        for text in words(script):
            assert not KANA.search(text.en)
            assert KANA.search(text.ja)
            assert {f for f in fields(Text.same(text.en)) if f != "="} == {
                f for f in fields(Text.same(text.ja)) if f != "="
            }
            assert text is script.title or text.ja.endswith(
                ("す。", "した。", "でしょうか。", "ましょう。", "ません。")
            )


def test_the_lesson_readme_names_it() -> None:
    """Whoever looks into samples/ finds out that a page of one's own is enough."""
    assert "write-your-own/" in (content_root() / "samples" / "README.md").read_text(encoding="utf-8")
