"""*Why?* in words: every verdict has them in both languages, with the numbers of the moment and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

import tracer
from tests.explain.future import Recipe, Scanner, recipes
from tests.explain.test_future import KNOWN
from tests.trace.why.planted import FAULTS, Fault
from tracer import Value
from tracer.explain.why import told
from tracer.explain.why_lines import FOLDED
from tracer.explain.why_words import ANSWERS, ASKED, BRIEF
from tracer.text import LANGS
from tracer.trace.trace import Trace
from tracer.trace.why import FINE, QUESTIONS, Question, why
from tracer.trace.why.answer import Verdict

VERDICTS: tuple[str, ...] = Verdict.__args__  # type: ignore[attr-defined]  # a Literal has its words there


def test_every_verdict_and_every_question_has_words() -> None:
    """In both languages, and no words for what is never said."""
    assert set(BRIEF) == set(VERDICTS)
    assert set(ASKED) == set(QUESTIONS)
    assert set(VERDICTS) <= {key.partition(",")[0] for key in ANSWERS}
    for text in (*ANSWERS.values(), *ASKED.values()):
        assert re.search(r"[ぁ-んァ-ヶ一-龠]", text.ja)
        assert set(re.findall(r"{(\w+)}", text.en)) == set(re.findall(r"{(\w+)}", text.ja))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_told_by_name(fault: Fault) -> None:
    """The answer, or the line that is marked, names the planted node; nothing is left unfilled or doubled."""
    trace = fault.trace()
    found = why(trace, fault.ask, element=fault.ask_element)
    said = told(trace, found)
    planted = trace.label(trace.resolve(fault.planted))
    marked = [line for line in said.lines if line.culprit]
    assert len(marked) == 1
    for words in (said.answer.en, said.answer.ja):
        assert words
        assert not re.search(r"[{}]|  |\?", words)
    assert planted in said.answer.en + marked[0].name + marked[0].text.en
    assert sum(len(line.links) for line in said.lines) == len(found.chain)


def test_links_that_hand_on_the_same_stand_in_one_line() -> None:
    """A sum of twelve terms is one line, and the links it stands for are known."""
    with tracer.record() as rec:
        w = Value(2.0, "w")
        total = w * 3
        for _ in range(12):
            total = total + 1
        (total * 5).named("L").backward()
    said = told(rec.trace, why(rec.trace, "w"))
    assert [(line.name, len(line.links)) for line in said.lines if len(line.links) > 1] == [(FOLDED, 12)]
    assert "12 steps hand 5 on as it is" in [line.text.en for line in said.lines]
    assert said.answer.en == "∂L/∂w is 15. It came by this one route from L, factor by factor."


def test_a_share_is_said_of_a_gradient_that_came_by_several_routes() -> None:
    """(x + 2)(x − 1) at 3: 5 of 7 came through b."""
    with tracer.record() as rec:
        x = Value(3.0, "x")
        a, b = (x + 2).named("a"), (x - 1).named("b")
        (a * b).named("y").backward()
    said = told(rec.trace, why(rec.trace, "x"))
    assert said.question.en == "Where did ∂y/∂x come from?"
    assert said.answer.ja == "∂y/∂x は 7 です。寄与が最大の経路（辺 2 本）は y から 5 を運びます。"
    assert said.lines[0].text.en == "from b = x − 1:  5 · 1 = 5"
    assert said.lines[0].tag.en == "71 % of 2 contributions"
    assert said.lines[-1].text.en == "the pass starts here with 1"


def test_other_culprits_are_counted() -> None:
    """A weight that feeds three closed gates: one is named, two are counted."""
    with tracer.record() as rec:
        w = Value(1.0, "w")
        gates = [(w - 5 - i).relu() for i in range(3)]
        (gates[0] + gates[1] + gates[2]).backward()
    found = why(rec.trace, "w")
    assert (found.others, round(found.share or 0, 6)) == (2, 0.333333)
    assert "There are 2 more such places (33 % of the uses end at this one)." in told(rec.trace, found).answer.en


@pytest.mark.parametrize("fault", FAULTS[::4], ids=lambda fault: fault.name)
def test_before_its_time_no_number_is_said(fault: Fault) -> None:
    """At the start nothing is known, and where the answer will be known is said."""
    trace = fault.trace()
    found = why(trace, fault.ask, 0)
    said = told(trace, found)
    assert found.verdict in ("not yet", "no pass")
    assert [line.text.en for line in said.lines] == ["not computed yet"]
    if found.until is not None:
        assert f"step on to position {found.until:,}" in said.answer.en
        assert trace.cursor(found.until).is_made(found.node)


def test_fine_answers_mark_nobody() -> None:
    """Where nothing is wrong no line is marked as the culprit's."""
    with tracer.record() as rec:
        x = Value(3.0, "x")
        (x * x).named("y").backward()
    found = why(rec.trace, "x")
    assert found.verdict in FINE
    assert not any(line.culprit for line in told(rec.trace, found).lines)


def leaks(trace: Trace, questions: tuple[Question | None, ...]) -> list[tuple[int, str, str]]:
    """Numbers in an answer's words, at any position, that the walk has not reached there."""
    scanner, found = Scanner.of(trace), []
    for position in range(0, len(trace) + 1, 2):
        cursor = trace.cursor(position)
        for node in range(trace.n_nodes):
            for question in questions:
                said = told(trace, why(trace, node, position, question=question))
                texts = [said.answer, *(text for line in said.lines for text in (line.text, line.tag, line.sentence))]
                for text in {text[lang] for text in texts for lang in LANGS}:
                    found += [(position, number, text) for number in scanner.leaks(cursor, text)]
    return found


@settings(max_examples=5)
@given(recipes())
def test_no_word_holds_a_number_that_comes_later(recipe: Recipe) -> None:
    """Whatever is asked: of every node, at every other position."""
    assert leaks(recipe.record(), (None, "huge")) == []


def test_the_program_that_is_always_tried_has_nothing_to_hide() -> None:
    assert leaks(KNOWN.record(), (None, "tiny")) == []


@pytest.mark.parametrize("question", ["zero", "nan"])
def test_an_answer_tells_the_numbers_that_were_used_not_what_updates_made_of_them(question: Question) -> None:
    with tracer.record() as rec:
        w, p = Value(0.4, "w"), Value(0.0 if question == "zero" else float("nan"), "p")
        (w * p).backward()
        p.data = 5.0
    said = told(rec.trace, why(rec.trace, "w"))
    words = said.answer.en + " ".join(line.text.en for line in said.lines)
    assert f"p is {'0' if question == 'zero' else 'nan'}" in said.answer.en
    assert "5" not in words.partition("(line ")[0] + words.partition(")")[2]


def test_an_update_is_blamed_for_what_it_made_and_says_what_it_was_made_with() -> None:
    """A step too large spoils a weight: neither "from the start" nor where the nan is met next."""
    fault = next(fault for fault in FAULTS if fault.name == "scalar step too large")
    said = told(fault.trace(), why(fault.trace(), "w")).answer
    assert said.en.startswith("w was finite until an update made it -inf")
    assert said.en.endswith("gradient then was 3.")
