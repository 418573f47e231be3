"""Before a document's code runs for the first time: what that means, and the choice to only read it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tracer.lessons.documents.document import Document
from tracer.text import Text, clean
from tracer.tui.screens.dialog import Dialog


class ConsentScreen(Dialog[bool]):
    """Gives back True to run the document's code, False or None to only read it."""

    HEADING = Text(en="Run the code of this document?", ja="この文書のコードを実行しますか？")
    KEYS = Text(en="enter  run   esc  only read", ja="enter  実行する   esc  読むだけ")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "run", show=False),
        Binding("n", "cancel", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document

    def compose_body(self) -> ComposeResult:
        yield Static(id="dialog-words", markup=False)

    def hint(self) -> Text:
        blocks = sum(block.runs for block in self.document.blocks)
        lines = sum(len(block.code.splitlines()) for block in self.document.blocks if block.runs)
        return _WORDS.format(name=clean(self.document.name), blocks=blocks, lines=lines)

    def action_run(self) -> None:
        self.dismiss(True)


_WORDS = Text(
    en="{name} holds Python that can run: {blocks} blocks, {lines} lines. Running it lets it do whatever a program of "
    "yours could do, in a process of its own that esc stops. Run only what you trust.\n\n"
    "This is asked once; it will be asked again when the code has changed.",
    ja="{name} には実行できる Python のコードがあります（{blocks} ブロック、{lines} 行）。実行すると、あなたの"
    "プログラムと同じことが何でもできます。別のプロセスで動き、esc で中止できます。"
    "信頼できるものだけを実行してください。\n\n"
    "確認は一度だけです。コードが変わったときは、もう一度確認します。",
)
