"""`tracer find`: a table or JSON, exit codes, a mistake with its caret."""

from __future__ import annotations

import json

from tests.cli.shell import Shell
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value


def saved(shell: Shell) -> str:
    """A run that needs no process of its own to be opened."""
    with record() as rec:
        x = Value(-3.0, name="x")
        w = Value(0.5, name="layer1.w[3,5]")
        with scope("layer 1"):
            h = (x * w).named("h")
            r = h.relu().named("r")
        (r + 1).named("y").backward()
    rec.trace.save(shell.folder / "run.trace")
    return "run.trace"


QUERY = "op == relu or name == layer1.w[3,5]"


def test_a_table_of_what_is_found(shell: Shell) -> None:
    run = saved(shell)
    ran = shell("find", run, QUERY)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "op == relu or name == layer1.w[3,5]: 2 found at position 23 of 23",
        "  node           op    value  gradient  line                scope",
        "  layer1.w[3,5]  leaf  0.5    0         test_finding.py:17",
        "  r              relu  0      1         test_finding.py:20  layer 1",
    ]
    assert shell("find", run, "kind == leaf", "--most", "1").out.endswith("  … and 1 more (--most N)\n")
    assert len(shell("find", run, "largest 1 |grad|").out.splitlines()) == 3


def test_before_its_time_a_number_is_a_question_mark(shell: Shell) -> None:
    run = saved(shell)
    ran = shell("find", run, "op == relu", "--at", "3", "--lang", "ja")
    assert ran.out.splitlines()[0] == "op == relu：1 個（位置 3/23）"
    assert ran.out.splitlines()[2].split() == ["r", "relu", "?", "?", "test_finding.py:20", "layer", "1"]
    assert shell("find", run, "value == 0 and op == relu", "--at", "3").code == 1


def test_json_says_all_of_it(shell: Shell) -> None:
    run = saved(shell)
    ran = shell("find", run, "op == relu", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert {key: found[key] for key in ("query", "position", "found")} == {
        "query": "op == relu",
        "position": 23,
        "found": 1,
    }
    (node,) = found["nodes"]
    assert (node["label"], node["op"], node["value"], node["grad"], node["grad_state"]) == (
        "r",
        "relu",
        0,
        1,
        "complete",
    )
    assert node["line"]["line"] == 20
    none = shell("find", run, "nan", "--json")
    assert (none.code, json.loads(none.out)["nodes"]) == (1, [])


def test_nothing_found_is_said_and_is_exit_code_1(shell: Shell) -> None:
    ran = shell("find", "(x + 2) * (x - 1)", "grad > 100", "x=3")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "tracer: grad > 100: nothing found at position 23 of 23.\n"


def test_a_mistake_is_pointed_at_before_anything_runs(shell: Shell) -> None:
    shell.write("prog.py", "raise SystemExit('ran')")
    said = shell.refused("find", "prog.py", "x and gard > 1")
    assert said.splitlines() == [
        "tracer: there is no field 'gard'.",
        "  x and gard > 1",
        "        ^",
        "  Did you mean 'grad' or '|grad|'?",
    ]
    assert "位置は 0 から" in shell.refused("find", "(x + 2)", "x", "x=3", "--at", "99", "--lang", "ja")


def test_hostile_names_stay_on_their_line(shell: Shell) -> None:
    with record() as rec:
        Value(1.0, name="a\n\x1b[31m" + "漢" * 5000)
    rec.trace.save(shell.folder / "run.trace")
    run = "run.trace"
    ran = shell("find", run, "kind == leaf")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) < 120
    assert len(ran.out.splitlines()) == 3
