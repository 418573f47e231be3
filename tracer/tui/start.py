"""From the command to the first paint. Nothing heavy is imported before it is needed: every tenth of a second shows."""

from __future__ import annotations

import codecs
import gc
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracer.text import Lang
from tracer.tui.pulse import PULSE
from tracer.tui.settings import SettingsFile, settings_path
from tracer.tui.terminal import choose_glyphs

if TYPE_CHECKING:
    from tracer.lessons.runner import Thing
    from tracer.tui.messages import Request
    from tracer.tui.running import Running
    from tracer.tui.screens.base import AppScreen


class Keys(codecs.getincrementaldecoder("utf-8")):  # type: ignore[misc]  # codecs makes its classes at run time
    """What the keyboard sends, as text: a byte that is not UTF-8 is a replacement character.

    Nothing at all is sent by a terminal that is gone. Where it was not ours to control, nobody else tells the app so,
    and Textual would go on asking for keys for ever.
    """

    def __init__(self) -> None:
        super().__init__("replace")

    def decode(self, input: Any, final: bool = False) -> str:
        if not input and not final:
            signal.raise_signal(signal.SIGHUP)
            time.sleep(PATIENCE)
        PULSE.beat()
        text: str = super().decode(input, final)
        return text


TURN = 0.001
"""Seconds after which Python gives another thread its turn: else those that read keys and write frames would each wait
five times as long for a piece of what is painted ahead."""
PATIENCE = 0.1
"""Seconds between two questions to a terminal that is gone, while the app ends."""


def forgive_terminal() -> None:
    """Read keys with `Keys`, for on a byte that is not UTF-8 Textual's own reader would end the app; write frames with
    `Frames`, for its own writer would leave the app waiting for ever."""
    if sys.platform != "win32":
        from textual.drivers import linux_driver

        from tracer.tui.frames import Frames

        linux_driver.getincrementaldecoder = lambda _encoding: Keys  # type: ignore[attr-defined,assignment]
        linux_driver.WriterThread = Frames  # type: ignore[attr-defined]


def run_app(
    first: Request | None = None,
    thing: Thing | None = None,
    *,
    training: Running | None = None,
    screen: Callable[[], AppScreen[None]] | None = None,
    ascii_only: bool = False,
    lang: Lang | None = None,
) -> int:
    """Run the app in this terminal; the process's exit code.

    Args:
        first: what to open; the gallery if None.
        thing: `first`, where it was opened already.
        training: a training run to show instead.
        screen: makes another screen to show instead.
        ascii_only: draw with ASCII, whatever the terminal can do.
        lang: the language of this run; the one remembered if None.
    """
    gc.disable()  # until the first paint (`GradientTracer.on_ready`): start-up makes objects that all stay
    glyphs = choose_glyphs(ascii_only=ascii_only)  # before Textual reads the keyboard
    from tracer.tui.app import GradientTracer

    forgive_terminal()
    settings = SettingsFile(settings_path())
    app = GradientTracer(settings, glyphs=glyphs, first=first, thing=thing, training=training, screen=screen, lang=lang)
    sys.setswitchinterval(TURN)
    app.run()
    return app.return_code or 0
