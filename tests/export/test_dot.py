"""DOT text: the scene and nothing else, and whatever a user calls a value stays a name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.scenes import NAMES, box, named, product
from tracer.export.dot import to_dot
from tracer.export.draw import Page
from tracer.export.image import words
from tracer.export.mathtext import printable
from tracer.export.render import layout_of
from tracer.export.style import Show, Style
from tracer.scene.notation import NOTATIONS, Notation
from tracer.scene.scene import Scene

STYLE = Style(loss="y", names=NAMES)
HOSTILE = ['"]; x [', "<b>", r"\N", r"\G\L", "&amp;", 'x"><IMG SRC="/etc/passwd"/>', '"; n9 -> n8', "<<TABLE>>", "a\nb"]

GOLDEN_BOXES = """\
digraph trace {
	graph [bgcolor=white fontname="Tracer Math,STIX Two Text,Times New Roman,serif" nodesep=0.2222 pad=0.05556 rankdir=TB ranksep=0.3333]
	node [color="#404040" fontcolor="#1a1a1a" fontname="Tracer Math,STIX Two Text,Times New Roman,serif" fontsize=12 height=0 margin=0 penwidth=0.75 width=0]
	edge [arrowsize=0.5 color="#404040" fontname="Tracer Math,STIX Two Text,Times New Roman,serif" fontsize=10 penwidth=0.75]
"""  # noqa: E501


def identifiers(dot: str) -> tuple[set[str], int]:
    """The ids of all nodes and the number of edges that Graphviz reads in a DOT text."""
    layout = layout_of(dot)
    return {thing["name"] for thing in layout["objects"]}, len(layout.get("edges", []))


def test_the_text_of_a_small_graph_in_boxes() -> None:
    """Golden text: a reader of the file sees ids, titles, values and gradients in this order."""
    dot = to_dot(product("boxes"), STYLE)
    assert dot.startswith(GOLDEN_BOXES)
    lines = dot.splitlines()
    assert [line.strip() for line in lines if " -> " in line] == ["n0 -> n1", "n0 -> n2", "n1 -> n3", "n2 -> n3"]
    assert [line.strip() for line in lines if line.strip().startswith("n1 [")] == [
        'n1 [label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD WIDTH="4"></TD>'
        '<TD COLSPAN="3" CELLPADDING="2"><I>a</I> = <I>x</I> + 2</TD><TD WIDTH="4"></TD></TR><HR/>'
        '<TR><TD WIDTH="4"></TD><TD ALIGN="LEFT"></TD><TD WIDTH="4"></TD>'
        '<TD ALIGN="RIGHT"><FONT COLOR="#1b4f9c" POINT-SIZE="10">5</FONT></TD><TD WIDTH="4"></TD></TR>'
        '<TR><TD WIDTH="4"></TD><TD ALIGN="LEFT"><FONT COLOR="#6b6b6b" POINT-SIZE="10"><I>∂y/∂a</I></FONT></TD>'
        '<TD WIDTH="4"></TD><TD ALIGN="RIGHT"><FONT COLOR="#b03a00" POINT-SIZE="10">2</FONT></TD>'
        '<TD WIDTH="4"></TD></TR></TABLE>> shape=box style=rounded]'
    ]


def test_the_text_of_a_small_graph_in_textbook_notation() -> None:
    """Golden text: each wire runs from its input to the rule of its label, and from there to its user."""
    dot = to_dot(product("textbook"), STYLE)
    assert "rankdir=LR" in dot
    assert [line.split(" [")[0].strip() for line in dot.splitlines() if " -> " in line] == [
        "n0 -> f0:r:w",
        "f0:r:e -> e0:r:w",
        "e0:r:e -> n1",
        "f0:r:e -> e1:r:w",
        "e1:r:e -> n2",
        "n1 -> e2:r:w",
        "e2:r:e -> n3",
        "n2 -> e3:r:w",
        "e3:r:e -> n3",
        "n3 -> r3:r:w",
        "r3:r:e -> out3",
    ]
    assert "n1 [label=<+ 2> margin=0.01389 shape=circle width=0.3333]" in dot
    assert "<I>a</I> = 5" in dot


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("edge", [0, 1, 2, 3])
def test_a_wire_taken_out_of_the_scene_is_gone_from_the_text(notation: Notation, edge: int) -> None:
    """Canvas and export draw one scene: what is not in it is drawn nowhere."""
    scene = product(notation)
    user = {0: 1, 1: 2, 2: 3, 3: 3}[edge]
    source = {0: 0, 1: 0, 2: 1, 3: 2}[edge]

    def drawn(scene: Scene) -> bool:
        dot = to_dot(scene, STYLE)
        return f"e{edge}:r:e -> n{user}" in dot if notation == "textbook" else f"n{source} -> n{user}" in dot

    assert drawn(scene)
    assert not drawn(scene.without(edge))
    assert f"e{edge} " not in to_dot(scene.without(edge), STYLE)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_name(notation: Notation, name: str) -> None:
    """It adds no node, edge or attribute, and is shown as it was typed."""
    dot = to_dot(named(name, notation), Style(loss=name, names={0: name, 1: name}))
    layout = layout_of(dot)
    ids = {thing["name"] for thing in layout["objects"]}
    assert ids == ({"n0", "n1"} if notation == "boxes" else {"n0", "n1", "e0", "r1", "out1"})
    assert len(layout["edges"]) == (1 if notation == "boxes" else 4)
    shown = [word.text for word in words(layout, Page(1, 1, 1, (0, 0))) if word.owner == "n0"]
    assert shown[0] == printable(name)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=25))
def test_any_name_is_shown_as_it_was_typed(names: list[str]) -> None:
    """All of Unicode, in the leaves' names of one graph."""
    boxes = tuple(box(i, "boxes", "", name, "1", "1", name) for i, name in enumerate(names))
    layout = layout_of(to_dot(Scene("boxes", boxes, (), 9, 9), Style(loss="L")))
    assert {thing["name"] for thing in layout["objects"]} == {f"n{i}" for i in range(len(names))}
    first = {}
    for word in words(layout, Page(1, 1, 1, (0, 0))):
        first.setdefault(word.owner, word.text)
    for i, name in enumerate(names):
        if printable(name).strip():
            assert first[f"n{i}"] == printable(name)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_node_and_the_wire_at_work_differ_by_weight_border_and_arrow(notation: Notation) -> None:
    """Without any colour: a double border, a heavy border at the receiver, a heavy wire whose head points back."""
    dot = to_dot(product(notation, midway=True), replace(STYLE, mono=True))
    lines = {line.split(" [")[0].strip(): line for line in dot.splitlines()}
    assert "peripheries=2" in lines["n2"]
    assert "penwidth=2.25" in lines["n0"]
    working = lines["n0 -> n2" if notation == "boxes" else "e1:r:e -> n2"]
    other = lines["n0 -> n1" if notation == "boxes" else "e0:r:e -> n1"]
    assert "penwidth=2.25" in working
    assert "penwidth" not in other
    head = lines["n0 -> n2" if notation == "boxes" else "n0 -> f0:r:w"]
    assert "dir=back" in head
    assert "arrowtail=normal" in head
    assert "5 · 1" in dot


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_finished_picture_can_be_drawn_without_marks(notation: Notation) -> None:
    dot = to_dot(product(notation, midway=True), replace(STYLE, highlight=False))
    assert "peripheries" not in dot
    assert "2.25" not in dot
    assert "5 · 1" not in dot


def test_what_is_not_known_yet_is_dashed() -> None:
    scene = product("boxes")
    unknown = replace(scene.boxes[3], value="?", grad="?", known=False, grad_state="not_yet")
    dot = to_dot(replace(scene, boxes=(*scene.boxes[:3], unknown)), STYLE)
    assert [line.strip()[:2] for line in dot.splitlines() if "dashed" in line] == ["n3"]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_mono_uses_black_and_white_only(notation: Notation) -> None:
    assert "#" not in to_dot(product(notation, midway=True), replace(STYLE, mono=True))


@pytest.mark.parametrize(
    ("show", "there", "absent"),
    [
        ("both", ["10", "7"], []),
        ("values", ["10"], [">7<", "∂"]),
        ("gradients", [">7<"], ["10<"]),
        ("symbols", ["<I>∂y/∂x</I>", "<I>∂y/∂b</I> · <I>∂b/∂x</I>"], ["10<", ">7<", "= 5"]),
    ],
)
def test_show_chooses_what_is_written(show: Show, there: list[str], absent: list[str]) -> None:
    dot = to_dot(product("textbook"), replace(STYLE, show=show))
    assert all(text in dot for text in there)
    assert not any(text in dot for text in absent)


def test_names_as_mathematics_are_searchable_as_they_read() -> None:
    dot = to_dot(named("W1", "boxes"), Style(loss="L", names={0: "W1", 1: "z"}, mathematics=True))
    assert "W₁" in dot
    assert "∂L/∂z" in dot
    assert "W1" not in dot


def test_a_width_is_handed_to_whoever_renders_the_text() -> None:
    assert 'size="3.3465,200!"' in to_dot(product("textbook"), replace(STYLE, width_mm=85))


def test_a_check_stands_beside_the_gradient_and_never_in_an_operators_circle() -> None:
    """`× ✓` in a circle would read as an operator."""
    scene = product("textbook")
    checked = replace(scene, boxes=tuple(replace(box, check="✓") for box in scene.boxes))
    lines = to_dot(checked, STYLE).splitlines()
    assert not [line for line in lines if "shape=circle" in line and "✓" in line]
    for node, place, grad in ((0, "f0", "7"), (1, "e2", "2"), (2, "e3", "5"), (3, "r3", "1")):
        label = next(line for line in lines if line.startswith(f"\t{place} ["))
        assert f">{grad} ✓<" in label, node
    assert "✓" not in "".join(line for line in lines if line.startswith("\te0 ["))
