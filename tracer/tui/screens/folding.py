"""Folding: a large graph is seen as its parts, each one box, until a part is opened; and closed again.

What is open is a field of the view (`Folding`). Nothing opens by itself while the walk goes on: what happens inside a
closed part happens in its box.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tracer.layout.fold import LIMIT, Folding, default_folding
from tracer.layout.groups import groups_of
from tracer.layout.quotient import is_large
from tracer.lessons.runner import Thing
from tracer.scene.picture import Box, Scene
from tracer.text import Text
from tracer.tui.screens.unfolding import UnfoldingScreen
from tracer.tui.view import View, pointed_out
from tracer.tui.widgets.graph import GraphPanel, scene_of


class FoldingScreen(UnfoldingScreen):
    """The stepper's Enter and Backspace where the graph is folded."""

    @property
    def scene(self) -> Scene:
        """The picture as it is now."""
        return scene_of(self.view, self.lang)

    # Select

    def select_box(self, box: Box) -> None:
        """Point out a box of the picture: a node, or a part of the graph."""
        self.show(box_pointed_out(self.view, box))

    def select_part(self, key: str) -> None:
        """Point out a part that is drawn as one box: it is explained, and enter opens it."""
        self.show(part_pointed_out(self.view, key))

    def _box_of(self, node: int | None) -> Box | None:
        """The box of the present picture that has this id."""
        return None if node is None else self.scene.by_node.get(node)

    @property
    def _box_at_hand(self) -> Box | None:
        """The box pointed out; else the one at work."""
        boxes = self.scene.boxes
        found = [box for box in boxes if box.selected] or [box for box in boxes if box.working]
        return found[0] if found else None

    # Open

    def action_unfold(self) -> None:
        """Open the part selected, or at work; a single node is unfolded, or looked at closely."""
        box = self._box_at_hand if self.view.folding is not None else None
        if box is not None and box.key:
            self.open_part(box.key)
        else:
            super().action_unfold()

    def open_part(self, key: str) -> None:
        """Draw what is in a part, and point out where the walk is in it, else what comes first in it."""
        self.stop_playing()
        self.show(self.after_opening(key))

    def after_opening(self, key: str) -> View:
        """The view with a part open."""
        folding = self.view.folding
        assert folding is not None, "it is drawn as one box"
        before = {box.node for box in self.scene.boxes}
        view = self.with_folding(folding.open(key))
        fresh = [box for box in scene_of(view, self.lang).boxes if box.node not in before]
        inside = [box for box in fresh if key in box.inside] or fresh
        if not inside:
            return view
        box = next((box for box in inside if box.working), inside[0])
        return box_pointed_out(view, box)

    # Close

    def action_fold_around(self) -> None:
        """Close the part around what is selected, else around what is at work."""
        box, folding = self._box_at_hand, self.view.folding
        if folding is None or box is None or not box.closes:
            if not self.fold_last():
                self.notify(_NOTHING_OPEN[self.lang], markup=False, timeout=4)
            return
        self.close_part(box.closes)

    def close_part(self, key: str) -> None:
        """Draw a part as one box again, and point it out."""
        self.stop_playing()
        self.show(self.after_closing(key))

    def after_closing(self, key: str) -> View:
        """The view with a part closed."""
        assert self.view.folding is not None, "it was opened"
        return part_pointed_out(self.with_folding(self.view.folding.close(key)), key)

    def on_graph_panel_closed(self, message: GraphPanel.Closed) -> None:
        self.close_part(message.key)

    def with_folding(self, folding: Folding) -> View:
        """The view with other parts open."""
        return replace(self.view, folding=folding, part=None, opened=None)

    def _fold_to(self, folding: Folding) -> None:
        self.show(self.with_folding(folding))

    # Show

    def reveal(self, node: int) -> None:
        """Open whatever hides a node, and point it out. The moment stays."""
        self.show(revealed(self.view, node))

    def view_options(self) -> list[str]:
        """`--unfold "position 3.layer 1"` for each part that is open and no other open one implies, `--limit 100`."""
        folding, others = self.view.folding, super().view_options()
        if folding is None:
            return others
        inmost = [
            key for key in sorted(folding.opened) if not any(other.startswith(f"{key}.") for other in folding.opened)
        ]
        limit = ["--limit", str(folding.limit)] if folding.limit != LIMIT else []
        unfolded = [word for key in inmost for word in ("--unfold", key)] or ["--fold"]
        return [*unfolded, *limit, *others]

    def opened_now(self) -> object:
        return self.view.folding, self.view.part

    def open_again(self, opened: object) -> None:
        self.show(self.with_opened(self.view, opened))

    def with_opened(self, view: View, opened: object) -> View:
        """The view with that opened which `opened_now` gave."""
        assert isinstance(opened, tuple), "what `opened_now` gave"
        folding, part = opened
        return replace(view, folding=folding, part=part)

    def fold_last(self) -> bool:
        """Close what was opened last: an unfolding, else all parts that were opened here; False where nothing is."""
        if super().fold_last():
            return True
        first = first_folding(self.thing)
        if self.view.folding is None or first is None or self.view.folding.opened == first.opened:
            return False
        self._fold_to(replace(self.view.folding, opened=first.opened))
        return True

    # How much

    def use_limit(self) -> None:
        """Draw as many boxes as the settings say, where nothing else was asked for."""
        folding, limit = self.view.folding, self.tracer.settings.now.limit
        if folding is not None and self.thing.folding is None and limit != folding.limit:
            self.change(folding=replace(folding, limit=limit))

    def set_limit(self, limit: int) -> None:
        """Draw so many boxes at most, now and next time."""
        self._draw(limit=limit)
        self.tracer.remember(lambda now: replace(now, limit=limit))

    def set_hops(self, hops: int | None) -> None:
        """Draw only what is so many wires away from the box at hand; None: all of it, up to the limit."""
        self._draw(hops=hops)

    def fold_all(self) -> None:
        """Close everything."""
        self._draw(opened=frozenset())

    def _draw(self, **changes: Any) -> None:
        if self.view.folding is not None:
            self._fold_to(replace(self.view.folding, **changes))


def box_pointed_out(view: View, box: Box) -> View:
    """The view with a box of its picture pointed out: a node, or a part of the graph."""
    return part_pointed_out(view, box.key) if box.key else pointed_out(view, box.node)


def part_pointed_out(view: View, key: str) -> View:
    """The view with a part pointed out; no node is, then."""
    return replace(view, part=key, selected=None, about=None, opened=None, cell=None)


def revealed(view: View, node: int) -> View:
    """The view with everything open that hid a node, and the node pointed out."""
    folding = view.folding
    if folding is not None:
        user, trace = view.cursor.moment.user, view.cursor.trace
        mine = user is not None and node in trace.inputs(user)
        folding = folding.opened_to(trace, node, user if mine else None)
    return pointed_out(replace(view, folding=folding), node)


def first_folding(thing: Thing) -> Folding | None:
    """What is open of a thing's graph at first; None where all of it is drawn."""
    if thing.folding is not None:
        return thing.folding
    return default_folding(thing.trace) if is_large(thing.trace) and len(groups_of(thing.trace)) > 1 else None


_NOTHING_OPEN = Text(en="Nothing is opened here.", ja="ここには開いているものがありません。")
