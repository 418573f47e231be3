"""Facts of the lessons that walk tensors: gradients, shapes, PyTorch's print-outs, claims beyond the fields."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.lessons.running import run, run_changed
from tests.lessons.test_samples import trace_of
from tests.tui.stepping import press, walking
from tracer.explain.survey import check_trace
from tracer.lessons.content import catalogue, find
from tracer.lessons.lesson import Lesson
from tracer.lessons.runner import open_thing
from tracer.trace.choices import choices
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace
from tracer.trace.unfold import unfold
from tracer.tui.screens.predict import PredictScreen

TENSORS = tuple(
    lesson
    for lesson in (*catalogue().lessons, *catalogue().models)
    if "import tracer as torch" in lesson.program.read_text(encoding="utf-8")
)
SMALL = 150
"""Nodes an op may open into here."""
MANY = 30
"""Nodes of a lesson above which one of each kind is opened."""
NO_PYTORCH = ("Training", "perf_counter", "Value(")
"""Programs that hand out a model (tests/train holds it to PyTorch), or print how long they took."""
LONG = {
    "15_four_heads",
    "17_residual",
    "18_no_residual",
    "19_rmsnorm",
    "20_no_norm",
    "25_gradient_flow",
    "27_every_parameter",
}
"""Lessons whose every gradient is checked, and whose nodes are opened, in long runs alone."""
each_of_the_short = pytest.mark.parametrize(
    "lesson",
    [pytest.param(one, marks=pytest.mark.deep if one.program.stem in LONG else ()) for one in TENSORS],
    ids=lambda lesson: lesson.name,
)


def test_the_section_comes_first() -> None:
    """What a section's number opens, and the model beside the lesson of almost the same name."""
    assert find("6.4.2").name == "06-backpropagation/05_two_layer_net"
    assert find("6.5.1").name == "06-backpropagation/06_linear"
    assert find("6.5.2").name == "06-backpropagation/07_relu"
    assert find("6.5.3").name == "06-backpropagation/09_softmax"
    assert find("two_layer").name == "models/two_layer"


def test_every_gradient_of_the_two_layer_section() -> None:
    """6.4.2's formulas, one by one, in NumPy."""
    trace = trace_of(find("6.4.2").program)
    end, before = trace.cursor(-1), trace.cursor(trace.segments[0].stop)
    had = {name: data(before, name) for name in ("x", "y", "W1", "b1", "W2", "b2", "a1", "z1", "y_pred")}
    d_y = -2 * (had["y"] - had["y_pred"])
    d_a1 = had["W2"].T @ d_y
    d_z1 = d_a1 * (had["a1"] > 0)
    wanted = {
        "y_pred": d_y,
        "W2": np.outer(d_y, had["a1"]),
        "b2": d_y,
        "a1": d_a1,
        "z1": d_z1,
        "W1": np.outer(d_z1, had["x"]),
        "b1": d_z1,
    }
    for name, gradient in wanted.items():
        np.testing.assert_array_equal(grad(end, name), gradient, err_msg=name)
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_allclose(data(end, name), had[name] - 0.01 * wanted[name], rtol=1e-6)
    assert [segment.kind for segment in trace.segments] == ["forward", "backward", "update"]
    assert {trace.scope(node) for node in range(trace.n_nodes)} == {"", "forward", "loss"}
    assert (had["z1"] > 0).tolist() == [True, False], "one neuron is blocked"


def test_the_outer_product_and_the_shapes_of_a_linear_layer() -> None:
    """6.5.1: each gradient has the shape of what it belongs to."""
    end = trace_of(find("6.5.1").program).cursor(-1)
    np.testing.assert_array_equal(grad(end, "W"), np.outer(grad(end, "y"), data(end, "x")))
    np.testing.assert_array_equal(grad(end, "x"), data(end, "W").T @ grad(end, "y"))
    assert [grad(end, name).shape for name in ("W", "b", "x")] == [(2, 3), (2,), (3,)]


def test_single_numbers_overflow_where_the_tensor_does_not() -> None:
    """What the last card of 6.5.3 claims of the lesson before it."""
    scalars = find("09_softmax")
    grown = run(scalars.program, {"z[2]": 1000.0}, trace_of(scalars.program))
    assert data(grown.cursor(-1), "e[2]") == np.inf
    assert any(np.isnan(grad(grown.cursor(-1), f"z[{i}]")) for i in range(3))


def test_both_walks_of_softmax_end_with_the_same_gradient() -> None:
    scalars, tensors = (trace_of(find(name).program).cursor(-1) for name in ("09_softmax", "09_softmax_tensors"))
    np.testing.assert_allclose([grad(scalars, f"z[{i}]") for i in range(3)], grad(tensors, "logits"), rtol=1e-6)


def test_neuron_2_is_dead() -> None:
    """models/two_layer: no point of the data set opens it, so its weights stay as they are."""
    trace = trace_of(find("two_layer").program)
    start, end = trace.cursor(trace.segments[0].stop), trace.cursor(-1)
    sums = data(start, "points") @ data(start, "fc1.weight").T + data(start, "fc1.bias")
    assert (sums.max(axis=0) < 0).tolist() == [i == 2 for i in range(8)]
    np.testing.assert_array_equal(data(end, "fc1.weight")[2], data(start, "fc1.weight")[2])


def test_the_updated_element_had_the_largest_gradient() -> None:
    trace = trace_of(find("two_layer").program)
    gradient = grad(trace.cursor(trace.passes[0].stop), "fc1.weight")
    assert int(np.abs(gradient).argmax()) == 7 * 2 + 0


def grad(moment: Cursor, name: str) -> Any:
    """Known by then."""
    found = moment.grad(name)
    assert found is not None, name
    return found


def data(moment: Cursor, name: str) -> Any:
    """Made by then."""
    found = moment.data(name)
    assert found is not None, name
    return found


@each_of_the_short
def test_every_gradient_is_checked(lesson: Lesson) -> None:
    """No lesson shows a number that the program cannot confirm; after its suggested change neither."""
    trace = trace_of(lesson.program)
    for this in (trace, run_changed(lesson, trace)):
        assert check_trace(this).ok


@pytest.mark.oracle
@pytest.mark.parametrize(
    "lesson",
    [one for one in TENSORS if not any(word in one.program.read_text(encoding="utf-8") for word in NO_PYTORCH)],
    ids=lambda lesson: lesson.name,
)
def test_pytorch_prints_the_same(lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    """The program with PyTorch in our place, line by line."""
    pytest.importorskip("torch")
    text = lesson.program.read_text(encoding="utf-8")
    printed = []
    for code in (text, for_pytorch(text)):
        exec(compile(code, lesson.program.name, "exec"), {"__name__": "__main__"})
        printed.append(capsys.readouterr().out)
    ours, theirs = printed
    assert numbers(ours) == pytest.approx(numbers(theirs), rel=1e-4)
    assert re.sub(r"[-\d.e]+", "#", ours) == re.sub(r"[-\d.e]+", "#", theirs)


def for_pytorch(text: str) -> str:
    """The same program on PyTorch; `scope`, which it has not, does nothing."""
    text = text.replace("import tracer as torch", "import torch")
    text = re.sub(r"from tracer(?=[. ])", "from torch", text)
    text = re.sub(r"from torch import scope$", "from contextlib import nullcontext as scope", text, flags=re.MULTILINE)
    assert "tracer" not in text
    return text


@each_of_the_short
def test_words_and_stops_stay_when_a_node_is_opened(lesson: Lesson) -> None:
    """Each op in its single numbers: every stop still happens, with the same words (perhaps in another order)."""
    trace = trace_of(lesson.program)
    said = sorted(arrival.say.en for arrival in lesson.stops_at(trace) if trace.name(arrival.node))
    for node in one_of_each(trace):
        ways = [way for way in choices(trace, node).ways if way.how == "all"]
        if not ways or ways[0].nodes is None or ways[0].nodes > SMALL:
            continue
        opened = unfold(trace, node, "all").trace
        assert sorted(arrival.say.en for arrival in lesson.stops_at(opened, trace)) == said, trace.label(node)


def one_of_each(trace: Trace) -> list[int]:
    """The nodes; where there are many, the first of each op and shapes."""
    if trace.n_nodes <= MANY:
        return list(range(trace.n_nodes))
    firsts: dict[tuple[object, ...], int] = {}
    for node in range(trace.n_nodes):
        op = trace.op(node)
        firsts.setdefault((op and op.name, trace.shape(node), *map(trace.shape, trace.inputs(node))), node)
    return list(firsts.values())


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)]


@pytest.mark.parametrize(("name", "asks"), [("6.5.1", ["∂loss/∂W[1, 2] = ?", "∂loss/∂x[0] = ?"])])
async def test_a_quiz_asks_for_the_elements_the_lesson_names(name: str, asks: list[str]) -> None:
    async with walking(open_thing(name), quiz=True) as (pilot, screen):
        asked = []
        for _ in range(60):
            await press(pilot, "right")
            if isinstance(pilot.app.screen, PredictScreen):
                question = pilot.app.screen.question
                asked.append(question.words(screen.view.cursor.trace).en)
                await press(pilot, "escape")
            if screen.view.cursor.position == len(screen.view.cursor.trace):
                break
        assert asked == asks
