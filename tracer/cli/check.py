"""`tracer check`: every value and gradient of a thing, derived again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.cli.naming import Wish, document_file
from tracer.cli.opening import exit_code, open_quietly
from tracer.cli.terminal import choose_lang, plain, say
from tracer.explain.proof import check_trace
from tracer.explain.trouble import first_trouble
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.trace.golden import CLOSE
from tracer.trace.trace import Trace

EACH = 200
"""Nodes up to which each one's check is printed; of a larger graph, what is not well."""


def check(
    name: str,
    values: Sequence[str],
    *,
    lang: str | None,
    nodes: int,
    unfold: Sequence[str] = (),
    wish: Wish | None = None,
    against: str | None = None,
    rtol: float = CLOSE,
) -> int:
    """Print the checks of `name`, of a document those of each block; 1 if a number is wrong, the first on stderr.

    Args:
        against: the file of a golden run to compare with instead.
        rtol: the relative difference from it that counts as none.
    """
    words = choose_lang(lang)
    if against is not None:
        from tracer.cli.comparing import check_against

        thing = open_quietly(name, values, nodes=nodes, lang=lang, unfold=unfold, wish=wish)
        return check_against(thing.trace, against, rtol, words) or exit_code(thing)
    document = document_file(name, words)
    if document is not None and not values and not unfold:
        from tracer.cli.pages import check_document

        return check_document(document, wish or Wish(), lang=words, nodes=nodes)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, unfold=unfold, wish=wish)
    return print_checks(thing, words) or exit_code(thing)


def print_checks(thing: Thing, words: Lang) -> int:
    """Print the checks of one thing; 1 if a number is wrong, and then the first one on stderr."""
    found = check_trace(thing.trace)
    few = thing.trace.n_nodes <= EACH
    for node in range(thing.trace.n_nodes) if few else ():
        one = found.of(node)
        if one.mark:
            print(plain(f"{one.mark} {thing.trace.label(node):<8} {one.reason[words]}"))
    print(plain(found.summary[words]))
    for line in trouble(thing.trace, words):
        print(plain(line))
    if not thing.trace.passes:
        print(_NO_PASS[words])
    wrong = found.first_wrong
    if wrong is not None:
        say(f"{thing.trace.label(wrong.node)} (node {wrong.node}): {wrong.reason[words]}.")
        return 1
    return 0


def trouble(trace: Trace, lang: Lang) -> Iterator[str]:
    """The first number that is not finite, and why; nothing if all are."""
    culprit = first_trouble(trace.cursor(len(trace)))
    if culprit is not None:
        where = "" if culprit.line is None else f" ({culprit.line.file}:{culprit.line.line})"
        yield f"{_FIRST[lang]}{culprit.text[lang]}{where}"


_FIRST = Text("The first number that is not finite: ", "最初に有限でなくなった数: ")
_NO_PASS = Text(
    en="No backward pass was recorded, so there is no gradient to check. Call .backward() on the result.",
    ja="逆伝播が記録されていないので、確かめる勾配がありません。結果に対して .backward() を呼んでください。",
)
