"""What `tracer open --find --break --watch` is told wrong, it says before it opens anything."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.deep  # driven by keys, which is slow; short tests of the parts stand beside theirs


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [("--find", "x)", "never opened"), ("--break", "opp == 3", "Did you mean"), ("--watch", "max of relu", "expected")],
)
def test_a_mistake_is_pointed_at_and_nothing_is_run(shell: Shell, option: str, text: str, words: str) -> None:
    ran = shell("open", "no_such_program.py", option, text)
    assert ran.code == 2
    assert words in ran.err
    assert "^" in ran.err
    assert "no_such_program" not in ran.err
