"""Comments before a block: read as a lesson's TOML is, each mistake on its own line of the page."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.lessons.documents.pages import notebook, page, told
from tracer.lessons.lesson import load
from tracer.text import Text

SCRIPT = """\
# A page

<!-- tracer
title.en = "A square"
title.ja = "二乗"
caption = "One
 line."
notation = "textbook"
by = "edge"

[[stop]]
node = "x"
kind = "complete"
expect = 6
quiz = true
say.en = "x has {∂x}."
say.ja = "x に {∂x} が届きました。"

[[question]]
ask = "Why 6?"
answer = "Twice 3."

[[stop]]
node = "y"
kind = "backward"
say = "y"

[card]
result = "{∂x}"
question = "Why?"
answer = "So."

[change]
leaf = "x"
to = 5
say = "Try 5."
node = "x"
expect = 10
-->

Some words.

```python
x = torch.tensor(3.0, requires_grad=True)
```
""".replace('"One\n line."', '"""One\n line."""')


def test_a_comment_says_what_a_lessons_file_says(tmp_path: Path) -> None:
    """Title, caption, notation, stops, questions, card and change; words in one language count for both."""
    document = page(tmp_path, SCRIPT)
    assert told(document) == []
    (only,) = document.blocks
    script = only.script
    assert script is not None
    assert (script.file, script.line) == ("notes.md", 3)
    assert script.title == Text("A square", "二乗")
    assert script.caption == Text.same("One line.")
    assert (script.notation, script.by) == ("textbook", "edge")
    assert [(one.node, one.kind, one.expect, one.quiz) for one in script.stops] == [
        ("x", "complete", Decimal(6), True),
        ("y", "backward", None, False),
    ]
    assert script.stop_lines == (11, 23)
    assert [(one.ask.en, one.answer.ja) for one in script.questions] == [("Why 6?", "Twice 3.")]
    assert script.card is not None
    assert script.card.change is script.change is not None
    assert (script.change.leaf, script.change.to, script.change.see.expect) == ("x", 5.0, 10)


def test_a_comment_and_a_lesson_read_the_same(tmp_path: Path) -> None:
    """The two forms of a lesson differ in where they stand alone."""
    toml = SCRIPT.partition("<!-- tracer\n")[2].partition("-->")[0]
    toml = toml.replace('caption = """One\n line."""', 'minutes = 1\nintro = { en = "a", ja = "b" }')
    for key in ("result", "question", "answer", "say", "ask"):
        toml = "\n".join(
            f"{key}.en = {line.partition(' = ')[2]}\n{key}.ja = {line.partition(' = ')[2]}"
            if line.startswith(f"{key} = ")
            else line
            for line in toml.split("\n")
        )
    toml = toml.replace('[[question]]\nask.en = "Why 6?"\nask.ja = "Why 6?"\n', "").replace(
        'answer.en = "Twice 3."\nanswer.ja = "Twice 3."\n', ""
    )
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "a.toml").write_text(toml, encoding="utf-8")
    lesson = load(tmp_path / "a.toml")
    script = page(tmp_path, SCRIPT).blocks[0].script
    assert script is not None
    assert (lesson.title, lesson.stops, lesson.card, lesson.notation, lesson.by) == (
        script.title, script.stops, script.card, script.notation, script.by,
    )  # fmt: skip


MISTAKES = {
    "an unknown key": (("expect = 6", "expects = 6"), "14: stop 1: unknown key 'expects'. Did you mean 'expect'?"),
    "an unknown key at the top": (("notation =", "notion ="), "8: unknown key 'notion'. Did you mean 'notation'?"),
    "an unknown key in a table": (("leaf =", "leef ="), "34: change: unknown key 'leef'. Did you mean 'leaf'?"),
    "an unknown kind": (('"complete"', '"completed"'), "13: stop 1: 'kind' cannot be 'completed'."),
    "a missing key": (('node = "y"\n', ""), "23: stop 2: 'node' is missing; it is a string."),
    "a missing language": (('title.ja = "二乗"\n', ""), "4: title: 'ja' is missing; it is a string."),
    "an unknown language": (('say.ja = "x', 'say.fr = "x'), "16: stop 1: say: unknown key 'fr'."),
    "a brace": (('say = "y"', 'say = "{y"'), "26: stop 2: 'say': a brace opens or closes nothing"),
    "a number for words": (
        ('ask = "Why 6?"', "ask = 6"),
        "20: question 1: 'ask' must be a table with en and ja, not 6",
    ),
    "no list": (("[[question]]", "[question]"), "19: 'question' must be a list of tables: [[question]]."),
    "no table": (("[card]", "[[card]]"), "28: 'card' must be a table: [card]"),
    "no TOML": (("expect = 6", "expect = six"), "14: the comment is not TOML: Invalid value."),
    "an arrow": (('"x has {∂x}."', '"x --> {∂x}."'), "16: the comment is not TOML: "),
    "the same twice": (("expect = 6", 'node = "x"'), "14: the comment is not TOML: Cannot overwrite a value."),
    "an expected number that is none": (("expect = 6", 'expect = "6"'), "14: stop 1: 'expect' must be"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_on_its_line(name: str, tmp_path: Path) -> None:
    (old, new), expected = MISTAKES[name]
    assert SCRIPT.count(old) == 1 or name in ("an unknown kind", "no table")
    problems = told(page(tmp_path, SCRIPT.replace(old, new, 1)))
    assert problems[0].startswith(f"notes.md:{expected}")


def test_one_mistake_does_not_hide_the_next(tmp_path: Path) -> None:
    """Every table is read by itself; what is right in the comment holds."""
    text = SCRIPT.replace("expect = 6", "expects = 6").replace("ask = ", "asks = ").replace("to = 5", 'to = "5"')
    document = page(tmp_path, text)
    assert [line.split(" ")[0] for line in told(document)] == ["notes.md:14:", "notes.md:20:", "notes.md:35:"]
    script = document.blocks[0].script
    assert script is not None
    assert ([stop.node for stop in script.stops], script.stop_lines, script.stop_numbers) == (["y"], (23,), (2,))
    assert script.card is not None
    assert script.card.change is None


def test_a_comment_with_an_arrow_says_how_to_write_one(tmp_path: Path) -> None:
    """It ends at the first -->, even inside a string."""
    (problem,) = [
        line for line in told(page(tmp_path, SCRIPT.replace('"x has {∂x}."', '"x --> {∂x}."'))) if "TOML" in line
    ]
    assert "A comment ends at the first -->" in problem


def test_mistakes_without_number_are_told_up_to_a_number(tmp_path: Path) -> None:
    keys = "\n".join(f"k{i} = 1" for i in range(200))
    assert len(told(page(tmp_path, f"<!-- tracer\n{keys}\n-->\n\n```py\n1\n```\n"))) == 50


BELONGING = {
    "an unknown kind of comment": (
        "<!-- tracer: stup\nx = 1\n-->\n\n```py\n1\n```\n",
        ["notes.md:1: unknown comment kind 'stup'. Did you mean 'setup'?"],
    ),
    "a kind like nothing": (
        "<!-- tracer: zzz -->\n",
        ["notes.md:1: unknown comment kind 'zzz'. There are: setup, skip, and none (a script)."],
    ),
    "a forgotten colon": (
        "<!-- tracer skip -->\n\n```py\n1\n```\n",
        ["notes.md:1: the comment is not TOML: Expected '=' after a key in a key/value pair. "
         "Did you mean 'tracer: skip'?"],
    ),
    "no block after it": (
        "```py\n1\n```\n\n<!-- tracer: skip -->\n<!-- tracer\nby = 'edge'\n-->\n",
        ["notes.md:5: no code block follows this comment, so it belongs to none.",
         "notes.md:6: no code block follows this comment, so it belongs to none."],
    ),
    "two for one block": (
        "<!-- tracer\nby = 'edge'\n-->\n\n<!-- tracer\nby = 'node'\n-->\n\n```py\n1\n```\n",
        ["notes.md:5: a second comment for the same block is left out; put its stops into the one on line 1."],
    ),
    "stops of a block that does not run": (
        "<!-- tracer\n[[stop]]\nnode = 'x'\nkind = 'forward'\nsay = 'x'\n-->\n```py\nx = W\n```\n",
        ["notes.md:2: the block after this comment does not run, so its stops never happen."],
    ),
    "a set-up of nothing": ("<!-- tracer: setup\n\n-->\n", ["notes.md:1: this set-up block is empty."]),
    "a set-up that lacks a name": (
        "<!-- tracer: setup\n\nx = W\n-->\n",
        ["notes.md:2: this set-up block does not run: nobody has defined W."],
    ),
    "a set-up that is no Python": (
        "<!-- tracer: setup x = = 1 -->\n",
        ["notes.md:1: this set-up block does not run: line 1: invalid syntax."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BELONGING)
def test_a_comment_that_belongs_nowhere_is_told(name: str, tmp_path: Path) -> None:
    text, expected = BELONGING[name]
    assert told(page(tmp_path, text)) == expected


def test_set_up_blocks_run_in_their_place_and_are_not_counted(tmp_path: Path) -> None:
    """Negative numbers; their names are there from then on; their code has the page's lines."""
    document = page(
        tmp_path,
        "```py\na = 1\n```\n<!-- tracer: setup\n\nb = a\n-->\n- <!-- tracer: setup c = b -->\n\n```py\nc\n```\n",
    )
    assert [(one.number, one.hidden, one.line, one.code) for one in document.blocks] == [
        (1, False, 2, "a = 1\n"),
        (-1, True, 5, "\nb = a\n"),
        (-2, True, 8, "c = b\n"),
        (2, False, 11, "c\n"),
    ]
    assert all(one.runs for one in document.blocks)
    assert [one.number for one in document.shown_blocks] == [1, 2]
    assert document.block(-1) is document.blocks[1]


def test_words_between_a_comment_and_its_block_do_not_part_them(tmp_path: Path) -> None:
    document = page(tmp_path, "<!-- tracer: skip -->\n\n# Head\n\n```py\n1\n```\n\n```py\n2\n```\n")
    assert [one.skip for one in document.blocks] == [True, False]


def test_comments_stand_in_markdown_cells_of_a_notebook(tmp_path: Path) -> None:
    """Each belongs to the next code cell; lines are the cell's."""
    text = notebook(("markdown", "words\n\n<!-- tracer\nby = 'edge'\nnotion = 1\n-->"), "x = 1")
    document = page(tmp_path, text, "n.ipynb")
    assert told(document) == ["n.ipynb#1:5: unknown key 'notion'. Did you mean 'notation'?"]
    script = document.blocks[0].script
    assert script is not None
    assert (script.by, script.file, script.line) == ("edge", "n.ipynb#1", 3)
