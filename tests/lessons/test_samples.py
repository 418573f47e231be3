"""Every lesson, run and read: its claims hold, its words are whole in both languages, its numbers are the trace's."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from decimal import Decimal
from functools import cache
from math import prod
from pathlib import Path

import numpy as np
import pytest

from tests.lessons.running import run, run_changed
from tracer.core.expression import LOCAL_FUNCTIONS, parse
from tracer.lessons.claim import Expected
from tracer.lessons.content import catalogue, find
from tracer.lessons.lesson import Lesson
from tracer.lessons.words import fields
from tracer.numbers import format_number
from tracer.text import LANGS, Lang, Text
from tracer.trace.lockstep import Lockstep
from tracer.trace.trace import Trace

EVERYTHING = (*catalogue().lessons, *catalogue().models)
PAIRS = tuple(lesson for lesson in EVERYTHING if lesson.compare is not None)
KANA = re.compile(r"[\u3040-\u30ff]")
PLAIN_FORM = re.compile(r"(?<!まし)(?<!でし)た。|だ。|ない。|る。|(?<![まで])す。")

each_lesson = pytest.mark.parametrize("lesson", EVERYTHING, ids=lambda lesson: lesson.name)
each_pair = pytest.mark.parametrize("lesson", PAIRS, ids=lambda lesson: lesson.name)


MOST = 1000
"""Numbers of a tensor that are looked at."""
LARGE = 1_000
"""Nodes above which the numbers of a trace are not looked through."""
BRACKETS = re.compile(r"\w*\[[-\w., :]*\]|\((\d+,\s*)+(\d+)?\)")
"""`W[0, 1]`, `[0, 1.5]`, `(2, 3)`: an element, an array, a shape."""


@cache
def trace_of(program: Path) -> Trace:
    return run(program)


@cache
def numbers_of(program: Path) -> frozenset[str]:
    """Every number in a program's text and in its trace, sizes included, without sign, as it is shown."""
    trace = trace_of(program)
    written = frozenset(
        format_number(float(n)) for n in re.findall(r"\d+(?:\.\d+)?", program.read_text(encoding="utf-8"))
    )
    if trace.n_nodes > LARGE:  # among so many numbers any would be found
        return written | {format_number(trace.n_nodes)}
    moments = [trace.cursor(position).moment for position in range(1, len(trace) + 1)]
    held = [n for m in moments for n in (m.contribution, m.before, m.after) if n is not None]
    held += [n for node in range(trace.n_nodes) if (n := trace.cursor(-1).data(node)) is not None]
    numbers = [float(n) for one in held for n in np.asarray(one).reshape(-1)[:MOST]]
    numbers += [float(n) for node in range(trace.n_nodes) for n in (*trace.shape(node), prod(trace.shape(node)))]
    return written | {format_number(abs(n)) for n in numbers}


def words_of(lesson: Lesson) -> list[tuple[str, Text]]:
    """Everything a learner reads, as written, with where it stands."""
    found = [("title", lesson.title), ("intro", lesson.intro)]
    found += [(f"stop {i}", stop.say) for i, stop in enumerate(lesson.stops, start=1)]
    card = lesson.card
    found += [("result", card.result), ("question", card.question), ("answer", card.answer)]
    found += [("change", card.change.say)] if card.change else []
    found += [("caption", lesson.caption)] if lesson.caption else []
    return found


def flat(expected: Expected) -> set[str]:
    """Every number of what an author expects, without sign, as it is shown."""
    if isinstance(expected, Decimal):
        return {format_number(abs(float(expected)))}
    return {number for row in expected for number in flat(row)}


def cells(words: str) -> int:
    """Terminal cells, ambiguous characters counted as one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


# What the lessons claim


def test_no_lesson_is_broken() -> None:
    """Every TOML under samples and models can be read."""
    assert [str(problem) for problem in catalogue().problems] == []


@each_lesson
def test_claims_hold(lesson: Lesson) -> None:
    """Stops happen in order, expected values, gradients, contributions and marks are the trace's."""
    lesson.check(trace_of(lesson.program))


@each_lesson
def test_suggested_change_does_what_its_author_expects(lesson: Lesson) -> None:
    """The end card's suggestion is run, and every stop still happens in that run."""
    changed = run_changed(lesson, trace_of(lesson.program))
    lesson.check_change(changed)
    assert len(lesson.stops_at(changed)) == len(lesson.stops)


@each_lesson
def test_something_is_expected_of_every_lesson(lesson: Lesson) -> None:
    """A lesson holds its last stop to a number, and its suggested change to another."""
    assert lesson.stops[-1].expect is not None
    assert lesson.card.change is not None


MEETING = {"06-backpropagation/20_micro_steps"}
"""Pairs that show two ways to the same numbers."""


@each_pair
def test_pairs_diverge(lesson: Lesson) -> None:
    """The two programs end with different numbers, those that the card mentions among them; or just not so."""
    assert lesson.compare is not None
    assert lesson.beside
    lesson.check_beside(trace_of(lesson.compare))
    if lesson.name in MEETING:
        lesson.check_beside(trace_of(lesson.program))
        return
    with pytest.raises(Exception, match="beside: expects"):
        lesson.check_beside(trace_of(lesson.program))


PARTING = {
    "06-backpropagation/16_no_zero_grad": "w",
    "06-backpropagation/17_training_loop": "w",
    "06-backpropagation/20_micro_steps": "micro_x",
    "06-backpropagation/22_set_to_none": "model.a",
    "06-backpropagation/24_mixed_precision": "scale",
    "microgpt/07_recursion": "a",
    "microgpt/08_recursion_visited": "a",
    "microgpt/10_assign": "w",
    "microgpt/18_no_residual": "x₂",
    "microgpt/20_no_norm": "x₂",
    "microgpt/23_sgd": "steep",
    "misconceptions/01_backward_twice": "y",
    "misconceptions/02_before_backward": "y",
    "misconceptions/03_detached": "copy",
    "misconceptions/04_dead_relu": "b",
    "misconceptions/05_log_zero": "p",
    "misconceptions/06_saturated_softmax": "1",
}


@each_pair
def test_pairs_part_where_the_caption_says(lesson: Lesson) -> None:
    """The first thing that differs happens at the node the words point to."""
    assert lesson.compare is not None
    pair = Lockstep(trace_of(lesson.program), trace_of(lesson.compare))
    first = pair.first_divergence
    assert first is not None
    labels = {t.label(n) for t, n in zip((pair.left, pair.right), first.nodes, strict=True) if n is not None}
    assert PARTING[lesson.name] in labels


# The documents' numbers, read off the rendered words

DOCUMENTS = {
    "start/02_used_twice": "6 8 1 3 4 2",
    "start/03_two_routes": "5 2 10 7",
    "6.2.1": "5 125 75 4 300 90",
    "6.2.2": "4 8 32 48 80",
    "6.3": "5 2 10 1 7",
    "6.4.1": "2.8 -1.1",
    "6.4.2": "[2.5, -1] [2.5, 0] [[5, 0]] [4, 6] [4, 0] [[4, 8], [0, 0]]",
    "6.5.1": "(2, 3) (2,) (3,) [1, 10] [[1, 2, 3], [10, 20, 30]] [21, 10, 4]",
    "07_relu": "[-1, 2, -0.5, 3] [0, 1, 0, 1]",
    "08_sigmoid_tanh": "0.6225 0.235 0.4621 0.7864 0.25 1",
    "6.5.3": "0.09003 -0.7553 0.6652 0.2447",
    "09_softmax_tensors": "[0.09003, -0.7553, 0.6652] [0.09003, 0.2447, 0.6652] 1.408",
    "6.6.1": "(3, 4) (4, 5) (3, 5) 23",
    "6.6.2": "(3, 4) + (4,) [3, 3, 3, 3]",
    "6.7.1": "9 -5 8 12 15",
    "6.7.2": "18 6 10 12",
    "6.7.3": "4 12 16 0",
    "17_training_loop": "16 24 8 -4 20 -2.25 2.25",
    "18_by_hand": "/ 2 (5, 3) [1, 0.625, -0.125] (2, 5) (4, 5) 0.375",
    "19_by_modules": "2.5 [0.375, 0.25, 0.875] (3, 5) [1, 0.625, -0.125] 0.375",
    "20_micro_steps": "[-0.5, 0.5] [-1, 1]",
    "21_detach": "9 0 5.25",
    "22_set_to_none": "[2, -2] [1, -1] 0 16",
    "23_logits": "-1 (2, 3, 4) (6, 4) 2.182 [0, 0, 0, 0]",
    "24_mixed_precision": "[0, 1.526e-5] 1024 65504",
    "6.10": "n + 1 4 7 13 1 4193",
    "microgpt/1": "6 2 4 8 2.2 0.16",
    "2.2": "6 7",
    "2.3": "5 6 8 12 0.6931 0.5 7.389",
    "3.1": "0.5 0.15 0.9",
    "3.2": "4 2 1 3",
    "3.3": "4 2",
    "07_recursion": "6 4",
    "08_recursion_visited": "2 4",
    "3.4": "7 4 3",
    "10_assign": "3 7",
    "microgpt/4.1": "1.412 1 0.6278 0.06535 -0.03236 0.2028",
    "4.2": "[0.5, 1] [0, 0] 0.332 -0.05931 1.581 1.361 1.037 2.027",
    "4.3": "[0.4607, 0.07864, 0.4607] [-0.9437, 0.6292, -0.3146] [-0.1905, 0.09118, 0.09933] [0.1025, 0.1025, 0]",
    "15_four_heads": "[0.25, 0.25, 0.25, 0.25] [-1, 0.5, 0.5, 0.3333] 0.7402 0.6019 0.875 0.07427",
    "4.4": "4 5 3 2 [5, 0, 5, 0, 5, 0, 0, 5] [0, 0, 0]",
    "4.5": "[7.061, 5.652] 1.249 1.171 1.463 16",
    "18_no_residual": "0.4466 0.06362 5.53e-5 1.463",
    "4.6": "0.5 [1.556, 0.9423, 2.027, 2.691, 2.68, 1.664, 2]",
    "20_no_norm": "0.008049 0.01877 1.201 2110 4919 1.556 262144",
    "4.7": "0.859 0.152 0.04661 3.066 1 -10.73 -0.4767 0.4681",
    "microgpt/5": "2 0.3 0.04 4 0.1 0.9 -4.2 -1.351 10.85 -0.04102 0.941 0.882 -0.01769 0.9587",
    "23_sgd": "100 0.01 -1 0.9998 0.9994 0.9401",
    "microgpt/6": "236 1.597 0.9226 1.331 1 0.2 0.008133 0.009766 0.01841 0 0.01",
    "microgpt/7": "1.331 [0.9657, 0.9484, 0.05347, 0.04732, 0.3557, 0.2012, 0.562, 0.3514, 0.5009] 0.3557",
    "26_scalars_tensors": "28 6 24.5 -7 [[-7, 14, -3.5], [7, -14, 3.5]]",
    "27_every_parameter": "4192 7264 688 [48, 80, 256, 256, 256, 256, 960, 960, 432]",
    "28_attention_weights": "[0.2741, 0.2741, 0.4519] [0.3465, 0.2267, 0.4268] 2.183 1.042",
    "microgpt/9": "8 4 2 1 0.001 8.004",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("lang", LANGS)
def test_numbers_of_the_documents_are_said(name: str, lang: Lang) -> None:
    """Each worked example says its document's numbers in both languages (ours where the document errs)."""
    lesson = find(name)
    trace = trace_of(lesson.program)
    card = lesson.card_at(trace)
    said = " ".join(
        text[lang]
        for text in (*(a.say for a in lesson.stops_at(trace)), lesson.intro, card.result, card.question, card.answer)
    )
    wanted = re.findall(r"\[\[.*?\]\]|\[.*?\]|\(.*?\)|\S+", DOCUMENTS[name])
    missing = [n for n in wanted if not re.search(rf"(?<![\d.]){re.escape(n)}(?![\d]|\.\d)", said)]
    assert missing == []


@each_lesson
@pytest.mark.parametrize("lang", LANGS)
def test_literal_numbers_come_from_the_programs(lesson: Lesson, lang: Lang) -> None:
    """A number that is written out, not filled in, stands in a program, in a trace or among the lesson's claims."""
    known = {"0", "1", "2", "3", "4"}  # counting words, exponents
    for program in filter(None, (lesson.program, lesson.compare)):
        known |= numbers_of(program)
    known |= {n for _, expected in lesson.beside for n in flat(expected)}
    change = lesson.card.change
    if change is not None:
        assert not isinstance(change.see.expect, str | None)
        known |= {format_number(abs(change.to)), *flat(change.see.expect)}
    known |= {format_number(n) for n in KNOWN_ELSEWHERE.get(lesson.name, ())}
    for place, text in words_of(lesson):
        plain = re.sub(r"\{[^}]*\}|§[\d.]+|[\w]*[A-Za-z_]\w*(\[[-\d, :]*\])?", " ", text[lang])
        for literal in re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", plain)):
            assert format_number(float(literal)) in known, f"{place}: {literal}"


KNOWN_ELSEWHERE: dict[str, tuple[float, ...]] = {
    "models/gpt": (4192, 27, 3.296),  # parameters; symbols, and the logarithm of that
    "models/gpt_scalar": (4192, 27, 3.296, 14),  # parameters; symbols, and the logarithm of that; 1 / 0.0713
    "start/02_used_twice": (0.001,),  # the nudge of the end card's question
    "06-backpropagation/01_chain_rule": (90, 6),  # what the document prints first; 6x(x² + 1)²
    "06-backpropagation/02_two_paths": (5,),  # 5t⁴
    "06-backpropagation/08_sigmoid_tanh": (10, 100),  # ten layers; 100 万分の 1
    "06-backpropagation/11_broadcast": (100,),  # the rows of the end card's question
    "06-backpropagation/13_define_by_run": (10,),  # what the document prints
    "06-backpropagation/17_training_loop": (8,),  # the learning rate, 0.125, is an eighth
    "06-backpropagation/21_detach": (100_000, 10),  # steps of the end card's question: 10 万
    "06-backpropagation/24_mixed_precision": (
        6,
        8,
        1.5,
        5,
        65504,
        100,
    ),  # 6e-8, 1.5e-5, 1.5e-8; the end of float16; 100 万
    "06-backpropagation/25_cost": (4192, 4193, 100),  # weights of the small GPT; 100 万分の 1
    "microgpt/01_recipe": (10,),  # 10 分の 1
    "microgpt/05_backward": (100_000, 10),  # the chain of the end card's question: 10 万
    "microgpt/19_rmsnorm": (3,),  # about how far lengths lie apart
    "microgpt/20_no_norm": (262144, 6, 8),  # 8 to the 6th power, for weights 8 times as large
    "microgpt/12_whole_model": (9, 1375),  # parts; nodes
    "microgpt/24_one_step": (236, 5),  # parameters; a fifth, for five positions
    "microgpt/25_gradient_flow": (236, 100, 100_000, 10),  # parameters; what the diagnosis warns of: 10 万分の 1
    "microgpt/26_scalars_tensors": (28, 43_710),  # nodes here, and of the small GPT
    "microgpt/27_every_parameter": (10_000, 1),  # what the document says
    "microgpt/21_loss": (1.099, 3),  # log 3; a score after the suggested change
    "microgpt/22_adam": (15, 22, 0.1),  # per cent; the gradient of the suggested change
    "microgpt/23_sgd": (1, 4192, 8384),  # 1 万倍; weights of the small GPT, and twice as many
    "models/two_layer": (33, 400, 0.693, 50, 200),  # parameters; steps and points; log 2
    "models/mlp": (13, 5),  # parameters; the question counts nothing else
}


# The words themselves


@each_lesson
def test_both_languages_are_there_and_are_what_they_say(lesson: Lesson) -> None:
    """English has no Japanese in it; Japanese is written in Japanese, in its own punctuation, politely."""
    for place, text in words_of(lesson):
        assert not KANA.search(text.en), place
        assert text.en == text.en.strip(), place
        assert KANA.search(text.ja) or re.search(r"[\u4e00-\u9fff]", text.ja), place
        assert not re.search(r"[０-９Ａ-Ｚａ-ｚ]", text.ja), f"{place}: full-width letters or digits"
        assert not PLAIN_FORM.search(text.ja), f"{place}: です・ます"
        if place not in ("title",):
            assert text.ja.endswith(("。", "）")), place
            assert text.en[-1] in ".?)", place
            assert "," not in BRACKETS.sub("", text.ja).replace(", {", "").replace("1, 0", "").replace("-1, ", ""), (
                place
            )


@each_lesson
def test_a_japanese_sentence_ends_in_desu_or_masu_not_in_a_number(lesson: Lesson) -> None:
    """「変化率は 1 です。」, not「変化率は 1。」."""
    for place, text in words_of(lesson):
        assert not re.search(r"[}\w)]。", re.sub(r"[\u3040-\u30ff\u4e00-\u9fff]。", "", text.ja)), (place, text.ja)
        assert "ずみ" not in text.ja, place


@each_lesson
def test_a_number_has_the_minus_sign_that_numbers_are_shown_with(lesson: Lesson) -> None:
    """`-0.5`, as `x = -0.5` beside it; `−` is the operator of formulas (`−5x`)."""
    for place, text in words_of(lesson):
        for lang in LANGS:
            assert not re.search(r"(?<![\w)] )(?<![\w)])−\d+(\.\d+)?(?![\w.(²³])(?!\.\d)", text[lang]), (
                place,
                text[lang],
            )


@each_lesson
def test_both_languages_give_the_same_numbers(lesson: Lesson) -> None:
    """The same fields are filled in on either side."""
    for place, text in words_of(lesson):
        found = {lang: {f for f in fields(Text.same(text[lang])) if f != "="} for lang in LANGS}
        assert found["en"] == found["ja"], place


@each_lesson
def test_words_fit_a_narrow_panel(lesson: Lesson) -> None:
    """In a panel 50 columns wide a stop takes about five lines, and no sentence more than four."""
    trace = trace_of(lesson.program)
    for arrival in lesson.stops_at(trace):
        for lang in LANGS:
            assert cells(arrival.say[lang]) <= 240, arrival.say[lang]
            for sentence in re.split(r"(?<=[.?。])\s*", arrival.say[lang]):
                assert cells(sentence) <= 150, sentence
    for place, text in words_of(lesson):
        assert max(cells(text.en), cells(text.ja)) <= (60 if place == "title" else 330), place


@each_lesson
def test_words_stay_whole_when_a_leaf_is_edited(lesson: Lesson) -> None:
    """No field is left unfilled, before and after an edit."""
    trace = trace_of(lesson.program)
    for this in (trace, run_changed(lesson, trace)):
        card = lesson.card_at(this)
        for text in (*(a.say for a in lesson.stops_at(this)), card.result, card.question, card.answer):
            assert "{" not in text.en + text.ja
            assert "?" not in text.ja.replace(
                "? ", ""
            )  # an unknown number; lesson text asks with 。 and names the ? mark


# Facts of single lessons


def test_what_is_kept_is_what_the_rules_ask_for() -> None:
    """6.4.1 marks as kept exactly the named nodes that some local gradient contains."""
    trace = trace_of(find("6.4.1").program)
    asked: set[int] = set()
    for node in range(trace.n_nodes):
        op = trace.op(node)
        if op is None:
            continue
        for edge, spec in zip(trace.edges_in(node), op.inputs, strict=True):
            if trace.requires_grad(trace.edge(edge).input):
                names = parse(spec.local, LOCAL_FUNCTIONS).names
                asked |= {trace.inputs(node)[i] for i, other in enumerate(op.inputs) if other.name in names}
                asked |= {node} if "out" in names else set()
    end = trace.cursor(len(trace))
    named = {n for n in range(trace.n_nodes) if trace.name(n)}
    assert {n for n in named if "kept" in end.marks(n)} == asked & named
    assert {trace.name(n) for n in asked & named} == {"w", "x", "z", "e"}


def test_the_documents_algorithm_gives_what_backward_gives() -> None:
    """3.2, by hand, ends with the numbers of section 9's backward()."""
    by_hand, ready = trace_of(find("3.2").program), trace_of(find("microgpt/9").program)
    for name in "abcd":
        assert by_hand.cursor(-1).grad(by_hand.find(name)) == ready.cursor(-1).grad(ready.find(name))


def test_source_lines_run_while_the_algorithm_does() -> None:
    """3.2: a mark shows the line that visits, a delivery the line that delivers."""
    lesson = find("3.2")
    trace = trace_of(lesson.program)
    lines = lesson.program.read_text(encoding="utf-8").splitlines()
    for arrival in lesson.stops_at(trace):
        line = trace.cursor(arrival.position).line
        assert line is not None
        shown = lines[line.line - 1]
        if arrival.stop.kind == "mark":
            assert "mark(" in shown
        elif arrival.stop.node != "d":
            assert "deliver(" in shown


def test_finite_difference_settles_10_or_18() -> None:
    """6.7.2: the program's last lines compute the slope without any rule."""
    printed = subprocess.run(
        [sys.executable, str(find("6.7.2").program)], capture_output=True, text=True, check=True, timeout=60
    )
    assert printed.stdout == "backward: 18.0  finite difference: 18.0\n"
    assert printed.stderr == ""


LINES = {
    "microgpt/12_whole_model": 90,
    "microgpt/24_one_step": 95,
    "microgpt/25_gradient_flow": 50,
    "microgpt/27_every_parameter": 50,
}
"""Programs that hold a whole GPT."""


@each_lesson
def test_programs_are_plain(lesson: Lesson) -> None:
    """A program imports what a user would, is short, and has no line too wide for the Source panel."""
    for program in filter(None, (lesson.program, lesson.compare)):
        source = program.read_text(encoding="utf-8")
        imports = re.findall(r"^\s*(?:from|import) (\S+)", source, re.MULTILINE)
        assert set(imports) <= {"tracer", "tracer.nn", "csv", "dataclasses", "math", "random", "pathlib"}, program.name
        longest = max(map(len, source.splitlines()))
        assert longest <= (100 if program.parent.name == "models" else 75), program.name
        assert program.parent.name == "models" or len(source.splitlines()) <= LINES.get(lesson.name, 40)
