"""Whether a document's code may run: asked once, on a terminal; elsewhere `--yes` says so."""

from __future__ import annotations

import shlex
import sys

from tracer.cli.terminal import interactive, plain
from tracer.errors import ProgramError
from tracer.lessons.documents.consent import agree, is_agreed
from tracer.lessons.documents.document import Document
from tracer.text import Lang, Text


def make_sure(document: Document, *, yes: bool, lang: Lang) -> None:
    """Return if the code of `document` may run.

    Raises:
        ProgramError: nobody has agreed to it.
    """
    if is_agreed(document):
        return
    if yes or (interactive() and _asked(document, lang)):
        agree(document)
        return
    command = f"tracer open {shlex.quote(str(document.path))} --yes"
    raise ProgramError(
        f"{document.name} is not run: nobody has agreed to run its code here, or it has changed since.",
        hint=f"{_what(document).en} Look at it, then: {command}",
        ja=f"{document.name} は実行していません。このコードの実行はまだ許可されていないか、"
        "許可のあとで変更されています。",
        hint_ja=f"{_what(document).ja}内容を確かめたら: {command}",
    )


def _asked(document: Document, lang: Lang) -> bool:
    """The answer of whoever sits there; the end of the input is a no."""
    print(f"{plain(_what(document)[lang])} {_QUESTION[lang]} ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip().casefold()
    return answer in ("y", "yes", "ｙ", "はい")


def _what(document: Document) -> Text:
    runs = [block for block in document.blocks if block.runs]
    hidden = sum(block.hidden for block in runs)
    also = _HIDDEN.format(hidden=hidden) if hidden else Text.same("")
    blocks = "1 block" if len(runs) == 1 else f"{len(runs)} blocks"
    return _WHAT.format(name=document.name, blocks=blocks, number=len(runs), also=also)


_WHAT = Text(
    en="Running {name} executes {blocks} of Python{also} with your rights.",
    ja="{name} を実行すると、{number} 個の Python ブロック{also}があなたの権限で動きます。",
)
_HIDDEN = Text(en=", {hidden} of them hidden,", ja="（うち {hidden} 個は非表示）")
_QUESTION = Text(en="Run it? [y/N]", ja="実行しますか？ [y/N]")
