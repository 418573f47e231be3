"""The options and help of `tracer export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Block, Fold, Language, Limit, Nodes, Step, Task, Thing, Unfold, Values, Yes

app = typer.Typer()


class NotationName(StrEnum):
    boxes = "boxes"
    textbook = "textbook"


class StyleName(StrEnum):
    screen = "screen"
    textbook = "textbook"


class ShowName(StrEnum):
    values = "values"
    gradients = "gradients"
    both = "both"
    symbols = "symbols"


@app.command("export")
def export(
    ctx: typer.Context,
    thing: Thing,
    values: Values = None,
    *,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write it: .svg, .png, .pdf or .dot.")
    ],
    at: Annotated[
        str, typer.Option("--at", metavar="POSITION", help="The moment to draw: a position, or `end`.")
    ] = "end",
    notation: Annotated[
        NotationName | None,
        typer.Option("--notation", help="Boxes from top to bottom, or a textbook's circles from left to right."),
    ] = None,
    style: Annotated[StyleName, typer.Option("--style", help="As the app shows it, or as a textbook prints it.")] = (
        StyleName.screen
    ),
    width: Annotated[
        str | None, typer.Option("--width", metavar="LENGTH", help="Exact width in print: 85mm, 8.5cm, 3.35in, 241pt.")
    ] = None,
    digits: Annotated[int, typer.Option("--digits", metavar="N", help="Significant digits.")] = 4,
    mono: Annotated[bool, typer.Option("--mono", help="Black and white.")] = False,
    caption: Annotated[bool, typer.Option("--caption/--no-caption", help="A line of words below the graph.")] = True,
    show: Annotated[ShowName, typer.Option("--show", help="What stands at the edges or in the boxes.")] = ShowName.both,
    format: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="svg, png, pdf or dot, if FILE does not say.")
    ] = None,
    fold: Fold = False,
    limit: Limit = None,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    unfold: Unfold = None,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Write the graph at a moment as an image (SVG, PNG, PDF) or as DOT.

    \b
    tracer export 6.3 -o graph.svg
    tracer export 6.3 -o figure.pdf --style textbook --width 85mm --digits 3 --mono --no-caption
    tracer export "(x + 2)(x - 1)" x=3 -o step.png --at 19
    tracer export step.trace -o layer.svg --unfold "position 3.layer 1"
    """
    from tracer.cli.exporting import export
    from tracer.cli.naming import Wish

    return lambda: export(
        thing,
        values or [],
        out=out,
        at=at,
        notation=None if notation is None else notation.value,
        style=style.value,
        width=width,
        digits=digits,
        mono=mono,
        caption=caption,
        show=show.value,
        format=format,
        fold=fold,
        limit=limit,
        lang=lang or ctx.obj,
        nodes=nodes,
        unfold=unfold or (),
        wish=Wish(block, yes, step),
    )
