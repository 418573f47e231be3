"""Whatever is typed or opened: one clear line on stderr, exit code 2, nothing lost, no traceback of ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.shell import Shell
from tracer.cli.steps import records
from tracer.errors import FileFormatError
from tracer.explain.proof import check_trace
from tracer.lessons.runner import open_thing

COMMANDS = [["open"], ["steps"], ["check"], ["record", "-o", "out.trace"], ["export", "-o", "out.svg"]]


CANNOT_RUN = [
    (["silent.py"], "made no Value"),
    (["broken.py"], "is not Python"),
    (["early.py"], "raised before it made a Value"),
]


@pytest.mark.parametrize(("thing", "says"), CANNOT_RUN, ids=lambda thing: thing[0] if isinstance(thing, list) else "")
def test_a_program_that_computes_nothing_is_one_message(shell: Shell, thing: list[str], says: str) -> None:
    shell.write("silent.py", "print(1)")
    shell.write("broken.py", "x = (")
    shell.write("early.py", "1 / 0")
    assert says in shell.refused("record", *thing, "-o", "out.trace")
    assert not (shell.folder / "out.trace").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (["grpah"], "Did you mean 'graph'"),
        (["x * w"], "no value is given for 'x', 'w'"),
        (["sin(x)", "x=1"], "there is no function 'sin'"),
        (["x.real", "x=1"], "'.' has no meaning"),
        (["x[0]", "x=1"], "'[' has no meaning"),
        (["__import__('os')", "x=1"], "there is no function '__import__'"),
        (["lambda: x", "x=1"], "'lambda' cannot be a name"),
        (["(x := 3)", "x=1"], "':' has no meaning"),
        (["f'{x}'", "x=1"], "has no meaning"),
        (["(" * 5000 + "x" + ")" * 5000, "x=1"], "more than 200 parentheses"),
        (["x", "x=one"], "'one' is not a number"),
        (["x", "x"], "gives no value to a name"),
        (["x", "x=1", "y=2"], "y=2: there is no y in 'x'"),
        (["xx", "x=3"], "xx is one name. To multiply, write x * x."),
        (["none.py"], "none.py: no such file"),
        (["notes.rst"], "does not open files of this kind"),
        (["latin.py"], "is not text in UTF-8"),
        (["."], "folder"),
        (["cut.trace"], "cut.trace: "),
        ([""], "the expression is empty"),
    ],
    ids=lambda thing: thing[0][:12] if isinstance(thing, list) else "",
)
def test_what_cannot_be_opened_is_one_message_in_every_command(
    shell: Shell, command: list[str], thing: list[str], says: str
) -> None:
    shell.write("notes.rst", "notes")
    (shell.folder / "latin.py").write_bytes(b"x = '\xe9'")
    (shell.folder / "cut.trace").write_bytes(GOOD[: len(GOOD) // 2])
    before = {path: path.read_bytes() for path in shell.folder.iterdir() if path.is_file()}
    assert says in shell.refused(command[0], *thing, *command[1:])
    assert {path: path.read_bytes() for path in shell.folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["open", "none.py"], "none.py: ファイルが見つかりません。"),
        (["check", "grpah"], "もしかして 'graph'"),
        (["steps", "x * w"], '値を付けてください: tracer steps "x * w" x=3 w=2'),
        (["check", "sin(x)", "x=1"], "関数 'sin' はありません。"),
        (["check", "x", "x=1", "y=2"], "式 'x' に y という名前はありません。"),
        (["open", "x*x", "x=3", "--at", "foo"], "位置は 0 から 11 まで"),
        (["open", "6.33"], "6.33 節のレッスンはありません。"),
        (["record", "x*x", "x=3", "-o", "no/run.trace"], "フォルダがありません。"),
        (["open", "silent.py"], "silent.py は Value を一つも作らなかった"),
        (["open", "early.py"], "early.py は Value を作る前に例外で終わりました。"),
        (["open", "late.py"], "プログラムが例外 KeyError: 1 で終わりました。"),
        (["open", "bad.trace"], "保存されたトレースとして読めません"),
    ],
    ids=lambda words: " ".join(words[:2]) if isinstance(words, list) else "",
)
def test_the_messages_met_most_come_in_japanese(shell: Shell, words: list[str], says: str) -> None:
    shell.write("silent.py", "print(1)")
    shell.write("early.py", "1 / 0")
    shell.write("late.py", "from tracer import Value\nx = Value(1.0)\nraise KeyError(1)")
    shell.write("bad.trace", "no trace")
    assert says in shell("--lang", "ja", *words).err


@pytest.mark.parametrize("command", ["open", "steps", "check", "record"])
def test_a_command_that_is_offered_is_the_one_that_was_typed(shell: Shell, command: str) -> None:
    assert f'Add it: tracer {command} "x * w" x=3 w=2' in shell.refused(command, "x * w")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("raise ValueError('own words')", 2, "ValueError: own words"),
        ("import sys; sys.exit('own words')", 0, "sys.exit('own words')"),
        ("input()", 2, "no keyboard"),
        ("import os, time; time.sleep(0.5); os._exit(3)", 2, "died (exit code 3)"),
        ("z = y\nwhile True: z = z + 1", 2, "node limit (5,000)"),
        ("def f(v): return f(v + 1)\nf(x)", 2, "RecursionError"),
    ],
)
def test_what_a_program_computed_before_it_went_wrong_is_shown(shell: Shell, text: str, code: int, says: str) -> None:
    """Its own lines, and no frame of ours."""
    shell.write("prog.py", f"from tracer import Value\nx = Value(2.0)\ny = x * x\ny.backward()\n{text}\n")
    ran = shell("steps", "prog.py", "--nodes", "5000")
    assert ran.code == code
    assert says in ran.err
    assert "tracer/core" not in ran.err
    assert "lessons/child" not in ran.err
    assert "y = x × x" in ran.out


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (["1 / x", "x=0"], "divides by zero"),
        (["log(x)", "x=-2"], "no real logarithm"),
        (["exp(x) * 2", "x=1000"], "exp(1000) gives inf"),
        (["x * 2", "x=nan"], "x is nan from the start"),
        (["exp(x) - exp(x)", "x=1000"], "exp(1000) gives inf"),
    ],
)
def test_the_first_number_that_is_not_finite_is_named_and_explained(shell: Shell, thing: list[str], says: str) -> None:
    for command in ("steps", "check"):
        ran = shell(command, *thing)
        assert ran.code == 0
        assert says in ran.out.partition("The first number that is not finite: ")[2]


# Files


def _good() -> bytes:
    from tracer.trace.store import to_bytes

    return to_bytes(open_thing("tanh(w*x + b)", {"w": 1.0, "x": 2.0, "b": 3.0}).trace.columns)


GOOD = _good()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_trace_walks_or_is_refused_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    """All that the commands do with it, not only reading."""
    bad = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "bad.trace"
    path.write_bytes(bytes(bad))
    refusal = None
    try:
        thing = open_thing(str(path))
    except FileFormatError as error:
        refusal = str(error)
    if refusal is not None:
        assert "\n" not in refusal
        return
    walked = list(records(thing, "edge"))
    assert len(walked) == walked[0]["steps"] + 1
    check_trace(thing.trace)
    thing.command(0)


@pytest.mark.deep
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_many_mutated_traces_walk_or_are_refused(tmp_path: Path, data: st.DataObject) -> None:
    test_a_mutated_trace_walks_or_is_refused_in_one_line.hypothesis.inner_test(tmp_path, data)  # type: ignore[attr-defined]


def test_a_name_in_a_file_cannot_act_on_the_terminal(shell: Shell) -> None:
    shell.write(
        "prog.py",
        "from tracer import Value\nx = Value(1.0, name='\\x1b]0;owned\\x07[red]x[/red]')\ny = x * 2\ny.backward()\n",
    )
    shell("record", "prog.py", "-o", "run.trace")
    for command in (["steps"], ["check"], ["steps", "--json"]):
        ran = shell(command[0], "run.trace", *command[1:])
        assert ran.code == 0
        assert "\x1b" not in ran.out + ran.err
        assert "\x07" not in ran.out + ran.err
        assert "[red]x[/red]" in ran.out


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's special files")


@linux
@pytest.mark.parametrize("out", ["/dev/full", "/proc/tracer.trace", "/sys/tracer.trace", "/no/such/folder/run.trace"])
@pytest.mark.parametrize("command", ["record", "export"])
def test_an_output_that_cannot_be_written_is_told(shell: Shell, command: str, out: str) -> None:
    """Full, read-only even for root, or not there."""
    words = ["--format", "svg"] if command == "export" else []
    assert f"{out}: not written: " in shell.refused(command, "x*x", "x=3", "-o", out, *words)


@linux
@pytest.mark.parametrize("command", ["record", "export"])
def test_a_folder_that_takes_no_file_is_not_called_missing(shell: Shell, command: str) -> None:
    shell.write("prog.py", "open('ran', 'w')\nfrom tracer import Value\nx = Value(1.0)\n")
    words = ["--format", "svg"] if command == "export" else []
    assert "/proc is there, but" in shell.refused(command, "prog.py", "-o", "/proc/version", *words)
    assert not (shell.folder / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(shell: Shell) -> None:
    folder = shell.folder / "locked"
    folder.mkdir(mode=0o500)
    assert "permission denied" in shell.refused("record", "x*x", "x=3", "-o", folder / "run.trace")


def test_a_file_that_stands_where_a_folder_should_is_told(shell: Shell) -> None:
    shell.write("file", "")
    assert "not written" in shell.refused("record", "x*x", "x=3", "-o", "file/run.trace")


def test_an_output_name_too_long_is_told(shell: Shell) -> None:
    assert "the name is too long" in shell.refused("record", "x*x", "x=3", "-o", "a" * 300)


@pytest.mark.parametrize("fails", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("command", ["record", "export"])
def test_a_save_that_is_cut_off_leaves_the_old_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str, fails: BaseException
) -> None:
    """At the last moment before the new file takes the old one's place; nothing else stays behind."""
    shell(command, "x*x", "x=3", "-o", "out.svg")
    before = (shell.folder / "out.svg").read_bytes()
    present = sorted(shell.folder.iterdir())

    def fail(handle: int) -> None:
        raise fails

    monkeypatch.setattr(os, "fsync", fail)
    assert shell(command, "x*x*x", "x=3", "-o", "out.svg").code == (130 if isinstance(fails, KeyboardInterrupt) else 2)
    assert (shell.folder / "out.svg").read_bytes() == before
    assert sorted(shell.folder.iterdir()) == present
