"""The options and help of the commands that ask something of a recording: `tracer diff`, and its kin."""

from __future__ import annotations

from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Language, Nodes, Task, Thing, Yes

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("diff")
def diff(
    ctx: typer.Context,
    thing: Thing,
    other: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OTHER [NAME=NUMBER]...",
            help="The run to compare with; or other numbers for the leaves of the same program, or of OTHER.",
            show_default=False,
        ),
    ] = None,
    *,
    most: Annotated[int, typer.Option("--most", metavar="N", min=0, help="Changes to print.")] = 20,
    rtol: Annotated[float, typer.Option("--rtol", min=0, help="Relative difference that counts as none.")] = 1e-12,
    atol: Annotated[float, typer.Option("--atol", min=0, help="Absolute difference that counts as none.")] = 0.0,
    open_: Annotated[bool, typer.Option("--open", help="Walk both side by side, from the first difference.")] = False,
    as_json: AsJson = False,
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Compare two runs of one program: the first difference, then all changes by size.

    \b
    tracer diff before.trace after.trace
    tracer diff program.py x=3.5
    tracer diff program.py edited.py --most 5 --json
    tracer diff 3.3 --open

    Compared are values, gradients at the end of each backward pass, and what updates leave. Nodes are paired as long
    as both runs make the same ones; then by name, operation, scope and source line.

    \b
    JSON: {"same", "differing", "only_left", "only_right", "first": {"fact", "labels", "left", "right", "positions",
    "line"} or null, "changes": [{"fact", "pass", "labels", "left", "right", "size", "relative", "line"}, ...]}

    Exit codes: 0 the same, 1 they differ, 2 something you gave was wrong.
    """
    from tracer.cli.comparing import Asked, diff
    from tracer.cli.naming import Wish

    asked = Asked(most, rtol, atol, open_, as_json)
    return lambda: diff(thing, other or [], asked, lang=lang or ctx.obj, nodes=nodes, wish=Wish(yes=yes))
