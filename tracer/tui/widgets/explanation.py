"""The explanation panel: the rule, the rule with its numbers, a sentence, the routes, the check."""

from __future__ import annotations

from dataclasses import replace

from textual.strip import Strip

from tracer.explain.explain import explain
from tracer.explain.explanation import Explanation
from tracer.scene.explanation import explanation_panel
from tracer.scene.foldwords import about_fold
from tracer.scene.scene import BLANK
from tracer.text import Text
from tracer.tui.view import View
from tracer.tui.widgets.panel import ScrollingPanel


class ExplanationPanel(ScrollingPanel):
    """Explains the step, or the node that was selected."""

    DEFAULT_CSS = """
    ExplanationPanel { padding: 0 1; }
    """
    HEADING = Text(en="Explanation", ja="説明")

    def document(self, view: View, width: int) -> list[Strip]:
        if view.nothing is not None:
            return []  # the graph panel says why
        checks = [one.check for one in view.checks_here()]
        panel = explanation_panel(told(view), self.lang, self.palette, checks=checks)
        return self.strips(panel.lines(self.app.console, width), width)


def told(view: View) -> Explanation:
    """What the view explains; a gradient that is asked for is a blank in it too."""
    if view.part is not None:
        found = about_fold(view.cursor, view.part, notation=view.notation, folding=view.folding)
        if found is not None:
            return found
    found = explain(view.cursor, view.about, by=view.by, element=view.element)
    routes = found.routes
    if routes is None or routes.node not in view.blanks:
        return found
    total = replace(routes.total, terms=(Text.same(BLANK),))
    return replace(found, routes=replace(routes, total=total))
