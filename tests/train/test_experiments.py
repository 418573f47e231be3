"""What the experiments that come with the program claim holds when they are run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tracer.cli.comparing_table import Row, rows_of_runs
from tracer.lessons.content import find_experiment
from tracer.train.run import Run
from tracer.train.together import Together
from tracer.tui.experiments import arms_of

pytestmark = pytest.mark.deep  # twenty runs, in processes of their own


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Row]]:
    """Experiment -> variant -> its row."""
    base: Path = tmp_path_factory.mktemp("experiments")
    found: dict[str, dict[str, Row]] = {}
    for name in ("residual", "norm", "attention", "activation", "learning-rate"):
        arms = arms_of(find_experiment(name), base / name)
        assert Together([arm.place.job for arm in arms]).train()
        names = [arm.variant.name for arm in arms]
        rows = rows_of_runs([Run.open(arm.place.folder) for arm in arms], names)
        found[name] = dict(zip(names, rows, strict=True))
    return found


def arrives(row: Row) -> float:
    sizes = list(row.depth.values())
    return sizes[0] / sizes[-1]


def kinds(row: Row) -> set[str]:
    return {one.kind for one in row.readings if one.warns}


def test_residual_connections_keep_the_gradient_at_any_depth(done: Mapping[str, Mapping[str, Row]]) -> None:
    rows = done["residual"]
    for name in ("1-layer", "4-layers", "16-layers"):
        assert 0.5 < arrives(rows[name]) < 2
        assert kinds(rows[name]) == set()
    assert arrives(rows["1-layer-off"]) > 0.05
    assert arrives(rows["4-layers-off"]) < 1e-4
    assert arrives(rows["16-layers-off"]) < 1e-10
    assert "vanishing" in kinds(rows["4-layers-off"])
    assert "vanishing" in kinds(rows["16-layers-off"])


def test_without_norm_ten_times_the_rate_explodes(done: Mapping[str, Mapping[str, Row]]) -> None:
    rows = done["norm"]
    assert kinds(rows["off"]) == kinds(rows["rms"]) == set()
    assert rows["off"].held_out is not None
    assert rows["rms"].held_out is not None
    assert rows["rms"].held_out < rows["off"].held_out < rows["rms"].held_out + 0.2
    assert "exploding" in kinds(rows["off-lr-0.1"])
    assert rows["off-lr-0.1"].smoothed > 1000
    assert "exploding" not in kinds(rows["rms-lr-0.1"])


def test_without_attention_each_run_goes_down_to_its_own_limit(done: Mapping[str, Mapping[str, Row]]) -> None:
    rows = done["attention"]
    assert 1.03 < rows["on"].smoothed < 1.10
    assert 1.72 < rows["off"].smoothed < 1.78
    assert any(one.kind == "untouched" for one in rows["off"].readings)


def test_relu_neurons_die_where_tanh_neurons_cannot(done: Mapping[str, Mapping[str, Row]]) -> None:
    rows = done["activation"]
    usual = [rows[name].smoothed for name in ("relu", "tanh", "gelu")]
    assert max(usual) - min(usual) < 0.05
    assert "dead" in kinds(rows["relu-lr-0.1"])
    assert "dead" not in kinds(rows["tanh-lr-0.1"])
    assert rows["tanh-lr-0.1"].smoothed > rows["relu-lr-0.1"].smoothed - 0.05


def test_the_middle_learning_rate_ends_lowest(done: Mapping[str, Mapping[str, Row]]) -> None:
    rows = done["learning-rate"]
    assert rows["lr-0.01"].smoothed < min(rows["lr-0.1"].smoothed, rows["lr-0.001"].smoothed) - 0.05
    assert "dead" in kinds(rows["lr-0.1"])
    assert kinds(rows["lr-0.01"]) == kinds(rows["lr-0.001"]) == set()
    losses = Run.open(rows["lr-0.1"].folder).history.smoothed
    assert losses.max() > 1.5 * losses[0]
