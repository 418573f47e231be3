"""The same stream of numbers from a seed as PyTorch's CPU generator, and states that go from one to the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.core import draw
from tracer.core.functions.all import Tensor
from tracer.core.generator import STATE_BYTES, Generator
from tracer.errors import ArgumentError, ArgumentTypeError, OptionError, StateError

seeds = st.integers(-(2**63), 2**64 - 1)


def test_the_engine_is_the_mersenne_twister_of_its_authors() -> None:
    """From seed 5489 the 10,000th number is 4123659995: C++'s standard asks it of std::mt19937."""
    assert int(Generator().manual_seed(5489).words(10_000)[-1]) == 4123659995


@given(seeds, st.lists(st.integers(0, 700), max_size=4))
def test_equal_seeds_give_equal_numbers_however_they_are_asked_for(seed: int, counts: list[int]) -> None:
    parts, whole = Generator().manual_seed(seed), Generator().manual_seed(seed)
    asked = [parts.words(count) for count in counts]
    np.testing.assert_array_equal(np.concatenate([np.zeros(0, np.uint64), *asked]), whole.words(sum(counts)))
    np.testing.assert_array_equal(parts.state(), whole.state())


@given(seeds)
def test_a_negative_seed_counts_back_from_the_end(seed: int) -> None:
    generator = Generator().manual_seed(seed)
    assert generator.initial_seed() == seed % 2**64
    np.testing.assert_array_equal(generator.words(3), Generator().manual_seed(seed % 2**32).words(3))


@given(seeds, st.integers(0, 1300), st.integers(0, 3))
def test_a_restored_state_goes_on_with_the_same_numbers(seed: int, words: int, normals: int) -> None:
    """A normal number that waits for its turn included."""
    generator = Generator().manual_seed(seed)
    generator.words(words)
    draw.normal(np.empty(normals), 0, 1, generator)
    other = Generator()
    other.restore(generator.state())
    numbers, same = np.empty((2, 5))
    draw.normal(numbers, 0, 1, generator)
    draw.normal(same, 0, 1, other)
    np.testing.assert_array_equal(numbers, same)
    assert other.initial_seed() == generator.initial_seed()


def test_a_new_generator_always_starts_alike_and_a_seeded_one_does_not() -> None:
    assert Generator().words(4).tolist() == Generator().words(4).tolist()
    generator = Generator()
    seed = generator.seed()
    assert generator.initial_seed() == seed
    assert generator.words(4).tolist() == Generator().manual_seed(seed).words(4).tolist()
    assert generator.seed() != seed


@pytest.mark.parametrize(
    ("seed", "error", "kind"), [(2**64, ArgumentError, ValueError), (1.5, OptionError, RuntimeError)]
)
def test_a_seed_that_is_none_is_refused(seed: Any, error: type[Exception], kind: type[Exception]) -> None:
    with pytest.raises(error, match="manual_seed: got") as caught:
        Generator().manual_seed(seed)
    assert isinstance(caught.value, kind)


def test_bytes_that_are_no_state_are_refused() -> None:
    generator = Generator()
    with pytest.raises(StateError, match=r"bytes of shape \(3,\)"):
        generator.restore(np.zeros(3, np.uint8))
    with pytest.raises(StateError, match="no generator's state"):
        generator.restore(np.full(STATE_BYTES, 255, np.uint8))
    with pytest.raises(ArgumentTypeError, match="tensor of uint8"):
        generator.set_state(Tensor._wrap(np.zeros(STATE_BYTES)))
    assert generator.set_state(generator.get_state()) is generator


@pytest.mark.oracle
@settings(max_examples=50)
@given(seeds, st.integers(0, 1300), st.integers(0, 3))
def test_the_state_is_pytorchs_byte_for_byte(seed: int, words: int, normals: int) -> None:
    """So either library can go on where the other stopped."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    assert ours.initial_seed() == theirs.initial_seed()
    np.testing.assert_array_equal(ours.state(), theirs.get_state().numpy())
    ours.words(words)
    torch.rand(words, generator=theirs)
    draw.normal(np.empty(normals), 0, 1, ours)
    torch.randn(normals, generator=theirs)
    np.testing.assert_array_equal(ours.state(), theirs.get_state().numpy())
    theirs.set_state(torch.tensor(ours.state()))
    assert torch.rand(2, generator=theirs).tolist() == [
        float(word & 0xFFFFFF) / 2**24 for word in ours.words(2).tolist()
    ]
