"""The settings of a program on the command line of `tracer train`: `n_layer=2`, `--n-layer 2`, `--no-residual`.

Which words are settings is known without running the program: whatever is no option of the command itself. What a
program offers is read from its source, so that a misspelt flag is told before anything runs.
"""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.errors import ExpressionError, did_you_mean
from tracer.lessons.given import shorten
from tracer.train.entry import ENTRY, GIVEN, Setting
from tracer.train.own_data import top_level

OF_SAMPLING = ("temperature", "number", "walk")
"""Options of `tracer sample`, which one may look for here."""


@dataclass(frozen=True)
class Words:
    """The words of a command line that are no options of the command."""

    bare: tuple[str, ...]
    """Those that give no value to a name: the model, if it is one."""
    settings: Mapping[str, Setting]
    flags: Mapping[str, str]
    """Setting -> how it was typed, of those typed as `--name`."""


def read_words(words: Sequence[str]) -> Words:
    """Take settings and other words apart.

    `--name VALUE`, `--name=VALUE` and `name=VALUE` say the same; `--name` before another option, or at the end, is on,
    and `--no-name` is off.

    Raises:
        ExpressionError: a name without a value, or one given twice.
    """
    bare: list[str] = []
    found: dict[str, Setting] = {}
    flags: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = unicodedata.normalize("NFKC", rest.pop(0))
        name, equals, value = (part.strip() for part in word.partition("="))
        if word.startswith("--"):
            flag, name = name, name.removeprefix("--")
            if not equals and name.startswith("no-"):
                name, given = name.removeprefix("no-"), "off"
            elif equals:
                given = value
            else:
                given = rest.pop(0) if rest and _is_value(rest[0]) else "on"
            name = name.replace("-", "_")
            flags[name] = flag
        elif equals and name:
            given = value
        else:
            bare.append(word)
            continue
        if name in found:
            raise ExpressionError(
                f"{shorten(name)} is given twice.",
                hint="Leave one out.",
                ja=f"{shorten(name)} が二度指定されています。",
                hint_ja="どちらかを取り除いてください。",
            )
        found[name] = _setting(name, given)
    return Words(tuple(bare), found, flags)


def _is_value(word: str) -> bool:
    """Whether a word may be the value of the flag before it."""
    return not word.startswith("--") and "=" not in word


def _setting(name: str, typed: str) -> Setting:
    """A number where it reads as one, else the word."""
    if not typed:
        raise ExpressionError(
            f"{shorten(name)} is given no value.",
            hint=f"For example: {shorten(name)}=3",
            ja=f"{shorten(name)} に値がありません。",
            hint_ja=f"例: {shorten(name)}=3",
        )
    try:
        return float(typed.replace("−", "-"))  # `-1` arrives so: see `tracer.cli.commands._shield`
    except ValueError:
        return typed


def refuse_unknown_flags(words: Words, program: Path, shown: str, options: Iterable[str]) -> None:
    """Raise where a flag is no setting of the program.

    Settings typed as `name=VALUE` are left to the program's entry, which knows them for certain.

    Args:
        options: the command's own, which may have been meant.

    Raises:
        ExpressionError: it is none; the nearest is offered.
    """
    offered = settings_offered(program)
    if offered is None:
        return
    for name, flag in words.flags.items():
        if name in offered:
            continue
        theirs = [f"--{one.replace('_', '-')}" for one in offered]
        listed = ", ".join(theirs) or "none"
        if name in OF_SAMPLING:
            raise ExpressionError(
                f"{shorten(flag)} belongs to `tracer sample`: training writes at temperatures of its own.",
                hint=f"When it is trained: tracer sample RUN {shorten(flag)} ...",
                ja=f"{shorten(flag)} は `tracer sample` のオプションです。訓練中の生成では使いません。",
                hint_ja=f"訓練のあとで: tracer sample RUN {shorten(flag)} ...",
            )
        near = did_you_mean(flag, list(dict.fromkeys([*options, *theirs])))
        raise ExpressionError(
            f"{shorten(flag)}: {shown} has no such setting, nor has `tracer train` such an option.",
            hint=near or f"Its settings: {listed}.",
            ja=f"{shorten(flag)}：{shown} にこの設定はなく、`tracer train` のオプションでもありません。",
            hint_ja=None if near else f"設定できるもの: {listed}",
        )


def settings_offered(program: Path) -> dict[str, Any] | None:
    """Name -> default (None where it is no plain number or word) of what a program's entry takes, from its source.

    Returns:
        None where the source does not tell: no such function at its top level, or one that takes anything.
    """
    for entry in reversed(top_level(program)):  # the last one counts
        if not isinstance(entry, ast.FunctionDef) or entry.name != ENTRY:
            continue
        given = entry.args
        if given.kwarg is not None or entry.decorator_list:
            return None
        places = [*given.posonlyargs, *given.args]
        defaults: list[ast.expr | None] = [None] * (len(places) - len(given.defaults))
        pairs = [*zip(places, [*defaults, *given.defaults], strict=True)]
        pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return {
            one.arg: default.value if isinstance(default, ast.Constant) else None
            for one, default in pairs
            if one.arg not in GIVEN
        }
    return None
