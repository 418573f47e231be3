"""`--unfold` on the command line: a tensor's scalars in the text, the checks and the pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import tracer
from tests.cli.shell import Shell
from tracer.lessons.runner import open_thing
from tracer.lessons.unfolded import unfold_thing, with_unfolding
from tracer.trace.unfolding import Unfolding

pytestmark = pytest.mark.deep  # starts many processes, which is slow

PROGRAM = """
import tracer as torch
x = torch.tensor([[1.0, -2.0]])
W = torch.tensor([[0.5, -0.3], [-0.25, -2.0]], requires_grad=True)
z = x @ W
p = torch.softmax(torch.relu(z), dim=-1)
L = -torch.log(p[0, 0])
L.backward()
"""


@pytest.fixture
def program(shell: Shell) -> Shell:
    shell.write("prog.py", PROGRAM)
    return shell


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same program's trace in a file: to open it runs nothing."""
    path = tmp_path_factory.mktemp("saved") / "run.trace"
    with tracer.record() as rec:
        x = tracer.tensor([[1.0, -2.0]])
        W = tracer.tensor([[0.5, -0.3], [-0.25, -2.0]], requires_grad=True)
        z = x @ W
        p = tracer.softmax(tracer.relu(z), dim=-1)
        L = -tracer.log(p[0, 0])
        L.backward()
    rec.trace.save(path)
    return path


def test_steps_go_through_the_scalars_of_one_element(shell: Shell, saved: Path) -> None:
    ran = shell("steps", saved, "--unfold", "z[0, 1]")
    assert (ran.code, ran.err) == (0, "")
    assert "W[1, 1] is one number of W, taken out so that it can be followed by itself." in ran.out
    assert "z[0, 1] = v2.3 + v2.6" in ran.out
    assert "FORWARD  z = v2.8 ← z[0, 1]" in ran.out
    assert "contribution = (∂L/∂z)[0, 1]" in ran.out
    assert "W.grad[1, 1] += contribution" in ran.out
    japanese = shell("steps", saved, "--unfold", "z[0, 1]", "--lang", "ja").out
    assert "W[1, 1] は W の要素を一つだけ取り出したものです" in japanese
    assert "∂L/∂W[1, 1] を [1, 1] の位置に（ほかは 0）" in japanese


def test_json_has_the_nodes_of_the_unfolded_trace(shell: Shell, saved: Path) -> None:
    plain = [json.loads(line) for line in shell("steps", saved, "--json").out.splitlines()]
    lines = [json.loads(line) for line in shell("steps", saved, "--json", "--unfold", "p").out.splitlines()]
    assert lines[0]["nodes"] > plain[0]["nodes"]
    assert lines[0]["steps"] == len(lines) - 1
    assert (plain[0]["unfolded"], lines[0]["unfolded"]) == ([], ["p"])
    last = next(line for line in lines if (line.get("node") or {}).get("label") == "p")
    assert last["node"]["op"] == "div"
    assert last["value"] == next(one for one in plain if (one.get("node") or {}).get("label") == "p")["value"]


def test_every_check_inside_and_outside_passes(shell: Shell, saved: Path) -> None:
    ran = shell("check", saved, "--unfold", "z", "--unfold", "p")
    assert (ran.code, ran.err) == (0, "")
    assert "✓ W[1, 1]  ∂L/∂W[1, 1]: nudging it shows the same" in ran.out
    assert "✗" not in ran.out
    assert "Nothing is wrong." in ran.out


def test_what_came_in_can_be_unfolded_in_turn(shell: Shell, saved: Path) -> None:
    """The softmax's division, one element of it; the names are those that the first one shows."""
    ran = shell("steps", saved, "--unfold", "p", "--unfold", "p[0, 1]")
    assert ran.code == 0
    assert "p[0, 1] = v4.4[0, 1] / v4.5[0, 0]" in ran.out


def test_a_picture_shows_the_scalars(shell: Shell, saved: Path) -> None:
    """A box for every number: four elements, two products and their sum; and one for the product as it was."""
    boxes = []
    for name, options in (("plain.dot", ()), ("graph.dot", ("--unfold", "z[0, 1]"))):
        assert shell("export", saved, "-o", name, *options).code == 0
        boxes.append(set(re.findall(r"\bn\d+ \[", (shell.folder / name).read_text(encoding="utf-8"))))
    assert len(boxes[1]) - len(boxes[0]) == 8


def test_without_a_terminal_open_prints_the_scalars(program: Shell) -> None:
    ran = program("open", "prog.py", "--unfold", "z[0, 0]", "--at", "end")
    assert (ran.code, ran.err) == (0, "")
    assert "z[0, 0] = v2.3 + v2.6" in ran.out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Z", "unfold: no node is called 'Z'"),
        ("W", "unfold: W is a leaf"),
        ("z[0, 9]", "along axis 1 the places are 0 to 1"),
        ("z[0, 0, 0]", "z has the shape (1, 2), 2 axes, and this index has 3"),
        ("", "unfold: no node is called ''"),
        ("[b]z[/b]", "unfold: no node is called '[b]z[/b]'"),
    ],
)
@pytest.mark.parametrize("command", ["steps", "check", "open"])
def test_what_cannot_be_unfolded_is_one_message(shell: Shell, saved: Path, command: str, typed: str, said: str) -> None:
    message = shell.refused(command, saved, "--unfold", typed)
    assert said in message
    if "places" not in said and "shape" not in said:
        assert "What can be unfolded here: z, " in message


def test_a_program_of_numbers_has_nothing_to_unfold(program: Shell) -> None:
    message = program.refused("steps", "(x + 2) * 3", "x=1", "--unfold", "x")
    assert "There is nothing to unfold in this trace." in message
    assert "展開できるものがありません" in program.refused("steps", "x * 3", "x=1", "--unfold", "x", "--lang", "ja")


def test_the_command_that_opens_it_again_is_whole(program: Shell) -> None:
    thing = unfold_thing(open_thing("prog.py", {"W[0, 1]": 0.75}), ["z[0]", "p"])
    assert thing.command(7) == "tracer open prog.py 'W[0, 1]=0.75' --unfold 'z[0]' --unfold p --at 7"
    again = unfold_thing(open_thing("prog.py"), ["z[0]", "p"])
    assert again.command() == "tracer open prog.py --unfold 'z[0]' --unfold p"


def test_run_again_it_is_unfolded_again(program: Shell) -> None:
    """With another number in a leaf, in the trace that the edited program leaves."""
    thing = unfold_thing(open_thing("prog.py"), ["z[0, 1]"])
    W = int(thing.trace.find("W"))
    other = thing.rerun({thing.trace.leaf_key(W): {1: 5.0}})
    assert float(other.trace.value(int(other.trace.find("W[0, 1]")))) == 5.0
    assert other.unfolding is not None
    assert other.unfolding.names == ("z[0, 1]",)
    assert other.folded is not None
    assert other.folded.trace.n_nodes == open_thing("prog.py").trace.n_nodes
    back = with_unfolding(other, other.unfolding.fold())
    assert back is other.folded
    assert with_unfolding(back, Unfolding(back.trace)) is back
