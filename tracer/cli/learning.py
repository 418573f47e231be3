"""The options and help of `tracer train`, `tracer sample`, `tracer weights` and `tracer lesson`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracer.cli.options import (
    MOST_NODES,
    Language,
    Nodes,
    Task,
    Yes,
    data_names,
    model_names,
    run_names,
    setting_names,
    thing_names,
)

app = typer.Typer()

RunFolder = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The folder of a training run.", autocompletion=run_names, show_default=False),
]


@app.command("train", context_settings={"ignore_unknown_options": True})
def train(
    ctx: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A program that defines `training`, or a model of ours by name: gpt, gpt_scalar, mlp, two_layer.",
            autocompletion=model_names,
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SETTING",
            help="Any that `training` takes: n_layer=2, or --n-layer 2; residual=off, or --no-residual.",
            autocompletion=setting_names,
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="Text (UTF-8, a document a line; names, places), or points (moons, spirals, xor, a CSV file).",
            autocompletion=data_names,
            show_default=False,
        ),
    ] = None,
    *,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode", metavar="lines|text", help="Text as a document a line, or as one long text.", show_default=False
        ),
    ] = None,
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
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="scalar|tensor",
            help="With every number a node (MODEL_scalar.py), or with tensors (MODEL.py).",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="cpu|cuda", help="Where tensors are computed with.", show_default=False),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            "--init", metavar="FILE", help="Begin with these weights (.safetensors or .json).", show_default=False
        ),
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(
            "--document",
            metavar="NAME",
            help="Only measure this one document: its loss, and the norm of each gradient.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="FOLDER", help="Keep the run there: else in runs/, named by data.", show_default=False
        ),
    ] = None,
    no_save: Annotated[bool, typer.Option("--no-save", help="Keep no run.")] = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run from its last checkpoint.",
            autocompletion=run_names,
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --resume: though data or program have changed.")] = False,
    checkpoint_every: Annotated[
        str | None,
        typer.Option("--checkpoint-every", metavar="K", help="Steps between two checkpoints.", show_default=False),
    ] = None,
    save_weights: Annotated[
        Path | None,
        typer.Option(
            "--save-weights",
            metavar="FILE",
            help="Write the weights at the end (.safetensors or .json).",
            show_default=False,
        ),
    ] = None,
    text: Annotated[bool, typer.Option("--plain", help="Print lines, in a terminal too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    every: Annotated[
        str | None, typer.Option("--every", metavar="N", help="Print every N-th step.", show_default=False)
    ] = None,
    samples: Annotated[bool, typer.Option("--samples", help="Print the texts that the model writes, too.")] = False,
    open_step: Annotated[
        str | None,
        typer.Option("--open", metavar="K", help="Walk step K, as training takes it.", show_default=False),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="POSITION", help="With --open: start there.", show_default=False)
    ] = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    lang: Language = None,
) -> Task:
    """Train a model and watch it learn; open any step and walk it.

    \b
    tracer train gpt                                       the tiny GPT, on names
    tracer train gpt --data my_names.txt --n-layer 2 --no-residual
    tracer train gpt --data novel.txt --mode text --engine scalar
    tracer train --resume runs/names-42                    on, to the same numbers
    tracer train --resume runs/names-42 --lr 0.001 --no-residual      on with other settings
    tracer train two_layer --data moons --hidden 12
    tracer train program.py --data points.csv lr=0.05
    tracer train mlp --steps 50 --plain | tail -1
    tracer train mlp --open 50

    \b
    The program defines one function:
        def training(data=None, seed=42, lr=0.2, hidden=3):
            ...
            return Training(step, parameters, predict, rows, steps=200)    # from tracer import Training
    data        rows (x1, x2, label), each label 1.0 or -1.0, when --data names points
    documents   a list of texts, when --data names text
    step(i)     takes training step i (from 0): forward, loss, backward, update, zero; returns the loss
    parameters  what is trained;  predict(points)  a score for each point, above 0 for label 1
    Any argument with a default is a setting: a number, a word, or on and off. All that is random must come from seed
    and i. A CSV has a header with x1, x2 and y; y has two different values. models/mlp.py is the smallest example,
    models/gpt.py one with text.

    \b
    Settings of gpt and gpt_scalar, with their defaults:
    --n-layer 1  --n-embd 16  --n-head 4  --block-size 16  --lr 0.01  --steps 1000  --seed 42  --batch-size 1
    --accumulate 1 (passes a step)  --held-out 0.1 (share of the documents)  --beta1 0.85  --beta2 0.99
    --activation relu|tanh|gelu  --norm rms|layer|off  --no-residual  --no-attention  --tied (head and embedding)
    --dtype float32|float64  --device cpu|cuda (gpt alone has the choice)
    The learning rate falls in a straight line from --lr to 0 over the planned --steps. With another --steps, --resume
    goes on with the learning rate of that plan. Of a document the first --block-size symbols are learned.

    A run is kept in runs/<data>-<seed>, or where --run says: `tracer open RUN` opens it and any of its
    steps, `tracer sample RUN` lets it write, `tracer diff RUN RUN` compares two, `tracer weights RUN -o FILE` takes
    its weights out. Ctrl-C ends it with a checkpoint; --resume goes on to the same numbers. --steps counts from the
    first step: with more than the run has, a finished one goes on. Settings named with --resume are other ones from
    there on: every step opens with those it was taken with. What would change the parameters' shapes or the data needs
    a new run. If the loss stops being a finite number, training ends, and the operation that spoilt it is told.

    \b
    With --plain, or without a terminal, one line on stdout for about every twentieth part of the run:
    step=20 loss=0.6931471805599453 accuracy=0.935
    step      from 1;  loss  what the step measured before its update, in full precision: nan and inf as such
    accuracy  share of the points the model gets right after the step; absent where the program predicts nothing
    eval      mean loss of the documents kept aside, after the step; absent where there are none
    broken    the first parameter that the step's update left not finite; then training has ended
    With --samples a line for each text: step=20 temperature=0.5 sample="mika"
    A newer version may add words to a line.

    \b
    With --json one object a line: {"step", "loss", "accuracy", "eval", "lr", "broken", "samples": [{"text",
    "temperature"}]}
    With --document one object, and nothing is trained or kept:
        tracer train gpt --data FILE --init weights.json --document anna --steps 0 --dtype float64 --json
        {"loss": 3.3, "grad_norm": {"wte": 0.4, "wpe": 0.3, ..., "layer0.attn_wq": 0.01, ...}}
    grad_norm is the root of the sum of squares of each parameter's gradient. Numbers that JSON does not have are the
    strings "nan", "inf" and "-inf"; what there is not is null.
    Weights are safetensors, or JSON with nested lists: {"wte": [[...], ...], "layer0.attn_wq": [[...], ...], ...}

    Exit codes: 0 done, 2 something you gave was wrong or the loss is not finite, 130 stopped by Ctrl-C.
    """
    from tracer.cli.asked import Wanted
    from tracer.cli.training import train

    words = [word for word in (model, *(settings or [])) if word is not None]
    wanted = Wanted(
        words,
        data=data,
        mode=mode,
        steps=steps,
        lr=lr,
        hidden=hidden,
        seed=seed,
        engine=engine,
        device=device,
        init=init,
        document=document,
        run=run,
        resume=resume,
        force=force,
        no_save=no_save,
        save_weights=save_weights,
        checkpoint_every=checkpoint_every,
        every=every,
        samples=samples,
        plain=text,
        as_json=as_json,
        open=open_step,
        at=at,
    )
    return lambda: train(wanted, ascii_only=ascii_, lang=lang or ctx.obj)


@app.command("sample")
def sample(
    ctx: typer.Context,
    folder: RunFolder,
    *,
    temperature: Annotated[
        str, typer.Option("--temperature", metavar="T", help="0 takes the most probable symbol; 1 as the model says.")
    ] = "0.5",
    number: Annotated[str, typer.Option("--number", metavar="N", help="How many texts.")] = "20",
    seed: Annotated[str, typer.Option("--seed", metavar="S", help="The same seed writes the same texts.")] = "0",
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="STEP", help="With the weights after this step, which has a checkpoint.", show_default=False
        ),
    ] = None,
    walk: Annotated[bool, typer.Option("--walk", help="Walk through how the first one comes about.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    lang: Language = None,
) -> Task:
    """Let a trained model write: a text a line.

    \b
    tracer sample runs/names-42
    tracer sample runs/names-42 --temperature 1 --number 5 --seed 7 --at 100
    tracer sample runs/names-42 --walk

    With --walk one text is generated symbol by symbol, with what the model reads, the probabilities it gives, what is
    drawn, and the keys and values it keeps (the KV cache); without a terminal, a line for each symbol.

    \b
    JSON: {"text", "temperature"}, one object for each text
    With --walk: {"position", "read", "top": [[symbol, probability], ...], "drawn", "cache": [{"layer", "keys":
    shape, "values": shape}, ...]}, one object for each symbol; the mark of beginning and end is null.

    Exit codes: 0 done, 2 something you gave was wrong.
    """
    from tracer.cli.sampling import Asked, write_samples

    asked = Asked(temperature, number, seed, at, as_json, walk)
    return lambda: write_samples(folder, asked, ascii_only=ascii_, lang=lang or ctx.obj)


@app.command("weights")
def weights(
    ctx: typer.Context,
    folder: RunFolder,
    *,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write them: .safetensors or .json.")
    ],
    at: Annotated[
        int | None,
        typer.Option(
            "--at", metavar="STEP", min=0, help="Those after this step, which has a checkpoint.", show_default=False
        ),
    ] = None,
    lang: Language = None,
) -> Task:
    """Write the weights of a training run to a file.

    \b
    tracer weights runs/names-42 -o weights.json
    tracer weights runs/names-42 -o first.safetensors --at 0
    tracer train gpt --init weights.json

    Safetensors, or JSON with nested lists: {"wte": [[...], ...], "layer0.attn_wq": [[...], ...], ...}. Without --at, of
    the last checkpoint; 0 is before the first step.

    Exit codes: 0 done, 2 something you gave was wrong.
    """
    from tracer.cli.runs import weights

    return lambda: weights(folder, out, at, lang or ctx.obj)


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
