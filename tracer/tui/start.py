"""From the command to the first paint. Nothing heavy is imported before it is needed: every tenth of a second shows."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from tracer.text import Lang
from tracer.tui.settings import SettingsFile, settings_path
from tracer.tui.terminal import choose_glyphs

if TYPE_CHECKING:
    from tracer.lessons.runner import Thing
    from tracer.tui.messages import Request


def run_app(
    first: Request | None = None,
    thing: Thing | None = None,
    *,
    ascii_only: bool = False,
    lang: Lang | None = None,
) -> int:
    """Run the app in this terminal; the process's exit code.

    Args:
        first: what to open; the gallery if None.
        thing: `first`, where it was opened already.
        ascii_only: draw with ASCII, whatever the terminal can do.
        lang: the language of this run; the one remembered if None.
    """
    gc.disable()  # until the first paint (`GradientTracer.on_ready`): start-up makes objects that all stay
    glyphs = choose_glyphs(ascii_only=ascii_only)  # before Textual reads the keyboard
    from tracer.tui.app import GradientTracer

    app = GradientTracer(SettingsFile(settings_path()), glyphs=glyphs, first=first, thing=thing, lang=lang)
    app.run()
    return app.return_code or 0
