"""Save what is on screen as a picture: which format, in which style, under which name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from tracer.export.export import FORMATS, Format
from tracer.text import Text
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import Refused
from tracer.tui.widgets.choice import Choice

SHOWN: tuple[Format, ...] = ("svg", "png", "pdf", "dot")
"""The formats, the one most wanted first."""
PRINT_WIDTH = "85mm"
"""One column of a journal."""


@dataclass(frozen=True)
class Export:
    """What to write."""

    path: Path
    format: Format
    print: bool
    """For print: textbook notation, black, one column wide, no caption; else as on screen."""


class ExportScreen(Dialog[Export]):
    """Gives back what to write. `stem` is the name offered, without its ending."""

    HEADING = Text(en="Save the picture", ja="図を書き出す")
    KEYS = Text(
        en="enter  save   tab  next line   ← →  choose   esc  cancel",
        ja="enter  保存   tab  次の行   ← →  選ぶ   esc  取り消し",
    )
    AUTO_FOCUS = "#export-format"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "save", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, stem: str) -> None:
        super().__init__(f"{stem}.{SHOWN[0]}")

    def compose_body(self) -> ComposeResult:
        formats = [Text.same(name) for name in SHOWN]
        yield Choice(_FORMAT, formats, width=10, id="export-format").data_bind(AppScreen.lang)
        yield Choice(_STYLE, [_SCREEN, _PRINT], width=10, id="export-style").data_bind(AppScreen.lang)
        yield Input(self._value, id="dialog-input")
        yield Static(id="dialog-words", markup=False)

    def hint(self) -> Text:
        if self._for_print:
            return _PRINT_WORDS.format(width=PRINT_WIDTH)
        return _SCREEN_WORDS

    @property
    def _format(self) -> Format:
        return SHOWN[self.query_one("#export-format", Choice).chosen]

    @property
    def _for_print(self) -> bool:
        return bool(self.query_one("#export-style", Choice).chosen)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """The name's ending follows the format."""
        field = self.query_one(Input)
        path = Path(field.value)
        if event.choice.id == "export-format" and path.suffix[1:] in FORMATS and path.suffix[1:] != self._format:
            field.value = str(path.with_suffix(f".{self._format}"))
        self.say(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """The format follows the name's ending."""
        super().on_input_changed(event)
        ending = Path(event.value).suffix[1:].lower()
        known = [i for i, name in enumerate(SHOWN) if name == ending]
        if known:
            self.query_one("#export-format", Choice).chosen = known[0]

    def action_save(self) -> None:
        try:
            self.accept(self.query_one(Input).value)
        except Refused as refused:
            self.say(refused.words)

    def accept(self, typed: str) -> None:
        name = typed.strip()
        if not name or "\0" in name:
            raise Refused(_NO_NAME)
        path = Path(name).expanduser()
        if path.suffix[1:].lower() != self._format:
            path = path.with_name(f"{path.name}.{self._format}")
        self.dismiss(Export(path, self._format, self._for_print))


_FORMAT = Text(en="Format", ja="形式")
_STYLE = Text(en="Style", ja="体裁")
_SCREEN = Text(en="as on screen", ja="画面どおり")
_PRINT = Text(en="for print", ja="印刷用")
_SCREEN_WORDS = Text(en="What you see, with a caption.", ja="今の画面の図に、説明を添えて保存します。")
_PRINT_WORDS = Text(
    en="Textbook notation, black, {width} wide, no caption.", ja="教科書の記法、黒一色、幅 {width}、説明なし。"
)
_NO_NAME = Text(en="Type a file's name.", ja="ファイル名を入力してください。")
