"""`tracer.show` on a Value or a trace."""

from __future__ import annotations

import sys
import types

import pytest

import tracer
from tests.cli.shell import Shell
from tracer import TracerError, Value, record
from tracer.cli.showing import Picture, trace_of


def test_without_a_terminal_the_steps_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    x = Value(3.0, name="x")
    y = ((x + 2) * (x - 1)).named("y")
    assert tracer.show(y) is None
    out = capsys.readouterr().out
    assert "x = 3   ∂ 7" in out
    assert x.grad == 0.0  # showing is looking: no gradient of the user's changes


def test_in_a_program_that_is_walked_already_nothing_happens(shell: Shell) -> None:
    text = "import tracer\nx = tracer.Value(3.0)\ny = x * x\ny.backward()\n"
    shell.write("plain.py", text)
    shell.write("shows.py", text + "print(tracer.show(y))\n")
    plain, shows = shell("steps", "plain.py"), shell("steps", "shows.py")
    assert (shows.code, shows.err) == (0, "None\n")
    assert shows.out == plain.out.replace("plain.py", "shows.py")


def test_gradients_of_the_user_are_as_they_were() -> None:
    x = Value(3.0, name="x")
    y = x * x
    y.backward()
    with record() as rec:
        trace = trace_of(y)
    assert (x.grad, y.grad) == (6.0, 1.0)
    assert trace.cursor(-1).grad("x") == 6.0
    assert rec.trace.n_nodes == 0


def test_a_notebook_gets_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    picture = tracer.show(Value(3.0, name="x") * 2)
    assert isinstance(picture, Picture)
    assert picture._repr_svg_().startswith("<?xml")
    assert "</svg>" in picture._repr_svg_()


def test_other_things_are_refused() -> None:
    with pytest.raises(TracerError, match="got a float"):
        tracer.show(3.0)  # type: ignore[arg-type]


def test_the_public_names_load_and_are_listed() -> None:
    for name in tracer.__all__:
        assert getattr(tracer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tracer.nothing  # noqa: B018
    assert "Value" in dir(tracer)


def test_a_trace_gives_its_dot() -> None:
    with record() as rec:
        (Value(3.0, name="x") * 2).named("y").backward()
    assert rec.trace.to_dot().startswith("digraph")
