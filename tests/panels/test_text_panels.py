"""The panels of a model of texts: each number is the one that its cell names, at any choice, in both engines."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.panels.gpt_step import CASES, array_of, step_of
from tests.panels.made import past, seen, setup, weights
from tests.panels.test_pictures import picture
from tracer.panels.attention import Attention
from tracer.panels.data import Data
from tracer.panels.embedding import Embedding
from tracer.panels.heads import Heads
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.probabilities import Probabilities
from tracer.panels.residual import Residual
from tracer.text import LANGS, Text
from tracer.trace.cells import nodes_of
from tracer.trace.observation import Observation, Seen, observed_position, softmax

PANELS: tuple[Panel, ...] = (Attention(), Probabilities(), Embedding(), Residual(), Heads())
each = pytest.mark.parametrize("panel", PANELS, ids=[panel.id for panel in PANELS])
steps = pytest.mark.parametrize(("engine", "settings"), CASES, ids=[engine for engine, _ in CASES])


def choices(panel: Panel, observation: Observation) -> Iterator[Choice]:
    """Every layer, head, position, document and parameter, with and without gradients."""
    ranges = {
        "layer": range(observation.layers),
        "head": range(max(1, observation.n_head)),
        "position": range(-1, observation.positions(0)),
        "document": range(observation.documents),
        "parameter": panel.parameters(observation),
    }
    names = [name for name in panel.chooses if name in ranges]
    for one in itertools.product((False, True), *(ranges[name] for name in names)):
        yield replace(Choice(grad=one[0]), **dict(zip(names, one[1:], strict=True)))  # type: ignore[arg-type]


@steps
@each
def test_every_number_is_the_one_that_its_cell_names(panel: Panel, engine: str, settings: tuple) -> None:  # type: ignore[type-arg]
    """A bar of the residual stream is the length of what its cell names, a point is where its row lies."""
    _, observation, view = step_of(engine, settings)
    count = 0
    for choice in choices(panel, observation):
        data = panel.data(view, choice)
        assert isinstance(data, Data), (choice, data)
        assert len(data.cells) == data.size > 0
        assert data.step == 1
        for index, cell in enumerate(data.cells):
            if data.absent is not None and data.absent.reshape(-1)[index]:
                continue
            assert cell.grad == choice.grad
            there = array_of(observation, cell.of, cell.document, grad=cell.grad)[cell.index]
            if panel.id == "residual":
                there = np.linalg.norm(there)
            elif data.kind == "scatter":
                continue
            assert data.number(index) == pytest.approx(float(there), rel=1e-12, abs=0), cell
            count += 1
    assert count >= 2


@steps
@each
def test_every_cell_leads_to_nodes_that_hold_its_number(panel: Panel, engine: str, settings: tuple) -> None:  # type: ignore[type-arg]
    trace, _, view = step_of(engine, settings)
    cursor = trace.cursor(observed_position(trace))
    for choice in (Choice(layer=1, head=1, document=1), Choice(grad=True, position=0, parameter="lm_head")):
        data = panel.data(view, choice)
        assert isinstance(data, Data)
        for index in range(0, data.size, max(1, data.size // 7)):
            cell = data.cells[index]
            found = nodes_of(trace, cell)
            if data.absent is not None and data.absent.reshape(-1)[index]:
                continue
            assert found, cell
            if len(found) == 1 and panel.id != "residual" and not (cell.of == "probs" and engine == "tensor"):
                node, element = found[0]
                there = cursor.grad(node) if cell.grad else cursor.data(node)
                number = np.asarray(there).reshape(-1)[element or 0]
                assert data.kind == "scatter" or data.number(index) == number


@each
def test_a_series_leads_to_what_it_is_of(panel: Panel) -> None:
    trace, _, view = step_of(*CASES[0])
    for grad in (False, True):
        data = panel.data(view, Choice(history=True, grad=grad))
        assert isinstance(data, Data)
        for index, cell in enumerate(data.cells):
            assert nodes_of(trace, cell), cell
            assert data.step_of(index) == 1


def made(
    rng: np.random.Generator, *, layers: int, heads: int, positions: int, documents: int, spoil: float | None = None
) -> Observation:
    """Of a GPT that never was."""
    symbols, width = 5, 2 * heads
    v = symbols + 1
    taps: dict[str, tuple[Seen, ...]] = {}

    def tapped(name: str, *shape: int) -> None:
        taps[name] = tuple(seen(rng, *shape, spoil=spoil) for _ in range(documents))

    tapped("embed", positions, width)
    for layer in range(layers):
        tapped(f"layer{layer}.attn", heads, positions, positions)
        for name in ("heads", "attn_out", "mlp_out"):
            tapped(f"layer{layer}.{name}", positions, width)
        for one in taps[f"layer{layer}.attn"]:
            one.value[:, np.triu(np.ones((positions, positions), bool), 1)] = -np.inf
            one.value[:] = softmax(one.value)
            one.value[one.value == 0] = np.nan
    tapped("logits", positions, v)
    taps["probs"] = tuple(Seen(softmax(one.value), None) for one in taps["logits"])
    tokens = tuple(tuple(rng.integers(0, v, positions).tolist()) for _ in range(documents))
    sizes = {"wte": v, "wpe": positions, "lm_head": v}
    named = {name: weights(rng, rows, width, spoil=spoil) for name, rows in sizes.items()}
    return Observation(int(rng.integers(1, 9)), 2.5, documents, tokens, tokens, taps, named)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_anything_that_was_observed_is_drawn_at_any_size(data: st.DataObject) -> None:
    """Also at layers, heads, positions and documents that are not there."""
    draw = data.draw
    panel = draw(st.sampled_from(PANELS))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    sizes = {name: draw(st.integers(1, 3)) for name in ("layers", "heads", "documents")}
    spoil = draw(st.sampled_from([None, math.nan, math.inf, 1e300, -5e-324]))
    seen = [made(rng, positions=draw(st.integers(1, 5)), spoil=spoil, **sizes) for _ in range(2)]
    view = RunView(setup(), past(9), 9, seen[0], (replace(seen[1], step=0),))
    far = st.integers(-9, 9)
    choice = Choice(draw(far), draw(far), draw(far), draw(far), draw(st.booleans()), log=draw(st.booleans()))
    choice = replace(choice, history=draw(st.booleans()), parameter=draw(st.sampled_from(["", "wpe", "gone"])))
    found = panel.data(view, choice)
    width, height = draw(st.integers(0, 60)), draw(st.integers(0, 14))
    if isinstance(found, Text):
        assert all(found[lang] for lang in LANGS)
        return
    assert len(found.cells) == found.size
    assert not found.steps or len(found.steps) == found.size
    picture(found, width, height, draw(st.none() | st.integers(-1, found.size)), draw(st.sampled_from(LANGS)))


@each
def test_before_anything_was_observed_it_says_so(panel: Panel) -> None:
    found = panel.data(RunView(setup(), past(0), 0), Choice())
    assert isinstance(found, Text)
    assert found.en != found.ja
    lines = panel.draw(found, Choice(), width=30, height=4, lang="ja").lines
    assert "まだ" in lines[0].plain


@each
def test_a_model_without_such_things_has_no_such_panel(panel: Panel) -> None:
    """And what is asked of it all the same is told in words."""
    rng = np.random.default_rng(1)
    other = Observation(3, 1.0, 1, (), (), {"hidden": (seen(rng, 4, 3),)}, {"w": weights(rng, 3, 2)})
    assert not panel.applies(setup(()), other)
    assert not panel.applies(setup(()), None)
    assert panel.applies(setup(), None)
    assert isinstance(panel.data(RunView(setup(()), past(3), 3, other), Choice()), Text)


@each
def test_where_no_gradient_came_the_twin_says_so(panel: Panel) -> None:
    whole = made(np.random.default_rng(2), layers=1, heads=2, positions=3, documents=1)
    taps = {name: tuple(replace(one, grad=None) for one in some) for name, some in whole.taps.items()}
    named = {name: replace(one, grad=None) for name, one in whole.weights.items()}
    found = panel.data(RunView(setup(), past(9), 9, replace(whole, taps=taps, weights=named)), Choice(grad=True))
    assert isinstance(found, Text)
    assert f"step {whole.step}" in found.en


@each
def test_each_is_explained_in_both_languages_with_its_section(panel: Panel) -> None:
    assert panel.twin is not None
    for choice in (Choice(), Choice(grad=True), Choice(history=True), Choice(history=True, grad=True)):
        caption, about = panel.caption_of(choice), panel.about_of(choice)
        for words in (caption, about):
            assert words.en.isascii() or set(words.en) & set("◀⟨−∂")
            assert sum(ord(sign) > 0x3000 for sign in words.ja) > len(words.ja) // 3
        assert "4." in about.en
        assert "4." in about.ja
        assert max(len(caption.en), cell_len(caption.ja)) <= 68, "it has one line beside the panel's name"
        assert len(about.en) > 3 * len(caption.en)


@each
def test_a_history_has_a_series_for_each_part_up_to_the_step_shown(panel: Panel) -> None:
    rng = np.random.default_rng(3)
    all_seen = [replace(made(rng, layers=2, heads=2, positions=3, documents=1), step=k) for k in range(1, 7)]
    told = past(9, tuple(all_seen))
    for grad in (False, True):
        view = RunView(setup(), told, 4, all_seen[3], tuple(all_seen[:3]))
        found = panel.data(view, Choice(history=True, grad=grad))
        assert isinstance(found, Data)
        if found.kind == "lines":
            assert found.extra["x"].tolist() == [1, 2, 3, 4]
            assert {found.step_of(i) for i in range(found.size)} == {1, 2, 3, 4}
            assert np.isfinite(found.values).all()
        else:
            assert panel.id == "embedding"
