"""Why a program left nothing to open, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.errors import ProgramError
from tracer.lessons.outcome import Outcome
from tracer.text import Text


def nothing_made(shown: str, outcome: Outcome, others: Iterable[object], output: str) -> ProgramError:
    """The error of a program that left no trace.

    Args:
        shown: what messages call the program.
        others: modules it had loaded that have values of their own.
        output: what it printed.
    """
    told = outcome.hint
    hint, hint_ja = (None, None) if told is None else (told.en, told.ja)
    if outcome.kind == "raised" and outcome.error.startswith(("SyntaxError", "IndentationError", "TabError")):
        said_by_python = outcome.traceback.strip()
        return ProgramError(
            f"{shown} is not Python: {said_by_python}",
            hint=hint,
            ja=f"{shown} は Python として読めません: {said_by_python}",
            hint_ja=hint_ja,
        )
    if outcome.kind == "raised":
        frames = outcome.traceback.rstrip()
        return ProgramError(
            f"{shown} raised before it made a Value.\n{frames}",
            hint=hint,
            ja=f"{shown} は Value を作る前に例外で終わりました。\n{frames}",
            hint_ja=hint_ja,
        )
    if outcome.kind == "exited":
        return ProgramError(
            f"{shown} ended with sys.exit({outcome.error}) before it made a Value.",
            where=outcome.where,
            ja=f"{shown} は Value を作る前に sys.exit({outcome.error}) で終了しました。",
        )
    if outcome.kind == "stopped":
        return ProgramError(
            f"{shown} was stopped before it made a Value.",
            where=outcome.where,
            ja=f"{shown} は Value を作る前に止められました。",
        )
    if outcome.kind == "killed":
        last = "".join(output.strip().splitlines()[-1:]) or None
        return ProgramError(
            f"{shown} died before anything was written down: {outcome.error}.",
            hint=last,
            ja=f"{shown} は何も書き出さないうちに異常終了しました: {outcome.error}。",
            hint_ja=last,
        )
    modules = [name for name in others if isinstance(name, str)]
    if "micrograd" in modules:
        words = Text(
            en="It uses micrograd's Value. Write `from tracer import Value` in its place: the rest can stay.",
            ja="micrograd の Value を使っています。"
            "`from tracer import Value` に書き換えれば、残りはそのままで動きます。",
        )
    elif modules:
        words = Text(
            en=f"It computes with {modules[0]}. Only tracer's Value is recorded: `from tracer import Value`.",
            ja=f"{modules[0]} で計算しています。記録できるのは tracer の Value だけです: `from tracer import Value`",
        )
    else:
        words = Text(
            en="Only tracer's Value is recorded: `from tracer import Value`, then x = Value(3.0).",
            ja="記録できるのは tracer の Value だけです。"
            "`from tracer import Value` のあと x = Value(3.0) と書いてください。",
        )
    return ProgramError(
        f"{shown} made no Value, so there is nothing to walk.",
        hint=words.en,
        ja=f"{shown} は Value を一つも作らなかったので、たどるものがありません。",
        hint_ja=words.ja,
    )
