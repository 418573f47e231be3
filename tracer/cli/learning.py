"""The options and help of `tracer train` and `tracer lesson`."""

from __future__ import annotations

from typing import Annotated

import typer

from tracer.cli.options import MOST_NODES, Language, Nodes, Task, Yes, data_names, model_names, thing_names

app = typer.Typer()


@app.command("train")
def train(
    ctx: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A program that defines `training`, or a model of ours by name: mlp, two_layer.",
            autocompletion=model_names,
            show_default=False,
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=NUMBER", help="Any setting that `training` takes.", show_default=False),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="moons, spirals, xor, or a CSV file.",
            autocompletion=data_names,
            show_default=False,
        ),
    ] = None,
    *,
    steps: Annotated[
        str | None, typer.Option("--steps", metavar="N", help="How many steps to take.", show_default=False)
    ] = None,
    lr: Annotated[str | None, typer.Option("--lr", metavar="X", help="Learning rate.", show_default=False)] = None,
    hidden: Annotated[
        str | None, typer.Option("--hidden", metavar="N", help="Neurons in the hidden layer.", show_default=False)
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option("--seed", metavar="N", help="Of the data made here and of the model.", show_default=False),
    ] = None,
    text: Annotated[bool, typer.Option("--plain", help="Print lines, in a terminal too.")] = False,
    every: Annotated[
        str | None, typer.Option("--every", metavar="N", help="Print every N-th step.", show_default=False)
    ] = None,
    open_step: Annotated[
        str | None,
        typer.Option("--open", metavar="K", help="Walk step K, as training took it.", show_default=False),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="POSITION", help="With --open: start there.", show_default=False)
    ] = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    lang: Language = None,
) -> Task:
    """Train a model and watch it learn; open any step and walk it.

    \b
    tracer train two_layer --data moons
    tracer train mlp --data spirals --hidden 8 --steps 1000
    tracer train program.py --data points.csv lr=0.05
    tracer train mlp --steps 50 --plain | tail -1
    tracer train mlp --open 50

    \b
    The program defines one function:
        def training(data=None, seed=42, lr=0.2, hidden=3):
            ...
            return Training(step, parameters, predict, rows, steps=200)    # from tracer import Training
    data        rows (x1, x2, label), each label 1.0 or -1.0, when --data is given
    step(i)     takes training step i (from 0): forward, loss, backward, update, zero; returns the loss
    parameters  what is trained;  predict(points)  a score for each point, above 0 for label 1
    Any argument with a default is a setting. All that is random must come from seed and i: a step that is opened is
    taken once more. A CSV has a header with x1, x2 and y; y has two different values. models/mlp.py is an example.

    \b
    With --plain, or without a terminal, one line on stdout for about every twentieth part of the run:
    step=20 loss=0.6931471805599453 accuracy=0.935
    step      from 1;  loss  what the step measured before its update, in full precision: nan and inf as such
    accuracy  share of the points the model gets right after the step; absent where the program predicts nothing
    A newer version may add words to a line. Exit code 2 if the loss stops being a finite number.
    """
    from tracer.cli.training import Wanted, train

    wanted = Wanted(model, settings or [], data, steps, lr, hidden, seed, every, open_step, at)
    return lambda: train(wanted, text=text, ascii_only=ascii_, lang=lang or ctx.obj)


lessons = typer.Typer(
    name="lesson",
    help="For those who write lessons: documents with comments, or programs with a TOML beside them.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
app.add_typer(lessons)


@lessons.command("check")
def lesson_check(
    ctx: typer.Context,
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="THING...",
            help="A document (.md, .ipynb), a lesson (.toml, .py), a folder of these, or a name.",
            autocompletion=thing_names,
            show_default=False,
        ),
    ],
    yes: Yes = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Check what a lesson claims: its comments or TOML, then every stop and number against a run.

    \b
    tracer lesson check notes.md
    tracer lesson check course/ --yes

    Everything that is wrong is told on a line of its own, with its line in the file. A block that raises is told too,
    but it may be meant to.

    Exit codes: 0 nothing is wrong, 1 a claim is wrong, 2 something cannot be read or run.
    """
    from tracer.cli.lessons import check_lessons
    from tracer.cli.naming import Wish

    return lambda: check_lessons(things, Wish(yes=yes), lang=lang or ctx.obj, nodes=nodes)
