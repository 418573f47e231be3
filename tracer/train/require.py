"""What a program says of a setting that cannot be: its name, what was given, what it may be; in one line."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.errors import ArgumentError, did_you_mean
from tracer.text import Text


def require(
    name: str,
    value: float | str,
    *,
    least: float | None = None,
    below: float | None = None,
    among: Iterable[str] | None = None,
    multiple_of: tuple[str, int] | None = None,
) -> None:
    """Raise unless a setting is what it has to be.

        require("n_layer", n_layer, least=1)
        require("norm", norm, among=("rms", "layer"))
        require("n_embd", n_embd, multiple_of=("n_head", n_head))

    Args:
        least, below: the range of a number; nan is in none.
        among: the words it may be.
        multiple_of: another setting, by its name, that must divide it.

    Raises:
        ArgumentError: it is not. It is a ValueError.
    """
    rule, hint = None, None
    if among is not None and value not in (known := tuple(among)):
        rule = Text(f"it is one of {', '.join(known)}", f"{'、'.join(known)} のどれかを指定してください")
        hint = did_you_mean(str(value), known)
        if len(known) == 1:
            rule, hint = Text(f"it can only be {known[0]}", f"使えるのは {known[0]} だけです"), None
    if least is not None or below is not None:
        number = value if isinstance(value, int | float) else float("nan")
        high = float("inf") if below is None else below
        low = float("-inf") if least is None else least
        if not (low <= number and (number < high or below is None)):
            rule = _range(least, below)
    if multiple_of is not None and isinstance(value, int | float):
        other, divisor = multiple_of
        if value % divisor:
            rule = Text(
                f"{other}={divisor} must divide it, without remainder",
                f"{other}={divisor} で割り切れる数にしてください",
            )
    if rule is not None:
        said = f"{value:g}" if isinstance(value, float) else str(value)
        raise ArgumentError(f"{name}={said}: {rule.en}.", ja=f"{name}={said}: {rule.ja}。", hint=hint)


def _range(least: float | None, below: float | None) -> Text:
    if below is None or below == float("inf"):
        return Text(f"{least:g} is the least", f"{least:g} 以上の数にしてください")
    if least is None:
        return Text(f"it must be below {below:g}", f"{below:g} 未満の数にしてください")
    return Text(
        f"it must be at least {least:g} and below {below:g}", f"{least:g} 以上 {below:g} 未満の数にしてください"
    )
