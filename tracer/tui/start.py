"""From the command to the first paint. Nothing heavy is imported before it is needed: every tenth of a second shows."""

from __future__ import annotations

import codecs
import gc
import sys
from functools import partial
from typing import TYPE_CHECKING

from tracer.text import Lang
from tracer.tui.settings import SettingsFile, settings_path
from tracer.tui.terminal import choose_glyphs

if TYPE_CHECKING:
    from tracer.lessons.runner import Thing
    from tracer.tui.messages import Request
    from tracer.tui.running import Running


def forgive_bytes() -> None:
    """Read a byte that is not UTF-8 as a replacement character: Textual's reader of keys would end the app."""
    if sys.platform != "win32":
        from textual.drivers import linux_driver

        decoder = partial(codecs.getincrementaldecoder("utf-8"), errors="replace")
        linux_driver.getincrementaldecoder = lambda _encoding: decoder  # type: ignore[attr-defined]


def run_app(
    first: Request | None = None,
    thing: Thing | None = None,
    *,
    training: Running | None = None,
    ascii_only: bool = False,
    lang: Lang | None = None,
) -> int:
    """Run the app in this terminal; the process's exit code.

    Args:
        first: what to open; the gallery if None.
        thing: `first`, where it was opened already.
        training: a training run to show instead.
        ascii_only: draw with ASCII, whatever the terminal can do.
        lang: the language of this run; the one remembered if None.
    """
    gc.disable()  # until the first paint (`GradientTracer.on_ready`): start-up makes objects that all stay
    glyphs = choose_glyphs(ascii_only=ascii_only)  # before Textual reads the keyboard
    from tracer.tui.app import GradientTracer

    forgive_bytes()
    settings = SettingsFile(settings_path())
    app = GradientTracer(settings, glyphs=glyphs, first=first, thing=thing, training=training, lang=lang)
    app.run()
    return app.return_code or 0
