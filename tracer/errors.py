"""Every error raised on purpose.

TracerError                 what a user can act on; printed without a traceback, exit code 2
├── ExpressionError         an expression the grammar refuses
├── NotFoundError           no such lesson, node, position, file
├── FileFormatError         a file that is truncated, newer, mutated or hostile
├── LessonError             a lesson's TOML or stops
├── ProgramError            a user's program that could not be started or recorded nothing
├── ExportError             an image or DOT file that could not be made
├── GraphError              a graph used in a way its rules forbid
├── ShapeError              shapes that do not fit an op
├── DtypeError              a dtype that does not fit
│   └── UnsupportedDtypeError  a dtype that an op does not take at all
├── AxisError               a `dim` that the tensor does not have
├── IndexingError           an index outside the tensor, or of a kind no index can be
│   └── PlaceError          a place listed in a tensor that is outside the axis
├── ArgumentError           an argument whose value is out of range
│   └── OptionError         the same where PyTorch raises RuntimeError
├── ArgumentTypeError       an argument of the wrong type
├── BackendError            a device that is not there
├── StateError              saved parameters that do not fit a module or an optimizer
├── GradcheckError          a gradient that finite differences contradict (exit code 1)
└── MismatchError           a run that differs from a golden one (exit code 1)

Those that a tensor program can meet are also the built-in error that PyTorch raises in the same place, so that a
program's own `except RuntimeError:` goes on working.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class TracerError(Exception):
    """What was got, which rule it broke, where in the user's file, what to do.

    Args:
        message: one line a user can act on.
        where: `file:line` in the user's own file, if known.
        hint: what to do about it.
        ja, hint_ja: the same in Japanese, where there are words for it.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        ja: str | None = None,
        hint_ja: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.where, self.hint = message, where, hint
        self.ja, self.hint_ja = ja, hint_ja

    def __str__(self) -> str:
        lines = [self.message]
        if self.hint:
            lines.append(f"  {self.hint}")
        if self.where:
            lines.append(f"  at {self.where}")
        return "\n".join(lines)

    def told(self, lang: str) -> str:
        """The message in a language; in English what has no Japanese words."""
        if lang != "ja" or self.ja is None:
            return str(self)
        hint = self.hint_ja or _near_ja(self.hint)
        return "\n".join(
            [self.ja, *([f"  {hint}"] if hint else []), *([f"  場所: {self.where}"] if self.where else [])]
        )


class ExpressionError(TracerError):
    """An expression the grammar refuses."""


class NotFoundError(TracerError, KeyError):
    """No such lesson, node, position or file."""

    __str__ = TracerError.__str__  # KeyError would print the message's repr


class FileFormatError(TracerError):
    """A file that is truncated, newer, mutated or hostile."""


class LessonError(TracerError):
    """A lesson's TOML or its stops."""


class ProgramError(TracerError):
    """A user's program that could not be started or recorded nothing."""


class ExportError(TracerError):
    """An image or DOT file that could not be made."""


class GraphError(TracerError, RuntimeError):
    """A graph used in a way its rules forbid."""


class ShapeError(TracerError, RuntimeError):
    """Shapes that do not fit an op."""


class DtypeError(TracerError, RuntimeError):
    """A dtype that does not fit: another was expected, or another is already there."""


class UnsupportedDtypeError(DtypeError, NotImplementedError):
    """A dtype that an op does not take at all, where PyTorch raises NotImplementedError."""


class AxisError(TracerError, IndexError):
    """A `dim` that the tensor does not have."""


class IndexingError(TracerError, IndexError):
    """An index outside the tensor, or of a kind no index can be."""


class PlaceError(IndexingError, RuntimeError):
    """A place listed in a tensor that is outside the axis. PyTorch raises an IndexError or a RuntimeError, by the way
    it takes; this is both."""


class ArgumentError(TracerError, ValueError):
    """An argument whose value is out of range."""


class OptionError(ArgumentError, RuntimeError):
    """An argument whose value is out of range, where PyTorch raises RuntimeError and not ValueError."""


class ArgumentTypeError(TracerError, TypeError):
    """An argument of the wrong type."""


class BackendError(TracerError, RuntimeError):
    """A device that is not there, or an array library that is not installed."""


class StateError(TracerError, RuntimeError):
    """Saved parameters that do not fit a module or an optimizer."""


class GradcheckError(TracerError):
    """A gradient that finite differences contradict."""

    exit_code = 1


class MismatchError(TracerError, AssertionError):
    """A run that differs from the golden one it was compared with."""

    exit_code = 1


def _near_ja(hint: str | None) -> str | None:
    """`もしかして 'expect' ですか？` for what `did_you_mean` says; any other hint as it is."""
    near = re.fullmatch(r"Did you mean (.+)\?", hint or "")
    return hint if near is None else f"もしかして {near[1].replace(' or ', '、')} ですか？"


SLIP = 0.85
"""How near a name must be to be taken for the one that was meant, with a slip of the finger."""


def did_you_mean(got: str, known: Iterable[str]) -> str | None:
    """`Did you mean 'expect'?`, or None when nothing is near. What is far less near than the best is not offered."""
    near = difflib.get_close_matches(got, list(known), n=3, cutoff=0.5)
    if not near:
        return None
    nearness = [difflib.SequenceMatcher(None, name, got).ratio() for name in near]
    if nearness[0] > SLIP:
        near = [name for name, how in zip(near, nearness, strict=True) if how > nearness[0] - 0.1]
    return f"Did you mean {' or '.join(repr(n) for n in near)}?"
