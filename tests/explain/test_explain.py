"""Each kind of moment, in words and numbers. Lines are compared whole: a learner reads them whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.explain import programs
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.explain.explain import explain
from tracer.explain.explanation import Explanation
from tracer.explain.proof import check_trace
from tracer.text import LANGS, Text
from tracer.trace.segment import GRANULARITIES, By
from tracer.trace.trace import Trace


def at(trace: Trace, step: int, by: By = "edge") -> Explanation:
    """The explanation of the nth step at a granularity."""
    return explain(trace.cursor().step(step, by), by=by)


def notes(told: Explanation, kind: str) -> list[str]:
    return [note.text.en for note in told.notes if note.kind == kind]


def rows(told: Explanation, lang: str = "en") -> list[list[str]]:
    return [[row.text(lang) for row in block] for block in told.blocks]  # type: ignore[arg-type]


# Forward


def test_before_the_first_step_the_program_is_told_without_its_numbers() -> None:
    told = explain(programs.product().cursor())
    assert told.kind == "start"
    assert told.sentence.en == (
        "Forward, the program makes 6 values: 1 leaf (x), 2 constants, 3 computed from others. "
        "Backward, gradient then flows from y to all that made it."
    )
    assert told.sentence.ja.startswith("順伝播では値が 6 個できます（葉 1 個：x、定数 2 個、計算で得る値 3 個）。")


def test_a_program_with_several_passes_and_updates_says_so() -> None:
    told = explain(programs.loop().cursor())
    assert told.sentence.en.endswith(
        "Gradient flows back 2 times, from loss. 2 updates will change the program's numbers."
    )


def test_an_empty_recording_is_told_too() -> None:
    with record() as rec:
        pass
    assert explain(rec.trace.cursor()).lead.en.startswith("The program made no Value")


def test_a_leaf_a_constant_and_an_op_are_told_apart() -> None:
    trace = programs.product()
    leaf, constant, op = (at(trace, step) for step in (1, 2, 3))
    assert (leaf.kind, leaf.title.en, leaf.title.ja, leaf.numbers.en) == ("leaf", "leaf x", "葉 x", "x = 3")
    assert (constant.kind, constant.title.en, constant.title.ja) == ("const", "constant 2", "定数 2")
    assert "takes no gradient" in constant.sentence.en
    assert (op.kind, op.rule.en, op.numbers.en) == ("op", "a = x + 2", "= 3 + 2 = 5")
    assert op.lead == Text("a is the sum of x and 2.", "a は x と 2 の和です。")
    assert rows(op) == [["a = x + 2", "= 3 + 2", "= 5"]]
    assert op.short.en == "a = x + 2 = 3 + 2 = 5"


def test_an_op_says_which_values_the_way_back_will_read() -> None:
    trace = programs.gates()
    said = {trace.label(n): at(trace, trace.made_at(n)).sentence.en for n in range(trace.n_nodes)}
    assert said["z"].startswith("x and w are remembered")
    assert said["h"].startswith("z is remembered")
    assert said["v4"].startswith("v4 is remembered")  # tanh reads its own output
    assert said["t"].startswith("Nothing need be remembered")


def test_what_comes_from_plain_numbers_only_takes_no_gradient() -> None:
    from tracer.core.value import constant

    with record() as rec:
        (constant(2.0) * 3).named("six")
    told = explain(rec.trace.cursor(len(rec.trace)))
    assert told.sentence.en.startswith("It comes from plain numbers only")


def test_rounded_numbers_are_not_said_to_be_equal() -> None:
    trace = programs.gates()
    told = at(trace, trace.made_at(trace.find("t")))
    assert told.numbers.en == "≈ -0.3364 + 0.3775 ≈ 0.04117"  # -0.3364 + 0.3775 is 0.0411
    power = at(trace, trace.made_at(trace.find("v8")))
    assert power.numbers.en == "= 0.7 ^ 3 = 0.343"


def test_negative_numbers_keep_their_parentheses_where_a_sign_stands_before_them() -> None:
    with record() as rec:
        x = Value(-2.0, name="x")
        c = x * x
        d = x**3
        e = -x
        (c + d + e).backward()
    said = [at(rec.trace, rec.trace.made_at(n)).numbers.en for n in range(rec.trace.n_nodes)]
    assert "= -2 × (-2) = 4" in said
    assert "= (-2) ^ 3 = -8" in said
    assert "= −(-2) = 2" in said


# Backward


def test_the_seed_says_why_it_is_one() -> None:
    told = at(programs.product(), 7)
    assert (told.kind, told.numbers.en) == ("seed", "∂y/∂y = 1")
    assert told.sentence.en.startswith("Why 1? Nudge y, and y itself moves just as far.")
    assert told.sentence.ja.startswith("なぜ 1 なのでしょう。")


def test_a_whole_contribution_is_told_in_symbols_and_numbers() -> None:
    told = at(programs.product(), 10)
    assert told.title.en == "edge b → x"
    assert told.title.ja == "辺 b → x"
    assert told.lead.en == "b = x − 1 hands its gradient to x."
    assert told.rule.en == "contribution = upstream · local = ∂y/∂b · ∂b/∂x"
    assert told.rule.ja == "寄与 = 上流の勾配 · 局所勾配 = ∂y/∂b · ∂b/∂x"
    assert told.numbers.en == "5 · 1 = 5"
    assert rows(told) == [
        ["contribution = upstream · local", "= ∂y/∂b · ∂b/∂x", "= 5 · 1", "= 5"],
        ["x.grad += 5"],
    ]
    assert told.blocks[1][0].tag.en == "0 → 5"
    assert told.sentence.en == "Nudge x, and b moves by the same amount."
    assert told.short.en == "b → x   5 · 1 = 5   x: 5, and 1 route still to come"
    assert told.short.ja == "b → x   5 · 1 = 5   x：5、残る経路は 1 本"


def test_a_local_gradient_is_shown_as_a_rule_and_with_its_numbers() -> None:
    trace = programs.gates()
    told = {explain(trace.cursor(int(p))).title.en: explain(trace.cursor(int(p))) for p in trace.stops("edge")}
    assert rows(told["edge v4 → z"])[0] == ["∂v4/∂z = 1 − v4^2", "≈ 1 − (-0.3364)^2", "≈ 0.8869"]
    assert rows(told["edge v8 → w"])[0] == ["∂v8/∂w = 3 · w^(3 − 1)", "= 3 · 0.7^(3 − 1)", "= 1.47"]
    assert rows(told["edge z → x"])[0] == ["∂z/∂x = w", "= 0.7"]
    assert rows(told["edge v11 → v9"])[0] == ["∂v11/∂v9 = 1 / 2", "= 0.5"]
    assert rows(told["edge t → v4"])[0][0] == "contribution = upstream · local"  # a plain 1 needs no row of its own


def test_each_part_reveals_one_more_number() -> None:
    trace = programs.product()
    parts = [at(trace, step, "part") for step in (8, 9, 10, 11)]
    assert [told.numbers.en for told in parts] == ["1 · ?", "1 · 2", "1 · 2 = 2", "1 · 2 = 2"]
    begins = [told.sentence.en.split(",")[0].split(" ")[0] for told in parts]
    assert begins == ["First", "Next", "Then", "Last"]
    assert [told.sentence.ja[:2] for told in parts] == ["まず", "次は", "そし", "最後"]
    marked = [[row.text("en") for block in told.blocks for row in block if row.now] for told in parts]
    assert marked == [["= 1 · ?"], ["∂y/∂a = b"], ["= 2"], ["a.grad += 2"]]


def test_a_plain_one_as_local_gradient_has_its_row_in_its_own_part() -> None:
    told = at(programs.product(), 17, "part")
    assert rows(told)[0] == ["∂b/∂x = 1"]


def test_the_gate_of_relu_is_explained_open_and_closed() -> None:
    trace = programs.gates()
    told = {explain(trace.cursor(int(p))).title.en: explain(trace.cursor(int(p))) for p in trace.stops("edge")}
    closed = told["edge h → z"]
    assert notes(closed, "closed") == [
        "The gate is closed: z = -0.35 is not above 0. Whatever arrives at h, nothing gets through."
    ]
    assert (
        notes(next(t for title, t in told.items() if title.startswith("edge v") and title.endswith("→ w")), "closed")
        == []
    )


def test_zero_upstream_is_said_to_be_why_nothing_is_handed_on() -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        a = (x * 2).named("a")
        y = (a * 0).named("y")
        y.backward()
    told = explain(rec.trace.cursor(len(rec.trace)))
    assert notes(told, "closed") == ["0 arrived at a, so 0 is handed on."]


def test_one_value_in_two_places_is_told_place_by_place() -> None:
    trace = programs.square()
    first = at(trace, 4)
    assert first.title.en == "edge L → x①"
    assert first.lead.en == "L = x① × x② hands its gradient to x①."
    assert rows(first)[0] == ["∂L/∂x① = x②", "= 3"]
    assert "one place alone, the others held still" in first.sentence.en
    assert first.routes is not None
    assert [route.label.en for route in first.routes.routes] == ["through L (x①)", "through L (x②)"]


# Routes


def test_routes_add_up_only_when_all_have_come() -> None:
    trace = programs.product()
    early, last = at(trace, 10).routes, at(trace, 11).routes
    assert early is not None
    assert last is not None
    assert early.heading.en == "x is used twice, so two routes bring gradient back. They add up:"
    assert [(r.label.en, r.amount.en, r.state) for r in early.routes] == [
        ("through b", "5", "arriving"),
        ("through a", "?", "coming"),
    ]
    assert early.total.text("en") == "∂y/∂x = ?"
    assert early.missing == 1
    assert [(r.amount.en, r.state) for r in last.routes] == [("5", "received"), ("2", "arriving")]
    assert last.total.text("en") == "∂y/∂x = 5 + 2 = 7"
    assert last.missing == 0


def test_a_route_that_is_only_multiplied_is_not_added_yet() -> None:
    told = at(programs.product(), 22, "part")
    assert told.routes is not None
    assert told.routes.routes[1].amount.en == "2"
    assert told.routes.total.text("en") == "∂y/∂x = ?"


def test_many_routes_are_put_together() -> None:
    with record() as rec:
        x = Value(1.5, name="x")
        y = x * 1
        for factor in range(2, 12):
            y = y + x * factor
        y.named("y").backward()
    trace = rec.trace
    this = trace.passes[0]
    sixth = this.position_of(int(this.deliveries_to(trace.find("x"))[5]))
    routes = explain(trace.cursor(sixth)).routes
    assert routes is not None
    assert [(r.label.en, r.amount.en) for r in routes.routes] == [
        ("5 routes received", "45"),
        ("through v16", "6"),
        ("5 routes to come", "?"),
    ]


def test_what_earlier_passes_left_is_added_to() -> None:
    trace = programs.loop(zero=False)
    told = explain(trace.cursor(trace.passes[1].stop))
    assert told.phase.en == "BACKWARD, pass 2"
    assert told.routes is not None
    assert told.routes.heading.en.startswith("w still holds the gradient of an earlier pass.")
    assert [(r.label.en, r.amount.en) for r in told.routes.routes] == [
        ("from before this pass", "4"),
        ("through miss", "2"),
    ]
    assert told.routes.total.text("en") == "w.grad = 4 + 2 = 6"
    assert notes(told, "end") == ["The backward pass is over. Its result: w.grad = 6."]  # no derivative of any one loss


def test_the_end_of_a_pass_names_its_result() -> None:
    told = explain(programs.product().cursor(-1))
    assert notes(told, "end") == [
        "The backward pass is over. Its result: ∂y/∂x = 7. Nudge x, and y moves 7 times as far."
    ]


def test_by_node_all_contributions_of_one_user_are_told_together() -> None:
    trace = programs.product()
    told = explain(trace.cursor().step(8, "node"), by="node")
    assert told.kind == "node"
    assert told.title.en == "y → a and b"
    assert rows(told) == [
        ["contribution = upstream · local"],
        ["a.grad += 1 · 2 = 2", "b.grad += 1 · 5 = 5"],
    ]


# Passes delivered by hand


def test_a_recursion_without_order_is_caught_in_the_act() -> None:
    trace = programs.recursion()
    told = [explain(trace.cursor(int(p))) for p in trace.stops("edge")]
    early = next(t for t in told if t.title.en == "edge b → a①")
    assert early.rule.en.endswith("b.grad · ∂b/∂a①")  # not yet ∂c/∂b, so not called so
    assert notes(early, "order") == [
        "Too early: 1 more contribution will come to b in this pass, yet b already hands on what it has."
    ]
    again = [t for t in told if t.title.en == "edge b → a①"][1]
    assert notes(again, "order") == ["This edge delivers for the 2nd time in this pass."]
    last = [t for t in told if t.kind == "edge"][-1]
    assert last.routes is not None
    assert last.routes.total.text("en") == "a.grad = 1 + 1 + 2 + 2 = 6"


def test_an_overwritten_gradient_is_said_to_be_lost() -> None:
    trace = programs.recursion("assign", visited=True)
    told = [explain(trace.cursor(int(p))) for p in trace.stops("edge")]
    second = next(t for t in told if t.title.en == "edge b → a②")
    assert "= instead of +=: the 1 that had arrived at a is lost." in notes(second, "order")
    assert second.blocks[-1][0].text("en") == "a.grad = 1"
    assert second.routes is not None
    assert second.routes.total.text("en") == "a.grad = 1"
    assert "replaces what was there" in second.routes.heading.en


# Between the passes


def test_a_mark_is_told_with_all_marks_so_far() -> None:
    trace = programs.recursion()
    told = [explain(trace.cursor(int(p))) for p in trace.stops("edge")]
    marks = [t for t in told if t.kind == "mark" and t.title.en == "a: visited"]
    assert marks[-1].sentence.en == "A mark changes no number. a now carries “visited” (4 times)."
    assert marks[-1].sentence.ja == "印は数を変えません。a の印は「visited」（4 回）です。"


def test_an_update_is_gradient_descent_only_where_the_numbers_and_the_line_say_so() -> None:
    trace = programs.loop()
    told = explain(trace.cursor(trace.passes[0].stop + 1))
    assert (told.rule.en, told.numbers.en) == ("w ← w − 0.25 · w.grad", "= 5 − 0.25 · 4 = 4")
    assert "against the slope" in told.sentence.en
    mixed = programs.loop(zero=False)
    assert "not the slope of the last one alone" in explain(mixed.cursor(mixed.passes[1].stop + 1)).sentence.en


@pytest.mark.parametrize("new", [0.0, 6.0, 4.123])
def test_an_update_that_nothing_vouches_for_claims_no_rule(new: float) -> None:
    with record() as rec:
        w = Value(5.0, name="w")
        (w * 4).backward()
        w.data = new  # not one word of its slope here
    told = explain(rec.trace.cursor(len(rec.trace)))
    assert told.rule.en == ""
    assert "descent" not in told.sentence.en
    assert ("uphill" if new > 5 else "downhill") in told.sentence.en


def test_an_update_by_another_rule_of_the_gradient_claims_no_rate() -> None:
    with record() as rec:
        w, v = Value(5.0, name="w"), Value(2.0, name="v")
        (w * 4 + v * 3).backward()
        for p in (w, v):
            p.data -= 0.1 * p.grad / (abs(p.grad) + 1e-8)
    told = [explain(rec.trace.cursor(len(rec.trace) - i)) for i in (1, 0)]
    assert [t.rule.en for t in told] == ["", ""]


def test_a_written_gradient_is_told_with_what_was_lost() -> None:
    trace = programs.loop()
    told = explain(trace.cursor(trace.passes[0].stop + 2))
    assert told.title.en == "w.grad = 0"
    assert told.blocks[0][0].tag.en == "4 → 0"
    assert told.sentence.en.endswith("Else it would add to 4.")


def test_gradients_set_to_none_or_by_hand_are_told_apart() -> None:
    with record() as rec:
        w = Value(5.0, name="w")
        w.grad = 0
        w.grad = 2.5
        w.grad = None
    told = [explain(rec.trace.cursor(p)) for p in (2, 3, 4)]
    assert "held no gradient yet" in told[0].sentence.en
    assert "nothing vouches for it" in told[1].sentence.en
    assert told[2].title.en == "w.grad = None"


# Asked about a node


def test_a_node_asked_about_is_told_as_far_as_the_walk_has_come() -> None:
    trace = programs.product()
    said = {p: explain(trace.cursor(p), "a") for p in (1, 4, 8, 23)}
    assert said[1].lead.en == "a has not been made yet."
    assert said[1].sentence.en == ""
    assert said[4].sentence.en == "Its gradient is not known yet."
    assert explain(trace.cursor(23), "b").sentence.en == "Nudge b, and y moves 5 times as far."
    assert explain(trace.cursor(19), "x").kind == "edge"  # the node at work: the step itself


def test_a_partial_gradient_asked_about_says_what_is_missing() -> None:
    trace = programs.cross_entropy()
    node = trace.find("e[1]")
    this = trace.passes[0]
    first = this.position_of(int(this.deliveries_to(node)[0]))
    told = explain(trace.cursor(first + 4), node)
    assert told.sentence.en.endswith("so far; 1 route is still missing.")


def test_a_zeroed_gradient_is_not_called_a_derivative() -> None:
    trace = programs.loop()
    told = explain(trace.cursor(trace.passes[0].stop + 3), "w")
    assert "w.grad = 0" in [row.text("en") for block in told.blocks for row in block]
    assert told.sentence.en == "w holds a gradient of 0."


def test_scopes_and_reads_of_plain_numbers_are_said() -> None:
    with record() as rec, scope("head0"):
        x = Value(2.0, name="x")
        a = (x * 3).named("a")
        if a > 1:
            (a + a.data).named("y").backward()
    told = explain(rec.trace.cursor(rec.trace.made_at(rec.trace.find("a"))))
    assert notes(told, "scope") == ["Part of the graph: head0"]
    (read,) = notes(told, "outside")
    assert read.startswith("The program also read a as a plain number (line")


def test_how_the_program_ended_is_said_at_its_last_moment_only() -> None:
    outcome = {"outcome": {"kind": "raised", "error": "ValueError: no\x1b[2J", "line": 12}}
    trace = programs.with_info(programs.product(), outcome)
    told = explain(trace.cursor(-1))
    assert notes(told, "trouble") == ["The program ended here with an error at line 12: ValueError: no\ufffd[2J"]
    assert notes(explain(trace.cursor(-2)), "trouble") == []


def test_a_pass_by_hand_that_was_cut_short_is_told_as_far_as_it_was_kept() -> None:
    """A killed program leaves deliveries, but no sums."""
    trace = programs.recursion()
    none = replace(trace.columns.passes[0], nodes=np.zeros(0, np.int32), grads=np.zeros(0))
    cut = Trace(replace(trace.columns, passes=(none,)))
    for position in range(len(cut) + 1):
        told = explain(cut.cursor(position))
        assert told.plain("ja")
    assert check_trace(cut).ok


# For any program


@pytest.mark.parametrize("program", programs.ALL)
@pytest.mark.parametrize("by", GRANULARITIES)
def test_every_moment_of_every_program_has_words_in_both_languages(program: str, by: By) -> None:
    trace = programs.ALL[program]()
    cursor = trace.cursor()
    while True:
        for node in (None, *range(0, trace.n_nodes, 3)) if by == "edge" else (None,):
            told = explain(cursor, node, by=by)
            for text in told.texts():
                assert bool(text.en) == bool(text.ja), text
                assert "{" not in text.en + text.ja
            for lang in LANGS:
                assert told.plain(lang)
                assert told.short[lang]
        if cursor.position == len(trace):
            break
        cursor = cursor.step(1, by)


def test_names_with_braces_and_op_letters_are_put_in_whole() -> None:
    """The rule's words are templates; a name that looks like one of its fields must not be filled in again."""
    with record() as rec:
        a, b = Value(2.0, name="{b}"), Value(3.0, name="out")
        (a * b).named("a").backward()
    told = at(rec.trace, 5)
    assert told.sentence.en == "Nudge {b}, and a moves out times as far."
