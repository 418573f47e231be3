"""The plane in which points with many coordinates differ most, with axes that stay where they were.

A singular value decomposition leaves open which way an axis points, and axes of about the same variance may change
places from one step to the next. So an axis is matched with an earlier one, its anchor, and turned towards it.

Source: principal component analysis: K. Pearson, On Lines and Planes of Closest Fit (1901); here by NumPy's SVD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AT_FIRST = 16
"""Anchors follow each other after a 16th of the steps so far: at first axes turn quickly."""
APART, ANCHORS = 5, 200
"""Steps from one anchor to the next at most, in a run with so many of them; in a longer run, more steps."""


NOTHING = 1e-7
"""Times the extent along the first axis: points that extend less along the second do not differ in it."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Where points lie when they are looked at from where they differ most."""

    points: Floats
    """(n, 2); nan of a row that is not finite."""
    axes: Floats
    """(2, C), unit vectors; zeros where the points do not differ in a second direction."""
    shares: tuple[float, float]
    """Of the variance that lies along each axis, 0 to 1; not always the larger one first, for axes keep their place."""
    middle: Floats
    """(C,), the mean of the points."""

    def project(self, matrix: NDArray[Any]) -> Floats:
        """(n, 2): other points in this plane, as those of an earlier step."""
        return np.asarray(_centred(np.asarray(matrix, np.float64))[0] @ self.axes.T, np.float64)


def plane(matrix: NDArray[Any], anchor: NDArray[Any] | None = None) -> Plane:
    """The first two principal axes of a matrix's rows.

    Args:
        matrix: (n, C), of any size; rows that are not finite are left out.
        anchor: (2, C), axes of an earlier step. Without it an axis points to where its largest loading is positive.
    """
    numbers = np.asarray(matrix, np.float64)
    centred, middle = _centred(numbers)
    known = centred[_finite(centred)]
    axes, shares = np.zeros((2, numbers.shape[1])), np.zeros(2)
    size = float(np.abs(known).max(initial=0.0))
    if size > 0:
        sizes, loadings = _decomposed(known / size)
        found = int((sizes[:2] > NOTHING * sizes[0]).sum())
        axes[:found] = loadings[:found]
        shares[:found] = (sizes**2 / (sizes**2).sum())[:found]
    if anchor is not None and np.shape(anchor) == axes.shape and np.isfinite(anchor).all():
        axes, shares = _matched(axes, shares, np.asarray(anchor, np.float64))
    else:
        axes = axes * _towards(axes[np.arange(2), np.abs(axes).argmax(axis=1)] if axes.size else np.zeros(2))
    return Plane(centred @ axes.T, axes, (float(shares[0]), float(shares[1])), middle)


def anchored_at(step: int, steps: int) -> bool:
    """Whether axes are kept after a step as anchors of the next steps, in a run of so many."""
    return step == 1 or step % max(1, min(step // AT_FIRST, max(APART, steps // ANCHORS))) == 0


def _decomposed(matrix: Floats) -> tuple[Floats, Floats]:
    """Singular values, descending, and the axes they belong to, a row each.

    Of many more rows than columns, their products (C, C) are decomposed: these have the same axes, and squared values.
    """
    many = len(matrix) > 4 * matrix.shape[1]
    _, sizes, loadings = np.linalg.svd(matrix.T @ matrix if many else matrix, full_matrices=False)
    return np.sqrt(sizes) if many else sizes, loadings


def _centred(matrix: Floats) -> tuple[Floats, Floats]:
    """Rows less their mean; nan where a row is not finite. And the mean."""
    with np.errstate(all="ignore"):
        middle = matrix.mean(axis=0) if len(matrix) else np.zeros(matrix.shape[1])
        if np.isfinite(middle).all():
            return matrix - middle, middle
        known = _finite(matrix)
        middle = matrix[known].mean(axis=0) if known.any() else np.zeros(matrix.shape[1])
        middle = np.where(np.isfinite(middle), middle, 0.0)
        return np.where(known[:, None], matrix - middle, np.nan), middle


def _finite(matrix: Floats) -> NDArray[np.bool_]:
    """(n,): the rows of which every number is finite."""
    return np.asarray(np.isfinite(matrix).all(axis=1))


def _matched(axes: Floats, shares: Floats, anchor: Floats) -> tuple[Floats, Floats]:
    """Axes in the order and direction of their anchors: the pairing with the larger correlations."""
    alike = np.abs(anchor @ axes.T)
    if alike[0, 1] + alike[1, 0] > alike[0, 0] + alike[1, 1]:
        axes, shares = axes[::-1], shares[::-1]
    return axes * _towards((anchor * axes).sum(axis=1)), shares


def _towards(signs: Floats) -> Floats:
    """(2, 1): -1 for an axis that has to be turned round."""
    return np.where(signs < 0, -1.0, 1.0)[:, None]
