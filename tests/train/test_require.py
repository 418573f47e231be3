"""A setting that cannot be is told with its name, what was given and what it may be."""

from __future__ import annotations

from typing import Any

import pytest

from tracer import require
from tracer.errors import ArgumentError


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (1, {"least": 1}),
        (0.0, {"least": 0, "below": 1}),
        (0.999, {"below": 1}),
        ("rms", {"among": ("rms", "layer")}),
        (16, {"multiple_of": ("n_head", 4)}),
        (float("inf"), {"least": 0}),
    ],
)
def test_what_fits_passes(value: Any, rules: dict[str, Any]) -> None:
    require("it", value, **rules)


@pytest.mark.parametrize(
    ("value", "rules", "says", "ja"),
    [
        (0, {"least": 1}, "it=0: 1 is the least.", "it=0: 1 以上の数にしてください。"),
        (1.0, {"least": 0, "below": 1}, "it=1: it must be at least 0 and below 1.", "0 以上 1 未満"),
        (2, {"below": 1}, "it=2: it must be below 1.", "1 未満"),
        (float("nan"), {"least": 0}, "it=nan: 0 is the least.", "it=nan"),
        (float("inf"), {"least": 0, "below": float("inf")}, "it=inf: 0 is the least.", "0 以上"),
        (10, {"multiple_of": ("n_head", 4)}, "it=10: n_head=4 must divide it", "n_head=4 で割り切れる"),
        ("rmz", {"among": ("rms", "layer")}, "it=rmz: it is one of rms, layer.", "rms、layer のどれか"),
        ("float32", {"among": ("float64",)}, "it=float32: it can only be float64.", "使えるのは float64 だけ"),
        ("much", {"least": 0}, "it=much: 0 is the least.", "it=much"),
    ],
)
def test_what_does_not_is_refused_in_both_languages(value: Any, rules: dict[str, Any], says: str, ja: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        require("it", value, **rules)
    assert says in str(caught.value)
    assert ja in caught.value.told("ja")
    assert isinstance(caught.value, ValueError)


def test_the_nearest_word_is_offered() -> None:
    with pytest.raises(ArgumentError, match="Did you mean 'layer'"):
        require("norm", "layr", among=("rms", "layer", "off"))
