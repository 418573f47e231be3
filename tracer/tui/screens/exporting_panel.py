"""Save the panel in front as a picture or as numbers, or the whole run as a report: which format, under which name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from tracer.errors import TracerError
from tracer.text import Text, clean
from tracer.tui.background import in_background
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.dialog import Dialog
from tracer.tui.typed import Refused
from tracer.tui.widgets.choice import Choice

if TYPE_CHECKING:
    from tracer.tui.screens.training import TrainingScreen

PANEL = ("svg", "png", "pdf", "csv", "json")
REPORT = ("html", "pdf")
"""Formats, the one most wanted first."""


@dataclass(frozen=True)
class PanelExport:
    """What to write."""

    path: Path
    report: bool
    """The whole run; else the panel in front."""
    dark: bool
    """On a dark ground, for a projector."""


class PanelExportScreen(Dialog[PanelExport]):
    """Gives back what to write.

    Args:
        stem: the name offered, without its ending.
        run: the name offered for a report; empty where the run is kept nowhere.
    """

    HEADING = Text(en="Save", ja="書き出す")
    KEYS = Text(
        en="enter  save   tab  next line   ← →  choose   esc  cancel",
        ja="enter  保存   tab  次の行   ← →  選ぶ   esc  取り消し",
    )
    AUTO_FOCUS = "#export-what"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "save", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, stem: str, run: str) -> None:
        super().__init__(f"{stem}.{PANEL[0]}")
        self._stems = stem, run

    def compose_body(self) -> ComposeResult:
        what = [*map(Text.same, PANEL), *(_REPORT.format(format=name) for name in REPORT)]
        yield Choice(_WHAT, what, width=10, id="export-what").data_bind(AppScreen.lang)
        yield Choice(_GROUND, [_LIGHT, _DARK], width=10, id="export-ground").data_bind(AppScreen.lang)
        yield Input(self._value, id="dialog-input")
        yield Static(id="dialog-words", markup=False)

    def hint(self) -> Text:
        if self._report:
            return _WHOLE if self._stems[1] else _NOT_KEPT
        return _NUMBERS if self._format in ("csv", "json") else _PICTURE

    @property
    def _chosen(self) -> int:
        return self.query_one("#export-what", Choice).chosen

    @property
    def _report(self) -> bool:
        return self._chosen >= len(PANEL)

    @property
    def _format(self) -> str:
        return (*PANEL, *REPORT)[self._chosen]

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """The name's ending follows the format; its stem whether it is the panel or the run, unless it was typed."""
        field = self.query_one(Input)
        path = Path(field.value)
        if event.choice.id == "export-what" and path.suffix[1:] in (*PANEL, *REPORT):
            stem, run = self._stems
            path = path.with_name(path.name.removesuffix(path.suffix))
            if path.name in self._stems:
                path = path.with_name(run if self._report and run else stem)
            field.value = f"{path}.{self._format}"
        self.say(None)

    def action_save(self) -> None:
        try:
            self.accept(self.query_one(Input).value)
        except Refused as refused:
            self.say(refused.words)

    def accept(self, typed: str) -> None:
        name = typed.strip()
        if not name or "\0" in name:
            raise Refused(_NO_NAME)
        if self._report and not self._stems[1]:
            raise Refused(_NOT_KEPT)
        path = Path(name).expanduser()
        if path.suffix[1:].lower() != self._format:
            path = path.with_name(f"{path.name}.{self._format}")
        self.dismiss(PanelExport(path, self._report, bool(self.query_one("#export-ground", Choice).chosen)))


def ask_and_export(screen: TrainingScreen) -> None:
    """Ask what of a run is to be saved, and save it, while everything goes on."""
    panel, run = screen.panel, screen.training
    data, of, choice, step = panel.data, panel.contents, panel.choice, screen.view.shown

    def save(wanted: PanelExport | None) -> None:
        if wanted is None:
            return
        screen.notify(_SAVING[screen.lang], markup=False)
        in_background(screen, partial(write, wanted), saved, failed)

    def write(wanted: PanelExport) -> Path:
        if wanted.report:
            from tracer.export.figures.apart import write_report_apart

            return write_report_apart(run.setup.folder, wanted.path, screen.lang, step or None, choice)
        from tracer.export.figures.save import save_panel

        shown = data if data is not None else _NOTHING
        return save_panel(shown, wanted.path, screen.lang, panel=of, choice=choice, dark=wanted.dark)

    def saved(path: Path) -> None:
        screen.notify(_SAVED.format(path=clean(str(path.absolute())))[screen.lang], markup=False, timeout=6)

    def failed(error: TracerError) -> None:
        screen.notify(error.told(screen.lang), severity="error", markup=False, timeout=8)

    name = run.name if run.setup.folder else ""
    screen.app.push_screen(PanelExportScreen(_stem(f"{of.id}-{step}"), _stem(name) if name else ""), save)


def _stem(words: str) -> str:
    """A file's name out of words."""
    return re.sub(r"[^\w]+", "-", words).strip("-_")[:60] or "run"


_WHAT, _GROUND = Text(en="Format", ja="形式"), Text(en="Ground", ja="背景")
_REPORT = Text(en="report.{format}", ja="レポート.{format}")
_LIGHT, _DARK = (
    Text(en="light, for print", ja="明るい（印刷用）"),
    Text(en="dark, for a projector", ja="暗い（投影用）"),
)
_PICTURE = Text(
    en="The panel in front as a picture, with its caption.", ja="手前のパネルを、説明を添えた図として保存します。"
)
_NUMBERS = Text(
    en="The numbers of the panel in front, to the last bit.", ja="手前のパネルの数値を、丸めずに保存します。"
)
_WHOLE = Text(
    en="The whole run at this step: settings, all panels, the reading of its gradients. It takes a while.",
    ja="このステップでの訓練全体（設定、全パネル、勾配の診断）。少し時間がかかります。",
)
_NOT_KEPT = Text(
    en="This run is kept nowhere, so there is no report of it.",
    ja="この訓練は保存されていないため、レポートは作れません。",
)
_NO_NAME = Text(en="Type a file's name.", ja="ファイル名を入力してください。")
_NOTHING = Text(en="Not yet.", ja="まだありません。")
_SAVING = Text(en="Saving …", ja="保存しています…")
_SAVED = Text(en="Saved: {path}", ja="保存しました: {path}")
