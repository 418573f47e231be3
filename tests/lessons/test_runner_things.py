"""A name opens a file, else a lesson, else an expression; whatever it is can be run again with other numbers."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tracer.core.record import mark, record
from tracer.core.value import Value, by_hand
from tracer.errors import ExpressionError, FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.lessons.again import perform
from tracer.lessons.content import catalogue, content_root
from tracer.lessons.formula import run_expression
from tracer.lessons.given import parse_assignments
from tracer.lessons.runner import OPENS, Thing, open_thing
from tracer.trace.store import to_bytes
from tracer.trace.trace import Trace

BAD_EXPRESSIONS = [
    ("x.__class__", "'.' has no meaning"),
    ("x[0] + 1", "'[' has no meaning"),
    ("__import__('os')", "there is no function '__import__'"),
    ("lambda x: x", "'lambda' cannot be a name"),
    ("(x := 3)", "':' has no meaning"),
    ("f'{x}'", '"\'" has no meaning'),
    ("x if x else x", "'if' cannot be a name"),
    ("sin(x)", "there is no function 'sin'"),
    ("logg(x)", "Did you mean 'log'?"),
    ("(" * 5000 + "x" + ")" * 5000, "more than 200 parentheses"),
    ("x" * 200_000, "100,000 is the most"),
    ("2 * 3", "no names, so there is nothing to differentiate"),
    ("", "the expression is empty"),
    ("x +", "something is missing at the end"),
    ("x\0y", "has no meaning"),
]


def test_an_expression_is_recorded_with_its_own_source() -> None:
    thing = open_thing("(x + 2) * (x - 1)", {"x": 3.0})
    trace = thing.trace
    assert thing.title == "y = (x + 2) * (x - 1)"
    assert trace.cursor(-1).grad("x") == 7.0
    assert trace.cursor(-1).data("y") == 10.0
    assert trace.sources == {"expression": "x = 3\ny = (x + 2) * (x - 1)\ny.backward()\n"}
    assert [trace.source(n).line for n in range(trace.n_nodes)] == [1, 2, 2, 2, 2, 2]  # type: ignore[union-attr]
    assert trace.cursor(len(trace)).also_line == ("expression", 3)
    assert [trace.kind(n) for n in range(trace.n_nodes)] == ["leaf", "const", "op", "const", "op", "op"]


@pytest.mark.parametrize(("text", "result"), [("x + y", "L"), ("y * L", "out"), ("x", "x"), ("x y L out result", "_")])
def test_the_result_has_a_name_that_the_expression_does_not_use(text: str, result: str) -> None:
    names = text.replace("+", " ").replace("*", " ").split()
    trace = run_expression(text, dict.fromkeys(names, 2.0))
    assert (trace.name(trace.n_nodes - 1) or "").endswith(result)
    assert len(set(trace.columns.names.values())) == len(trace.columns.names)


@pytest.mark.parametrize(("text", "says"), BAD_EXPRESSIONS)
def test_what_is_no_expression_is_refused_in_one_message(text: str, says: str) -> None:
    with pytest.raises(TracerError) as caught:
        open_thing(text, {"x": 1.0} if "x" in text else None)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 700


def test_missing_and_superfluous_values_are_all_named() -> None:
    with pytest.raises(ExpressionError, match=r"(?s)'x', 'w', 'b'.*tracer open \"x \* w \+ b\" x=3 w=2 b=1"):
        open_thing("x * w + b")
    with pytest.raises(ExpressionError, match="'w', 'b'"):
        open_thing("x * w + b", {"x": 1.0})
    with pytest.raises(ExpressionError, match=r"(?s)no wieght in .*Did you mean 'weight'"):
        open_thing("x * weight", {"x": 1.0, "wieght": 2.0})
    with pytest.raises(ExpressionError, match="and 92 more"):
        open_thing("*".join(f"x{i}" for i in range(100)))


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["x=3"], {"x": 3.0}),
        (["x=-0.5", "w1=1e-3"], {"x": -0.5, "w1": 0.001}),
        (["ｘ＝３", "重み=−2"], {"x": 3.0, "重み": -2.0}),
        (["x=1e999"], {"x": math.inf}),
        (["x = 3 "], {"x": 3.0}),
    ],
)
def test_assignments_are_numbers(words: list[str], values: dict[str, float]) -> None:
    assert parse_assignments(words) == values


@pytest.mark.parametrize("words", [["x"], ["x="], ["=3"], ["x=y"], ["x==3"], ["x=3", "x=3"], ["x=0x10"], ["3"], [""]])
def test_what_assigns_nothing_is_refused(words: list[str]) -> None:
    with pytest.raises(ExpressionError):
        parse_assignments(words)


@pytest.mark.parametrize(
    ("text", "values", "value", "grad"),
    [
        ("1 / x", {"x": 0.0}, math.inf, -math.inf),
        ("log(x)", {"x": -1.0}, math.nan, -1.0),
        ("exp(x)", {"x": 1000.0}, math.inf, math.inf),
        ("x * 2", {"x": math.nan}, math.nan, 2.0),
        ("x - x", {"x": math.inf}, math.nan, 0.0),
    ],
)
def test_numbers_that_are_not_finite_are_recorded_not_raised(
    text: str, values: dict[str, float], value: float, grad: float
) -> None:
    end = open_thing(text, values).trace.cursor(-1)
    for got, expected in ((end.data("y"), value), (end.grad("x"), grad)):
        assert got is not None
        assert got == expected or (math.isnan(got) and math.isnan(expected))


def test_every_number_of_an_expression_can_be_edited() -> None:
    thing = open_thing("(x + 2) * (x - 1)", {"x": 3.0})
    ends = []
    for node in (0, 1, 3):
        again = thing.rerun({thing.trace.leaf_key(node): 7.0})
        assert again.overrides
        ends.append(again.trace.cursor(-1).data("y"))
    assert ends == [9.0 * 6.0, 10.0 * 2.0, 5.0 * -4.0]
    assert thing.rerun({}).trace.cursor(-1).data("y") == 10.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_are_files_then_lessons_then_expressions(here: Path) -> None:
    lesson = catalogue().lessons[0]
    assert open_thing(lesson.name).lesson == lesson
    (here / "mine.py").write_text("from tracer import Value\ny = Value(1.0) * 2\n")
    assert open_thing("mine.py").title == "mine.py"
    (here / "start").mkdir()
    assert open_thing("start").lesson == lesson, "a folder cannot be opened, so it hides no lesson"
    (here / "6.3").write_text("hello")
    with pytest.raises(FileFormatError, match="does not open files of this kind"):
        open_thing("6.3")
    (here / "x").write_text("#!/usr/bin/env python3\nfrom tracer import Value\nValue(5.0)\n")
    assert open_thing("x").trace.n_nodes == 1
    assert open_thing("2x", {"x": 2.0}).trace.cursor(-1).data("y") == 4.0


def test_a_lesson_runs_from_any_folder_and_calls_its_file_as_in_the_checkout(here: Path) -> None:
    (here / "tracer.py").write_text("raise SystemExit('hostile')")
    (here / "samples" / "start").mkdir(parents=True)
    thing = open_thing(catalogue().lessons[0].name)
    assert thing.lesson is not None
    assert list(thing.trace.sources) == [thing.lesson.program.relative_to(content_root()).as_posix()]
    assert thing.command(0) == f"tracer open {thing.name} --at 0"


def test_a_lesson_in_pairs_brings_both_runs() -> None:
    lesson = next(one for one in catalogue().lessons if one.compare is not None)
    thing = open_thing(lesson.name)
    assert thing.compare is not None
    assert len(thing.compare.trace) > 0
    assert thing.compare.trace.sources != thing.trace.sources
    assert thing.rerun({}).compare is thing.compare


def test_a_program_runs_again_with_leaves_by_name(here: Path) -> None:
    (here / "net.py").write_text(
        "from tracer import Value\nw = [Value(1.0), Value(2.0)]\nL = w[0] * w[1]\nL.backward()\n"
    )
    thing = open_thing("net.py", {"w[1]": 5.0})
    assert thing.trace.cursor(-1).grad("w[0]") == 5.0
    assert shlex.split(thing.command(3)) == ["tracer", "open", "net.py", "w[1]=5", "--at", "3"]
    with pytest.raises(NotFoundError, match=r"(?s)no leaf called 'w\[3\]'.*Did you mean"):
        open_thing("net.py", {"w[3]": 1.0})
    with pytest.raises(NotFoundError, match="no leaf called 'L'"):
        open_thing("net.py", {"L": 1.0})


TENSORS = """\
import tracer as torch
W = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
s = torch.tensor(2.0, requires_grad=True)
y = (W * s).sum()
y.backward()
"""


def test_elements_of_a_tensor_are_changed_by_name(here: Path) -> None:
    """Spaces do not matter, -1 counts from the end, and the command that is copied opens the same run again."""
    (here / "t.py").write_text(TENSORS)
    thing = open_thing("t.py", {"W[0,1]": 0.1, "W[-1, 0]": 9.0, "s": 3.0})
    assert thing.trace.cursor(-1).data("W").tolist() == [[1, pytest.approx(0.1), 3], [9, 5, 6]]
    words = shlex.split(thing.command())
    assert words == ["tracer", "open", "t.py", "W[0, 1]=0.1", "W[1, 0]=9", "s=3"]
    again = open_thing("t.py", parse_assignments(words[3:]))
    assert again.overrides == thing.overrides


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("W", r"'W' is no single element: W has shape \(2, 3\).\n  Name one of its elements: W\[0, 0\]=3"),
        ("W[0]", "'W\\[0\\]' is no single element"),
        ("W[2, 0]", "'W\\[2, 0\\]' is no single element"),
        ("W[:, 0]", "is no single element"),
        ("s[0]", "'s\\[0\\]': s is a single number.\n  Write s=3"),
        ("V[0, 0]", "has no leaf called 'V\\[0, 0\\]'"),
    ],
)
def test_an_element_that_is_not_there(here: Path, name: str, says: str) -> None:
    (here / "t.py").write_text(TENSORS)
    with pytest.raises(NotFoundError, match=says) as caught:
        open_thing("t.py", {name: 1.0})
    assert "です。" in caught.value.told("ja") or "ありません。" in caught.value.told("ja")


def test_a_program_beside_a_lesson_file_opens_as_that_lesson() -> None:
    lesson = catalogue().lessons[0]
    thing = open_thing(str(lesson.program))
    assert thing.lesson == lesson
    assert thing.rerun({}).lesson == lesson


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("grpah", NotFoundError, "Did you mean 'graph'"),
        ("start/01_multipyl", NotFoundError, "Did you mean 'start/01_multiply'"),
        ("6.33", NotFoundError, "no lesson for section 6.33.\n  Did you mean '6.3'"),
        ("§6.3.1", NotFoundError, "no lesson for section 6.3.1.\n  Did you mean '6.3'?"),
        ("prgo.py", NotFoundError, "prgo.py: no such file.\n  Did you mean 'prog.py'?"),
        ("gone.trace", NotFoundError, "gone.trace: no such file."),
        ("/no/such/file", NotFoundError, "no such file"),
        ("folder", FileFormatError, "folder is a folder."),
        ("notes.md", FileFormatError, OPENS),
        ("book.ipynb", FileFormatError, OPENS),
        ("bad.trace", FileFormatError, "bad.trace: not a trace"),
        (os.devnull, ProgramError, "a device or a pipe"),
        ("a" * 5000, ExpressionError, "no value is given"),
        ("zzz\0", ExpressionError, "has no meaning"),
        ("speling", NotFoundError, 'As an expression, it needs numbers: tracer open "speling" speling=3'),
    ],
)
def test_what_cannot_be_opened_is_told_with_what_comes_near(
    here: Path, name: str, kind: type[TracerError], says: str
) -> None:
    (here / "prog.py").write_text("")
    (here / "folder").mkdir()
    for one in ("notes.md", "book.ipynb", "bad.trace"):
        (here / one).write_text("x")
    with pytest.raises(kind) as caught:
        open_thing(name)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 1000


# Saved traces


def saved(trace: Trace, folder: Path) -> Thing:
    trace.save(folder / "run.trace")
    return open_thing(str(folder / "run.trace"))


def test_a_saved_trace_opens_whatever_it_is_called(here: Path) -> None:
    open_thing("x * 2", {"x": 3.0}).trace.save(here / "data.bin")
    thing = open_thing("data.bin")
    assert thing.title == "y = x * 2"
    assert thing.trace.cursor(-1).grad("x") == 2.0


@settings(max_examples=50)
@given(programs(), st.integers(0, 2))
def test_performing_a_trace_again_changes_nothing(program: Program, backwards: int) -> None:
    trace = program.record(backwards)
    again = perform(trace, {})
    assert to_bytes(again.columns) == to_bytes(trace.columns)


@given(programs(), st.floats(-2, 2))
def test_performing_it_with_another_number_is_running_it_with_that_number(program: Program, number: float) -> None:
    trace = program.record()
    edited = Program((number, *program.leaves[1:]), program.steps).record()
    again = perform(trace, {trace.leaf_key(0): number})
    np_equal(again, edited)


def np_equal(a: Trace, b: Trace) -> None:
    ends = [(t.cursor(-1).data(n), t.cursor(-1).grad(n)) for t in (a, b) for n in range(t.n_nodes)]
    half = len(ends) // 2
    assert repr(ends[:half]) == repr(ends[half:])


def test_passes_by_hand_zeroings_and_marks_are_performed_again() -> None:
    with record() as rec:
        a = Value(1.0, name="a")
        b = a + a
        for combine in ("add", "assign"):
            with by_hand(b, combine) as hand:
                hand.deliver(b, 0)
                mark(b, "once")
                hand.deliver(b, 1)
        a.grad = 0.0
        b.backward()
        a.grad = None  # type: ignore[assignment]
    trace = rec.trace
    assert to_bytes(perform(trace, {}).columns) == to_bytes(trace.columns)
    again = perform(trace, {trace.leaf_key(0): 5.0})
    assert again.cursor(-1).data("a") == 5.0
    assert [len(again), again.passes[1].combine, again.cursor(-1).marks(1)] == [len(trace), "assign", ("once", "once")]


def test_a_trace_that_updates_its_leaves_says_that_only_its_program_can(here: Path) -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        (x * x).backward()
        x.data -= 0.1 * x.grad
    thing = saved(rec.trace, here)
    with pytest.raises(ProgramError, match="only the program knew by what rule"):
        thing.rerun({thing.trace.leaf_key(0): 2.0})


def test_opening_a_trace_runs_nothing_that_it_names(here: Path) -> None:
    """Not even the very program it came from, lying where it lay."""
    prog = "from tracer import Value\nopen('ran', 'a').write('1')\nx = Value(2.0)\ny = x * x\ny.backward()\n"
    (here / "prog.py").write_text(prog)
    thing = saved(open_thing("prog.py").trace, here)
    assert thing.rerun({thing.trace.leaf_key(0): 3.0}).trace.cursor(-1).grad("x") == 6.0
    assert (here / "ran").read_text() == "1"


@pytest.mark.parametrize(
    "change",
    [
        lambda good: b"",
        lambda good: good[:100],
        lambda good: good[: len(good) // 2],
        lambda good: good[:-1],
        lambda good: b"\x00" * 4096,
        lambda good: (1 << 62).to_bytes(8, "little") + good[8:],
        lambda good: re.sub(rb'(\\"version\\": )\d', rb"\g<1>9", good),
    ],
    ids=["empty", "header", "half", "last byte", "zeros", "huge header", "newer"],
)
def test_a_damaged_trace_is_refused_and_left_as_it_is(here: Path, change: Callable[[bytes], bytes]) -> None:
    open_thing("x * 2", {"x": 3.0}).trace.save(here / "run.trace")
    bad = change((here / "run.trace").read_bytes())
    (here / "run.trace").write_bytes(bad)
    with pytest.raises(FileFormatError, match=r"^run\.trace: ") as caught:
        open_thing("run.trace")
    assert "\n" not in str(caught.value)
    assert (here / "run.trace").read_bytes() == bad
