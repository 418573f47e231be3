"""What became of a block, in a sentence: why it does not run, or how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tracer.lessons.documents.document import Block
from tracer.text import Text, clean

if TYPE_CHECKING:
    from tracer.lessons.documents.process import BlockRun
    from tracer.lessons.outcome import Kind


def why_not(block: Block) -> Text | None:
    """Why running the document does not run this block; None where it does."""
    if block.runs:
        return None
    if block.kind == "other":
        return _OTHER.format(lang=clean(block.lang) or "?")
    if block.problem is not None:
        return _NO_PYTHON.format(problem=block.problem)
    if block.needs:
        return _FRAGMENT.format(names=clean(", ".join(block.needs)))
    return _SKIPPED


def how_it_ended(run: BlockRun, *, where: bool = True) -> Text | None:
    """How a block ended, and on which line; None where it ran to its end.

    Args:
        where: False leaves the line out, for messages that begin with it.
    """
    outcome = run.outcome
    if outcome.kind == "complete":
        return None
    told = outcome.error.removesuffix(f" at {outcome.where}").removesuffix(".")
    said = _ENDED[outcome.kind].format(error=told)
    if outcome.where is None or not where:
        return said
    return Text(f"{said.en} ({outcome.where})", f"{said.ja}（{outcome.where}）")


_OTHER = Text(en="Not run: this is not Python but {lang}.", ja="実行しません。Python ではなく {lang} のコードです。")
_NO_PYTHON = Text(en="Not run: {problem}.", ja="実行できません。{problem}。")
_FRAGMENT = Text(
    en="Not run: a fragment. Nobody has defined {names}.",
    ja="断片なので実行しません。{names} がどこにも定義されていません。",
)
_SKIPPED = Text(en="Not run: its author leaves it out.", ja="作者の指定により実行しません。")
_ENDED: Mapping[Kind, Text] = {
    "raised": Text(en="The block raised {error}.", ja="このブロックは例外 {error} で終わりました。"),
    "exited": Text(
        en="The block ended itself with sys.exit({error}).", ja="このブロックは sys.exit({error}) で終了しました。"
    ),
    "stopped": Text(en="The block was stopped before its end.", ja="このブロックは途中で止められました。"),
    "limit": Text(
        en="The block reached the node limit ({error}).",
        ja="このブロックはノード数の上限（{error}）に達しました。",
    ),
    "killed": Text(
        en="The block took its process with it ({error}); the blocks after it ran without it.",
        ja="このブロックでプロセスが異常終了しました（{error}）。続くブロックは、このブロックなしで実行しました。",
    ),
}
