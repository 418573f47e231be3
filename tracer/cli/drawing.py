"""The options and help of `tracer export` and `tracer report`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tracer.cli.options import (
    MOST_NODES,
    Block,
    Fold,
    Language,
    Limit,
    Nodes,
    Step,
    Task,
    Thing,
    Unfold,
    Values,
    Yes,
    run_names,
)

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


Layer = Annotated[
    int | None, typer.Option("--layer", metavar="L", min=0, help="Of a panel: this layer.", show_default=False)
]
Head = Annotated[
    int | None, typer.Option("--head", metavar="H", min=0, help="Of a panel: this head.", show_default=False)
]
Place = Annotated[
    int | None,
    typer.Option("--position", metavar="P", help="Of a panel: this position; else the last.", show_default=False),
]
Document = Annotated[
    int | None,
    typer.Option("--document", metavar="D", min=0, help="Of a panel: this one of the step.", show_default=False),
]
Parameter = Annotated[
    str | None,
    typer.Option("--parameter", metavar="NAME", help="Of a panel: this parameter.", show_default=False),
]


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
    panel: Annotated[
        str | None,
        typer.Option(
            "--panel",
            metavar="NAME",
            help="Of a training run: this panel of the dashboard, or `all` of them into the folder -o.",
            show_default=False,
        ),
    ] = None,
    twin: Annotated[bool, typer.Option("--twin", help="With --panel: its gradient.")] = False,
    history: Annotated[bool, typer.Option("--history", help="With --panel: over the steps, not of one.")] = False,
    log: Annotated[bool, typer.Option("--log", help="With --panel: on a logarithmic scale.")] = False,
    dark: Annotated[bool, typer.Option("--dark", help="With --panel: on a dark ground, for a projector.")] = False,
    layer: Layer = None,
    head: Head = None,
    place: Place = None,
    document: Document = None,
    parameter: Parameter = None,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Write the graph at a moment as an image (SVG, PNG, PDF) or as DOT; of a run, any panel of its dashboard.

    \b
    tracer export 6.3 -o graph.svg
    tracer export 6.3 -o figure.pdf --style textbook --width 85mm --digits 3 --mono --no-caption
    tracer export "(x + 2)(x - 1)" x=3 -o step.png --at 19
    tracer export step.trace -o layer.svg --unfold "position 3.layer 1"

    \b
    tracer export runs/names-42 --panel attention -o attention.pdf --layer 0 --head 1 --step 500
    tracer export runs/names-42 --panel flow --history --log -o flow.svg --width 85mm --lang ja
    tracer export runs/names-42 --panel loss -o loss.csv           also .json
    tracer export runs/names-42 --panel all --twin -o figures/ --format png

    \b
    Panels: loss attention probabilities embedding residual heads mlp flow positions rate weights updates heatmap adam
    ratio samples numbers, and boundary for models of points; each as far as the run has it.
    --panel all --twin --history writes all of these, too.

    \b
    CSV has a header line. Numbers read back to the same bits; nothing stands where there is none, nan and inf as such:
    lines      step, a column for each series         heat, grid  row, column, row_name, column_name, value
    bars       index, name, value, ..., marks         scatter     step, index, name, x, y, marks
    histogram  from, to, count                        words       name, value
    JSON is one object: {"schema": "tracer-panel", "version": 1, "panel", "step", "title": {"en", "ja"}, "kind",
    "gradient": bool, "choice": {"layer": 0, ...}, "axis", "log", "low", "high", "signed", "rows", "columns",
    "steps": of a history's columns, "values": nested lists, "extra", "marks": {"target": [2]}, "refs", "badges",
    "table", "note", "caption"}
    null where there is no number, "nan", "inf", "-inf" for those JSON has not.
    """
    asked = (panel, twin, history, log, dark, layer, head, place, document, parameter)
    if any(one not in (None, False) for one in asked):
        return lambda: _export_panel(thing, out, asked, step, (format, width, lang or ctx.obj))
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


def _export_panel(
    name: str, out: Path, asked: tuple[Any, ...], step: int | None, paper: tuple[str | None, str | None, str | None]
) -> int:
    from tracer.cli.panels import Asked, Paper, export_panels, refuse_other, refuse_without_panel

    of = Asked(*asked)
    if of.panel is None:
        refuse_without_panel(of)
    refuse_other(name)
    return export_panels(name, out, of, step=step, paper=Paper(*paper))


@app.command("report")
def report(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="The folder of a training run.", autocompletion=run_names, show_default=False
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write it: .html or .pdf.")],
    step: Annotated[
        int | None,
        typer.Option("--step", metavar="K", min=1, help="As it was then; else at its last step.", show_default=False),
    ] = None,
    layer: Layer = None,
    head: Head = None,
    place: Place = None,
    document: Document = None,
    lang: Language = None,
) -> Task:
    """Write all of a training run as one report: HTML that needs no network, or PDF.

    \b
    tracer report runs/names-42 -o names.html
    tracer report runs/names-42 -o names.pdf --lang ja --step 500 --layer 1

    What was trained on what, with which settings and versions; the reading of its gradients with its evidence; every
    panel with its gradient and its history, and what it tells; texts that the model wrote; and the commands that open
    it again. The same run and step give the same file.

    Exit codes: 0 done, 2 something you gave was wrong.
    """
    from tracer.cli.reporting import report

    choice = layer or 0, head or 0, -1 if place is None else place, document or 0
    return lambda: report(folder, out, step, choice, lang or ctx.obj)
