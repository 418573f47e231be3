"""The options and help of `tracer diagnose` and `tracer experiment`: what training runs teach."""

from __future__ import annotations

from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Language, Nodes, Step, Task, Yes, run_names

app = typer.Typer()


@app.command("diagnose")
def diagnose(
    ctx: typer.Context,
    folder: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="The folder of a training run; or the recording of a training step.",
            autocompletion=run_names,
            show_default=False,
        ),
    ],
    *,
    step: Step = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Read a training run's gradients: balanced, exploding, vanishing, converging, dead neurons, with the evidence.

    \b
    tracer diagnose runs/names-42
    tracer diagnose runs/names-42 --step 500     as it stood then: nothing after that step is looked at
    tracer diagnose step.trace                   a step that `tracer record` has kept
    tracer diagnose runs/names-42 || exit 1      in CI

    What is compared: a gradient's size with its own at first, with the loss, with that of other parameters, and from
    the last stage of the residual stream back to the embedding; neurons that were above 0 at no look. Where nothing
    warns it says so, and whether the gradients shrink together while the loss falls. A single step says little of how
    training goes.

    \b
    JSON: {"name", "step", "warns", "readings": [{"kind": "balanced", "converging", "exploding", "vanishing", "dead",
    "untouched" or "broken", "step", "warns", "where": [parameter or tapped thing, ...], "says": {"en", "ja"},
    "evidence": {...}, "advice": {...}}, ...]}, warnings first

    Exit codes: 0 all is well, 1 something warns, 2 something you gave was wrong.
    """
    from tracer.cli.diagnosing import diagnose_thing
    from tracer.cli.naming import Wish

    wish = Wish(step=step, yes=yes)
    return lambda: diagnose_thing(folder, wish, as_json=as_json, lang=lang or ctx.obj, nodes=nodes)
