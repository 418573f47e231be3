"""The panel of a generation: the symbols so far, what may come next, the cache, all as they are at the cursor."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from tracer.scene.generation import GenerationLines
from tracer.text import Text
from tracer.trace.generation import Generation
from tracer.trace.trace import Trace
from tracer.tui.view import View
from tracer.tui.widgets.panel import Panel


class GenerationPanel(Panel):
    """Reads the generation off the trace that is walked."""

    HEADING = Text(en="Generation", ja="生成")

    _read: tuple[Trace, Generation] | None = None
    """The trace read last: reading it again at every step would cost what it has nodes."""

    def paint(self, view: View, size: Size) -> list[Strip]:
        trace = view.cursor.trace
        if self._read is None or self._read[0] is not trace:
            self._read = trace, Generation(trace)
        drawn = GenerationLines(self._read[1], view.cursor, self.lang, self.palette)
        return self.strips(drawn.lines(size.width, size.height), size.width)
