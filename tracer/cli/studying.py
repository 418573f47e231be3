"""The options and help of `tracer diagnose` and `tracer experiment`: what training runs teach."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Language, Nodes, Step, Task, Yes, run_names

app = typer.Typer()


def experiment_names(incomplete: str) -> list[str]:
    """Completions of an experiment: ours, and TOML files here."""
    from tracer.cli.listing import experiment_completions

    return experiment_completions(incomplete)


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


@app.command("experiment")
def experiment(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="One of ours by name, or a file of your own (.toml). Left out: which there are.",
            autocompletion=experiment_names,
            show_default=False,
        ),
    ] = None,
    *,
    steps: Annotated[
        int | None,
        typer.Option("--steps", metavar="N", min=1, max=1_000_000, help="Steps of each run.", show_default=False),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="FOLDER", help="Keep the runs there: else in runs/experiments/NAME.", show_default=False
        ),
    ] = None,
    text: Annotated[bool, typer.Option("--plain", help="Print a table, in a terminal too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    lang: Language = None,
) -> Task:
    """Train variants of a model and compare them: without residual connections, norm, attention; other learning rates.

    \b
    tracer experiment                            which there are, their questions, how long each takes
    tracer experiment residual
    tracer experiment learning-rate --steps 1000 --json
    tracer experiment my.toml                    one of your own

    Each variant is trained as an ordinary run, two at a time; one that is there already is used again where program and
    settings agree. Ctrl-C ends them with checkpoints, and the same command goes on. Then they are compared on screen:
    losses over each other, gradient norm by depth, diagnosis. Without a terminal a table is printed.

    \b
    An experiment is a TOML file:
        title = "Two widths"                     or title.en and title.ja; so are question, explanation, look, answer
        model = "gpt"                            or a program (.py), beside the file or from here
        steps = 100
        settings = { n_layer = 2 }               for all; data, mode and seed stand above, too
        [[variant]]
        name = "16"                              its folder's name, too
        settings = { n_embd = 16 }
        [[variant]]
        name = "32"
        title = { en = "32 wide", ja = "幅 32" }
        settings = { n_embd = 32 }

    \b
    JSON: {"name", "kind": "experiment", "title": {"en", "ja"}, "question", "explanation", "look", "answer",
    "variants": [{"name", "title", "title_ja", "settings", "folder", "step", "loss", "smoothed", "held_out",
    "gradient_by_depth": {stage of the residual stream: norm, ...}, "update_over_weight", "readings": [as `tracer
    diagnose` gives them]}, ...]}. Numbers that JSON does not have are the strings "nan", "inf" and "-inf".

    Exit codes: 0 done, 2 something you gave was wrong or a run could not be kept, 130 stopped by Ctrl-C.
    """
    from tracer.cli.experimenting import Asked
    from tracer.cli.experimenting import experiment as do

    asked = Asked(name, steps, run, as_json, text)
    return lambda: do(asked, ascii_only=ascii_, lang=lang or ctx.obj)
