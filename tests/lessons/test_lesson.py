"""Reading a lesson: every mistake is one line that says where it is and what would be right."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.lessons.running import run
from tracer.errors import LessonError
from tracer.lessons.content import content_root
from tracer.lessons.lesson import CARD_KEYS, CHANGE_KEYS, LESSON_KEYS, STOP_KEYS, Lesson, load
from tracer.lessons.stop import KINDS

PROGRAM = """\
from tracer import Value, mark

x = Value(3.0)
y = x * x
mark(y, "made")
y.backward()
x.data -= 0.1 * x.grad
x.grad = 0
"""
SQUARE = """\
title = { en = "One value, used twice", ja = "同じ値を二度使う" }
source = "§3, p. 7"
minutes = 2
intro.en = "x times\\nx."
intro.ja = '''x かける
x。'''

[[stop]]
node = "x"
kind = "complete"
say = { en = "Both edges deliver {contribution}; x adds them up.", ja = "{contribution} が二度届きます。" }
expect = 6.0

[card]
result = { en = "x.grad = {∂x}", ja = "x.grad = {∂x}" }
question = { en = "Why?", ja = "なぜでしょうか。" }
answer = { en = "Twice.", ja = "二度だからです。" }

[change]
leaf = "x"
to = 5
say = { en = "Try 5.", ja = "5 にしてみましょう。" }
node = "x"
expect = 10
"""


def write(folder: Path, toml: str | bytes = SQUARE, program: str | None = PROGRAM) -> Path:
    path = folder / "03_square.toml"
    path.write_bytes(toml if isinstance(toml, bytes) else toml.encode("utf-8"))
    if program is not None:
        path.with_suffix(".py").write_text(program, encoding="utf-8")
    return path


def test_a_lesson_is_read(tmp_path: Path) -> None:
    """Words, stops, card and the program beside it."""
    lesson = load(write(tmp_path))
    assert lesson.name == f"{tmp_path.name}/03_square"
    assert (lesson.section, lesson.minutes, lesson.notation, lesson.by) == ("3", 2, "boxes", None)
    assert lesson.program.name == "03_square.py"
    stop = lesson.stops[0]
    assert (stop.node, stop.kind, stop.occurrence, stop.expect, stop.quiz) == (
        "x",
        "complete",
        1,
        Decimal("6.0"),
        False,
    )
    change = lesson.card.change
    assert change is not None
    assert (change.leaf, change.to, change.see.kind, change.see.expect) == ("x", 5.0, "complete", 10)


def test_a_program_leads_to_its_lesson(tmp_path: Path) -> None:
    """`load` takes the .py as well."""
    path = write(tmp_path)
    assert load(path.with_suffix(".py")) == load(path)


def test_line_breaks_are_the_authors(tmp_path: Path) -> None:
    """Broken lines join with a space in English and with nothing in Japanese."""
    lesson = load(write(tmp_path))
    assert lesson.intro.en == "x times x."
    assert lesson.intro.ja == "x かけるx。"


def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors write one."""
    assert load(write(tmp_path, b"\xef\xbb\xbf" + SQUARE.encode())).minutes == 2


MISTAKES = {
    "unknown key in a stop": (
        ("expect = 6.0", "expects = 6.0"),
        "stop 1: unknown key 'expects'. Did you mean 'expect'?",
    ),
    "unknown key at the top": (("minutes", "minuts"), "unknown key 'minuts'. Did you mean 'minutes'"),
    "unknown key in the card": (("answer =", "anwser ="), "card: unknown key 'anwser'. Did you mean 'answer'?"),
    "unknown key in the change": (("leaf =", "leef ="), "change: unknown key 'leef'. Did you mean 'leaf'?"),
    "unknown language": (("answer = { en", 'answer = { fr = "Deux fois.", en'), "card: answer: unknown key 'fr'."),
    "key like nothing": (("minutes = 2", "zzzz = 2"), "unknown key 'zzzz'. Known keys: title, source"),
    "missing key": (('node = "x"\nkind', "kind"), "stop 1: 'node' is missing; it is a string."),
    "missing language": ((', ja = "二度だからです。"', ""), "card: answer: 'ja' is missing; it is a string."),
    "empty language": (("二度だからです。", " "), "card: answer: 'ja' is empty."),
    "words in one language": (
        ('{ en = "Twice.", ja = "二度だからです。" }', '"Twice."'),
        "card: 'answer' must be a table with en and ja, not 'Twice.'.",
    ),
    "unknown kind": (('"complete"', '"completed"'), "stop 1: 'kind' cannot be 'completed'. Did you mean 'complete'?"),
    "kind like nothing": (('"complete"', '"zzz"'), "stop 1: 'kind' cannot be 'zzz'. Known: forward, backward"),
    "unknown notation": (("minutes", 'notation = "box"\nminutes'), "'notation' cannot be 'box'. Did you mean 'boxes'"),
    "unknown granularity": (("minutes", 'by = "edges"\nminutes'), "'by' cannot be 'edges'. Did you mean 'edge'"),
    "minutes of zero": (("= 2\n", "= 0\n"), "'minutes' must be a whole number from 1, not 0."),
    "broken minutes": (("= 2\n", "= 2.5\n"), "'minutes' must be a whole number from 1, not 2.5."),
    "truth for a number": (("= 2\n", "= true\n"), "'minutes' must be a whole number from 1, not True."),
    "words for a number": (("6.0", '"6"'), "stop 1: 'expect' must be a number or an array of numbers, not '6'."),
    "number for a word": (('"complete"', '"mark"'), "stop 1: 'expect' must be a string, not 6.0."),
    "quiz that is no flag": (
        ("expect = 6.0", "quiz = 1"),
        "'quiz' must be true, false or the index of an element, such as [0, 1], not 1.",
    ),
    "quiz of a word": (
        ("expect = 6.0", 'quiz = ["x"]'),
        "stop 1: 'quiz' must be true, false or the index of an",
    ),
    "quiz of no element": (
        ("expect = 6.0", "quiz = []"),
        "stop 1: 'quiz' must be true, false or the index of an",
    ),
    "quiz on a value": (('"complete"', '"forward"\nquiz = true'), "stop 1: 'contribution' and 'quiz' belong to kind"),
    "way of arrival on a value": (
        ('"complete"', '"forward"\nvia = "y"'),
        "stop 1: 'via' belongs to kind = \"backward\".",
    ),
    "stops that are no list": (("[[stop]]", "[stop]"), "'stop' must be a list of tables: [[stop]], not {"),
    "brace that never closes": (("{contribution}; x", "{contribution; x"), "stop 1: 'say': a brace opens or closes"),
    "empty field": (("{contribution}; x", "{}; x"), "stop 1: 'say': a brace opens or closes"),
    "caption without a pair": (
        ("minutes", 'caption = { en = "c", ja = "c" }\nminutes'),
        "'compare' and 'caption' come",
    ),
    "pair without a caption": (("minutes", 'compare = "03_square.py"\nminutes'), "'compare' and 'caption' come"),
    "numbers beside nothing": (("minutes", "beside = { x = 1 }\nminutes"), "'beside' needs a 'compare'."),
    "pair that is not there": (("minutes", 'compare = "04.py"\nminutes'), "'compare' names 04.py, which is not there."),
    "change without a number": (("expect = 10", ""), "change: 'expect' is missing"),
    "broken TOML": (("[card]", "[card"), "is not TOML: Expected ']' at the end of a table declaration (at line"),
    "number of too many digits": (("6.0", "6" * 5_000), "is not TOML"),
    "number beyond all numbers": (("6.0", "1e9999999999999999999"), "is not TOML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_its_line(tmp_path: Path, mistake: str) -> None:
    """The file, the place, the rule; the nearest known word where there is one."""
    (old, new), message = MISTAKES[mistake]
    assert old in SQUARE
    with pytest.raises(LessonError) as caught:
        load(write(tmp_path, SQUARE.replace(old, new, 1)))
    assert str(caught.value).startswith("03_square.toml: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_stops(tmp_path: Path) -> None:
    """A lesson without a stop is a program."""
    without = SQUARE[: SQUARE.index("[[stop]]")] + "stop = []\n" + SQUARE[SQUARE.index("[card]") :]
    with pytest.raises(LessonError, match=r"03_square.toml: a lesson has at least one \[\[stop\]\]"):
        load(write(tmp_path, without))


def test_stops_that_are_no_tables(tmp_path: Path) -> None:
    """Neither is a list of numbers."""
    with pytest.raises(LessonError, match=r"03_square.toml: 'stop' must be a list of tables: \[\[stop\]\], not 1"):
        load(write(tmp_path, SQUARE[: SQUARE.index("[[stop]]")] + "stop = [1]"))


def test_missing_program(tmp_path: Path) -> None:
    """The TOML alone is no lesson."""
    with pytest.raises(LessonError, match=r"^03_square.toml: its program 03_square.py is missing.$"):
        load(write(tmp_path, program=None))


def test_missing_file(tmp_path: Path) -> None:
    """The system's own words, in one line."""
    with pytest.raises(LessonError, match=r"^04_cube.toml: cannot be read: No such file or directory.$"):
        load(tmp_path / "04_cube.toml")


def test_other_encoding(tmp_path: Path) -> None:
    """Shift JIS is named for what it is not, with the line."""
    with pytest.raises(LessonError, match=r"^03_square.toml: line 1 is not UTF-8 text \(byte 0x93\); save the file as"):
        load(write(tmp_path, SQUARE.encode("shift_jis", errors="replace")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("expect = 6.0", "expect = 7"), "stop 1: expects 7 as the gradient of x; the trace has 6."),
        (("expect = 6.0", "contribution = 6"), "stop 1: expects 6 as the contribution; the trace has 3."),
        (('"complete"', '"update"'), "stop 1: expects 6.0 as the value of x; the trace has 2.4."),
        (('node = "x"\nkind', 'node = "q"\nkind'), "stop 1: 'complete' of 'q' never happens in this run. Names: x, y."),
        (
            ('"complete"', '"complete"\noccurrence = 2'),
            "'complete' of 'x', time 2 never happens in this run. 'x' exists.",
        ),
        (('"complete"', '"backward"\nvia = "z"'), "'backward' of 'x' through 'z' never happens"),
        (('"complete"\n', '"forward"\n'), "stop 1: expects 6.0 as the value of x; the trace has 3."),
        (("{contribution}; x", "{∂yy}; x"), "stop 1: 'say' uses {∂yy}, which has no number at this moment."),
        (("x.grad = {∂x}", "x.grad = {p}"), "card: 'result' uses {p}, which has no number."),
        (('leaf = "x"', 'leaf = "w"'), "change: there is no leaf 'w'."),
    ],
)
def test_claims_the_trace_denies(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """A wrong number, a stop that never happens, a word that is not there yet: one line each."""
    lesson = load(write(tmp_path, SQUARE.replace(*change, 1)))
    with pytest.raises(LessonError) as caught:
        lesson.check(run(lesson.program))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stops_out_of_order(tmp_path: Path) -> None:
    """Stops stand in the order in which they happen."""
    second = '[[stop]]\nnode = "y"\nkind = "forward"\nsay = { en = "y", ja = "y です" }\n\n[card]'
    lesson = load(write(tmp_path, SQUARE.replace("[card]", second)))
    with pytest.raises(
        LessonError, match="stop 2: 'forward' of 'y' happens before stop 1; stops stand in order of time"
    ):
        lesson.check(run(lesson.program))


def test_wrong_word_on_a_mark(tmp_path: Path) -> None:
    """A mark's text is held to the trace like a number."""
    stop = '[[stop]]\nnode = "y"\nkind = "mark"\nexpect = "done"\nsay = { en = "y", ja = "y です" }\n\n[[stop]]'
    lesson = load(write(tmp_path, SQUARE.replace("[[stop]]", stop)))
    with pytest.raises(LessonError, match="stop 1: expects the word 'done' on y; it has made"):
        lesson.check(run(lesson.program))


def test_wrong_change(tmp_path: Path) -> None:
    """What the end card suggests is held to a run that does it."""
    lesson = load(write(tmp_path, SQUARE.replace("expect = 10", "expect = 11")))
    base = run(lesson.program)
    with pytest.raises(LessonError, match="change: expects 11 as the gradient of x; the trace has 10"):
        lesson.check_change(run(lesson.program, {"x": 5.0}, base))


def test_a_correct_lesson_passes(tmp_path: Path) -> None:
    """The checks above do not fail by themselves."""
    lesson = load(write(tmp_path))
    base = run(lesson.program)
    lesson.check(base)
    lesson.check_change(run(lesson.program, {"x": 5.0}, base))
    assert [a.say.en for a in lesson.stops_at(base)] == ["Both edges deliver 3; x adds them up."]
    assert lesson.card_at(base).result.en == "x.grad = 0"


def test_key_tables_are_told_apart() -> None:
    """Every documented key is known exactly where it belongs."""
    assert set(CARD_KEYS).isdisjoint(LESSON_KEYS)
    shared = set(STOP_KEYS) & set(CHANGE_KEYS) - {"say"}
    assert shared == {"node", "kind", "occurrence", "via", "expect", "expect_shape"}


def test_the_guide_shows_a_lesson_that_loads(tmp_path: Path) -> None:
    """The example of samples/README.md is a lesson whose claims hold, and every key and kind is explained there."""
    guide = (content_root() / "samples" / "README.md").read_text(encoding="utf-8")
    example = guide.split("```toml\n")[1].split("```")[0]
    lesson = load(write(tmp_path, example))
    base = run(lesson.program)
    lesson.check(base)
    lesson.check_change(run(lesson.program, {"x": 5.0}, base))
    for key in {*LESSON_KEYS, *STOP_KEYS, *CARD_KEYS, *CHANGE_KEYS, *KINDS} - {"stop", "card", "change", "beside"}:
        assert re.search(rf"(?m)^(# )?{key}\b|`{key}\b", guide), key
    for table in ("[[stop]]", "[card]", "[change]", "[beside]"):
        assert table in guide


# Anything at all


def lesson_or_line(path: Path) -> Lesson | None:
    """The lesson, or None after an error of one line; any other outcome fails the test."""
    try:
        return load(path)
    except LessonError as error:
        line = str(error)
    assert "\n" not in line
    assert line.startswith("03_square.toml: ")
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(SQUARE.encode())), length=st.integers(0, 12), patch=st.binary(max_size=12))
def test_mutated_file(tmp_path: Path, start: int, length: int, patch: bytes) -> None:
    """A lesson with bytes cut out and others put in is a lesson or one line, never another error."""
    whole = SQUARE.encode()
    lesson_or_line(write(tmp_path, whole[:start] + patch + whole[start + length :]))


ANY = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["x", "en", "forward"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["en", "ja", "node", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def as_toml(value: object) -> str:
    """A value as inline TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in value) + '"'
    return repr(value)


@pytest.mark.deep
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(LESSON_KEYS), ANY), st.lists(st.dictionaries(st.sampled_from(STOP_KEYS), ANY)))
@example({"title": "t", "compare": "0\n"}, [])
def test_values_of_any_type(tmp_path: Path, top: dict[str, object], stops: list[dict[str, object]]) -> None:
    """Known keys with values of any shape are a lesson or one line."""
    lines = [f"{key} = {as_toml(value)}" for key, value in top.items() if key != "stop"]
    lines += ["[[stop]]\n" + "\n".join(f"{key} = {as_toml(value)}" for key, value in stop.items()) for stop in stops]
    lesson_or_line(write(tmp_path, "\n".join(lines)))
