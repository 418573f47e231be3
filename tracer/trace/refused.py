"""Saying no to a file's content."""

from __future__ import annotations


class Refused(Exception):
    """Why a file's content is no recording."""


def must(holds: bool, otherwise: str) -> None:
    """Raise `Refused` unless it holds."""
    if not holds:
        raise Refused(f"damaged: {otherwise}.")
