"""What a program defines to be trained: one function, `training`, which builds the model, the data and one step.

    from tracer import Training

    def training(data=None, seed=42, lr=0.2, hidden=3):
        rows = data or read_rows()
        net = Net(hidden, random.Random(seed))

        def step(i):                                   # one training step, all of its phases in view
            loss = mean_squared_error(net, rows)       # forward, loss
            loss.backward()                            # backward
            update(net.parameters(), lr)               # update
            zero(net.parameters())                     # zero
            return loss

        return Training(step, net.parameters(), predict=..., rows=rows, steps=200)

    if __name__ == "__main__":                         # run by itself, the program does as it likes
        ...

What is passed in, and only what the function takes by name:

- `data`: rows `(x1, x2, label)`, each label -1.0 or 1.0, when `--data` names some; without it the program's own default
  holds. Data of another kind (text) will arrive in the same place.
- `seed`: everything random in the program comes from it, and from `i`. So any step can be had again, bit for bit, by
  building anew and taking the steps before it: that is how a step is opened, and how a run will be resumed.
- any other argument that has a default is a setting (`--lr`, `--hidden`, `lr=0.1` on the command line).

What comes back is a `Training`. It works with `Value`s and with `Tensor`s: the loop looks at neither. Parameters are
named so that checkpoints can be written from them, and `step` is told its number so that data can be taken in turn.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.errors import ProgramError, did_you_mean
from tracer.text import Text

ENTRY = "training"
"""The function's name."""
Row = tuple[float, float, float]
"""x1, x2, and the label: -1.0 or 1.0."""
Settings = Mapping[str, float]
MOST_STEPS = 10_000_000


@dataclass(frozen=True)
class Training:
    """A model that can be trained: what a program's `training` returns.

    Raises:
        ProgramError: a part is not of the kind it has to be.
    """

    step: Callable[[int], Any]
    """Takes training step i (from 0): forward, loss, backward, update, zero; returns the loss, one number."""
    parameters: Mapping[str, Any] | Iterable[Any]
    """What is trained: `Value`s that have a name, or name -> `Tensor`, as `dict(model.named_parameters())` gives."""
    predict: Callable[[Sequence[Sequence[float]]], Any] | None = None
    """A score for each point (x1, x2): above 0 for label 1. Draws nothing random and changes nothing. Without it, there
    is no accuracy and no decision boundary."""
    rows: Sequence[Row] = ()
    """The data in use, to be shown with the boundary."""
    steps: int = 200
    """How many are taken unless the user says."""

    def __post_init__(self) -> None:
        if not callable(self.step):
            raise _wrong("step", "a function of the step's number", self.step)
        if self.predict is not None and not callable(self.predict):
            raise _wrong("predict", "a function of a list of points", self.predict)
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise _wrong("steps", "a whole number from 1", self.steps)
        try:
            named = self.parameters if isinstance(self.parameters, Mapping) else tuple(self.parameters)
            rows = tuple((float(x1), float(x2), float(label)) for x1, x2, label in self.rows)
        except (TypeError, ValueError):
            raise _wrong("parameters and rows", "parameters, and rows of three numbers", self.parameters) from None
        object.__setattr__(self, "parameters", named)
        object.__setattr__(self, "rows", rows)
        for name, parameter in named.items() if isinstance(named, Mapping) else ():
            if hasattr(parameter, "named") and not getattr(parameter, "name", None):
                parameter.named(name)  # a recorded run calls them so

    def named_parameters(self) -> dict[str, Any]:
        """Name -> parameter, in the program's order."""
        if isinstance(self.parameters, Mapping):
            return dict(self.parameters)
        return {getattr(p, "name", None) or f"p{i}": p for i, p in enumerate(self.parameters)}


def build(
    namespace: Mapping[str, Any], shown: str, rows: Sequence[Row] | None, seed: int | None, settings: Settings
) -> Training:
    """Call the entry of a program that has been run.

    Args:
        namespace: the program's variables.
        shown: what messages call the program.
        rows, seed: None where the user named none.

    Raises:
        ProgramError: there is no entry, it does not take what the user gave, or returns something else.
    """
    entry = namespace.get(ENTRY)
    if not callable(entry):
        raise no_entry(shown)
    given: dict[str, Any] = {}
    if rows is not None:
        given["data"] = rows
    if seed is not None:
        given["seed"] = seed
    takes = settings_of(entry)
    for name, value in settings.items():
        given[name] = _as_its_default(name, value, takes.get(name), shown) if name in takes else value
    free = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in inspect.signature(entry).parameters.values())
    for name in given:
        if name not in takes and not free:
            raise _not_taken(name, takes, shown)
    made = entry(**given)
    if not isinstance(made, Training):
        what = Text(
            en=f"{shown}: {ENTRY}() returned {_kind(made)}, not a Training.",
            ja=f"{shown}: {ENTRY}() は Training ではなく {_kind(made)} を返しました。",
        )
        raise ProgramError(
            what.en,
            hint="`from tracer import Training`; return Training(step, parameters). models/mlp.py is an example.",
            ja=what.ja,
            hint_ja="`from tracer import Training` のあと Training(step, parameters) を返します。例: models/mlp.py",
        )
    return made


def settings_of(entry: Callable[..., Any]) -> dict[str, Any]:
    """What the entry takes by name -> its default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name: p.default for p in inspect.signature(entry).parameters.values() if p.kind in kinds}


def in_use(entry: Callable[..., Any], seed: int | None, settings: Settings) -> dict[str, Any]:
    """Every setting that is a number, with the user's or the default value."""
    found = {**settings_of(entry), **settings} | ({} if seed is None else {"seed": seed})
    return {name: value for name, value in found.items() if isinstance(value, int | float) and name != "data"}


def no_entry(shown: str) -> ProgramError:
    """What to say of a program that defines no `training`."""
    return ProgramError(
        f"{shown} defines no function `{ENTRY}`, so there is nothing to train.",
        hint="It builds the model and returns a tracer.Training: see models/mlp.py, and `tracer train --help`.",
        ja=f"{shown} に関数 `{ENTRY}` がないので、訓練できません。",
        hint_ja="モデルを作って tracer.Training を返す関数です。例: models/mlp.py、説明: `tracer train --help`",
    )


def _not_taken(name: str, takes: Mapping[str, Any], shown: str) -> ProgramError:
    option = {"data": ", which --data sets", "seed": ", which --seed sets"}.get(name, "")
    near = did_you_mean(name, takes)
    known = ", ".join(takes) or "nothing"
    return ProgramError(
        f"{shown}: {ENTRY}() takes no {name!r}{option}.",
        hint=near or f"It takes: {known}.",
        ja=f"{shown}: {ENTRY}() に引数 {name!r} がありません。",
        hint_ja=None if near else f"指定できるもの: {known}",
    )


def _as_its_default(name: str, value: float, default: Any, shown: str) -> Any:
    """`8.0` as `8` where the default is a whole number."""
    if isinstance(default, bool) or not isinstance(default, int):
        return value
    if not math.isfinite(value) or value != int(value):
        raise ProgramError(
            f"{name}={value:g}: {shown} takes a whole number here, such as {default}.",
            ja=f"{name}={value:g}: ここは整数です（たとえば {default}）。",
        )
    return int(value)


def _wrong(part: str, kind: str, got: Any) -> ProgramError:
    return ProgramError(f"Training: {part} must be {kind}, not {_kind(got)}.")


def _kind(thing: Any) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
