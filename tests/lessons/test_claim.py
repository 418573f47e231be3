"""Lessons that name tensors: what a name means, what words show of it, what is held to it and how a mistake is told."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer as torch
from tests.lessons.running import run, run_changed
from tests.lessons.test_lesson import write
from tracer.core.record import record
from tracer.errors import LessonError
from tracer.lessons.claim import denied, shape_of
from tracer.lessons.lesson import load
from tracer.lessons.part import Part, part, split
from tracer.lessons.stop import Stop, arrivals
from tracer.lessons.words import fill
from tracer.text import Text
from tracer.trace.trace import Trace

PROGRAM = """\
import tracer as torch

W = torch.tensor([[1.0, 2.0, 3.0], [0.1, 0.0, -1.0]], requires_grad=True)
x = torch.tensor([1.0, 2.0, 0.5])
rows = [torch.tensor([float(i), 1.0], requires_grad=True) for i in range(2)]
big = torch.ones(4, 5)
y = W @ x
L = (y * rows[0] * rows[1]).sum()
L.backward()
"""
LESSON = """\
title = { en = "A product", ja = "積" }
minutes = 1
intro = { en = "W x.", ja = "W x です。" }

[[stop]]
node = "y"
kind = "forward"
expect = [6.5, -0.4]
expect_shape = [2]
say = { en = "{y}", ja = "{y} です。" }

[[stop]]
node = "W[1]"
kind = "complete"
expect = [1, 2.0, 0.5000]
contribution = [1, 2, 0.5]
say = { en = "{∂W}", ja = "{∂W} です。" }

[card]
result = { en = "r.", ja = "r です。" }
question = { en = "q?", ja = "q でしょうか。" }
answer = { en = "a.", ja = "a です。" }

[change]
leaf = "x[2]"
to = 0
say = { en = "t.", ja = "t です。" }
node = "W"
expect = [[0, 0, 0], [1, 2, 0]]
"""


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    program = tmp_path_factory.mktemp("claim") / "product.py"
    program.write_text(PROGRAM, encoding="utf-8")
    return run(program)


# Names


def test_a_name_in_brackets_is_a_part_of_a_tensor_or_one_of_a_list(trace: Trace) -> None:
    """rows is a list of tensors: rows[1] is a node, rows[1][0] an element of it; W[1] is a row of W."""
    assert part(trace, "rows[1]") == Part("rows[1]")
    assert part(trace, "rows[1][0]") == Part("rows[1]", (0,))
    assert part(trace, "W[1, -1]") == Part("W", (1, -1))
    assert part(trace, "W[:,1]") == Part("W", (slice(None), 1))
    assert part(trace, "nobody[0]") == Part("nobody[0]")


@pytest.mark.parametrize("words", ["W", "W[]", "W[a]", "W[1.0]", "W[0][", "[0]", "W[1:2]", "W[" + "9" * 30 + "]"])
def test_what_is_no_part(words: str) -> None:
    """Only whole numbers and `:` stand in the brackets."""
    assert split(words) is None


@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), st.data())
def test_an_element_is_the_one_numpy_takes(shape: list[int], data: st.DataObject) -> None:
    """Flat index and element agree, from either end; outside there is none."""
    array = np.arange(math.prod(shape)).reshape(shape)
    index = tuple(data.draw(st.integers(-n - 1, n)) for n in shape)
    element = Part("W", index).element(tuple(shape))
    taken = Part("W", index).of(array)
    assert (element is None) is (taken is None)
    assert element is None or taken == element


# Words


@pytest.mark.parametrize(
    ("words", "en"),
    [
        ("{W}", "[[1, 2, 3], [0.1, 0, -1]]"),
        ("{W.shape} {∂y.shape} {L.shape}", "(2, 3) (2,) ()"),
        ("{W[0, 1]} {W[-1]} {W[:, 0]}", "2 [0.1, 0, -1] [1, 0.1]"),
        ("{∂W} {∂W[1, 2]}", "[[0, 0, 0], [1, 2, 0.5]] 0.5"),
        ("{rows[1]} {rows[1][0]}", "[1, 1] 1"),
        ("{big} {big[0]}", "(4, 5) all 1 [1, 1, 1, 1, 1]"),
        ("{W} {=} {y}", "[[1, 2, 3], [0.1, 0, -1]] = [6.5, -0.4]"),
        ("{W[2, 0]} {∂x} {x[0].shape}", "? ? ()"),
    ],
)
def test_what_words_show(trace: Trace, words: str, en: str) -> None:
    """A few numbers in full, many as shape and summary; no float32 dust in 0.1."""
    assert fill(Text.same(words), trace.cursor(-1)).en == en


def test_a_summary_is_said_in_both_languages(trace: Trace) -> None:
    assert fill(Text.same("{big}"), trace.cursor(-1)).ja == "(4, 5) すべて 1"


def test_what_an_edge_hands_on_is_shown_in_part(trace: Trace) -> None:
    """`{contribution[1]}`, `{upstream.shape}`."""
    stop = Stop("W", "complete", Text.same("{contribution[1]} {upstream} {upstream.shape} {local}"))
    assert arrivals((stop,), trace)[0].say.en == "[1, 2, 0.5] [0, 1] (2,) ?"


def test_no_number_and_no_shape_before_its_time(trace: Trace) -> None:
    words = "{y} {y[0]} {y.shape} {∂W} {∂W[0, 0]} {∂W.shape} {contribution[0]}"
    assert fill(Text.same(words), trace.cursor(0)).en == "? ? ? ? ? ? ?"
    forward = trace.segments[0].stop
    assert fill(Text.same(words), trace.cursor(forward)).en == "[6.5, -0.4] 6.5 (2,) ? ? ? ?"


def test_a_rounded_number_anywhere_is_told() -> None:
    """`{=}` is ≈ beside an array one of whose numbers is rounded."""
    with record() as rec:
        w = torch.tensor([1.0, 2.0]).named("w")
        (w / 3).named("third")
    words = Text.same("{w} / 3 {=} {third}")
    assert fill(words, rec.trace.cursor(-1)).en == "[1, 2] / 3 ≈ [0.3333, 0.6667]"


# Claims


def nested(array: object) -> object:
    """Decimals with every digit, nested as a tensor is."""
    return tuple(nested(row) for row in array) if isinstance(array, list) else Decimal(repr(array))


@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2), min_size=1, max_size=3), st.data())
def test_an_array_agrees_with_itself_and_with_no_other(rows: list[list[float]], data: st.DataObject) -> None:
    """One number changed anywhere is found and named."""
    expected = nested(rows)
    assert denied(expected, np.array(rows, np.float32), "as W") is None  # type: ignore[arg-type]
    i, j = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 1))
    other = np.array(rows, np.float32)
    other[i, j] += 1 + abs(other[i, j])
    line = denied(expected, other, "as W")  # type: ignore[arg-type]
    assert line is not None
    assert f"as W at [{i}, {j}]; the trace has" in line


def test_float32_is_as_exact_as_it_can_be() -> None:
    """0.1 + 0.2 is 0.3 there too; a difference of one part in ten thousand is none of its making."""
    third, off = np.array([0.1], np.float32) + np.array([0.2], np.float32), np.array([0.30003], np.float32)
    assert denied((Decimal("0.3"),), third, "here") is None
    assert denied((Decimal("0.3"),), off, "here") is not None
    assert denied(Decimal("0.3"), 0.3 + 1e-8, "here") is not None
    assert denied((Decimal("0.0900"),), np.array([0.09003057], np.float32), "here") is None
    assert denied((Decimal("0.0900"),), np.array([0.09006], np.float32), "here") is not None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[6.5, -0.4]", "[6.5, -0.5]", "stop 1: expects -0.5 as the value of y at [1]; the trace has -0.4."),
        ("[6.5, -0.4]", "[6, -0.5]", "stop 1: expects 6 as the value of y at [0]; the trace has 6.5. 1 more differ"),
        ("[6.5, -0.4]", "6.5", "expects one number as the value of y; the trace has shape (2,). Write all of them"),
        (
            "[6.5, -0.4]",
            "[[6.5, -0.4]]",
            "expects an array of shape (1, 2) as the value of y; the trace has shape (2,).",
        ),
        (
            "expect_shape = [2]",
            "expect_shape = [2, 1]",
            "stop 1: expects (2, 1) as the shape of the value of y; the trace",
        ),
        (
            "expect_shape = [2]",
            "expect_shape = []",
            "stop 1: expects () as the shape of the value of y; the trace has (2,).",
        ),
        ("= [1, 2, 0.5]", "= [1, 2, 0.6]", "stop 2: expects 0.6 as the contribution at [2]; the trace has 0.5."),
        ('"W[1]"', '"W[2]"', "stop 2: there is no W[2]: its shape is (2, 3)."),
        ('"W[1]"', '"V[1]"', "stop 2: 'complete' of 'V[1]' never happens in this run."),
        ('"{∂W}"', '"{∂W[0, 3]}"', "stop 2: 'say' uses {∂W[0, 3]} (W has shape (2, 3)), which has no number"),
        ("contribution = [1, 2, 0.5]", "quiz = [0, 3]", "stop 2: 'quiz' asks for [0, 3] of W[1], which is no element"),
        ('"x[2]"', '"x"', "change: 'x' has shape (3,); name one of its elements: x[0]."),
        ('"x[2]"', '"y[2]"', "change: there is no leaf 'y[2]'."),
    ],
)
def test_claims_about_tensors_that_the_trace_denies(tmp_path: Path, old: str, new: str, says: str) -> None:
    """What was expected, where it differs, and what is there; one line."""
    assert old in LESSON
    lesson = load(write(tmp_path, LESSON.replace(old, new, 1), PROGRAM))
    with pytest.raises(LessonError) as caught:
        lesson.check(run(lesson.program))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[6.5, -0.4]", "[[1, 2], [3]]", "stop 1: 'expect' is no array: row 1 has shape (1,), row 0 has (2,)."),
        ("[6.5, -0.4]", "[1, [2]]", "stop 1: 'expect' is no array: row 1 has shape (1,), row 0 has ()."),
        ("[6.5, -0.4]", '[1, "2"]', "stop 1: 'expect' must be an array of numbers; '2' is none."),
        ("[6.5, -0.4]", "[1, true]", "stop 1: 'expect' must be an array of numbers; True is none."),
        (
            "expect_shape = [2]",
            "expect_shape = 2",
            "'expect_shape' must be a shape: a list of whole numbers from 0, not 2.",
        ),
        (
            "expect_shape = [2]",
            "expect_shape = [-1]",
            "'expect_shape' must be a shape: a list of whole numbers from 0; -1 is",
        ),
        (
            '"forward"\nexpect = [6.5, -0.4]',
            '"mark"\nexpect = "kept"',
            "'expect_shape' belongs to a value or a gradient",
        ),
    ],
)
def test_mistakes_in_arrays(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Ragged rows, words among numbers, no shape: said when the file is read."""
    assert old in LESSON
    with pytest.raises(LessonError) as caught:
        load(write(tmp_path, LESSON.replace(old, new, 1), PROGRAM))
    assert says in str(caught.value)


def test_a_quiz_asks_for_the_element_that_is_named(trace: Trace) -> None:
    """By the stop's node or by its quiz; else for the first."""
    say, w = Text.same("."), 0
    assert trace.name(w) == "W"
    assert Stop("W", "complete", say, quiz=True).asked(trace, w) == 0
    assert Stop("W[1, 2]", "complete", say, quiz=True).asked(trace, w) == 5
    assert Stop("W", "complete", say, quiz=(1, 0)).asked(trace, w) == 3


def test_a_correct_tensor_lesson_passes(tmp_path: Path) -> None:
    """The checks above do not fail by themselves; the change edits one element."""
    lesson = load(write(tmp_path, LESSON, PROGRAM))
    base = run(lesson.program)
    lesson.check(base)
    assert shape_of(lesson.stops[1].expect) == (3,)  # type: ignore[arg-type]
    assert [a.say.en for a in lesson.stops_at(base)] == ["[6.5, -0.4]", "[[0, 0, 0], [1, 2, 0.5]]"]
    lesson.check_change(run_changed(lesson, base))
    with pytest.raises(LessonError, match=r"change: expects 0 as the gradient of W at \[1, 2\]; the trace has 0.5."):
        lesson.check_change(base)
