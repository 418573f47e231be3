"""`tracer diff`: two runs beside each other; `tracer check --against`: one run beside a golden one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.cli.naming import Wish, run_folder
from tracer.cli.opening import open_quietly
from tracer.cli.steps import LARGE, json_number
from tracer.cli.terminal import choose_lang, interactive, line_of, plain, say
from tracer.core.rerun import Number
from tracer.errors import ExpressionError, NotFoundError, TracerError
from tracer.explain.difference import change_in_words, verdict
from tracer.explain.parting import parting
from tracer.lessons.given import is_assignment
from tracer.lessons.leaves import assignments
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.trace.difference import Change, Difference
from tracer.trace.golden import assert_close
from tracer.trace.lockstep import Divergence, Lockstep
from tracer.trace.node import SourceLine
from tracer.trace.store import load
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Asked:
    """What `tracer diff` was asked for."""

    most: int
    rtol: float
    atol: float
    open: bool
    as_json: bool


def diff(name: str, words: Sequence[str], asked: Asked, *, lang: str | None, nodes: int, wish: Wish) -> int:
    """Compare two runs; 0 if they are the same, 1 if they differ.

    Args:
        name: the first thing.
        words: the second thing, unless they are all assignments; then assignments for the second run.
    """
    runs = [folder for folder in map(run_folder, (name, *words)) if folder is not None]
    if wish.step is None and words and len(runs) == len(words) + 1:
        from tracer.cli.comparing_runs import diff_runs

        return diff_runs(runs, asked, lang=lang)
    if wish.step is not None and len(runs) == 2 and len(words) == 1:
        from tracer.cli.comparing_runs import refuse_two_engines

        refuse_two_engines(runs, wish.step)
    left, right = _both(name, words, lang=lang, nodes=nodes, wish=wish)
    told = choose_lang(lang)
    found = Difference(left.trace, right.trace, asked.rtol, asked.atol)
    if asked.open and interactive():
        return _walk(left, right, found, told)
    if asked.as_json:
        print(json.dumps(to_json(found, asked.most), ensure_ascii=False, allow_nan=False))
    else:
        print_difference(left, right, found, asked.most, told)
    return 0 if found.same else 1


def _both(name: str, words: Sequence[str], *, lang: str | None, nodes: int, wish: Wish) -> tuple[Thing, Thing]:
    others = [word for word in words if not is_assignment(word)]
    values = [word for word in words if is_assignment(word)]
    if len(others) > 1:
        raise NotFoundError(
            f"diff compares two things; {len(others) + 1} were given.",
            hint="Other numbers for leaves are written NAME=NUMBER.",
            ja=f"diff が比べるのは二つです。{len(others) + 1} 個指定されています。",
            hint_ja="葉の値を変えるには NAME=NUMBER と書きます。",
        )
    try:
        left = open_quietly(name, (), nodes=nodes, lang=lang, wish=wish)
    except ExpressionError:
        if not others:
            raise
        left = open_quietly(name, values, nodes=nodes, lang=lang, wish=wish)  # both are expressions of the same names
    if not words and left.compare is not None:
        return left, left.compare
    if not words:
        raise TracerError(
            f"diff: there is nothing to compare {name} with.",
            hint="Give a second thing, or another number for a leaf: tracer diff program.py x=3",
            ja=f"diff: {name} と比べるものがありません。",
            hint_ja="二つ目を指定するか、葉の値を変えてください: tracer diff program.py x=3",
        )
    second = others[0] if others else name
    of_it = wish if run_folder(second) is not None else replace(wish, step=None)  # the step of a run beside a trace
    right = open_quietly(second, values, nodes=nodes, lang=lang, wish=of_it)
    return left, right


def _walk(left: Thing, right: Thing, found: Difference, lang: Lang) -> int:
    """Both runs side by side in the app, where they first differ."""
    from tracer.tui.messages import Request
    from tracer.tui.start import run_app

    position = None if found.first is None else found.first.positions[0]
    return run_app(Request(left.name, at=position), replace(left, lesson=None, compare=right), lang=lang)


# As text


def print_difference(left: Thing, right: Thing, found: Difference, most: int, lang: Lang) -> None:
    """What each is called, whether they differ, where they first part, and the largest changes."""
    print(line_of("  |  ".join(" ".join([t.titled(lang), *assignments(t.trace, t.overrides)]) for t in (left, right))))
    print(verdict(found)[lang])
    for i, line in enumerate(first_in_words(found), start=1):
        print(line_of(f"  {i}  {line[lang]}"))
    changes = found.largest(most)
    if changes:
        print(_BY_SIZE[lang])
    for change in changes:
        where = _where(found.left.source(change.nodes[0]))
        print(line_of(f"  {change_in_words(found, change)[lang]}{f'  ({where})' if where else ''}"))
    if len(found) > len(changes):
        print(_MORE.format(count=len(found) - len(changes))[lang])


def first_in_words(found: Difference) -> list[Text]:
    """What each of the two runs does where they first part; nothing where they agree within the tolerance."""
    if found.same or found.first is None:
        return []
    both = Lockstep(found.left, found.right)
    said = parting(both.cursor(found.first.index))
    return list(said) if said is not None else []


# As JSON


def to_json(found: Difference, most: int) -> dict[str, Any]:
    """What `tracer diff --json` prints."""
    return {
        "same": found.same,
        "differing": len(found),
        "only_left": len(found.matching.alone[0]),
        "only_right": len(found.matching.alone[1]),
        "first": None if found.same else _first_json(found, found.first),
        "changes": [_change_json(found, change) for change in found.largest(most)],
    }


def _first_json(found: Difference, first: Divergence | None) -> dict[str, Any] | None:
    if first is None:
        return None
    sides = (found.left, found.right)
    lines = [_where(t.source(n)) for t, n in zip(sides, first.nodes, strict=True) if n is not None]
    return {
        "fact": first.fact,
        "labels": [_label(t, n) for t, n in zip(sides, first.nodes, strict=True)],
        "left": _number(first.numbers[0]),
        "right": _number(first.numbers[1]),
        "positions": list(first.positions),
        "line": lines[0] if lines else None,
    }


def _change_json(found: Difference, change: Change) -> dict[str, Any]:
    return {
        "fact": change.fact,
        "pass": change.pass_index,
        "labels": [_label(found.left, change.nodes[0]), _label(found.right, change.nodes[1])],
        "left": _number(change.numbers[0]),
        "right": _number(change.numbers[1]),
        "size": _number(change.size),
        "relative": _number(change.relative),
        "line": _where(found.left.source(change.nodes[0])),
    }


def _label(trace: Trace, node: int | None) -> str | None:
    return None if node is None else trace.label(node)


def _where(line: SourceLine | None) -> str | None:
    return None if line is None else f"{line.file}:{line.line}"


def _number(value: Number | None) -> Any:
    """A number; of an array its shape, and its numbers in one list where they are few."""
    if isinstance(value, np.ndarray):
        few = {"values": [json_number(x) for x in value.reshape(-1).tolist()]} if value.size <= LARGE else {}
        return {"shape": list(value.shape), **few}
    return json_number(value)


# One run beside a golden one


def check_against(trace: Trace, golden: str, rtol: float, lang: Lang) -> int:
    """Compare with a saved run; 1, and what differs on stderr, if it is another.

    Raises:
        FileFormatError, NotFoundError: the golden file cannot be read.
    """
    pinned = load(golden)
    try:
        assert_close(trace, pinned, rtol=rtol)
    except TracerError as error:
        say(str(error))
        return error.exit_code
    print(_PINNED.format(file=plain(golden))[lang])
    return 0


_BY_SIZE = Text(en="By size (first | second):", ja="大きい順（一つ目 | 二つ目）:")
_MORE = Text(en="… and {count:,} more (--most N)", ja="… ほか {count:,} 個（--most N で表示）")
_PINNED = Text(en="The same as {file}.", ja="{file} と同じです。")
