"""What a program's functions return, as numbers and in words."""

from __future__ import annotations

from typing import Any

from tracer.errors import ProgramError


def number_of(loss: Any) -> float:
    """The loss as a number.

    Raises:
        ProgramError: it is none, or several.
    """
    try:
        return float(plain(loss))
    except (TypeError, ValueError, RuntimeError):
        raise ProgramError(
            f"step() must return the loss, one number; it returned {said(loss)}.",
            ja=f"step() は損失（一つの数）を返す必要があります。返されたのは {said(loss)} です。",
        ) from None


def plain(thing: Any) -> Any:
    """The number in a `Value` or in a tensor of one element; anything else as it is."""
    if hasattr(thing, "item"):
        return thing.item()
    return getattr(thing, "data", thing)


def said(thing: Any) -> str:
    shape = getattr(thing, "shape", None)
    kind = "None" if thing is None else f"a {type(thing).__name__}"
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"
