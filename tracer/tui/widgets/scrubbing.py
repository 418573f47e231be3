"""Pointing at a moment: a click or a drag in a panel whose columns stand for time."""

from __future__ import annotations

from textual import events
from textual.widget import Widget


class Scrubbing(Widget):
    """Hears the mouse from the press until it is let go, also outside. Stands after the panel it is joined to: a widget
    takes its styles from its first base alone."""

    def scrub(self, column: int) -> None:
        """Go to what this column of the inside stands for."""
        raise NotImplementedError

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._scrub(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button:
            self._scrub(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def _scrub(self, event: events.MouseEvent) -> None:
        self.scrub(event.get_content_offset_capture(self).x)
