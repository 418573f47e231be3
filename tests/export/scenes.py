"""Scenes made by hand: what pictures are drawn from, without a trace."""

from __future__ import annotations

import networkx as nx

from tracer.scene.notation import Notation
from tracer.scene.scene import Box, Scene, Wire

NAMES = {0: "x", 1: "a", 2: "b", 3: "y"}


def box(node: int, notation: Notation, sign: str, title: str, value: str, grad: str, name: str, **more: object) -> Box:
    """A node: an operator where `sign` is given, else a leaf."""
    textbook = notation == "textbook"
    shape = ("circle" if sign else "plain") if textbook else "box"
    shown = (sign or name) if textbook else title
    return Box(node, 0, 0, 9, 4, shape, shown, value, grad, name=name, **{"grad_state": "complete", **more})  # type: ignore[arg-type]


def wire(edge: int | None, input: int, user: int | None, value: str, grad: str, **more: object) -> Wire:
    return Wire(edge, input, user, ((0, 0), (1, 1)), value=value, grad=grad, **more)  # type: ignore[arg-type]


def product(notation: Notation, *, midway: bool = False) -> Scene:
    """(x + 2)(x - 1) at x = 3: finished, or at the moment when b hands x its 5."""
    boxes = (
        box(0, notation, "", "x", "3", "5 …" if midway else "7", "x", receiving=midway),
        box(1, notation, "+ 2", "a = x + 2", "5", "2", "a"),
        box(2, notation, "− 1", "b = x − 1", "2", "5", "b", working=midway),
        box(3, notation, "×", "y = a × b", "10", "1", "y"),
    )
    wires = [
        wire(0, 0, 1, "3", "?" if midway else "2"),
        wire(1, 0, 2, "3", "5", working=midway, backward=midway, label="5 · 1" if midway else ""),
        wire(2, 1, 3, "5", "2"),
        wire(3, 2, 3, "2", "5"),
    ]
    if notation == "textbook":
        wires.append(wire(None, 3, None, "", ""))
    return Scene(notation, boxes, tuple(wires), 60, 20, "y = a × b")


def named(name: str, notation: Notation) -> Scene:
    """A leaf of that name, and its negative."""
    boxes = (
        box(0, notation, "", name, "3", "-1", name),
        box(1, notation, "−", f"{name} = −{name}", "-3", "1", name),
    )
    wires = [wire(0, 0, 1, "3", "-1")]
    if notation == "textbook":
        wires.append(wire(None, 1, None, "", ""))
    return Scene(notation, boxes, tuple(wires), 20, 10, name)


def of_graph(graph: nx.MultiDiGraph[int], notation: Notation) -> Scene:
    """Any graph of integers. Node n is worth n, edge e carries 1000 + e, so that each number has its own place."""
    boxes = tuple(
        box(n, notation, "×" if graph.in_degree(n) else "", f"v{n}", str(n), str(500 + n), f"v{n}") for n in graph
    )
    edges = list(graph.edges())
    wires = [wire(e, a, b, str(a), str(1000 + e)) for e, (a, b) in enumerate(edges)]
    if notation == "textbook":
        wires += [wire(None, n, None, "", "") for n in graph if not graph.out_degree(n)]
    return Scene(notation, boxes, tuple(wires), 100, 100)
