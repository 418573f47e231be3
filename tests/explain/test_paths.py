"""Routes in words, both languages: trails, factors, sums, shares; and nothing that is not known yet."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer as torch
from tests.strategies import Program, programs
from tests.trace.test_paths import ladder
from tests.trace.test_residual import residual_mlp
from tracer import Value, scope
from tracer.core.record import record
from tracer.explain.paths import PathsTold, how_many, no_route, tell_paths
from tracer.explain.trails import STOPS
from tracer.lessons.runner import open_thing
from tracer.numbers import format_number
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace


def told(trace: Trace, name: str, position: int = -1, **more: object) -> PathsTold:
    found = tell_paths(trace.cursor(position), trace.resolve(name), **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def lines(found: PathsTold, lang: Lang = "en") -> list[str]:
    routes = [f"{r.trail[lang]} | {r.symbols} | {r.numbers[lang]} | {r.share[lang]}" for r in found.routes]
    return [found.heading[lang], *routes, found.total[lang], *(note[lang] for note in found.notes)]


def test_a_lesson_is_told_in_full_as_a_textbook_does() -> None:
    trace = open_thing("6.3").trace
    assert lines(told(trace, "x")) == [
        "2 routes from y to x",
        "y → b → x | ∂y/∂b · ∂b/∂x | 5 · 1 = 5 | 71.4 %",
        "y → a → x | ∂y/∂a · ∂a/∂x | 2 · 1 = 2 | 28.6 %",
        "∂y/∂x = 5 + 2 = 7",
    ]
    assert lines(told(trace, "x"), "ja")[0] == "y から x への経路：2 本"


def test_a_route_that_is_not_there_yet_has_question_marks() -> None:
    trace = open_thing("6.3").trace
    this, x = trace.passes[0], trace.resolve("x")
    first = this.position_of(int(this.deliveries_to(x)[0]))
    assert lines(told(trace, "x", first))[1:] == [
        "y → b → x | ∂y/∂b · ∂b/∂x | 5 · 1 = 5 | ",
        "y → a → x | ∂y/∂a · ∂a/∂x | 2 · ? = ? | ",
        "∂y/∂x = 5 + ? = ?",
        "1 route is still to come.",
    ]
    assert lines(told(trace, "x", 0))[3] == "∂y/∂x = ?"


@given(programs(max_steps=6), st.data())
def test_no_product_is_told_before_its_last_part_was_delivered(program: Program, data: st.DataObject) -> None:
    """At every moment: a factor of a delivery to come is a `?`, and so is a product with such a factor."""
    trace = program.record()
    position = data.draw(st.integers(0, len(trace)))
    node = data.draw(st.sampled_from(trace.passes[0].columns.nodes.tolist()))
    came = set(trace.passes[0].edges[: trace.passes[0].delivered_by(position)].tolist())
    found = tell_paths(trace.cursor(position), node)
    assert found is not None
    for route in found.routes:
        whole = set(route.path.edges) <= came and (route.path.edges or position > trace.passes[0].start)
        assert (route.product.en != "?") == bool(whole)
        for lang in LANGS:
            assert route.numbers[lang].endswith("?") != bool(whole)
    if any(route.product.en == "?" for route in found.routes):
        assert found.total.en.endswith(("?", "…"))
        assert not any(route.share.en for route in found.routes)


def test_factors_with_a_sign_stand_in_parentheses() -> None:
    with record() as recorder:
        x = Value(3.0, name="x")
        a = (x * -2).named("a")
        (a * -0.5).named("y").backward()
    assert told(recorder.trace, "x").routes[0].numbers.en == "-0.5 · (-2) = 1"


def test_a_long_route_is_shortened_by_scope_and_then_in_the_middle() -> None:
    with record() as recorder:
        y = Value(1.0, name="x")
        for layer in range(3):
            with scope(f"layer {layer}"), scope("mlp"):
                for _ in range(10):
                    y = y * 0.5
        y.named("y").backward()
    found = told(recorder.trace, "x").routes[0]
    assert found.trail.en == "y → layer 1.mlp → layer 0.mlp → x"
    to_its_end = [format_number(2.0**-n) for n in (19, 10, 1)]  # of each part; y stands for its own as well
    assert found.numbers.en == f"{' · '.join(to_its_end)} ≈ 9.313e-10"
    with record() as recorder:
        y = Value(1.0, name="x")
        for _ in range(40):
            y = y * 0.5
        y.named("y").backward()
    found = told(recorder.trace, "x").routes[0]
    assert "… 31 nodes …" in found.trail.en
    assert "…（31 ノード）…" in found.trail.ja
    assert found.trail.en.count("→") < STOPS


def test_numbers_nobody_reads_are_written_as_powers() -> None:
    assert how_many(27_163) == "27,163"
    assert how_many(27163088103170401148928) == "2.7e22"
    assert told(ladder(1200), "x").heading.en.startswith("1.7e361 routes from")


def test_what_the_list_leaves_out_is_said() -> None:
    found = lines(told(ladder(60, 0.5), "x", k=70))
    assert any(re.match(r"Listed: 70 of 1\.2e18 routes, .* of all \|products\|", note) for note in found)


@pytest.mark.parametrize(
    ("lesson", "node", "left"),
    [("microgpt/10_assign", "w", "left 3 in w.grad"), ("microgpt/07_recursion", "a", "left 6 in a.grad")],
)
def test_a_wrong_algorithm_is_told_from_the_sum_over_the_routes(lesson: str, node: str, left: str) -> None:
    found = told(open_thing(lesson).trace, node)
    note = next(note for note in found.notes if "written by hand" in note.en)
    assert left in note.en
    assert "経路の和は" in note.ja
    assert not any(route.share.en for route in found.routes)


def test_why_there_is_no_route() -> None:
    with record() as recorder:
        x, y = Value(3.0, name="x"), Value(1.0, name="y")
        (x * x).named("z").backward()
    trace = recorder.trace
    assert tell_paths(trace.cursor(-1), trace.resolve("y")) is None
    assert no_route(trace.cursor(-1), trace.resolve("y")).en == "No route leads from z to y: z does not depend on it."
    with record() as recorder:
        x = Value(3.0, name="x")
        _ = x * y
    assert "No backward pass" in no_route(recorder.trace.cursor(-1), 0).en


def test_the_residual_route_is_told_from_the_loss_down() -> None:
    trace = residual_mlp(0)
    notes = [note.en for note in told(trace, "x0", through=("mlp",)).notes]
    assert any(note.startswith("By the residual route alone, through no branch at all:") for note in notes)
    stages = [note for note in notes if "shortcut" in note]
    assert [stage.split(":")[0].strip() for stage in stages] == [f"layer {i}.residual ×2" for i in (2, 1, 0)]
    assert any(note.startswith("Through mlp:") for note in notes)
    inner = [note.en for note in told(trace, "fc1.1[0,0]").notes]
    assert any("through no branch but the one it cannot avoid" in note for note in inner)


def test_nothing_is_said_of_the_residual_route_before_all_routes_have_arrived() -> None:
    trace = residual_mlp(0)
    assert not any("residual" in note.en for note in told(trace, "x0", len(trace) - 3).notes)


def test_an_element_of_a_tensor_has_routes_of_plain_numbers() -> None:
    with record() as recorder:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x * 3.0
        (y + y * y).sum().backward()
    trace = recorder.trace
    node = trace.resolve(x)
    found = tell_paths(trace.cursor(-1), node, element=1)
    assert found is not None
    assert sorted(route.product.en for route in found.routes) == ["3", "36"] or found.paths.total == 39.0
    assert found.heading.en.endswith("[1]")
    whole = tell_paths(trace.cursor(-1), node)
    assert whole is not None
    assert whole.total.en.endswith("[21, 39]")


@pytest.mark.parametrize("lang", LANGS)
def test_everything_is_told_in_both_languages(lang: Lang) -> None:
    for line in lines(told(residual_mlp(0), "fc1.0[0,0]"), lang):
        assert line.strip()
    notes = [note[lang] for note in told(residual_mlp(0), "fc1.0[0,0]").notes]
    assert any(re.search(r"[ぁ-ん]", note) for note in notes) == (lang == "ja")


def test_a_part_that_is_told_as_a_whole_names_what_is_passed_in_it() -> None:
    """So that a route through the branch is told from one that takes the shortcut; a number keeps its stem."""
    with record() as recorder:
        y = Value(0.5, name="x")
        for block in reversed(range(6)):
            with scope(f"blocks.{block}"):
                with scope("fc"):
                    out = (y * 2).tanh() * 0.1
                with scope("out"):
                    out = (out + 1).tanh()
                y = y + out
        y.named("y").backward()
    trails = [route.trail.en for route in told(recorder.trace, "x").routes]
    every = "y → blocks.0 (out, fc) → blocks.1 (out, fc) → blocks.2 (out, fc)"
    assert any(trail.startswith(every) for trail in trails)
    assert len(set(trails)) == len(trails) == 64
