"""Every colour that carries words can be read, and the two directions can be told apart without red and green."""

from itertools import combinations

import pytest

from tracer.scene.palette import COLOUR_BLIND, HIGH_CONTRAST, PALETTES, ROLES, contrast

THEMES = PALETTES.values()


def test_contrast_is_the_one_wcag_defines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#336699", "#336699") == 1


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("role", ROLES)
def test_every_meaning_is_legible_on_both_grounds(theme, role):
    least = 7.0 if theme is HIGH_CONTRAST else 4.5
    for ground in (theme.background, theme.surface):
        assert contrast(theme.colour(role), ground) >= least


# What each cone type sees, after Viénot, Brettel and Mollon (1999): linear RGB projected for a missing cone type.
BLINDNESS = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def seen(colour, matrix):
    linear = [(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)]
    return [max(0.0, sum(a * b for a, b in zip(row, linear, strict=True))) ** (1 / 2.2) for row in matrix]


@pytest.mark.parametrize("kind", BLINDNESS)
def test_meanings_that_stand_side_by_side_differ_for_the_colour_blind(kind):
    """Value and gradient, ok and wrong, at work and at rest stay apart when one cone type is missing."""
    matrix = BLINDNESS[kind]
    for one, other in [("data", "grad"), ("ok", "wrong"), ("active", "line"), ("active", "data"), ("data", "missing")]:
        a, b = seen(COLOUR_BLIND.colour(one), matrix), seen(COLOUR_BLIND.colour(other), matrix)
        assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 0.2, (one, other)


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_no_two_meanings_share_a_colour_where_both_are_numbers(theme):
    for one, other in combinations(["data", "grad", "missing", "active", "receiver", "wrong", "ok"], 2):
        assert theme.colour(one) != theme.colour(other)
