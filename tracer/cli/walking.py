"""`tracer` and `tracer open`: the app where there is a terminal for it, text where there is none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracer.cli.ending import asked_to_end
from tracer.cli.naming import Wish, document_file, position_of, refuse_wish, run_folder, runs_in
from tracer.cli.opening import exit_code, open_quietly, tell_outcome
from tracer.cli.terminal import choose_lang, interactive
from tracer.lessons.given import parse_assignments
from tracer.lessons.limits import Limits


@dataclass(frozen=True)
class Seeking:
    """What a command line says about finding, breakpoints and watches."""

    find: str = ""
    """A query."""
    breaks: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.find or self.breaks or self.watches)

    def check(self) -> None:
        """Read all of it.

        Raises:
            QueryError: one has a mistake.
        """
        from tracer.trace.breakpoints import parse_break
        from tracer.trace.query import parse_query
        from tracer.trace.watches import parse_watch

        if self.find:
            parse_query(self.find)
        for text in self.breaks:
            parse_break(text)
        for text in self.watches:
            parse_watch(text)


def gallery(lang: str | None, *, ascii_only: bool) -> int:
    """The lessons: as the app's gallery, or as a list."""
    if interactive():
        from tracer.tui.start import run_app

        return run_app(ascii_only=ascii_only, lang=None if lang is None else choose_lang(lang))
    from tracer.cli.listing import show

    return show(as_json=False, lang=lang)


def walk(
    name: str,
    values: Sequence[str],
    *,
    at: str | None = None,
    ascii_only: bool = False,
    lang: str | None = None,
    nodes: int = Limits.nodes,
    unfold: Sequence[str] = (),
    fold: bool = False,
    limit: int | None = None,
    seeking: Seeking | None = None,
    wish: Wish | None = None,
) -> int:
    """Open a thing in the app, or print its steps."""
    words, wish, seeking = choose_lang(lang), wish or Wish(), seeking or Seeking()
    if seeking:
        seeking.check()  # before a program runs for an hour
    folder = run_folder(name)
    if folder is not None and wish.step is None:
        from tracer.cli.runs import open_run

        refuse_wish(name, wish)
        return open_run(folder, at=at, ascii_only=ascii_only, lang=lang)
    runs = [] if folder is not None else runs_in(name)
    if runs:
        from tracer.cli.runs import list_runs

        refuse_wish(name, wish)
        return list_runs(runs, words)
    document = None if folder is not None else document_file(name, words)
    if document is not None and not (unfold or fold or limit or seeking):
        from tracer.cli.pages import walk_document

        return walk_document(document, values, wish, at=at, ascii_only=ascii_only, lang=lang, nodes=nodes)
    if folder is None and document is None and os.path.isdir(name):
        from tracer.cli.pages import walk_course

        refuse_wish(name, wish)
        return walk_course(Path(name), ascii_only=ascii_only, lang=lang)
    if not interactive():
        from tracer.cli.steps import print_steps

        thing = open_quietly(name, values, nodes=nodes, lang=lang, output=True, unfold=unfold, wish=wish)
        if at is not None:
            position_of(thing.trace, at)  # a wrong one is wrong here too
        print_steps(thing, "edge", choose_lang(lang))
        return 0
    thing = open_quietly(
        name,
        values,
        nodes=nodes,
        lang=lang,
        tell=False,
        meanwhile=_import_app,
        unfold=unfold,
        fold=fold,
        limit=limit,
        wish=wish,
    )
    position = None if at is None else position_of(thing.trace, at)
    if asked_to_end():
        tell_outcome(thing, choose_lang(lang))
        return exit_code(thing)
    from tracer.tui.messages import Request
    from tracer.tui.start import run_app

    given = tuple(parse_assignments(values).items())
    request = Request(name, given, position, find=seeking.find, breaks=seeking.breaks, watches=seeking.watches)
    code = run_app(request, thing, ascii_only=ascii_only, lang=None if lang is None else choose_lang(lang))
    tell_outcome(thing, choose_lang(lang))  # now: the app would have covered it
    return code


def _import_app() -> None:
    """A third of a second, while the program runs on another core."""
    import tracer.tui.app
    import tracer.tui.screens.stepper  # noqa: F401
