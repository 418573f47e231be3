"""What layout and drawing cost, from 50 to 5,000 drawn nodes, against the budget, beside other layouts and renderers.

    python tests/bench/bench_layout.py [ROUNDS] [--others] [TRACE...]

Layout is what a newly opened graph pays once; scene and frame are paid at every key. The graphs are made of the shapes
that programs have; with saved traces, of their folded pictures too. `--others` puts networkx' layouts and the
renderers netext, phart and grandalf beside it, in a child process each with a time limit; what is not installed is
told in a line. Figures are medians of processor time, so that a busy machine counts less.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.layout.shapes import SHAPES, Graph, scene_of, sizes_of
from tracer.layout.layered import layered
from tracer.scene.canvas import draw
from tracer.scene.compact import compacted
from tracer.scene.minimap import minimap
from tracer.scene.picture import Scene
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, build_scene

BUDGET = {500: 50.0, 5000: 150.0}
"""Milliseconds for a layout of so many nodes."""
COUNTS = (50, 500, 5000)
SCREENS = ((80, 24), (120, 40), (220, 60))
LIMIT_S = 60.0
OTHERS = {
    "nx multipartite": "multipartite",
    "nx spring": "spring",
    "grandalf": "grandalf",
    "netext": "netext",
    "phart": "phart",
}


def milliseconds(act: Callable[[], object], rounds: int) -> float:
    """The median of some runs; of a slow thing, of fewer."""
    times: list[float] = []
    for _ in range(rounds):
        start = process_time()
        act()
        times.append((process_time() - start) * 1e3)
        if sum(times) > 5000:
            break
    return statistics.median(times)


def layouts(rounds: int) -> None:
    """Each shape, both directions, what of the budget it takes, and what it costs more to read every wire's corners."""
    print(
        f"\n{'graph':12}{'nodes':>6}{'edges':>7}{'down':>9}{'right':>9}{'budget':>9}{'wires':>9}"
        f"{'cells':>14}{'crossings':>10}   ms"
    )
    for count in COUNTS:
        for name, shape in SHAPES.items():
            graph = shape(count)
            figures = []
            for notation in NOTATIONS:
                sizes = sizes_of(graph, notation)
                direction = "down" if notation == "boxes" else "right"
                figures.append(milliseconds(lambda g=graph, s=sizes, d=direction: layered(g, s, d), rounds))
            placed = layered(graph, sizes_of(graph))
            budget = BUDGET.get(count)
            part = f"{max(figures) / budget:8.0%}" if budget else ""
            print(
                f"{name:12}{len(graph):6}{graph.number_of_edges():7}{figures[0]:9.1f}{figures[1]:9.1f}{part:>9}"
                f"{wires(graph, rounds):9.1f}{f'{placed.width}x{placed.height}':>14}{placed.crossings:10}"
            )


def wires(graph: Graph[int], rounds: int) -> float:
    """Reading the corners of all wires of a new layout: a large one writes them down only then."""
    sizes = sizes_of(graph)
    placed = [layered(graph, sizes) for _ in range(rounds)]
    return statistics.median(milliseconds(lambda p=one: dict(p.routes), 1) for one in placed)


def frames(rounds: int) -> None:
    """A frame of a laid-out picture on three screens, and the map of it: fresh, and where nothing has moved."""
    heads = "".join(f"{f'{w}x{h}':>9}" for w, h in SCREENS)
    print(f"\n{'graph':12}{'nodes':>6}{heads}{'map':>9}{'again':>9}   ms a frame")
    for count in COUNTS:
        for name in ("perceptron", "tangle"):
            scene = scene_of(SHAPES[name](count))
            figures = [
                milliseconds(lambda s=scene, size=screen: draw(s, _middle(s, size)), rounds) for screen in SCREENS
            ]
            view = _middle(scene, SCREENS[1])
            start = process_time()
            minimap(scene, view)
            figures.append((process_time() - start) * 1e3)
            figures.append(milliseconds(lambda s=scene, v=view: minimap(s, v), rounds))
            print(f"{name:12}{count:6}" + "".join(f"{figure:9.2f}" for figure in figures))


def traces(paths: Sequence[str], rounds: int) -> None:
    """The folded picture of saved traces: scene, compact zoom, frame."""
    import tracer
    from tracer.layout.fold import Folding

    print(f"\n{'trace':24}{'boxes':>6}{'layout':>9}{'scene':>9}{'frame':>9}{'compact':>9}   ms")
    for path in paths:
        trace = tracer.load(path)
        middle = len(trace) // 2
        opened = Folding().opened_to(trace, trace.n_nodes // 2)
        for folding in (Folding(), opened):
            scene = build_scene(trace.cursor(middle), folding=folding)
            graph: Graph[int] = Graph()
            graph.add_nodes_from(box.node for box in scene.boxes)
            graph.add_edges_from((w.input, w.user, w.edge) for w in scene.wires)
            moments = iter(range(middle, middle + 10 * rounds))
            figures = [
                milliseconds(lambda g=graph: layered(g, sizes_of(g)), rounds),
                milliseconds(lambda t=trace, f=folding, m=moments: build_scene(t.cursor(next(m)), folding=f), rounds),
                milliseconds(lambda s=scene: draw(s, _middle(s, SCREENS[1])), rounds),
                milliseconds(lambda s=scene, t=trace: compacted(s, t), rounds),
            ]
            print(f"{Path(path).name:24}{len(scene.boxes):6}" + "".join(f"{figure:9.2f}" for figure in figures))


def _middle(scene: Scene, screen: tuple[int, int]) -> Viewport:
    return Viewport(max(0, (scene.width - screen[0]) // 2), max(0, (scene.height - screen[1]) // 2), *screen)


# -- others -----------------------------------------------------------------------------------------------------------


def others() -> None:
    """The same graphs by others: coordinates only (networkx, grandalf), or a picture in characters (netext, phart)."""
    print(f"\n{'tangle by':18}" + "".join(f"{count:>9}" for count in COUNTS) + f"   ms; - is more than {LIMIT_S:.0f} s")
    graphs = {count: SHAPES["tangle"](count) for count in COUNTS}
    ours = [milliseconds(lambda g=graph: layered(g, sizes_of(g)), 3) for graph in graphs.values()]
    print(f"{'tracer':18}" + "".join(f"{figure:9.1f}" for figure in ours))
    for words, name in OTHERS.items():
        package = "networkx" if words.startswith("nx ") else name
        if importlib.util.find_spec(package) is None:
            print(f"{words:18}not installed: left out")
            continue
        cells = []
        for count in COUNTS:
            cells.append(_timed(name, count))
            if not cells[-1].strip().replace(".", "").isdigit():
                break
        print(f"{words:18}" + "".join(f"{cell:>9}" for cell in cells))


def _timed(name: str, count: int) -> str:
    """One layout by another library, in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(count)],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "-"
    return f"{float(done.stdout):.1f}" if done.returncode == 0 and done.stdout else "failed"


def one(name: str, count: int) -> None:
    """Lay a graph out with another library and print the milliseconds."""
    import networkx as nx

    graph = SHAPES["tangle"](count)
    start = perf_counter()
    if name == "multipartite":
        for number, generation in enumerate(nx.topological_generations(graph)):
            for node in generation:
                graph.nodes[node]["layer"] = number
        nx.multipartite_layout(graph, subset_key="layer")
    elif name == "spring":
        nx.spring_layout(graph, seed=1)
    elif name == "grandalf":
        from grandalf.graphs import Edge, Vertex
        from grandalf.graphs import Graph as Drawing
        from grandalf.layouts import SugiyamaLayout

        vertices = {node: Vertex(node) for node in graph}
        for vertex in vertices.values():
            vertex.view = type("View", (), {"w": 15, "h": 5, "xy": (0, 0)})()
        drawing = Drawing(list(vertices.values()), [Edge(vertices[a], vertices[b]) for a, b in graph.edges()])
        for part in drawing.C:
            layout = SugiyamaLayout(part)
            layout.init_all()
            layout.draw()
    elif name == "netext":
        from io import StringIO

        import netext
        from rich.console import Console

        Console(file=StringIO()).print(netext.ConsoleGraph(nx.DiGraph(graph)))
    else:
        import phart

        phart.ASCIIRenderer(nx.DiGraph(graph)).render()
    print((perf_counter() - start) * 1e3)


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["--one"]:
        one(arguments[1], int(arguments[2]))
        return
    rounds = next((int(word) for word in arguments if word.isdigit()), 5)
    layouts(rounds)
    frames(rounds)
    saved = [word for word in arguments if word.endswith(".trace")]
    if saved:
        traces(saved, rounds)
    if "--others" in arguments:
        others()


if __name__ == "__main__":
    main(sys.argv[1:])
