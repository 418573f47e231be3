"""Opening a thing from the command line: it says that it is at it, stops on Ctrl-C, and tells how a program ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tracer.cli.ending import as_ctrl_c
from tracer.cli.naming import Wish, document_file, refuse_wish, run_folder
from tracer.cli.terminal import choose_lang, plain, say, watched
from tracer.lessons.given import parse_assignments
from tracer.lessons.limits import Limits
from tracer.lessons.runner import Thing, open_thing
from tracer.text import Lang, Text

PATIENCE = 1.0
"""Seconds after which it says that it is still running something."""
EXIT_CODES = {"raised": 2, "limit": 2, "killed": 2, "stopped": 130}
"""Of a command that could only do its work on a part; a program's own `sys.exit` is its business."""


def open_quietly(
    name: str,
    values: Sequence[str],
    *,
    nodes: int,
    lang: str | None = None,
    output: bool = False,
    tell: bool = True,
    meanwhile: Callable[[], object] | None = None,
    unfold: Sequence[str] = (),
    fold: bool = False,
    limit: int | None = None,
    wish: Wish | None = None,
) -> Thing:
    """The thing, with what there is to say about it said on stderr.

    Args:
        lang: of what is said; see `choose_lang`.
        output: whether to pass on what a user's own program printed.
        tell: whether to say how the program ended.
        meanwhile: done while the program runs in its process, instead of waiting for it.
        unfold: what to unfold in its trace, one after the other.
        fold: whether to draw it folded by scope, however small it is.
        limit: the most boxes to draw.
        wish: of a document: which block, and whether its code may run; of a run: which step.
    """
    words, wish = choose_lang(lang), wish or Wish()
    folder = run_folder(name)
    if folder is not None:
        from tracer.cli.runs import one_step

        refuse_wish(name, wish)
        thing = one_step(folder, values, wish, words)
        if tell:
            tell_outcome(thing, words)
        return _folded(_unfolded(thing, unfold), fold, limit)
    if wish.step is not None:
        refuse_wish(name, wish)
    document = document_file(name, words)
    if document is not None:
        from tracer.cli.documents import one_block

        _, thing = one_block(document, values, wish, lang=words, nodes=nodes, unfold=unfold)
        if output and thing.output:
            print(plain(thing.output.rstrip("\n")), file=sys.stderr)
        if tell:
            tell_outcome(thing, words)
        return _folded(thing, fold, limit)
    refuse_wish(name, wish)
    waiting = _Waiting(name, words, meanwhile)
    try:
        with as_ctrl_c():
            thing = open_thing(name, parse_assignments(values), limits=Limits(nodes=nodes), progress=waiting.tick)
    finally:
        waiting.end()
    if output and thing.output and thing.lesson is None:
        print(plain(thing.output.rstrip("\n")), file=sys.stderr)
    also = same_name(name, thing)
    if also:
        say(f"{_ALSO[words]}{', '.join(also)}")
    if tell:
        tell_outcome(thing, words)
    return _folded(_unfolded(thing, unfold), fold, limit)


def _unfolded(thing: Thing, unfold: Sequence[str]) -> Thing:
    if not unfold:
        return thing
    from tracer.lessons.unfolded import unfold_thing

    return unfold_thing(thing, unfold)


def _folded(thing: Thing, fold: bool, limit: int | None) -> Thing:
    """The thing with what was asked of its picture: folded by scope, so many boxes at most."""
    if not fold and limit is None:
        return thing
    from tracer.lessons.unfolded import fold_thing, limit_thing

    thing = fold_thing(thing) if fold else thing
    return thing if limit is None else limit_thing(thing, limit)


def tell_outcome(thing: Thing, lang: Lang) -> None:
    """How the program ended, unless it simply ended."""
    outcome = thing.outcome
    if outcome.words is None:
        return
    if outcome.traceback and not thing.saved:
        print(plain(outcome.traceback.rstrip("\n")), file=sys.stderr)
    hint = f"\n  {outcome.hint[lang]}" if outcome.hint is not None else ""
    say(f"{outcome.words[lang]}{hint}")


def same_name(name: str, thing: Thing) -> list[str]:
    """The other lessons that a short name, most often a section, means as well."""
    if thing.lesson is None:
        return []
    from tracer.lessons.content import answers_to, catalogue

    others = [lesson.name for lesson in catalogue().lessons if answers_to(lesson, name)]
    return [other for other in others if other != thing.lesson.name] if thing.lesson.name in others else []


_ALSO = Text("also: ", "ほかに: ")


def exit_code(thing: Thing) -> int:
    """0, or why only a part could be done. Of a saved trace, all that is in it was."""
    return 0 if thing.saved else EXIT_CODES.get(thing.outcome.kind, 0)


_RUNNING = Text(
    en="running {name}: {seconds} s (Ctrl-C stops it and opens what is there)",
    ja="{name} を実行中: {seconds} 秒（Ctrl-C で止めて、それまでの計算を開きます）",
)


class _Waiting:
    """A line on stderr that counts the seconds, on a terminal only; it leaves no trace."""

    def __init__(self, name: str, lang: Lang, meanwhile: Callable[[], object] | None) -> None:
        self.lang = lang
        self.name, self.shown, self.meanwhile = plain(name).replace("\n", " ")[:40], -1, meanwhile

    def tick(self, seconds: float) -> None:
        if self.meanwhile is not None:
            job, self.meanwhile = self.meanwhile, None
            job()
        if seconds < PATIENCE or int(seconds) == self.shown or not watched():
            return
        self.shown = int(seconds)
        words = _RUNNING.format(name=self.name, seconds=self.shown)[self.lang]
        print(f"\r{words}\x1b[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown >= 0:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
