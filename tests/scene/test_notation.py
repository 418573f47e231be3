"""How nodes are titled in the two notations."""

import pytest

from tracer.core.op import OPS
from tracer.core.record import record
from tracer.core.value import Value
from tracer.scene.notation import shape, title


def titles(make, notation):
    with record() as rec:
        x, w = Value(3.0, name="x"), Value(2.0, name="w")
        make(x, w).named("y")
    return title(rec.trace, rec.trace.find("y"), notation)


@pytest.mark.parametrize(
    ("make", "box", "circle"),
    [
        (lambda x, w: x + 2, "y = x + 2", "+ 2"),
        (lambda x, w: 2 - x, "y = 2 − x", "2 −"),
        (lambda x, w: x * w, "y = x × w", "×"),
        (lambda x, w: x**2, "y = x ^ 2", "^ 2"),
        (lambda x, w: x * x, "y = x × x", "×"),
        (lambda x, w: x.exp(), "y = exp(x)", "exp"),
        (lambda x, w: x.tanh(), "y = tanh(x)", "tanh"),
        (lambda x, w: -x, "y = −x", "−"),
    ],
)
def test_a_box_has_the_formula_a_circle_the_sign_with_its_constant(make, box, circle):
    assert titles(make, "boxes") == box
    assert titles(make, "textbook") == circle


def test_every_op_has_a_sign():
    assert all(op.label for op in OPS.values())


def test_leaves_are_names_and_operators_are_circles():
    with record() as rec:
        x = Value(3.0, name="x")
        (x * x).named("y")
    trace = rec.trace
    assert [shape(trace, n, "textbook") for n in (0, 1)] == ["plain", "circle"]
    assert [shape(trace, n, "boxes") for n in (0, 1)] == ["box", "box"]
    assert title(trace, 0, "boxes") == title(trace, 0, "textbook") == "x"
