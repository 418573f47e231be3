"""What of a block runs: without prompts, printed lines and notebook commands, on the same lines."""

from __future__ import annotations

import pytest

from tracer.lessons.documents.session import other_language, runnable

SAME = ["x = 1\n", "", "x = (7\n% 3)\n", "s = '''\n%time\n!ls\n'''\n", "if x:\n    y = 1\n", "x = 1"]


@pytest.mark.parametrize("text", SAME)
def test_plain_python_is_left_as_it_is(text: str) -> None:
    """Also where a line begins with % inside parentheses or a string."""
    assert runnable(text, "a.md", 1) == (text, ())


SESSIONS = {
    ">>>": (">>> x = 1\n>>> if x:\n...     x + 1\n...\n2\n>>> x\n1\n", "x = 1\nif x:\n    x + 1\n\n\nx\n\n"),
    "In": ("In [1]: for i in x:\n   ...:     i\n   ...:\nOut[1]: 2\n\nIn [2]: i\n", "for i in x:\n    i\n\n\n\ni\n"),
    "indented": ("    >>> x\n    1\n", "x\n\n"),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_of_a_session_what_was_typed_runs(name: str) -> None:
    """Every line keeps its place."""
    text, code = SESSIONS[name]
    assert runnable(text, "a.md", 1)[0] == code
    assert text.count("\n") == code.count("\n")


def test_code_cut_out_of_a_body_is_moved_to_the_left() -> None:
    assert runnable("    x = 1\n    if x:\n        y\n", "a.md", 1)[0] == "x = 1\nif x:\n    y\n"


def test_notebook_commands_are_left_out_and_told() -> None:
    """Each with its line; inside a body a `pass` takes its place."""
    text = "%matplotlib inline\n!pip install torch\nif x:\n    !ls\nfiles = !ls\ntorch.relu?\n?torch\nx = 1\n"
    code, omitted = runnable(text, "a.md", 10)
    assert code == "\n\nif x:\n    pass\n\n\n\nx = 1\n"
    assert [problem.line for problem in omitted] == [10, 11, 13, 14, 15, 16]
    assert str(omitted[1]) == "a.md:11: a notebook command, not Python; it is left out: !pip install torch"


def test_a_cell_in_another_language_says_so() -> None:
    assert [other_language(text) for text in ("%%bash\nls", "\n%%html\n", "%%time\nx = 1", "x %% y", "")] == [
        "bash", "html", "", "", "",
    ]  # fmt: skip
    assert runnable("%%time\nx = 1\n", "a.md", 1)[0] == "\nx = 1\n"
