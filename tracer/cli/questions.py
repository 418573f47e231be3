"""The options and help of the commands that ask something of a recording: `tracer diff`, and its kin."""

from __future__ import annotations

from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Block, KnownAt, Language, Nodes, Step, Task, Thing, Values, Yes

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
    step: Step = None,
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
    tracer diff runs/names-42 runs/names-43               two training runs
    tracer diff runs/names-42 runs/names-43 --step 7      step 7 of both
    tracer diff runs/a runs/b runs/c             a table: losses, gradient by depth, diagnosis; on screen with --open

    Compared are values, gradients at the end of each backward pass, and what updates leave. Nodes are paired as long
    as both runs make the same ones; then by name, operation, scope and source line.

    \b
    JSON: {"same", "differing", "only_left", "only_right", "first": {"fact", "labels", "left", "right", "positions",
    "line"} or null, "changes": [{"fact", "pass", "labels", "left", "right", "size", "relative", "line"}, ...]}
    Of training runs: {"same", "settings": {name: [left, right]} where they differ, "taken": [steps, steps], "step": the
    first in which a number differs, or null, "losses": [left, right], "difference": the object above, of that step}
    Of more than two: {"same", "runs": [{"name", ..., as the variants of `tracer experiment`}, ...]}

    Exit codes: 0 the same, 1 they differ, 2 something you gave was wrong.
    """
    from tracer.cli.comparing import Asked, diff
    from tracer.cli.naming import Wish

    asked = Asked(most, rtol, atol, open_, as_json)
    return lambda: diff(thing, other or [], asked, lang=lang or ctx.obj, nodes=nodes, wish=Wish(yes=yes, step=step))


@app.command("find")
def find(
    ctx: typer.Context,
    thing: Thing,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="A name, or conditions: see below.", show_default=False)
    ],
    values: Values = None,
    *,
    at: KnownAt = "end",
    most: Annotated[
        int | None,
        typer.Option("--most", metavar="N", min=0, help="Nodes to print: 20 if not given.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Find nodes by name, operation, scope, source line, value and gradient.

    \b
    tracer find 6.3 x
    tracer find step.trace "layer*.attn_wq[3,*]"
    tracer find step.trace "op == relu and grad == 0" --json
    tracer find step.trace "largest 10 |grad| where kind == leaf"
    tracer find program.py nan --at 120

    \b
    name            x   attn_wq[3,5]   layer*.attn_wq[3,*]   softmax (a name, an op or a scope)
    by text         op == relu   op in (exp, log)   scope == "layer 1"   scope ~ soft   name ~ wq   file ~ gpt
                    kind == leaf (or const, op)   shape == (2, *)
    by number       grad > 1e-2   |value| < 1e-6   |grad| >= 0.5   value == 0   norm > 10
                    uses > 10   line == 12   id == 17
    by state        nan   inf   finite   value is nan   grad is unknown (or known, none, partial, complete, ...)
    joined          and   or   not   ( )
    by size         largest 10 |grad|   smallest 5 value where op == mul

    A number that is not known yet, or is nan, matches no comparison; of a tensor any element may. "smallest |grad|"
    leaves out exact zeros: `grad == 0` finds them. A scope is all that is in it.

    \b
    JSON: {"query", "position", "found": how many, "nodes": [{"id", "label", "op", "formula", "scope", "shape", "dtype",
    "value", "grad", "grad_state", "line": {"file", "line"} or null}, ...]}

    Exit codes: 0 found, 1 nothing found, 2 something you gave was wrong.
    """
    from tracer.cli.finding import Asked, find
    from tracer.cli.naming import Wish

    asked = Asked(query, at, most, as_json)
    return lambda: find(thing, values or [], asked, lang=lang or ctx.obj, nodes=nodes, wish=Wish(block, yes, step))


@app.command("paths")
def paths(
    ctx: typer.Context,
    thing: Thing,
    node: Annotated[
        str,
        typer.Argument(
            metavar="NODE", help="A node by name, `v7`, or an element of a tensor: W1[0, 1].", show_default=False
        ),
    ],
    values: Values = None,
    *,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="Routes to print, of a graph with more than 1,000.")
    ] = 10,
    at: KnownAt = "end",
    through: Annotated[
        list[str] | None,
        typer.Option(
            "--through",
            metavar="SCOPE",
            help="Say what came through this part: attention, layer 1.mlp. Repeatable.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Print the routes by which gradient comes from the loss to a node.

    \b
    tracer paths 6.3 x
    tracer paths "(x + 2)(x - 1)" x x=3
    tracer paths step.trace "layer0.attn_wq[3,5]" --most 5 --through mlp
    tracer paths program.py W1 --json

    A route's product is the product of the local gradients along it; the sum over all routes is the gradient. The
    largest |products| are printed, with the share of the sum of all |products| (the mass) that they make. Where the
    graph has residual connections x + f(x): how much came past them and how much through f. Between tensors, routes
    that end alike may stand together, and a share is how much of it lies along the gradient.

    \b
    JSON: {"node", "id", "element", "root", "pass", "position", "gradient", "held", "paths", "arrived", "mass",
    "explained", "rule", "top": [{"product", "share", "paths", "log10", "nodes", "ids", "edges", "locals"}, ...],
    "residual": {"highway": {"branches", "share", "mass"}, "stages": [{"adds", "count", "shortcut": {"share", "mass"},
    "branch": {...}}, ...]} or null, "through": {SCOPE: {"share", "mass"}, ...}}

    Exit codes: 0 routes were found, 1 none leads there, 2 something you gave was wrong.
    """
    from tracer.cli.naming import Wish
    from tracer.cli.paths import Asked, paths

    asked = Asked(node, most, at, through or (), as_json)
    return lambda: paths(thing, values or [], asked, lang=lang or ctx.obj, nodes=nodes, wish=Wish(block, yes, step))


@app.command("why")
def why(
    ctx: typer.Context,
    thing: Thing,
    node: Annotated[
        str | None,
        typer.Argument(
            metavar="[NODE]",
            help="A node by name, `v7`, or an element of a tensor: W1[0, 1]. Left out: the worst of the whole run.",
            show_default=False,
        ),
    ] = None,
    values: Values = None,
    *,
    at: KnownAt = "end",
    question: Annotated[
        str | None,
        typer.Option(
            "--question",
            metavar="WHAT",
            help="zero, nan, inf, huge, tiny, none or ordinary: what to ask, whatever the gradient is.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Explain why a gradient is zero, nan, huge, tiny or missing; of an ordinary one, where it came from.

    \b
    tracer why program.py
    tracer why program.py "W1[0, 1]"
    tracer why step.trace "layer0.attn_wq[3,5]" --question tiny
    tracer why "log(x)" x=0 --json

    Gradient is followed from the node to whoever handed it on, values to what they were made of, down to the first
    closed gate, zero factor, cut, cancellation, dominating factor, or operation that is not finite. Huge is 1e3 and
    more, tiny 1e-8 and less, where the loss itself has 1.

    Without NODE the worst is explained: what is not finite, then a huge gradient, a parameter that received nothing
    (all of it), a tiny one. In CI: tracer why program.py || exit 1

    \b
    JSON: {"node", "id", "element", "question", "about": "grad" or "value", "verdict", "asked", "answer",
    "position", "culprit": {"node", "id", "element", "edge", "position", "line"} or null, "others", "more", "share",
    "factor", "stretch", "start", "contribution", "until", "chain": [{"node", "id", "element", "kind", "from", "edge",
    "upstream", "local", "contribution", "share", "contributions", "value", "grad", "position", "line", "scope"}, ...]}

    Exit codes: 0 nothing is wrong, 1 a culprit was found, 2 something you gave was wrong.
    """
    from tracer.cli.naming import Wish
    from tracer.cli.why import Asked, explain_why

    asked = Asked(node, at, question, as_json)
    return lambda: explain_why(
        thing, values or [], asked, lang=lang or ctx.obj, nodes=nodes, wish=Wish(block, yes, step)
    )
