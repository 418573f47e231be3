"""`tracer steps --json` is valid JSON line by line, as documented, and never ahead of its moment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.shell import Shell
from tests.strategies import Program, programs
from tracer.cli.steps import SCHEMA, VERSION, records
from tracer.lessons.runner import Thing, open_thing
from tracer.trace.segment import GRANULARITIES, By

HEADER = {"schema", "version", "title", "by", "steps", "positions", "nodes", "edges", "passes", "outcome", "unfolded"}
STEP = {
    "step", "position", "kind", "node", "user", "edge", "part", "pass", "value", "grad", "upstream", "local",
    "contribution", "before", "after", "note", "text", "line", "title", "sentence", "why", "say",
}  # fmt: skip
NODE = {"id", "label", "op", "formula", "scope", "shape", "dtype"}
NUMBERS = ("value", "grad", "upstream", "local", "contribution", "before", "after")


def strict(line: str) -> dict[str, Any]:
    """One line of JSON, held to the standard: no NaN, no Infinity."""

    def refuse(word: str) -> float:
        raise ValueError(f"{word} is not JSON")

    found = json.loads(line, parse_constant=refuse)
    assert isinstance(found, dict)
    return found


def parsed(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    header, *steps = [strict(line) for line in text.splitlines()]
    return header, steps


@pytest.mark.parametrize("by", GRANULARITIES)
def test_each_line_is_json_with_the_documented_keys(shell: Shell, by: By) -> None:
    ran = shell("steps", "(x + 2) * (x - 1)", "x=3", "--json", "--by", by)
    assert (ran.code, ran.err) == (0, "")
    header, steps = parsed(ran.out)
    assert set(header) == HEADER
    assert (header["schema"], header["version"], header["by"]) == (SCHEMA, VERSION, by) == ("tracer-steps", 2, by)
    assert (header["nodes"], header["edges"], header["passes"], header["positions"]) == (6, 6, 1, 23)
    assert header["outcome"] == {"kind": "complete"}
    assert len(steps) == header["steps"] == {"part": 23, "edge": 11, "node": 10, "scope": 2, "pass": 2}[by]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        assert set(step) == STEP
        assert all(step[key] is None or set(step[key]) == NODE for key in ("node", "user"))
        assert all(step[key] is None or set(step[key]) == {"en", "ja"} for key in ("title", "sentence", "why", "say"))
    positions = [step["position"] for step in steps]
    assert positions == sorted(set(positions))
    assert positions[-1] == header["positions"]


def test_the_example_of_the_help_is_what_is_printed(shell: Shell) -> None:
    help_text = shell("steps", "--help").out
    _, steps = parsed(shell("steps", "(x + 2) * (x - 1)", "x=3", "--json").out)
    assert all(f'"{key}"' in help_text for key in HEADER | NODE | STEP - {"text"})
    step = steps[9]
    assert [step[key] for key in ("step", "position", "kind", "part", "pass")] == [10, 19, "edge", 4, 0]
    assert [step[key] for key in NUMBERS] == [3, 5, 5, 1, 5, None, 5]
    assert (step["node"]["label"], step["user"]["formula"]) == ("x", "x − 1")
    assert step["line"] == {"file": "expression", "line": 2}


def test_numbers_that_json_lacks_are_strings(shell: Shell) -> None:
    _, steps = parsed(shell("steps", "1/x + log(0 - x) + 0*exp(1000*x)", "x=0", "--json").out)
    found = {step[key] for step in steps for key in NUMBERS if isinstance(step[key], str)}
    assert found == {"inf", "-inf", "nan"}


def test_a_program_that_raised_says_so_in_the_header(shell: Shell) -> None:
    shell.write("prog.py", "from tracer import Value\nx = Value(1.0)\nraise ValueError('線')\n")
    ran = shell("steps", "prog.py", "--json")
    assert ran.code == 2
    header, steps = parsed(ran.out)
    assert header["outcome"]["kind"] == "raised"
    assert (header["outcome"]["error"], header["outcome"]["line"]) == ("ValueError: 線", 3)
    assert len(steps) == 1


def test_marks_writes_and_updates_are_steps_too(shell: Shell) -> None:
    shell.write(
        "prog.py",
        "from tracer import Value, mark\nx = Value(1.0)\ny = x * x\ny.backward()\n"
        "mark(x, 'visited')\nx.data -= 0.5\nx.grad = 0\nx.grad = None\n",
    )
    _, steps = parsed(shell("steps", "prog.py", "--json").out)
    kinds = [step["kind"] for step in steps]
    assert kinds == ["forward", "forward", "seed", "edge", "edge", "mark", "update", "write", "write"]
    assert steps[5]["text"] == "visited"
    assert [steps[6]["before"], steps[6]["after"], steps[6]["value"]] == [1, 0.5, 0.5]
    assert [steps[7]["before"], steps[7]["after"], steps[8]["after"]] == [2, 0, None]


TENSORS = """
import tracer as torch
w = torch.ones(2, 3, requires_grad=True)
big = torch.ones(10, 10, requires_grad=True)
loss = (w * 2).sum() + big.sum()
loss.backward()
with torch.no_grad():
    w -= 0.5 * w.grad
"""


def test_tensors_are_lists_or_summaries(shell: Shell) -> None:
    shell.write("prog.py", TENSORS)
    _, steps = parsed(shell("steps", "prog.py", "--json").out)
    first = next(step for step in steps if step["node"]["label"] == "w")
    assert (first["node"]["shape"], first["node"]["dtype"], first["value"]) == ([2, 3], "float32", [[1, 1, 1]] * 2)
    large = next(step for step in steps if step["node"]["label"] == "big")
    assert large["value"] == {
        "shape": [10, 10], "min": 1, "max": 1, "mean": 1, "std": 0, "norm": 10, "count": 100, "zeros": 0, "nan": 0,
        "inf": 0,
    }  # fmt: skip
    update = next(step for step in steps if step["kind"] == "update")
    assert (update["after"], update["note"]["rule"]) == ([[0, 0, 0]] * 2, "sub_")
    edge = next(step for step in steps if step["kind"] == "edge" and step["node"]["label"] == "w")
    assert (edge["local"], edge["contribution"], edge["grad"]) == ([[2, 2, 2]] * 2,) * 3
    text = shell("steps", "prog.py").out
    assert "w: (2, 3) all 0   ∂ (2, 3) all 2" in text


def test_a_lesson_speaks_at_its_stops(shell: Shell) -> None:
    _, steps = parsed(shell("steps", "start/01_multiply", "--json").out)
    lesson = open_thing("start/01_multiply").lesson
    assert lesson is not None
    said = [step["say"]["en"] for step in steps if step["say"]]
    assert len(said) == len(lesson.stops)
    assert not any("{" in words for words in said)


@settings(max_examples=40, deadline=None)
@given(programs(), st.integers(0, 2), st.booleans(), st.sampled_from(GRANULARITIES))
def test_any_program_gives_valid_lines_that_agree_with_its_cursor(
    program: Program, backwards: int, update: bool, by: By
) -> None:
    trace = program.record(backwards, update=update)
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records(Thing("t", trace), by)]
    header, *steps = [strict(line) for line in lines]
    assert header["steps"] == len(steps) == len(trace.stops(by))
    for step in steps:
        cursor = trace.cursor(step["position"])
        assert step["kind"] == cursor.moment.kind
        assert step["node"]["id"] == cursor.moment.node
        for key, number in (("value", cursor.data(step["node"]["id"])), ("grad", cursor.grad(step["node"]["id"]))):
            assert step[key] == number or repr(number) == step[key]


def test_text_and_json_tell_the_same_steps(shell: Shell) -> None:
    text = shell("steps", "3.3").out
    header, steps = parsed(shell("steps", "3.3", "--json").out)
    for step in steps:
        assert f"\n{step['step']}/{header['steps']}  " in text
        assert step["title"]["en"] in text
