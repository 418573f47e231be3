"""Every command's options and help. A command here only says what to call; its module is imported when it is called."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tracer.cli import drawing, learning, questions, studying
from tracer.cli.options import (
    MOST_NODES,
    Block,
    Break,
    ByName,
    Find,
    Fold,
    Language,
    Limit,
    Nodes,
    Step,
    Task,
    Thing,
    Unfold,
    Values,
    Watch,
    Yes,
)
from tracer.cli.terminal import say

app = typer.Typer(
    name="tracer",
    help="""Walk a computation and its backward pass number by number; every gradient is checked.

    \b
    tracer                                        lessons to pick from
    tracer open 6.3                               one lesson, by name or section
    tracer open "(x + 2) * (x - 1)" x=3           an expression of your own
    tracer open program.py                        a program that uses `from tracer import Value`
    tracer open notes.md                          a document with PyTorch code, block by block; notebooks too
    tracer train gpt                              a tiny GPT, learning names; mlp and two_layer are smaller still
    tracer open runs/names-42                     a training run: every step opens

    Opening a program runs it, with your rights, as python would; a document is asked about first.
    Opening a saved trace or an expression runs nothing.

    Without a terminal (in a pipe, with TERM=dumb) `tracer` and `tracer open` print text instead of starting the app.

    Exit codes: 0 done, 1 a check failed, 2 something you gave was wrong, 130 stopped by Ctrl-C
    (143 by SIGTERM).""",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


@app.callback()
def root(
    ctx: typer.Context,
    lang: Language = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw the app with ASCII only.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> Task | None:
    if version:
        return _version
    if ctx.invoked_subcommand is None:
        from tracer.cli.walking import gallery

        return lambda: gallery(lang, ascii_only=ascii_)
    ctx.obj = lang
    return None


def _version() -> int:
    from tracer import __version__

    print(f"gradient-tracer {__version__}")
    return 0


@app.command("open")
def open_(
    ctx: typer.Context,
    thing: Thing,
    values: Values = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="POSITION", help="Start there: a position, or `end`.", show_default=False),
    ] = None,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    unfold: Unfold = None,
    fold: Fold = False,
    limit: Limit = None,
    find: Find = None,
    break_: Break = None,
    watch: Watch = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Open a program, document, trace, training run, lesson or expression and walk through it; a folder is a course.

    \b
    tracer open 6.3
    tracer open notes.md --block 3
    tracer open "(x + 2) * (x - 1)" x=3
    tracer open program.py --at end
    tracer open program.py --unfold "z1[0, 1]"
    tracer open step.trace --unfold "position 3.layer 1" --limit 200
    tracer open runs/names-42                     a training run: any of its steps, and back
    tracer open runs/names-42 --step 7 --at end
    tracer open step.trace --find "layer1.attn_wq[3,5]" --break "first nan" --watch "norm grad"

    A program runs in a process of its own. Ctrl-C stops it, and what it had computed by then opens.
    """
    from tracer.cli.naming import Wish
    from tracer.cli.walking import Seeking, walk

    return lambda: walk(
        thing,
        values or [],
        at=at,
        ascii_only=ascii_,
        lang=lang or ctx.obj,
        nodes=nodes,
        unfold=unfold or (),
        fold=fold,
        limit=limit,
        seeking=Seeking(find or "", tuple(break_ or ()), tuple(watch or ())),
        wish=Wish(block, yes, step),
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    lang: Language = None,
) -> Task:
    """List the lessons, documents, models, data sets and experiments.

    \b
    --json prints one object:
    {"lessons": [{"name": "start/01_multiply", "kind": "lesson", "title": "...", "title_ja": "...", "group": "start",
                  "section": "", "minutes": 3, "path": "..."}],
     "models":  [{"name": "models/mlp", "kind": "model", "title": "...", "title_ja": "...", "path": "..."}],
     "data":    [{"name": "moons", "kind": "data", "title": "...", "title_ja": "...", "path": "...",
                  "holds": "points" or "text"}],
     "documents": [{"name": "write-your-own/01_a_page", "kind": "document", "title": "...", "title_ja": "...",
                    "group": "write-your-own", "path": "..."}],
     "experiments": [{"name": "residual", "kind": "experiment", "title": "...", "title_ja": "...", "path": "...",
                      "question": "...", "question_ja": "...", "variants": ["..."], "steps": 60, "seconds": 25}]}
    """
    from tracer.cli.listing import show

    return lambda: show(as_json=as_json, lang=lang or ctx.obj)


@app.command("record")
def record(
    ctx: typer.Context,
    thing: Thing,
    values: Values = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write the trace: else program.trace here.",
            show_default=False,
        ),
    ] = None,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Run a program and save what it computed, without the app.

    \b
    tracer record program.py                      writes program.trace
    tracer record program.py -o run.trace
    tracer open run.trace

    The file is written whole or not at all. What the program prints goes to stderr. If it raises, never ends (Ctrl-C)
    or makes too many nodes, what it had computed by then is saved.
    """
    from tracer.cli.naming import Wish
    from tracer.cli.recording import record

    return lambda: record(thing, values or [], out=out, nodes=nodes, lang=ctx.obj, wish=Wish(block, yes, step))


@app.command("steps")
def steps(
    ctx: typer.Context,
    thing: Thing,
    values: Values = None,
    by: Annotated[ByName, typer.Option("--by", help="How far each step goes.")] = ByName.edge,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    unfold: Unfold = None,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Print every step as text, or as JSON lines: for pipes, screen readers, dumb terminals.

    \b
    --json prints a header, then one object for each step, in order (schema tracer-steps, version 2):
    {"schema": "tracer-steps", "version": 2, "title": ..., "by": "edge", "steps": N, "positions": N, "nodes": N,
     "edges": N, "passes": N, "outcome": {"kind": "complete"}, "unfolded": []}
    {"step": 9, "position": 19, "kind": "edge", "node": NODE, "user": NODE, "edge": 3, "part": 4, "pass": 0,
     "value": 3, "grad": 5, "upstream": 5, "local": 1, "contribution": 5, "before": null, "after": 5, "note": null,
     "line": {"file": "prog.py", "line": 4}, "title": {"en": ..., "ja": ...}, "sentence": {"en": ..., "ja": ...},
     "why": {"en": ..., "ja": ...}, "say": null}

    \b
    step      counts from 1
    position  as in --at: finest steps, 0 to "positions"
    kind      forward, seed, edge, write, update or mark: what has just happened
    node      made, seeded, receiving, written, updated or marked: {"id", "label", "op", "formula", "scope",
              "shape", "dtype"}, the last two null where it is a plain number
    user      of an edge: the node whose gradient is handed on, in the same form
    value     of the node, at this step;  grad  its gradient so far, null before the first contribution
    sentence  what happens, why says by what rule;  say  a lesson's words where it stops, else null
    note      of an update: how an optimizer came to it, {"rule": "adam", ...}, else null
    A tensor's numbers are nested lists up to 64 elements, else {"shape", "min", "max", "mean", "std", "norm", "count",
    "zeros", "nan", "inf"}; its "local" is null where the op does not work element by element.
    Numbers that JSON does not have are the strings "nan", "inf" and "-inf"; what a kind does not have is null.
    Of a document, every block has a header, with "block", "kind" (python, fragment, other, skipped), "line", "heading",
    "status" and "output", and every step its "block"; where a block does not run, "needs" and "nearest" say why not and
    which lesson is near.
    A newer version may add keys; what a key means changes with "version" alone.
    """
    from tracer.cli.naming import Wish
    from tracer.cli.steps import steps

    return lambda: steps(
        thing,
        values or [],
        by=by.value,
        as_json=as_json,
        lang=lang or ctx.obj,
        nodes=nodes,
        unfold=unfold or (),
        wish=Wish(block, yes, step),
    )


@app.command("check")
def check(
    ctx: typer.Context,
    thing: Thing,
    values: Values = None,
    block: Block = None,
    step: Step = None,
    yes: Yes = False,
    unfold: Unfold = None,
    *,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="FILE", help="Compare with this saved run instead.", show_default=False),
    ] = None,
    rtol: Annotated[
        float, typer.Option("--rtol", min=0, help="With --against: relative difference that counts as none.")
    ] = 1e-9,
    lang: Language = None,
    nodes: Nodes = MOST_NODES,
) -> Task:
    """Check every value and gradient; exit 1 and name the first wrong node if one is.

    A value is computed again from its inputs, a gradient is summed again from its contributions and compared with a
    finite difference of the loss.

    \b
    tracer record program.py -o golden.trace
    tracer check program.py --against golden.trace     pins its numbers: exit 1 and the first one that has changed
    """
    from tracer.cli.check import check
    from tracer.cli.naming import Wish

    return lambda: check(
        thing,
        values or [],
        lang=lang or ctx.obj,
        nodes=nodes,
        unfold=unfold or (),
        wish=Wish(block, yes, step),
        against=against,
        rtol=rtol,
    )


app.add_typer(drawing.app)
app.add_typer(learning.app)
app.add_typer(questions.app)
app.add_typer(studying.app)


@app.command("doctor")
def doctor(ctx: typer.Context, lang: Language = None) -> Task:
    """Say what is installed and what works here: images, terminal, lessons, settings; exit 1 if something is broken."""
    from tracer.cli.doctor import doctor

    return lambda: doctor(lang or ctx.obj)


def run(arguments: Sequence[str]) -> int:
    """Understand `arguments` and do what they say; the exit code."""
    try:
        task: Any = app(args=_shield(arguments), prog_name="tracer", standalone_mode=False)
    except SystemExit as done:  # completion ends so
        return int(done.code or 0)
    except Exception as error:
        if not _is_usage_error(error):
            raise
        _say_usage(error)
        return 2
    return task() if callable(task) else int(task or 0)


def _shield(arguments: Sequence[str]) -> list[str]:
    """`-x^2` is an expression, not an option: its minus becomes the sign `−`, which the grammar knows.

    A file called `-x.py` is found as `./-x.py`. What stands after `--` is as it is.
    """
    words = list(arguments)
    writes = {"record", "export", "weights"} & set(words[:1])

    def shielded(word: str) -> str:
        if re.match(r"-[^-]", word) is None or word in ("-h", "-o") or (writes and word[1] == "o"):
            return word
        return f"./{word}" if os.path.isfile(word) else f"−{word[1:]}"

    end = words.index("--") if "--" in words else len(words)
    return [*map(shielded, words[:end]), *words[end:]]


def _is_usage_error(error: BaseException) -> bool:
    return any(kind.__name__ == "ClickException" for kind in type(error).__mro__)


def _say_usage(error: Any) -> None:
    """One message, as all others: what was wrong, and where help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tracer"
    say(f"{error.format_message().replace('Value error, ', '')}\n  {path} --help explains.")
