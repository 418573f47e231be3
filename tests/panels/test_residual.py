"""The residual stream: norms and cosines are NumPy's, stages stand in the order of the model."""

from __future__ import annotations

import numpy as np

from tests.panels.gpt_step import CASES, step_of
from tests.panels.made import past, setup
from tracer.panels.data import Data
from tracer.panels.panel import Choice, RunView
from tracer.panels.residual import Residual, short_name, stages
from tracer.trace.observation import Observation, Seen

AS_IT_IS = Choice()
NAMES = ("embed", "layer0.attn_out", "layer0.mlp_out", "layer1.attn_out", "layer1.mlp_out")


def data(view: RunView, choice: Choice = AS_IT_IS) -> Data:
    found = Residual().data(view, choice)
    assert isinstance(found, Data)
    return found


def of(vectors: dict[str, list[float]]) -> RunView:
    taps = {name: (Seen(np.array([one]), np.array([one]) * 2),) for name, one in vectors.items()}
    return RunView(setup(), past(4), 4, Observation(4, 1.0, 1, ((0,),), ((1,),), taps, {}))


def test_stages_are_in_the_models_order_whatever_the_order_of_taps() -> None:
    seen = Seen(np.zeros((1, 2)), None)
    names = ["layer10.mlp_out", "layer2.attn_out", "layer2.mlp_out", "other", "embed"]
    observation = Observation(1, 1.0, 1, (), (), dict.fromkeys(names, (seen,)), {})
    assert stages(observation) == ("embed", "layer2.attn_out", "layer2.mlp_out", "layer10.mlp_out")
    assert short_name("layer10.mlp_out") == "L10_mlp"


def test_norms_and_cosines_are_numpys_at_every_position() -> None:
    _, observation, view = step_of(*CASES[0])
    for position in range(observation.positions(1)):
        vectors = [observation.taps[name][1].value[position] for name in NAMES]
        found = data(view, Choice(position=position, document=1))
        np.testing.assert_allclose(found.values, [np.linalg.norm(one) for one in vectors], rtol=1e-12)
        for k in range(1, 5):
            one, two = vectors[k - 1], vectors[k]
            expected = one @ two / np.linalg.norm(one) / np.linalg.norm(two)
            np.testing.assert_allclose(found.extra["cosine"][k], expected, rtol=1e-10)
        assert np.isnan(found.extra["cosine"][0]), "nothing comes before the embedding"


def test_a_gradient_is_compared_with_the_stage_above_it() -> None:
    _, observation, view = step_of(*CASES[0])
    grads = [observation.taps[name][0].grad for name in NAMES]
    found = data(view, Choice(grad=True, position=0))
    one, two = grads[0][0], grads[1][0]  # type: ignore[index]
    np.testing.assert_allclose(found.extra["cosine"][0], one @ two / np.linalg.norm(one) / np.linalg.norm(two))
    assert np.isnan(found.extra["cosine"][-1])


def test_vectors_without_a_direction_have_no_cosine() -> None:
    found = data(of({"embed": [0.0, 0.0], "layer0.attn_out": [3.0, 4.0]}))
    assert (found.values.tolist(), [badge.en for badge in found.badges]) == ([0.0, 5.0], ["", "cos –"])
    found = data(of({"embed": [np.nan, 0.0], "layer0.attn_out": [3.0, 4.0]}))
    assert [badge.en for badge in found.badges] == ["", "cos nan"], "what is not a number stays one"


def test_lengths_neither_overflow_nor_vanish() -> None:
    found = data(of({"embed": [3e200, 4e200], "layer0.attn_out": [3e-200, 4e-200]}))
    np.testing.assert_allclose(found.values, [5e200, 5e-200])
    np.testing.assert_allclose(found.extra["cosine"][1], 1.0)


def test_a_stage_is_told_with_its_cosine() -> None:
    assert data(of({"embed": [1.0, 0.0], "layer0.attn_out": [3.0, 4.0]})).told(1, "en") == "L0_attn = 5  cosine 0.6"
    assert data(of({"embed": [1.0, 0.0]})).told(0, "en") == "embed = 1", "nothing to compare with"
