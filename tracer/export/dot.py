"""Scene -> DOT text, in both notations, through the `graphviz` package.

What is not in the scene is not in the DOT, and the strings are the scene's own. In textbook notation each wire passes
through a small table of three rows, value, rule, gradient, and enters and leaves it at the rule: wherever dot puts
things, a value stands above its line and a gradient below it.
"""

from __future__ import annotations

from collections.abc import Sequence

import graphviz

from tracer.export.mathtext import Run, formula_runs, joined, name_runs, number_runs, partial_runs, to_html
from tracer.export.style import MATH_FONTS, MM_PER_INCH, Style
from tracer.numbers import NO_GRADIENT, NOT_YET
from tracer.scene.foldsize import BETWEEN
from tracer.scene.scene import BLANK, Box, Frame, PortRow, Scene, Wire

TITLE_SIZE = 12.0
"""Points, as are all sizes here; a picture with a given width is scaled down from these, never up."""
NUMBER_SIZE = 10.0
CAPTION_SIZE = 9.0
THIN = 0.75
HEAVY = 2.25
"""Line widths. The wire at work is three times as heavy as the others."""

DEEPEST = 20
"""Frames within frames."""
_TALL_INCHES = 200
_END = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01"}
"""A node that is only the end of a line."""


def to_dot(scene: Scene, style: Style | None = None) -> str:
    """The scene as DOT text. Node ids are `n3` for node 3, `e7` for the label of edge 7, `out3` for a result's end."""
    return _Drawing(scene, style or Style()).source()


class _Drawing:
    """One DOT text in the making."""

    def __init__(self, scene: Scene, style: Style) -> None:
        self.scene, self.style, self.ink = scene, style, style.colours
        right = scene.notation == "textbook"
        self.dot = graphviz.Digraph(
            "trace",
            graph_attr={
                "rankdir": "LR" if right else "TB",
                "ranksep": self.inches(11 if right else 24),
                "nodesep": self.inches(8 if right else 16),
                "pad": self.inches(4),
                "bgcolor": "white",
                "fontname": MATH_FONTS,
            },
            node_attr={
                "fontname": MATH_FONTS,
                "fontsize": self.size(TITLE_SIZE),
                "fontcolor": self.ink.ink,
                "color": self.ink.line,
                "penwidth": self.size(THIN),
                "height": "0",
                "width": "0",
                "margin": "0",
            },
            edge_attr={
                "fontname": MATH_FONTS,
                "fontsize": self.size(NUMBER_SIZE),
                "color": self.ink.line,
                "penwidth": self.size(THIN),
                "arrowsize": self.size(0.5),
            },
        )

    def source(self) -> str:
        if self.style.width_mm is not None:  # a height so large that the width decides
            self.dot.attr("graph", size=f"{self.style.width_mm / MM_PER_INCH:.4f},{_TALL_INCHES}!", pad="0")
        if self.style.caption:
            words = to_html(list(self.style.caption))
            self.dot.attr(
                "graph",
                label=f'<<TABLE BORDER="0" CELLPADDING="{self.pixels(3)}"><TR><TD>{words}</TD></TR></TABLE>>',
                labelloc="b",
                fontsize=self.size(CAPTION_SIZE),
                fontcolor=self.ink.ink,
            )
        if self.scene.notation == "textbook":
            self._textbook()
        else:
            self._boxes()
        self._frames()
        return str(self.dot.source)

    # --- sizes -----------------------------------------------------------------------------------------------------

    def size(self, points: float) -> str:
        return f"{points * self.style.unit:g}"

    def inches(self, points: float) -> str:
        return f"{points * self.style.unit / 72:.4g}"

    def pixels(self, points: float) -> str:
        """Table measures are whole points in Graphviz."""
        return str(max(1, round(points * self.style.unit)))

    # --- words -----------------------------------------------------------------------------------------------------

    def name(self, node: int) -> str:
        box = self.scene.by_node.get(node)
        return self.style.names.get(node) or (box.label if box else "")

    def partial(self, node: int) -> list[Run]:
        """∂L/∂x, or ∂ alone where the loss has no name."""
        if not self.style.loss or self.scene.by_node[node].grad == NO_GRADIENT:
            return [Run("∂", "italic")]
        return partial_runs(self.style.loss, self.name(node), self.style.mathematics)

    def title(self, box: Box) -> str:
        return to_html(formula_runs(box.title, self.style.mathematics, sign=box.shape == "circle")) or " "

    def number(self, text: str) -> list[Run]:
        return number_runs(text, self.style.mathematics)

    def value_text(self, box: Box, shown: str, *, named: bool) -> str:
        """What stands above a line: `5`, or `a = 5` where the circle does not say the name, or a symbol."""
        name = name_runs(self.name(box.node), self.style.mathematics)
        if self.style.show == "gradients":
            return ""
        if self.style.show == "symbols":
            return to_html(name if box.shape != "plain" else name_runs(box.title, self.style.mathematics))
        if box.dims and shown == box.value != box.number:  # a summary, with the shape it is of
            name = [*name_runs(box.name, self.style.mathematics), Run(" ")] if named and box.shape != "plain" else []
            return to_html(joined([*name, *self.number(box.number)]))
        if named and box.name and box.shape != "plain":
            return to_html(joined([*name_runs(box.name, self.style.mathematics), Run(" = "), *self.number(shown)]))
        return to_html(self.number(shown))

    def grad_text(self, node: int, shown: str, user: int | None = None) -> str:
        """What stands below a line. `user`: the wire carries one contribution of several; its symbol is a product."""
        if self.style.show == "values":
            return ""
        if self.style.show == "symbols" and shown not in (NO_GRADIENT, BLANK):
            if user is None or not self.style.loss:
                return to_html(self.partial(node))
            local = partial_runs(self.name(user), self.name(node), self.style.mathematics)
            return to_html(joined([*self.partial(user), Run(" · "), *local]))
        return to_html(self.number(shown))

    # --- what is unfolded ------------------------------------------------------------------------------------------

    def _frames(self) -> None:
        """A cluster around the inside of each unfolded node, within that of the frame it lies in."""
        frames = self.scene.frames
        around = [_around(frames, i) for i in range(len(frames))]

        def fill(outer: int | None, into: graphviz.Digraph) -> None:
            for i, frame in enumerate(frames):
                if around[i] == outer:
                    with into.subgraph(name=f"cluster{i}") as cluster:
                        cluster.attr(**self._cluster(frame))
                        for name in self._names_inside(frame):
                            cluster.node(name)
                        fill(i, cluster)

        fill(None, self.dot)
        if not frames:
            self._parts((), self.dot)

    def _parts(self, path: tuple[str, ...], into: graphviz.Digraph) -> None:
        """A cluster around each opened part of a folded graph, in that of the part it lies in."""
        inner: dict[tuple[str, ...], None] = {}
        for box in self.scene.boxes:
            around = tuple(box.path.split(BETWEEN)) if box.path else ()
            if path and (around == path or (around[: len(path)] == path and len(path) == DEEPEST)):
                into.node(f"n{box.node}")
            elif around[: len(path)] == path and len(around) > len(path):
                inner[around[: len(path) + 1]] = None
        for deeper in inner:
            name = f"cluster part {len(deeper)} {BETWEEN.join(deeper)}"
            with into.subgraph(name=name) as cluster:
                cluster.attr(**self._dashed(to_html([Run(deeper[-1], "words")])))
                self._parts(deeper, cluster)

    def _cluster(self, frame: Frame) -> dict[str, str]:
        return self._dashed(to_html(formula_runs(frame.title, self.style.mathematics)))

    def _dashed(self, label: str) -> dict[str, str]:
        """A dashed frame with a label in its upper left corner."""
        return {
            "label": f"<{label}>",
            "labeljust": "l",
            "labelloc": "t",
            "fontsize": self.size(NUMBER_SIZE),
            "fontcolor": self.ink.ink,
            "color": self.ink.faint,
            "style": "dashed",
            "penwidth": self.size(THIN),
            "margin": self.size(8),
        }

    def _names_inside(self, frame: Frame) -> list[str]:
        """The DOT nodes that stand in a frame: its boxes; in textbook notation the labels of its wires too."""
        found = [f"n{node}" for node in sorted(frame.nodes)]
        if self.scene.notation == "textbook":
            found += [f"e{w.edge}" for w in self.scene.wires if {w.input, w.user} <= frame.nodes]
            nets = self.scene.wires_from
            found += [f"f{n}" for n in sorted(frame.nodes - {frame.out}) if n in nets and self._forks(n)]
        return found

    def _forks(self, node: int) -> bool:
        return _has_stem(self.scene.by_node[node], self.scene.wires_from[node])

    # --- boxes, top down -------------------------------------------------------------------------------------------

    def _boxes(self) -> None:
        for box in self.scene.boxes:
            self.dot.node(f"n{box.node}", f"<{self._box_table(box)}>", shape="box", **self._outline(box, "rounded"))
        for wire in self.scene.wires:
            if wire.user is None:
                continue
            attributes = self._line(wire)
            if wire.count > 1:
                attributes |= {"label": f"< {to_html(self.number(_count(wire)))}>", "fontcolor": self.ink.faint}
            if wire.working and self.style.highlight and wire.label and self.style.show != "symbols":
                attributes["label"] = f"< {to_html(self.number(wire.label))}>"
                attributes["fontcolor"] = self.ink.grad if wire.backward else self.ink.value
            self.dot.edge(f"n{wire.input}", f"n{wire.user}", **attributes)
        self._left_out()

    def _box_table(self, box: Box) -> str:
        """Title, then the value at the right, then ∂L/∂x at the left with the gradient at the right."""
        faint = self.ink.faint
        side = f'<TD WIDTH="{self.pixels(4)}"></TD>'
        title = self._fold_title(box) if box.shape == "fold" else self.title(box) + _check(box)
        title = f'<TR>{side}<TD COLSPAN="3" CELLPADDING="{self.pixels(2)}">{title}</TD>{side}</TR>'
        rows: list[tuple[str, str, str, str]] = []
        if box.shape == "fold":
            rows.append((to_html([Run(box.count, "words")]), "", faint, faint))
        if self.style.show in ("both", "values"):
            colour = self.ink.value if box.known else faint
            shape = to_html([Run(box.dims)]) if box.dims else ""
            rows.append((shape, to_html(self.number(box.value)), colour if shape else faint, colour))
        if self.style.show in ("both", "gradients"):
            colour = self.ink.grad if box.grad_state in ("partial", "complete") else faint
            left, right = to_html(self.partial(box.node)), to_html(self.number(box.grad))
            if box.shape == "fold":
                left = to_html([Run("‖"), Run("∂", "italic"), Run("‖")])
            rows.append((left, right, faint, colour))
            if box.flow:
                rows.append((to_html([Run(box.flow, "words")]), "", self.ink.grad, faint))
            rows += [self._port_row(port) for port in box.ports]
        if self.style.show == "symbols":
            rows.append(("", self.grad_text(box.node, box.grad), faint, self.ink.grad))
        rows += [("", to_html([Run(mark)]), faint, faint) for mark in box.marks]
        font = f'<FONT COLOR="{{}}" POINT-SIZE="{self.size(NUMBER_SIZE)}">{{}}</FONT>'
        lines = [
            f'<TR>{side}<TD ALIGN="LEFT">{font.format(left_ink, left) if left else ""}</TD>{side}'
            f'<TD ALIGN="RIGHT">{font.format(right_ink, right or " ")}</TD>{side}</TR>'
            for left, right, left_ink, right_ink in rows
        ]
        return (
            f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{self.pixels(1)}">'
            f"{title}{'<HR/>' if lines else ''}{''.join(lines)}</TABLE>"
        )

    def _fold_title(self, box: Box) -> str:
        """`layer 1`, a word and not a formula; around it is a frame with the name of what it lies in."""
        return to_html([Run(box.title, "words")])

    def _port_row(self, port: PortRow) -> tuple[str, str, str, str]:
        """A parameter that the box uses: its name, its gradient; one that receives is marked."""
        sign = "◂" if port.receiving and self.style.highlight else "⊳"
        numbers = f"{port.value}   " * bool(port.value) + f"∂ {port.grad}"
        ink = self.ink.faint if port.grad in (NOT_YET, NO_GRADIENT) else self.ink.grad
        return to_html([Run(f"{sign} {port.name}", "words")]), to_html(self.number(numbers)), self.ink.ink, ink

    # --- textbook, left to right -----------------------------------------------------------------------------------

    def _textbook(self) -> None:
        for box in self.scene.boxes:
            self._sign(box)
        ports: dict[int, str] = {}
        for node, wires in self.scene.wires_from.items():
            box = self.scene.by_node[node]
            at_work = next((wire for wire in wires if wire.working and self.style.highlight), None)
            ports[node] = self._stem(box, at_work) if self._forks(node) else f"n{node}"
        for wire in sorted(self.scene.wires, key=_slot_order):
            self._wire(wire, ports[wire.input])
        self._left_out()

    def _sign(self, box: Box) -> None:
        """An operator's circle, a leaf's name, or a part's box."""
        if box.shape == "fold":
            self.dot.node(f"n{box.node}", f"<{self._box_table(box)}>", shape="box", **self._outline(box, "rounded"))
            return
        extra = f"<BR/>{to_html([Run(', '.join(box.marks))])}" if box.marks else ""
        label = f"{self.title(box)}{extra}"
        if box.shape == "plain":
            attributes = {"shape": "none", "margin": f"{self.inches(2)},0"}
            if self.style.highlight and (box.working or box.receiving):
                outline = self._outline(box, "rounded")
                attributes = {"shape": "box", "margin": f"{self.inches(4)},{self.inches(2)}", **outline}
            elif not box.known:
                attributes["fontcolor"] = self.ink.faint
        else:
            attributes = {"shape": "circle", "margin": self.inches(1), "width": self.inches(24)}
            attributes |= self._outline(box, "")
            if box.node in self.style.ordered:
                attributes["ordering"] = "in"
        self.dot.node(f"n{box.node}", f"<{label}>", **attributes)

    def _stem(self, box: Box, at_work: Wire | None) -> str:
        """The stem of a value used several times: the sum of what its branches deliver; gives the port they leave."""
        fork = f"f{box.node}"
        above, below = self.value_text(box, box.value, named=True), self._checked(box, box.grad)
        self._label_node(fork, above, below, box, at_work)
        line = self._line(at_work) if at_work else {}
        self.dot.edge(f"n{box.node}", f"{fork}:r:w", **{"arrowhead": "none", **line})
        return f"{fork}:r:e"

    def _wire(self, wire: Wire, source: str) -> None:
        """One wire, from its input (or the end of its input's stem) through its label to its user."""
        box, single = self.scene.by_node[wire.input], source == f"n{wire.input}"
        label = f"e{wire.edge}" if wire.edge is not None else f"r{wire.input}"
        above = self.value_text(box, wire.value or box.value, named=single)
        shown = wire.grad or box.grad
        below = self._checked(box, shown) if single else self.grad_text(box.node, shown, wire.user)
        if box.shape == "fold" or wire.count > 1:  # a part's numbers stand in its box
            above, below = to_html(self.number(_count(wire))), ""
        at_work = wire.working and self.style.highlight
        product = wire.label if at_work and self.style.show in ("both", "gradients") else ""
        self._label_node(label, above, below, box, wire if at_work else None, product)
        first, second = self._line(wire), self._line(wire)
        blunt = {"dir": "none", "arrowhead": "none"}
        if at_work and wire.backward:  # the arrowhead is where the contribution arrives: at the input, before any fork
            second |= blunt
        if not (at_work and wire.backward and single):
            first |= blunt
        self.dot.edge(source, f"{label}:r:w", **first)
        if wire.user is None:
            end = f"out{wire.input}"
            self.dot.node(end, "", **_END)
            self.dot.edge(f"{label}:r:e", end, **second)
        else:
            self.dot.edge(f"{label}:r:e", f"n{wire.user}", **second)

    def _checked(self, box: Box, shown: str) -> str:
        """What stands below a value's own line: its gradient, and the mark of what was checked: that gradient.

        In the circle, `× ✓` would read as an operator.
        """
        text = self.grad_text(box.node, shown)
        return text and text + _check(box)

    def _label_node(
        self, name: str, above: str, below: str, box: Box, at_work: Wire | None = None, product: str = ""
    ) -> None:
        """A wire's label: value, rule, gradient. Rows of one height, so that the rule is its middle."""
        ink = self.ink
        rule, thickness = (ink.line, THIN) if at_work is None else (self._working_colour(at_work), HEAVY)
        value_colour = ink.value if box.known else ink.faint
        grad_colour = ink.faint if below in (NOT_YET, NO_GRADIENT) else ink.grad
        blank = " "
        upper, lower = [above or blank], [below or blank]
        if product:
            upper.insert(0, blank)  # a row more on both sides
            lower.append(to_html(self.number(product)))
        cell = '<TR><TD><FONT COLOR="{}">{}</FONT></TD></TR>'
        rows = "".join(cell.format(value_colour, text) for text in upper)
        # the port lies a little inside the rule, so that line and rule overlap: where they met there would be a seam
        high = int(self.pixels(thickness))
        lap = min(1, (high - 1) // 2)
        port = f'<TD HEIGHT="{high - 2 * lap}" WIDTH="{self.pixels(8)}"></TD>'
        port = f'<TABLE PORT="r" BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{port}</TR></TABLE>'
        rows += f'<TR><TD CELLPADDING="{lap}" BGCOLOR="{rule}">{port}</TD></TR>'
        rows += "".join(cell.format(grad_colour, text) for text in lower)
        table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{self.pixels(0.25)}">{rows}</TABLE>'
        self.dot.node(name, f"<{table}>", shape="plain", fontsize=self.size(NUMBER_SIZE))

    def _left_out(self) -> None:
        """A dotted end where the window cuts wires off."""
        for box in self.scene.boxes:
            cut = {"style": "dotted", "arrowhead": "none", "color": self.ink.faint}
            if box.inputs_left_out:
                self.dot.node(f"in{box.node}", "", **_END)
                self.dot.edge(f"in{box.node}", f"n{box.node}", **cut)
            if box.users_left_out:
                self.dot.node(f"more{box.node}", "", **_END)
                self.dot.edge(f"n{box.node}", f"more{box.node}", **cut)

    # --- what is at work, and what is known: by weight, line and border, never by colour alone --------------------

    def _outline(self, box: Box, base: str) -> dict[str, str]:
        """Double border: at work. Heavy: receives. Dashed: not known yet."""
        styles = [base] if base else []
        attributes: dict[str, str] = {}
        if not box.known:
            styles.append("dashed")
            attributes["fontcolor"] = self.ink.faint
        if self.style.highlight and box.working:
            attributes["peripheries"] = "2"
        if self.style.highlight and box.receiving:
            attributes["penwidth"] = self.size(HEAVY)
        if styles:
            attributes["style"] = ",".join(styles)
        return attributes

    def _working_colour(self, wire: Wire) -> str:
        return self.ink.grad if wire.backward else self.ink.value

    def _line(self, wire: Wire) -> dict[str, str]:
        if not (wire.working and self.style.highlight):
            return {}
        attributes = {"color": self._working_colour(wire), "penwidth": self.size(HEAVY), "arrowsize": self.size(0.5)}
        if wire.backward:
            attributes |= {"dir": "back", "arrowtail": "normal"}
        return attributes


def _around(frames: Sequence[Frame], number: int) -> int | None:
    """The smallest of the frames that a frame lies in; None where it lies in none."""
    mine = frames[number].nodes
    outer = [i for i, one in enumerate(frames) if one.nodes > mine or (one.nodes == mine and i < number)]
    return min(outer, key=lambda i: (len(frames[i].nodes), -i), default=None)


def _has_stem(box: Box, wires: tuple[Wire, ...]) -> bool:
    """Whether a node's gradient is more than what its one wire delivers: several uses, or several passes."""
    return box.shape != "fold" and (len(wires) > 1 or wires[0].grad not in ("", box.grad))


def _count(wire: Wire) -> str:
    """`×64`: how many edges a bundle stands for; "" of a single edge."""
    return f"×{wire.count}" if wire.count > 1 else ""


def _slot_order(wire: Wire) -> tuple[bool, int]:
    """Edge ids count a user's inputs in order, and dot places wires in the order in which it reads them."""
    return wire.edge is None, wire.edge or 0


def _check(box: Box) -> str:
    """A mark only where something was checked."""
    return f" {box.check}" if box.check in ("✓", "✗") else ""
