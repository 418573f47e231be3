"""Arrays filled with random numbers: bit for bit what PyTorch draws, for any shape, layout and dtype, in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.core import draw
from tracer.core.generator import Generator

cases = pytest.mark.parametrize("cases", [40, pytest.param(400, marks=pytest.mark.deep)])
Array = np.ndarray[Any, Any]


def seeded(seed: int = 42) -> Generator:
    return Generator().manual_seed(seed)


def filled(fill: Callable[..., None], shape: Any, dtype: str, *args: Any) -> Array:
    array = np.empty(shape, dtype)
    fill(array, *args, seeded())
    return array


# Numbers that PyTorch 2.13 draws after manual_seed(42), written down


def test_uniform_numbers_of_seed_42() -> None:
    assert filled(draw.uniform, 4, "float32", 0, 1).tolist() == [
        0.8822692632675171,
        0.9150039553642273,
        0.38286375999450684,
        0.9593056440353394,
    ]
    assert filled(draw.uniform, 2, "float64", 0, 1).tolist() == [0.05815448596142969, 0.06291016742457756]


def test_normal_numbers_of_seed_42() -> None:
    """Fewer than 16 come in pairs from doubles, 16 or more in blocks."""
    assert filled(draw.normal, 4, "float32", 0, 1).tolist() == [
        0.33669036626815796,
        0.12880940735340118,
        0.23446236550807953,
        0.23033303022384644,
    ]
    many = filled(draw.normal, 20, "float32", 0, 1)
    assert [many[0], many[3], many[4], many[19]] == [
        1.9269152879714966,
        -2.1055209636688232,
        -0.7581311464309692,
        -0.6215953826904297,
    ]
    assert filled(draw.normal, 16, "float64", 0, 1)[[0, 15]].tolist() == [0.2995562877502637, -1.4920727283504345]


def test_integers_and_orders_of_seed_42() -> None:
    assert filled(draw.integers, 6, "int64", 0, 10).tolist() == [2, 7, 6, 4, 6, 5]
    assert draw.permutation(8, seeded()).tolist() == [6, 3, 0, 7, 2, 1, 4, 5]
    assert filled(draw.bernoulli, 8, "bool", 0.5).astype(int).tolist() == [1, 1, 1, 1, 0, 1, 0, 0]


# What holds of any draw


@given(st.integers(0, 99), st.sampled_from(["float32", "float64", "float16"]))
def test_uniform_numbers_stay_below_the_end(seed: int, dtype: str) -> None:
    array = np.empty(3000, dtype)
    draw.uniform(array, 2, 3, seeded(seed))
    assert (array >= 2).all()
    assert (array < 3).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("count", [10_000, 10_007])
def test_normal_numbers_have_the_mean_and_spread_asked_for(dtype: str, count: int) -> None:
    array = filled(draw.normal, count, dtype, 3, 0.5).astype(float)
    assert array.mean() == pytest.approx(3, abs=0.02)
    assert array.std() == pytest.approx(0.5, abs=0.02)
    assert np.isfinite(array).all()


@given(st.integers(0, 99), st.integers(0, 40))
def test_an_order_has_every_number_once(seed: int, count: int) -> None:
    assert sorted(draw.permutation(count, seeded(seed)).tolist()) == list(range(count))


def test_a_transposed_array_is_filled_along_its_memory() -> None:
    turned, plain = np.empty((3, 5)).T, np.empty((3, 5))
    draw.uniform(turned, 0, 1, seeded())
    draw.uniform(plain, 0, 1, seeded())
    np.testing.assert_array_equal(turned, plain.T)


def test_weights_decide_how_often_an_index_comes() -> None:
    weights = np.array([1.0, 0.0, 3.0])
    for replacement, count in ((True, 5), (False, 2)):
        drawn = draw.multinomial(np.tile(weights, (2000, 1)), count, replacement, seeded())
        assert drawn.shape == (2000, count)
        assert (drawn[:, 0] == 2).mean() == pytest.approx(0.75, abs=0.03)
        assert 1 not in drawn[:, : 1 if not replacement else count]
    assert set(draw.multinomial(weights, 2, False, seeded()).tolist()) == {0, 2}


# Beside PyTorch


@st.composite
def steps(draws: st.DrawFn) -> tuple[str, tuple[int, ...], list[int], str, tuple[float, ...]]:
    """A kernel, the shape and layout to fill, a dtype, and the kernel's own numbers."""
    shape = tuple(draws(st.lists(st.sampled_from([0, 1, 2, 3, 5, 7, 16, 33]), max_size=2)))
    name = draws(st.sampled_from(["normal", "uniform", "bernoulli", "bernoulli_each", "exponential", "integers"]))
    numbers: dict[str, Any] = {
        "normal": st.sampled_from([(0, 1), (0.3, 1), (0, 0.02), (-2, 3.3)]),
        "uniform": st.sampled_from([(0, 1), (-1, 1), (0.001, 5.3), (-0.3, 2.7)]),
        "bernoulli": st.sampled_from([(0.0,), (0.3,), (1.0,)]),
        "bernoulli_each": st.just(()),
        "exponential": st.sampled_from([(1.0,), (2.5,)]),
        "integers": st.sampled_from([(0, 10), (-5, 5), (0, 2**28 - 1), (0, 2**28), (-(2**63), 2**63 - 1)]),
    }
    dtype = "int64" if name == "integers" else draws(st.sampled_from(["float32", "float64", "float16"]))
    return name, shape, draws(st.permutations(range(len(shape)))), dtype, draws(numbers[name])


@pytest.mark.oracle
@cases
def test_any_series_of_draws_is_pytorchs_to_the_last_bit(cases: int) -> None:
    """A normal number that waits, the layout of the memory, unfinished blocks: all as there."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    intel = _draws_with_intels_library()

    @settings(max_examples=cases)
    @given(st.integers(-1000, 2**64 - 1), st.lists(steps(), min_size=1, max_size=5))
    def each(seed: int, series: list[Any]) -> None:
        ours, theirs = seeded(seed), torch.Generator().manual_seed(seed)
        for name, shape, order, dtype, numbers in series:
            mine = np.empty(shape, dtype).transpose(order)
            yours = torch.empty(shape, dtype=getattr(torch, dtype)).permute(order)
            if name == "bernoulli_each":
                chances = np.random.default_rng(0).random(mine.shape).astype(dtype)
                draw.bernoulli_each(mine, chances, ours)
                yours.bernoulli_(torch.from_numpy(chances), generator=theirs)
            elif name == "integers":
                draw.integers(mine, *numbers, ours)
                yours.random_(*numbers, generator=theirs)
            elif name != "bernoulli" or not intel:
                getattr(draw, name)(mine, *numbers, ours)
                getattr(yours, f"{name}_")(*numbers, generator=theirs)
            else:
                continue
            np.testing.assert_array_equal(mine, yours.numpy(), f"{name}{numbers} {dtype} {shape} {order}")
        np.testing.assert_array_equal(ours.state(), theirs.get_state().numpy())

    each()


@pytest.mark.oracle
@cases
def test_orders_and_samples_are_pytorchs(cases: int) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

    @settings(max_examples=cases)
    @given(
        st.integers(0, 2**32),
        st.integers(0, 60),
        st.sampled_from([(5,), (3, 7), (1, 2)]),
        st.booleans(),
        st.sampled_from(["float32", "float64"]),
        st.data(),
    )
    def each(seed: int, count: int, shape: Any, replacement: bool, dtype: str, data: st.DataObject) -> None:
        ours, theirs = seeded(seed), torch.Generator().manual_seed(seed)
        assert draw.permutation(count, ours).tolist() == torch.randperm(count, generator=theirs).tolist()
        weights = np.random.default_rng(seed).random(shape).astype(dtype)
        number = data.draw(st.integers(1, shape[-1] * (3 if replacement else 1)))
        mine = draw.multinomial(weights, number, replacement, ours)
        yours = torch.multinomial(torch.from_numpy(weights), number, replacement, generator=theirs)
        np.testing.assert_array_equal(mine, yours.numpy())
        np.testing.assert_array_equal(ours.state(), theirs.get_state().numpy())

    each()


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_hundred_thousand_normal_numbers_are_pytorchs(dtype: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(7)
    theirs = torch.empty(100_003, dtype=getattr(torch, dtype)).normal_(0.1, 0.3).numpy()
    ours = np.empty_like(theirs)
    draw.normal(ours, 0.1, 0.3, seeded(7))
    np.testing.assert_array_equal(ours, theirs)


def _draws_with_intels_library() -> bool:
    """Whether PyTorch asks Intel's MKL for Bernoulli numbers of one probability here; we never do."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return "GenuineIntel" in file.read()
    except OSError:
        return False
