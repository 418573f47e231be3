"""`tracer diff` and `tracer check --against`: two runs beside each other."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.deep  # starts many processes, which is slow

PROGRAM = """\
from tracer import Value
x = Value(3.0, name="x")
w = Value(0.5, name="w")
y = (x * w + x).named("y")
y.backward()
"""


def test_the_same_program_with_another_number(shell: Shell) -> None:
    """All changes by size, the first difference, exit code 1."""
    shell.write("prog.py", PROGRAM)
    ran = shell("diff", "prog.py", "x=4")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "prog.py  |  prog.py x=4"
    assert lines[2:4] == ["  1  First difference: x is 3 here.", "  2  First difference: x is 4 here."]
    assert lines[5] == "  y: value 4.5 | 6, apart by 1.5  (prog.py:4)"
    assert "w: gradient 3 | 4, apart by 1" in ran.out
    assert shell("diff", "prog.py", "x=4", "--most", "1").out.endswith("… and 3 more (--most N)\n")


def test_equal_runs_are_said_to_be_equal(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    shell("record", "prog.py", "-o", "run.trace")
    ran = shell("diff", "run.trace", "prog.py", "--lang", "ja")
    assert (ran.code, ran.err) == (0, "")
    assert "二つの実行は同じです" in ran.out
    assert json.loads(shell("diff", "run.trace", "run.trace", "--json").out) == {
        "same": True,
        "differing": 0,
        "only_left": 0,
        "only_right": 0,
        "first": None,
        "changes": [],
    }


def test_json_says_all_of_it(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    ran = shell("diff", "prog.py", "x=nan", "--json", "--most", "1")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert found["differing"] == 4
    assert found["first"]["labels"] == ["x", "x"]
    assert (found["first"]["left"], found["first"]["right"]) == (3.0, "nan")
    assert found["first"]["line"] == "prog.py:2"
    (change,) = found["changes"]
    assert change["size"] == "inf"


def test_a_pair_of_programs_is_compared_with_itself_named_once(shell: Shell) -> None:
    ran = shell("diff", "07_recursion")
    assert ran.code == 1
    assert "a: gradient 6 | 4, apart by 2" in ran.out


def test_expressions_share_their_numbers(shell: Shell) -> None:
    ran = shell("diff", "x*x", "x*x + x", "x=3")
    assert ran.code == 1
    assert "x: gradient 6 | 7" in ran.out


def test_what_cannot_be_compared_is_refused_in_one_message(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    assert "nothing to compare prog.py with" in shell.refused("diff", "prog.py")
    assert "compares two things" in shell.refused("diff", "prog.py", "prog.py", "prog.py")
    assert "absent.trace" in shell.refused("diff", "prog.py", "absent.trace")


def test_a_run_is_pinned_to_a_golden_one(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    shell("record", "prog.py", "-o", "golden.trace")
    ran = shell("check", "prog.py", "--against", "golden.trace")
    assert (ran.code, ran.out) == (0, "The same as golden.trace.\n")
    shell.write("prog.py", PROGRAM.replace("0.5", "0.6"))
    ran = shell("check", "prog.py", "--against", "golden.trace")
    assert ran.code == 1
    assert "first at w: its value is 0.6, golden 0.5" in ran.err
    assert "prog.py:3" in ran.err
    assert shell("check", "prog.py", "--against", "golden.trace", "--rtol", "0.5").code == 0
    shell.write("golden.trace", "rubbish")
    assert shell("check", "prog.py", "--against", "golden.trace").code == 2
