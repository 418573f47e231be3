"""`tracer why`: text and one JSON object, exit codes for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.deep  # starts many processes, which is slow

DEAD = """from tracer import Value

w, b = Value(0.5, "w"), Value(-4.0, "b")
h = (w * 1.5 + b).relu().named("h")
loss = ((h - 1.0) ** 2).named("loss")
loss.backward()
"""
DEAD_AND_FINE = DEAD.replace("loss = ((h", "u = Value(2.0, 'u')\nloss = ((h + u")
DETACHED = """import tracer as torch

w = torch.tensor([[1.0, 2.0]], requires_grad=True)
other = torch.tensor([3.0, 4.0], requires_grad=True)
h = (w * 2).detach()
loss = (h * other).sum()
loss.backward()
"""
LINK = {
    "node", "id", "element", "kind", "from", "edge", "upstream", "local", "contribution", "share", "contributions",
    "value", "grad", "position", "line", "scope",
}  # fmt: skip
ANSWER = {
    "node", "id", "element", "question", "about", "verdict", "asked", "answer", "position", "culprit", "others",
    "more", "share", "factor", "stretch", "start", "contribution", "until", "chain",
}  # fmt: skip


def parsed(text: str) -> dict[str, Any]:
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is not JSON")

    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def test_a_culprit_is_named_and_exits_1(shell: Shell) -> None:
    shell.write("dead.py", DEAD)
    ran = shell("why", "dead.py", "w")
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[0] == "Why is ∂loss/∂w zero?"
    assert lines[1].startswith("The gate h = relu(v4) is closed (line 4)")
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "✗", "4"]
    assert lines[4].endswith("from h = relu(v4):  -2 · 0 = 0   closed gate")


def test_an_ordinary_gradient_exits_0(shell: Shell) -> None:
    ran = shell("why", "(x + 2)(x - 1)", "x", "x=3")
    assert ran.code == 0
    assert ran.out.startswith("Where did ∂y/∂x come from?\n")
    assert "from v4 = x − 1:  5 · 1 = 5   71 % of 2 contributions" in ran.out


def test_json_is_one_object_with_the_chain(shell: Shell) -> None:
    """Every key of the help is there, in JSON that holds no NaN."""
    ran = shell("why", "log(x) * 0", "x", "x=0", "--json")
    assert ran.code == 1
    found = parsed(ran.out)
    assert set(found) == ANSWER
    assert all(set(link) == LINK for link in found["chain"])
    assert found["question"] == "nan"
    assert (found["verdict"], found["culprit"]["line"]["line"]) == ("log of zero", 2)
    assert set(found["asked"]) == set(found["answer"]) == {"en", "ja"}


@pytest.mark.parametrize(("program", "code", "words"), [(DEAD, 1, "∂loss/∂w"), (DETACHED, 1, "Why has w no gradient?")])
def test_without_a_node_the_worst_is_explained(shell: Shell, program: str, code: int, words: str) -> None:
    shell.write("program.py", program)
    ran = shell("why", "program.py")
    assert ran.code == code
    assert words in ran.out


def test_without_a_node_and_without_trouble_nothing_is_wrong(shell: Shell) -> None:
    ran = shell("why", "(x + 2)(x - 1)", "x=3")
    assert (ran.code, ran.out.split(":")[0]) == (0, "Nothing is wrong")
    found = parsed(shell("why", "(x + 2)(x - 1)", "x=3", "--json").out)
    assert found == {"node": None, "question": None, "verdict": "ordinary", "culprit": None, "chain": []}


def test_a_dead_neuron_beside_a_living_one_is_found_by_its_parameter(shell: Shell) -> None:
    """w receives nothing, u does: the trouble is w's."""
    shell.write("two.py", DEAD_AND_FINE)
    assert shell("why", "two.py", "u").code == 0
    assert parsed(shell("why", "two.py", "--json").out)["node"] == "w"


def test_an_element_of_a_tensor_is_a_node_too(shell: Shell) -> None:
    shell.write("cut.py", DETACHED)
    found = parsed(shell("why", "cut.py", "w[0, 1]", "--json").out)
    assert (found["node"], found["element"], found["verdict"]) == ("w[0, 1]", 1, "detached")
    assert found["culprit"]["node"] == "h"


def test_at_a_position_only_what_is_known_there_is_said(shell: Shell) -> None:
    """Before the gradient has come it is not known yet: no culprit, and where it will be."""
    shell.write("dead.py", DEAD)
    ran = shell("why", "dead.py", "w", "--at", "4", "--json")
    found = parsed(ran.out)
    assert (ran.code, found["verdict"], found["culprit"]) == (0, "not yet", None)
    assert parsed(shell("why", "dead.py", "w", "--at", found["until"], "--json").out)["verdict"] == "closed gate"


def test_it_speaks_japanese(shell: Shell) -> None:
    shell.write("dead.py", DEAD)
    ran = shell("why", "dead.py", "w", "--lang", "ja")
    assert ran.out.splitlines()[0] == "∂loss/∂w はなぜ 0 なのか"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("6.3", "nobody"), "no node is called 'nobody'"),
        (("6.3", "x", "--question", "big"), "--question big: it must be one of zero, nan, inf, huge"),
        (("6.3", "--question", "zero"), "--question zero: of which node?"),
        (("6.3", "x", "--at", "10000"), "--at 10000"),
        (("6.3", "x[0]"), "x has the shape ()"),
        (("nothing.trace", "x"), "nothing.trace"),
    ],
)
def test_what_was_wrong_is_told_in_one_message(shell: Shell, words: tuple[str, ...], told: str) -> None:
    assert told in shell.refused("why", *words)
