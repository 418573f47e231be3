"""Each command does what its help says, on stdout what is data, on stderr what is talk."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tracer import __version__
from tracer.__main__ import main
from tracer.cli import commands, walking
from tracer.cli.listing import completions
from tracer.cli.naming import Wish
from tracer.lessons.content import catalogue

COMMANDS = ("open", "list", "record", "steps", "check", "export", "doctor")
PROGRAM = """\
from tracer import Value
a, b = Value(2.0, name="a"), Value(3.0, name="b")
d = (a * b + a).named("d")
d.backward()
print("made", d.data)
"""


# Help, version, mistakes in the words themselves


@pytest.mark.parametrize(
    "words", [["6.3"], ["x + y", "x=3", "y=-1"], ["prog.py", "a=2"], ["-x^2", "x=1"], ["", "open"]]
)
def test_words_without_options_mean_what_the_parser_takes_them_for(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """They do not wait for it."""
    walk, asked = inspect.signature(walking.walk), []

    def note(*args: object, **options: object) -> int:
        bound = walk.bind(*args, **options)
        bound.apply_defaults()
        given = bound.arguments
        given |= {"wish": given["wish"] or Wish(), "seeking": given["seeking"] or walking.Seeking()}
        asked.append(given | {"values": list(given["values"]), "unfold": list(given["unfold"])})
        return 0

    monkeypatch.setattr(walking, "walk", note)
    assert main(["open", *words]) == commands.run(["open", *words]) == 0
    assert asked[0] == asked[1]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(shell: Shell, command: str, option: str) -> None:
    ran = shell(command, option)
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: tracer {command}" in ran.out
    assert not re.search(r"│|╭|\x1b", ran.out), "plain text: it is read in pipes and by screen readers"


def test_help_names_every_command_and_says_what_runs(shell: Shell) -> None:
    out = shell("--help").out
    assert all(re.search(rf"^  {command}  ", out, re.MULTILINE) for command in COMMANDS)
    assert "Opening a program runs it" in out


def test_the_version(shell: Shell) -> None:
    assert shell("--version").out == f"gradient-tracer {__version__}\n"
    assert shell("--lang", "en", "--version").out == f"gradient-tracer {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["opne", "6.3"], "Did you mean 'open'?"),
        (["open"], "Missing argument 'THING'"),
        (["open", "x", "--speed", "3"], "No such option: --speed"),
        (["steps", "x", "x=1", "--by", "leap"], "'leap' is not one of 'part', 'edge', 'node', 'scope', 'pass'"),
        (["export", "x", "x=1"], "Missing option '-o'"),
        (["open", "x", "x=1", "--nodes", "0"], "Invalid value for '--nodes'"),
        (["open", "x", "x=1", "--lang", "fr"], "'fr' is not one of 'en', 'ja'"),
        (["export", "x", "x=1", "-o", "a.svg", "--style", "fancy"], "'fancy' is not one of"),
        (["list", "extra"], "extra"),
    ],
)
def test_a_mistyped_command_is_told_in_one_message(shell: Shell, words: list[str], says: str) -> None:
    message = shell.refused(*words)
    assert says in message
    assert "--help explains." in message
    assert "Value error" not in message


# list


def test_list_as_json_has_the_documented_shape(shell: Shell) -> None:
    ran = shell("list", "--json")
    assert (ran.code, ran.err) == (0, "")
    listed = json.loads(ran.out)
    assert list(listed) == ["lessons", "models", "data", "documents", "experiments"]
    common = {"name", "kind", "title", "title_ja", "path"}
    for key, kind, more in (
        ("lessons", "lesson", {"group", "section", "minutes"}),
        ("documents", "document", {"group"}),
        ("models", "model", set()),
        ("data", "data", {"holds"}),
        ("experiments", "experiment", {"question", "question_ja", "variants", "steps", "seconds"}),
    ):
        assert listed[key]
        for thing in listed[key]:
            assert set(thing) == common | more
            assert thing["kind"] == kind
            assert thing["title"]
            assert thing["title_ja"]
            assert Path(thing["path"]).is_file()
    assert [one["name"] for one in listed["lessons"]] == [one.name for one in catalogue().lessons]


def test_every_key_that_list_prints_is_in_its_help(shell: Shell) -> None:
    shown = shell("list", "--help").out
    for things in json.loads(shell("list", "--json").out).values():
        assert all(f'"{key}"' in shown for key in things[0])


def test_list_reads_in_both_languages(shell: Shell) -> None:
    lesson = catalogue().lessons[0]
    for lang in ("en", "ja"):
        for ran in (shell("list", "--lang", lang), shell("--lang", lang, "list"), shell("--lang", lang)):
            assert f"{lesson.name} " in ran.out
            assert lesson.title["ja" if lang == "ja" else "en"] in ran.out


def test_a_lesson_that_cannot_be_read_is_told_and_the_others_are_listed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracer.errors import LessonError
    from tracer.lessons.content import Catalogue

    found = catalogue()
    broken = Catalogue(found.root, found.groups, found.models, found.data, (LessonError("09_x.toml: no title."),))
    monkeypatch.setattr("tracer.cli.listing.catalogue", lambda: broken)
    ran = shell("list")
    assert (ran.code, ran.err) == (1, "tracer: 09_x.toml: no title.\n")
    assert catalogue().lessons[-1].name in ran.out


def test_completion_offers_lessons_and_files_that_open(shell: Shell) -> None:
    shell.write("start_mine.py", "")
    shell.write("start.txt", "")
    (shell.folder / "stairs").mkdir()
    offered = completions("sta")
    assert {"start/01_multiply", "start_mine.py", "stairs/"} <= set(offered)
    assert "start.txt" not in offered
    assert completions("no/such/folder") == []


def test_a_shell_can_complete(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert "_TRACER_COMPLETE" in shell("--show-completion", "bash").out
    monkeypatch.setenv("_TRACER_COMPLETE", "complete_bash")
    for line, offered in (("tracer open start/01", "start/01_multiply"), ("tracer re", "record")):
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        assert offered in shell().out.split()


# open, without a terminal


def test_open_without_a_terminal_prints_the_walk(shell: Shell) -> None:
    ran = shell("open", "(x + 2) * (x - 1)", "x=3")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("y = (x + 2) * (x - 1)\n6 nodes, 11 steps\n")
    assert ran.out.endswith("At the end:\nx = 3   ∂ 7\ny = 10   ∂ 1\n")


def test_bare_tracer_without_a_terminal_prints_the_list(shell: Shell) -> None:
    assert shell().out == shell("list").out


def test_a_leading_minus_is_no_option(shell: Shell) -> None:
    assert "x = -3   ∂ 6" in shell("open", "-x^2", "x=-3").out
    assert "o = 3   ∂ -2" in shell("steps", "-o*2", "o=3").out
    assert shell("record", "-x", "x=1", "-oout.trace").code == 0
    assert (shell.folder / "out.trace").exists()


def test_a_file_whose_name_begins_with_a_minus_opens(shell: Shell) -> None:
    shell.write("-p q.py", PROGRAM)
    for words in (["check", "--", "-p q.py"], ["check", "-p q.py"], ["check", "./-p q.py"]):
        ran = shell(*words)
        assert (ran.code, ran.err) == (0, ""), words
        assert "Nothing is wrong" in ran.out
    assert shell("check", "--", "-x^2", "x=3").code == 0


def test_a_name_of_several_lessons_says_which_else_it_means(shell: Shell) -> None:
    ran = shell("check", "３.4")
    assert (ran.code, ran.err) == (0, "tracer: also: microgpt/10_assign\n")
    assert "ほかに: microgpt/10_assign" in shell("check", "microgpt/3.4", "--lang", "ja").err
    for name in ("microgpt/09_add_up", "6.3", "x*x"):
        assert shell("check", name, *(["x=3"] if "*" in name else [])).err == ""


def test_a_lesson_says_its_words_where_it_stops(shell: Shell) -> None:
    lesson = catalogue().lessons[0]
    ran = shell("open", lesson.name, "--lang", "ja")
    assert lesson.title.ja in ran.out
    assert lesson.intro.ja in ran.out
    assert ran.out.count("» ") == len(lesson.stops)


def test_a_programs_own_output_goes_to_stderr(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM + "print('\\x1b[2J\\x07clear')\n")
    ran = shell("open", "prog.py")
    assert ran.err == "made 8.0\n\ufffd[2J\ufffdclear\n"
    assert "made 8.0" not in ran.out


@pytest.mark.parametrize(
    ("at", "says"), [("99", "there is no position 99; they run from 0 to 23"), ("soon", "or `end`")]
)
def test_a_position_that_is_none_is_told(shell: Shell, at: str, says: str) -> None:
    assert says in shell.refused("open", "(x + 2) * (x - 1)", "x=3", "--at", at)


@pytest.mark.parametrize("at", ["0", "23", "end", "-1"])
def test_positions_count_from_both_ends(shell: Shell, at: str) -> None:
    assert shell("open", "(x + 2) * (x - 1)", "x=3", "--at", at).code == 0


# record


def test_record_saves_what_open_opens(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    ran = shell("record", "prog.py", "-o", "run.trace")
    assert (ran.code, ran.out) == (0, "")
    walked = shell("steps", "prog.py")
    again = shell("steps", "run.trace")
    assert again.out == walked.out
    assert again.err == "", "the program did not run again"


def test_record_saves_up_to_an_exception_and_says_so(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM + "x = d / 0\nraise ValueError('enough')\n")
    ran = shell("record", "prog.py", "-o", "run.trace")
    assert ran.code == 2
    assert 'File "prog.py", line 7, in <module>' in ran.err
    assert ran.err.count("ValueError: enough") == 2
    opened = shell("steps", "run.trace")
    assert opened.code == 0, "the walk was whole; nothing ran"
    assert opened.err.count("ValueError: enough") == 1, "the trace remembers how its program ended"
    assert shell("check", "run.trace").code == 0
    assert "x = inf" in opened.out


def test_record_refuses_before_it_runs_anything(shell: Shell) -> None:
    shell.write("prog.py", "open('ran', 'w')\n" + PROGRAM)
    assert "the folder does not exist" in shell.refused("record", "prog.py", "-o", "no/where/run.trace")
    assert "it is a folder" in shell.refused("record", "prog.py", "-o", ".")
    assert not (shell.folder / "ran").exists()


@pytest.mark.parametrize(
    ("words", "file"),
    [(["sub/prog.py"], "prog.trace"), (["6.3"], "03_graph.trace"), (["x*x", "x=3"], "expression.trace")],
)
def test_record_without_a_name_for_the_file_says_the_one_it_took(shell: Shell, words: list[str], file: str) -> None:
    (shell.folder / "sub").mkdir()
    shell.write("sub/prog.py", PROGRAM)
    ran = shell("record", *words)
    assert (ran.code, ran.out) == (0, "")
    assert f"tracer: {file}: " in ran.err
    assert shell("check", file).code == 0
    assert "is a saved trace already" in shell.refused("record", file)


def test_record_takes_values_for_leaves(shell: Shell) -> None:
    shell.write("prog.py", PROGRAM)
    shell("record", "prog.py", "a=5", "-o", "run.trace")
    assert "a = 5   ∂ 4" in shell("steps", "run.trace").out


# check


def test_check_tells_every_gradient_and_that_all_is_well(shell: Shell) -> None:
    ran = shell("check", "(x + 2) * (x - 1)", "x=3")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("✓") == 4
    assert "Nothing is wrong." in ran.out
    assert "誤りは見つかりませんでした" in shell("check", "x*x", "x=3", "--lang", "ja").out


@pytest.mark.parametrize("column", ["grads", "value"])
def test_check_finds_one_corrupted_number_in_a_saved_trace(shell: Shell, column: str) -> None:
    from dataclasses import replace

    from tracer import Trace
    from tracer.trace.store import load

    shell.write("prog.py", PROGRAM)
    shell("record", "prog.py", "-o", "run.trace")
    columns = load(shell.folder / "run.trace").columns
    if column == "grads":
        grads = columns.passes[0].grads.copy()
        grads[0] *= 1.001
        columns = replace(columns, passes=(replace(columns.passes[0], grads=grads),))
    else:
        value = columns.value.copy()
        value[-1] *= 1.001
        columns = replace(columns, value=value)
    Trace(columns).save(shell.folder / "run.trace")
    ran = shell("check", "run.trace")
    assert ran.code == 1
    assert ran.err.startswith("tracer: a (node 0)" if column == "grads" else "tracer: d (node 3)")
    assert "✗" in ran.out


def test_check_names_the_first_number_that_is_not_finite(shell: Shell) -> None:
    ran = shell("check", "exp(log(x) + 1) * x", "x=-1")
    assert ran.code == 0
    assert "The first number that is not finite: log(-1) gives nan" in ran.out
    assert "Nothing is wrong in what could be checked; 5 gradients could not be: 5 not finite" in ran.out
    kink = shell("check", "relu(x)", "x=0", "--lang", "ja").out
    assert "確かめられなかった勾配が 1 個あります：折れ目にあるもの 1 個。" in kink


def test_check_of_a_program_without_a_pass_says_what_is_missing(shell: Shell) -> None:
    shell.write("prog.py", "from tracer import Value\ny = Value(1.0) * 2\n")
    assert "Call .backward()" in shell("check", "prog.py").out


@pytest.mark.parametrize(
    ("name", "code"), [("microgpt/07_recursion", 1), ("microgpt/10_assign", 1), ("microgpt/06_order", 0), ("mlp", 0)]
)
def test_check_finds_the_wrong_algorithms_of_the_lessons(shell: Shell, name: str, code: int) -> None:
    assert shell("check", name).code == code


# export


@pytest.mark.parametrize(
    ("name", "starts"), [("g.svg", b"<"), ("g.png", b"\x89PNG"), ("g.pdf", b"%PDF"), ("g.dot", b"digraph")]
)
def test_export_writes_what_the_ending_says(shell: Shell, name: str, starts: bytes) -> None:
    ran = shell("export", "(x + 2)(x - 1)", "x=3", "-o", name)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (shell.folder / name).read_bytes().lstrip()[:20].startswith(starts)


def test_export_takes_the_options_of_a_publication(shell: Shell) -> None:
    words = "--style textbook --width 85mm --digits 3 --mono --no-caption --show gradients --at end --notation textbook"
    ran = shell("export", "(x + 2)(x - 1)", "x=3", "-o", "figure", "--format", "svg", *words.split())
    assert ran.code == 0
    assert 'width="85mm"' in (shell.folder / "figure").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "g.gif"], "is not a format"),
        (["-o", "g"], "no extension"),
        (["-o", "no/where/g.svg"], "the folder does not exist"),
        (["-o", "g.svg", "--width", "wide"], "is not a length"),
        (["-o", "g.svg", "--digits", "0"], "digits must be 1 to 17"),
        (["-o", "g.svg", "--at", "999"], "there is no position 999"),
    ],
)
def test_export_refuses_what_it_cannot_do(shell: Shell, words: list[str], says: str) -> None:
    assert says in shell.refused("export", "x*x", "x=3", *words)
    assert not list(shell.folder.glob("g*"))


def test_export_leaves_nodes_out_when_asked_and_says_so(shell: Shell) -> None:
    ran = shell("export", "+".join("x" * 40), "x=1", "-o", "g.dot", "--limit", "10")
    assert ran.code == 0
    assert ran.err.startswith("tracer: ")
    drawn = (shell.folder / "g.dot").read_text(encoding="utf-8")
    assert drawn.count("->") < 30


# doctor


def test_doctor_says_what_is_here(shell: Shell) -> None:
    ran = shell("doctor")
    assert (ran.code, ran.err) == (0, "")
    for word in ("pygraphviz", "BLAS", "GPU", "TERM", "settings", str(shell.folder / ".settings"), "All is well."):
        assert word in ran.out
    assert "問題ありません。" in shell("doctor", "--lang", "ja").out


def test_doctor_finds_what_is_broken(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.export.render.renderers", lambda: ())
    ran = shell("doctor")
    assert ran.code == 1
    assert "✗ renderers" in ran.out


# Language


def test_words_follow_the_option_then_the_app_then_the_locale(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from tracer.tui.settings import SettingsFile, settings_path

    def language() -> str:
        return "ja" if "最後の値" in shell("steps", "x*x", "x=3").out else "en"

    assert language() == "en"
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert language() == "ja"
    SettingsFile(settings_path()).change(lambda now: replace(now, lang="en"))
    assert language() == "en"
    monkeypatch.setenv("TRACER_LANG", "ja")
    assert language() == "ja"
    assert "最後の値" not in shell("--lang", "en", "steps", "x*x", "x=3").out


def test_settings_that_are_broken_stop_no_command(shell: Shell) -> None:
    (shell.folder / ".settings").mkdir()
    (shell.folder / ".settings" / "settings.json").write_text("[" * 100_000)
    assert shell("steps", "x*x", "x=3").code == 0
