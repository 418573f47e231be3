"""`tracer why`: the chain from a node's gradient to what made it zero, not a number, huge, tiny or missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tracer.cli.naming import Wish, position_of
from tracer.cli.opening import open_quietly
from tracer.cli.paths import element_named
from tracer.cli.steps import json_line, json_number
from tracer.cli.terminal import choose_lang, line_of
from tracer.errors import TracerError, did_you_mean
from tracer.explain.why import Told, told
from tracer.explain.why_lines import called
from tracer.text import Lang, Text
from tracer.trace.trace import Trace
from tracer.trace.why import QUESTIONS, Place, Question, Why, why, worst


@dataclass(frozen=True)
class Asked:
    """What `tracer why` was asked for."""

    node: str | None
    at: str
    question: str | None
    as_json: bool


def explain_why(name: str, values: Sequence[str], asked: Asked, *, lang: str | None, nodes: int, wish: Wish) -> int:
    """Print the answer; 1 where it names a culprit."""
    node = asked.node
    if asked.node is not None and "=" in asked.node:  # no node: numbers for the names of an expression
        node, values = None, [asked.node, *values]
    question = _question(asked.question, node)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, wish=wish)
    trace, words = thing.trace, choose_lang(lang)
    position = position_of(trace, asked.at)
    if node is None:
        found = worst(trace, position)
    else:
        at, element = element_named(trace, node)
        found = why(trace, at, position, question=question, element=element)
    said = None if found is None else told(trace, found)
    if asked.as_json:
        print(json.dumps(to_json(trace, found, said), ensure_ascii=False, allow_nan=False))
    else:
        for line in printed(said, words) if said is not None else [_NOTHING[words]]:
            print(line_of(line))
    return 0 if found is None or found.fine else 1


def _question(given: str | None, node: str | None) -> Question | None:
    """The question of a command line.

    Raises:
        TracerError: there is no such question, or no node to ask it of.
    """
    if given is None:
        return None
    found = next((one for one in QUESTIONS if one == given), None)
    if found is None:
        listed = ", ".join(QUESTIONS)
        raise TracerError(
            f"--question {given}: it must be one of {listed}.",
            hint=did_you_mean(given, QUESTIONS),
            ja=f"--question {given}：{listed} のどれかを指定してください。",
        )
    if node is None:
        raise TracerError(
            f"--question {given}: of which node? Name one: tracer why THING NODE --question {given}.",
            ja=f"--question {given}：どのノードについてですか。tracer why THING NODE --question {given} とします。",
        )
    return found


# As text

NAMES = 32
"""Cells at most for the column of names."""


def printed(said: Told, lang: Lang) -> Iterator[str]:
    """The question, the answer, and the chain: what is marked ✗ is the culprit, in brackets is the scope."""
    yield said.question[lang]
    yield said.answer[lang]
    width = min(max((cell_len(line.name) for line in said.lines), default=0), NAMES)
    scope = ""
    for line in said.lines:
        mark = "✗" if line.culprit else " "
        name = line.name + " " * (width - cell_len(line.name))
        tag = f"   {line.tag[lang]}" if line.tag[lang] else ""
        where = f"   [{line.scope}]" if line.scope not in ("", scope) else ""
        yield f"{mark} {line.links[0] + 1:>3}  {name}  {line.text[lang]}{tag}{where}"
        scope = line.scope


# As JSON


def to_json(trace: Trace, found: Why | None, said: Told | None) -> dict[str, Any]:
    """See `tracer why --help`."""
    if found is None or said is None:
        return {"node": None, "question": None, "verdict": "ordinary", "culprit": None, "chain": []}
    marked = next((line for line in said.lines if line.culprit), None)
    return {
        **_place(trace, found.at),
        "question": found.question,
        "about": found.about,
        "verdict": found.verdict,
        "asked": _both(said.question),
        "answer": _both(said.answer),
        "position": found.position,
        "culprit": None
        if found.culprit is None
        else {
            **_place(trace, found.culprit),
            "edge": found.edge,
            "position": None if marked is None else marked.position,
            "line": json_line(trace.source(found.culprit.node)),
        },
        "others": found.others,
        "more": found.more,
        "share": found.share,
        "factor": json_number(found.factor),
        "stretch": None if found.stretch is None else list(found.stretch),
        "start": json_number(found.start),
        "contribution": json_number(found.contribution),
        "until": found.until,
        "chain": [
            {
                **_place(trace, link.at),
                "kind": link.kind,
                "from": None if link.other is None else _place(trace, link.other),
                "edge": link.edge,
                "upstream": json_number(link.upstream),
                "local": json_number(link.local),
                "contribution": json_number(link.contribution),
                "share": link.share,
                "contributions": link.routes,
                "value": json_number(link.value),
                "grad": json_number(link.grad),
                "position": link.position,
                "line": json_line(trace.source(link.at.node))
                if trace.made_at(link.at.node) <= found.position
                else None,
                "scope": trace.scope(link.at.node),
            }
            for link in found.chain
        ],
    }


def _line_if_made(trace: Trace, node: int, position: int) -> dict[str, Any] | None:
    return json_line(trace.source(node)) if trace.made_at(node) <= position else None


def _place(trace: Trace, place: Place) -> dict[str, Any]:
    return {"node": called(trace, place), "id": place.node, "element": place.element}


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}


_NOTHING = Text(
    "Nothing is wrong: all numbers are finite, and every parameter received a gradient of ordinary size.",
    "異常はありません。数はすべて有限で、どのパラメータにも通常の大きさの勾配が届いています。",
)
