"""What several commands take: a thing, numbers for it, how far to go. Each is declared once, with its help."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

Task = Callable[[], int]
"""What is left to do once the command line is understood; returns the exit code."""


class LangName(StrEnum):
    en = "en"
    ja = "ja"


class ByName(StrEnum):
    part = "part"
    edge = "edge"
    node = "node"
    scope = "scope"
    whole = "pass"


def thing_names(incomplete: str) -> list[str]:
    """Completions of THING: lessons, models, and what lies here that can be opened."""
    from tracer.cli.listing import completions

    return completions(incomplete)


def model_names(incomplete: str) -> list[str]:
    """Completions of MODEL: models, and programs that lie here."""
    from tracer.cli.listing import training_completions

    return training_completions(incomplete, ".py")


def data_names(incomplete: str) -> list[str]:
    """Completions of --data: sets made here, our texts, and tables and texts that lie here."""
    from tracer.cli.listing import training_completions

    return training_completions(incomplete, ".csv")


def setting_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completions of a setting: `n_layer=`, of the model that was named."""
    from tracer.cli.listing import setting_completions

    return setting_completions(str(ctx.params.get("model") or ""), incomplete)


def run_names(incomplete: str) -> list[str]:
    """Completions of RUN: folders of training runs, and folders on the way there."""
    from tracer.cli.listing import run_completions

    return run_completions(incomplete)


Thing = Annotated[
    str,
    typer.Argument(
        metavar="THING",
        help="A program (.py), a document (.md, .ipynb), a saved trace, a training run's folder, a lesson or model by "
        "name, or an expression.",
        autocompletion=thing_names,
        show_default=False,
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME=NUMBER",
        help="Numbers for the expression's names, or other values for a program's leaves.",
        show_default=False,
    ),
]
Language = Annotated[
    LangName | None,
    typer.Option("--lang", help="Language of the words: that of the app if not given.", show_default=False),
]
Nodes = Annotated[int, typer.Option("--nodes", metavar="N", min=1, help="Stop a program that makes more nodes.")]
Unfold = Annotated[
    list[str] | None,
    typer.Option(
        "--unfold",
        metavar="NAME",
        help="Show what is inside a tensor (z1, its row z1[0], its element z1[0, 1]) or a scope (`layer 1.mlp`). "
        "Repeatable.",
        show_default=False,
    ),
]
KnownAt = Annotated[
    str, typer.Option("--at", metavar="POSITION", help="What is known there: at a position, or at the `end`.")
]
Find = Annotated[
    str | None,
    typer.Option("--find", metavar="QUERY", help="Begin at the first node a query finds.", show_default=False),
]
Break = Annotated[
    list[str] | None,
    typer.Option(
        "--break", metavar="SPEC", help="Set a breakpoint: a query, `first nan`, ... Repeatable.", show_default=False
    ),
]
Watch = Annotated[
    list[str] | None,
    typer.Option(
        "--watch", metavar="NAME", help="Watch a node, or a figure like `norm grad`. Repeatable.", show_default=False
    ),
]
Fold = Annotated[bool, typer.Option("--fold", help="Draw each scope as one box, but for those that --unfold opens.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=1, help="Draw at most N boxes, those around the moment.", show_default=False
    ),
]
Block = Annotated[
    int | None,
    typer.Option("--block", metavar="N", min=1, help="Of a document: only this block.", show_default=False),
]
Step = Annotated[
    int | None,
    typer.Option("--step", metavar="K", min=1, help="Of a training run: this step.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", help="Of a document: run its code without asking.")]
MOST_NODES = 2_000_000
