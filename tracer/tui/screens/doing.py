"""What one can do besides walking: go somewhere, look closer, save, copy. Slow work runs beside the app."""

from __future__ import annotations

import re
from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from tracer.errors import ExportError, TracerError
from tracer.text import Text
from tracer.trace.trace import Trace
from tracer.tui.background import in_background
from tracer.tui.checks import SMALL, Checked, check_all, check_here
from tracer.tui.screens.jumping import JumpingScreen

if TYPE_CHECKING:
    from tracer.explain.proof import Check
    from tracer.export.export import Exported
    from tracer.tui.screens.exporting import Export
    from tracer.tui.screens.inspect import InspectScreen

_SAVING = Text(en="saving…", ja="保存中…")
_SAVED = Text(en="Saved {path}", ja="{path} に保存しました")
_COPIED = Text(en="Copied: {command}", ja="コピーしました: {command}")
NOBODY = Text(
    en="Select a node first: arrows with shift, or a click.", ja="先にノードを選んでください（shift+矢印かクリック）。"
)


class DoingScreen(JumpingScreen):
    """Dialogs of the stepper, and what comes of them."""

    # What the stepper says

    @property
    @abstractmethod
    def stops(self) -> tuple[int, ...]:
        """Positions of the lesson's stops."""

    # Checks

    def check_all(self) -> None:
        """Check everything beside the app, where the graph is small."""
        trace = self.thing.trace
        if trace.n_nodes <= SMALL:
            in_background(self, partial(check_all, trace), partial(self._checked, trace), self._check_failed)

    def action_inspect(self) -> None:
        """Look closer at the node selected, or at work: every digit, and its check."""
        node = self.view.node if self.view.selected is None else self.view.selected
        if node is None:
            self.notify(NOBODY[self.lang], markup=False)
            return
        from tracer.tui.screens.inspect import InspectScreen

        self.stop_playing()
        cursor = self.view.cursor
        closer = InspectScreen(cursor, node)
        self.app.push_screen(closer)
        in_background(self, partial(check_here, cursor, node), partial(self._looked, closer), self._check_failed)

    def _looked(self, closer: InspectScreen, found: tuple[Check, Checked | None]) -> None:
        check, checked = found
        closer.check = check
        if checked is not None:
            self._checked(closer.cursor.trace, (checked,))

    def _checked(self, trace: Trace, checks: tuple[Checked, ...]) -> None:
        if trace is self.view.cursor.trace:  # else another run is on screen by now
            fresh = {(one.check.node, one.check.pass_index): one for one in (*self.view.checks, *checks)}
            self.change(checks=tuple(fresh.values()))

    def _check_failed(self, error: TracerError) -> None:
        self.notify(str(error), severity="warning", markup=False)

    # Go to

    def action_go_to(self) -> None:
        from tracer.tui.screens.goto import GoToScreen

        view = self.view
        self.app.push_screen(GoToScreen(view.cursor, view.by, self.stops), self._go)

    def _go(self, position: int | None) -> None:
        if position is not None:
            self.jump(position=position)

    # Export, copy

    def action_export(self) -> None:
        from tracer.tui.screens.exporting import ExportScreen

        self.stop_playing()
        self.app.push_screen(ExportScreen(self._stem()), self._export)

    def _stem(self) -> str:
        """A file name for this picture: the thing's name and the step."""
        words = self.thing.lesson.name if self.thing.lesson is not None else self.thing.title
        plain = re.sub(r"[^\w]+", "-", words.rsplit("/", 1)[-1].removesuffix(".py")).strip("-_")[:40]
        return f"{plain or 'graph'}-{self.view.cursor.index(self.view.by)[0]}"

    def _export(self, wanted: Export | None) -> None:
        if wanted is None:
            return
        from tracer.export.export import Options, export
        from tracer.tui.screens.exporting import PRINT_WIDTH

        view = self.view
        options = Options(
            by=view.by,
            notation=None if wanted.print else view.notation,
            style="textbook" if wanted.print else "screen",
            show=view.show,
            width=PRINT_WIDTH if wanted.print else None,
            mono=wanted.print,
            caption=not wanted.print,
            highlight=None if wanted.print else True,  # on screen the last step is marked too
            lang=self.lang,
            checks=view.marks(),
            blanks=view.blanks,
            selected=view.pointed_out,
            folding=view.folding,
            part=view.part,
        )
        self.change(busy=_SAVING)
        job = partial(export, view.cursor, wanted.path, options, format=wanted.format)
        in_background(self, job, self._exported, self._export_failed)

    def _exported(self, made: Exported) -> None:
        self.change(busy=None)
        words = _SAVED.format(path=made.path.absolute())[self.lang]
        self.notify("\n".join([words, *(note[self.lang] for note in made.picture.notes)]), markup=False, timeout=6)

    def _export_failed(self, error: TracerError) -> None:
        self.change(busy=None)
        assert isinstance(error, ExportError), "only the export ran"
        self.notify(str(error), severity="error", markup=False, timeout=8)

    def view_options(self) -> list[str]:
        """What to type for the picture to open as it is now."""
        return []

    def action_copy(self) -> None:
        command = self.thing.command(self.view.cursor.position, self.view_options())
        self.app.copy_to_clipboard(command)
        self.notify(_COPIED.format(command=command)[self.lang], markup=False, timeout=6)
