"""`tracer paths`: a table for people, one JSON object for programs, and an exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

import tracer as torch
from tests.cli.shell import Shell
from tests.trace.test_paths import ladder
from tests.trace.test_residual import residual_mlp
from tracer.core.record import record
from tracer.trace.trace import Trace


def tensors() -> Trace:
    """W into h, and h into the loss by two ways."""
    torch.manual_seed(0)
    x = torch.randn(4, 3).named("x")
    w = torch.randn(3, 2, requires_grad=True).named("W")
    with record() as recorder:
        h = torch.tanh(x @ w)
        (h + h * h).mean().backward()
    return recorder.trace


def parsed(text: str) -> dict[str, Any]:
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is not JSON")

    found = json.loads(text, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


def test_a_lesson_prints_every_route_with_its_numbers(shell: Shell) -> None:
    ran = shell("paths", "6.3", "x")
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()] == [
        line.split()
        for line in (
            "2 routes from y to x",
            "1 5 71.4 % y → b → x",
            "∂y/∂b · ∂b/∂x = 5 · 1 = 5",
            "2 2 28.6 % y → a → x",
            "∂y/∂a · ∂a/∂x = 2 · 1 = 2",
            "∂y/∂x = 5 + 2 = 7",
        )
    ]


def test_json_is_one_object_as_documented(shell: Shell) -> None:
    found = parsed(shell("paths", "(x + 2)(x - 1)", "x", "x=3", "--json").out)
    assert (found["node"], found["gradient"], found["paths"], found["mass"]) == ("x", 7.0, 2, 7.0)
    assert [route["product"] for route in found["top"]] == [5.0, 2.0]
    assert [route["locals"] for route in found["top"]] == [[5.0, 1.0], [2.0, 1.0]]
    assert sum(route["share"] for route in found["top"]) == pytest.approx(1.0)
    assert all(route["nodes"][-1] == "x" and len(route["nodes"]) == 3 for route in found["top"])
    assert found["residual"] is None


def test_at_a_moment_only_what_was_delivered_by_then_is_known(shell: Shell) -> None:
    found = parsed(shell("paths", "(x + 2)(x - 1)", "x", "x=3", "--at", "6", "--json").out)
    assert (found["gradient"], found["arrived"], found["mass"]) == (None, 0, None)
    assert {route["product"] for route in found["top"]} == {None}
    assert {local for route in found["top"] for local in route["locals"]} == {None}


def test_residual_shares_and_parts_are_in_the_json(shell: Shell) -> None:
    residual_mlp(0).save(shell.folder / "mlp.trace")
    found = parsed(shell("paths", shell.folder / "mlp.trace", "x0", "--most", "3", "--through", "mlp", "--json").out)
    assert [stage["adds"] for stage in found["residual"]["stages"]] == [f"layer {i}.residual ×2" for i in (2, 1, 0)]
    for stage in found["residual"]["stages"]:
        assert stage["shortcut"]["mass"] + stage["branch"]["mass"] == pytest.approx(1.0)
        assert stage["shortcut"]["share"] + stage["branch"]["share"] == pytest.approx(1.0)
    assert found["through"]["mlp"]["share"] + found["residual"]["highway"]["share"] == pytest.approx(1.0)


def test_a_number_of_routes_beyond_floats_is_a_whole_number_in_json(shell: Shell) -> None:
    ladder(1200).save(shell.folder / "ladder.trace")
    assert parsed(shell("paths", shell.folder / "ladder.trace", "x", "--json").out)["paths"] == 2**1200


def test_a_tensor_and_one_element_of_it(shell: Shell) -> None:
    program = shell.folder / "tensors.trace"
    tensors().save(program)
    whole = parsed(shell("paths", program, "W", "--json").out)
    one = parsed(shell("paths", program, "W[2, 1]", "--json").out)
    assert one["gradient"] == pytest.approx(whole["gradient"][2][1])
    assert sum(route["product"] for route in one["top"]) == pytest.approx(one["gradient"], rel=1e-5)
    assert len(whole["top"]) == whole["paths"] == 3


def test_nothing_leads_there_is_exit_code_1(shell: Shell) -> None:
    program = shell.folder / "tensors.trace"
    tensors().save(program)
    ran = shell("paths", program, "x")
    assert (ran.code, ran.out) == (1, "")
    assert "x takes no gradient" in ran.err
    assert parsed(shell("paths", program, "x", "--json").out)["paths"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope",), "no node is called 'nope'"),
        (("x[0]",), "this is no element of it"),
        (("x[" + "9" * 5000 + "]",), "no node is called"),
        (("x", "--at", "99"), "they run from 0 to 23"),
        (("x", "--at", "-99"), "they run from 0 to 23"),
        (("x", "--at", "9" * 5000), "they run from 0 to 23"),
        (("x", "--through", "[bold]nowhere"), "nothing was made in a part of this name"),
        (("x", "--most", "0"), "--most"),
        ((), "NODE"),
    ],
)
def test_what_was_given_wrongly_is_told_in_one_message(shell: Shell, words: tuple[str, ...], said: str) -> None:
    assert said in shell.refused("paths", "(x + 2) * (x - 1)", *words, *(["x=3"] if words else []))


def test_japanese(shell: Shell) -> None:
    assert shell("paths", "(x + 2) * (x - 1)", "x", "x=3", "--lang", "ja").out.startswith("y から x への経路：2 本")
