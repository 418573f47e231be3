"""What the command line knows of the terminal, and how it talks: stdout carries data in UTF-8, stderr carries words."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping

from tracer.text import LANGS, Lang


def prepare_streams() -> None:
    """stdout in UTF-8 whatever the locale says; what even that cannot write is escaped, never an error.

    stderr keeps its encoding: it goes to a person's terminal, and the app asks it what the terminal can show.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def silence_stdout() -> None:
    """Let nothing more be written to a stdout that is gone or full, not even at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):  # no stdout at all
        pass


def interactive(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the app can run here: a terminal on every side (Textual draws on stderr), and not a dumb one."""
    if environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    try:
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    except ValueError:  # closed
        return False


def watched() -> bool:
    """Whether a person sees stderr as it comes."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # closed
        return False


def say(words: str) -> None:
    """Words for a person, on stderr. What a terminal would obey is shown instead."""
    with contextlib.suppress(OSError, ValueError):  # nobody to talk to
        print(f"tracer: {plain(words)}", file=sys.stderr, flush=True)


LONGEST = 400
"""Characters of a line that a person is to read; a name may be of any length."""


def line_of(text: str) -> str:
    """`text` on one line, as `plain`; the end of one that nobody would read is cut off."""
    words = plain(text[: LONGEST + 1]).replace("\n", " ").replace("\t", " ")
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def plain(text: str) -> str:
    """`text` without control characters: a program's output or a file's name must not steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def choose_lang(wanted: str | None) -> Lang:
    """The language asked for, else the one chosen in the app, else the locale's."""
    from tracer.tui.settings import SettingsFile, settings_path
    from tracer.tui.terminal import locale_name

    chosen = wanted or os.environ.get("TRACER_LANG") or SettingsFile(settings_path()).now.lang
    if chosen in LANGS:
        return "ja" if chosen == "ja" else "en"
    return "ja" if locale_name().startswith("ja") else "en"
