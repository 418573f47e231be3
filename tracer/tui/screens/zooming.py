"""Near and far: boxes or one glyph a node, a map of the whole; in the values panel, numbers or a heat map."""

from __future__ import annotations

from abc import abstractmethod

from tracer.tui.screens.changing import ChangingScreen
from tracer.tui.widgets.graph import GraphPanel


class ZoomingScreen(ChangingScreen):
    """The stepper's `+`, `-` and `m`."""

    @abstractmethod
    def tensor_in_front(self) -> int | None:
        """The tensor whose elements are looked at, if the values panel is what is looked at."""

    @abstractmethod
    def bring_graph(self) -> None:
        """Show the graph where panels share one place."""

    def action_zoom(self, direction: int) -> None:
        """The graph in boxes, or a glyph a node; with a tensor in front, its elements in numbers, or as a heat map."""
        if self.tensor_in_front() is not None:
            self.change(zoom="numbers" if direction > 0 else "heat")
            return
        self.change(compact=direction < 0)
        self.bring_graph()

    def action_minimap(self) -> None:
        """Show the map of the whole picture, or put it away."""
        shown = self.query_one(GraphPanel).shows_map
        self.change(minimap=not shown)
        self.bring_graph()
