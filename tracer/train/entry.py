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
  holds.
- `documents`: the same for text, a list of `str`: the lines of a file, or one long text (`--mode text`).
- `mode`: "lines" or "text", which of the two they are, where the program treats them differently.
- `seed`: everything random in the program comes from it, and from the step's number `i`. So any step can be had again,
  bit for bit, by building anew and taking the steps before it; or from a checkpoint, where `state` says what to keep.
- `steps`: how many will be taken, where the program needs to know (a learning rate that falls to 0 at the end).
- any other argument that has a default is a setting: a number, a bool or a word. `--lr 0.1` or `lr=0.1` on the command
  line, `--no-residual` or `residual=off`.

What comes back is a `Training`. It works with `Value`s and with `Tensor`s: the loop looks at neither. Parameters are
named so that checkpoints can be written from them, and `step` is told its number so that data can be taken in turn.
models/mlp.py is the smallest example, models/two_layer.py one with tensors, models/gpt.py one with text.

Where a faster way to take steps plugs in: it takes the place of `step` and of nothing else, because a program whose
steps can be replayed keeps three promises, as both GPTs do.

- What a step changes stays where it is: numbers of parameters and of `state` are overwritten in their arrays, lists and
  `Value`s. A tape or a plan with buffers of its own binds to them once; checkpoints, looks and samples read the same.
- The graph of a step follows from settings and shapes alone: no Python `if` looks at a number. Scalars need a tape for
  each length of a document, in which the rows of `wte` that are read and the probabilities asked for are select nodes,
  their indices the tape's arguments; tensors a plan for each shape of a batch, its arguments the leaves that `loss`
  makes (tokens, targets, counts) and the learning rate.
- The one number that a scalar step reads, the largest score of each softmax, is taken off as a plain number, so it is
  detached: a tape takes the maximum again, and no gradient goes through it.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.errors import ProgramError, did_you_mean
from tracer.text import Text

ENTRY = "training"
"""The function's name."""
Row = tuple[float, float, float]
"""x1, x2, and the label: -1.0 or 1.0."""
Setting = float | bool | str
Settings = Mapping[str, Setting]
Changes = tuple[tuple[int, Mapping[str, tuple[Setting | None, Setting | None]]], ...]
"""Of a run: after which step settings became others, and of each what it was and what it is; None: there is none."""
GIVEN = ("data", "documents")
"""Arguments that are no settings."""
YES, NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
"""Words for a setting that is a bool."""
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
    """What is trained: name -> `Tensor`, as `dict(model.named_parameters())` gives; name -> `Value`, or rows of them
    (`{"wte": [[Value, ...], ...]}`); or `Value`s that have a name."""
    predict: Callable[[Sequence[Sequence[float]]], Any] | None = None
    """A score for each point (x1, x2): above 0 for label 1. Draws nothing random and changes nothing. Without it, there
    is no accuracy and no decision boundary."""
    rows: Sequence[Row] = ()
    """The points in use, to be shown with the boundary."""
    steps: int = 200
    """How many are taken unless the user says."""
    state: Mapping[str, Any] | None = None
    """What a step changes besides the parameters, by name: optimizers (`state_dict`, `load_state_dict`), or lists of
    floats, tensors and NumPy arrays, which a step changes in place, and generators of random numbers. {} is nothing.
    None is unknown: no checkpoint is gone on from, any step is had again by taking all before it."""
    documents: Sequence[str] = ()
    """The text that is trained on, to be shown."""
    held_out: Sequence[str] = ()
    """The text that is not, all of it: what `evaluate` asks about."""
    notes: Sequence[Text | str] = ()
    """What to say before training begins, as `Documents.notes`: where something is learned otherwise than one would
    think."""
    symbols: Sequence[str] = ()
    """The vocabulary: a symbol's id is its place here; the mark of beginning and end, if there is one, comes after."""
    loss: Callable[[str], Any] | None = None
    """The loss of one document, as a graph to go backward from. Updates nothing."""
    evaluate: Callable[[], float] | None = None
    """The mean loss on documents that are not trained on. Draws nothing random and changes nothing."""
    sample: Callable[[random.Random, float], str] | None = None
    """A new document, drawn at a temperature: 0 takes the most probable symbol each time."""

    def __post_init__(self) -> None:
        if not callable(self.step):
            raise _wrong("step", "a function of the step's number", self.step)
        for part, kind in _FUNCTIONS.items():
            given = getattr(self, part)
            if given is not None and not callable(given):
                raise _wrong(part, kind, given)
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise _wrong("steps", "a whole number from 1", self.steps)
        if self.state is not None and not isinstance(self.state, Mapping):
            raise _wrong("state", "a mapping of names, such as {'optimizer': optimizer}", self.state)
        try:
            named = self.parameters if isinstance(self.parameters, Mapping) else tuple(self.parameters)
            rows = tuple((float(x1), float(x2), float(label)) for x1, x2, label in self.rows)
        except (TypeError, ValueError):
            raise _wrong("parameters and rows", "parameters, and rows of three numbers", self.parameters) from None
        notes = (self.notes,) if isinstance(self.notes, str | Text) else tuple(self.notes)
        object.__setattr__(self, "notes", tuple(one if isinstance(one, Text) else Text.same(str(one)) for one in notes))
        for part in ("documents", "held_out", "symbols"):
            words = getattr(self, part)
            if isinstance(words, str) or not all(isinstance(word, str) for word in words):
                raise _wrong(part, "a list of strings", words)
            object.__setattr__(self, part, tuple(words))
        object.__setattr__(self, "parameters", named)
        object.__setattr__(self, "rows", rows)
        for name, parameter in named.items() if isinstance(named, Mapping) else ():
            _name(parameter, name)  # a recorded run calls them so

    def named_parameters(self) -> dict[str, Any]:
        """Name -> parameter, in the program's order: a `Tensor`, a `Value`, or rows of `Value`s."""
        if isinstance(self.parameters, Mapping):
            return dict(self.parameters)
        return {getattr(p, "name", None) or f"p{i}": p for i, p in enumerate(self.parameters)}


_FUNCTIONS = {
    "predict": "a function of a list of points",
    "loss": "a function of a document",
    "evaluate": "a function of nothing",
    "sample": "a function of a random.Random and a temperature",
}


def _name(parameter: Any, name: str) -> None:
    """Give a parameter that has no name this one; `wte[3,5]` to those that stand in rows."""
    if isinstance(parameter, list | tuple):
        opened = name[:-1] + "," if name.endswith("]") else name + "["
        for i, one in enumerate(parameter):
            _name(one, f"{opened}{i}]")
    elif hasattr(parameter, "named") and not getattr(parameter, "name", None):
        parameter.named(name)


def build(
    namespace: Mapping[str, Any],
    shown: str,
    rows: Sequence[Row] | None,
    seed: int | None,
    settings: Settings,
    *,
    documents: Sequence[str] | None = None,
    mode: str | None = None,
    steps: int | None = None,
) -> Training:
    """Call the entry of a program that has been run.

    Args:
        namespace: the program's variables.
        shown: what messages call the program.
        rows, documents, seed: None where the user named none.
        mode, steps: passed on where the entry takes them; otherwise they are not its business.

    Raises:
        ProgramError: there is no entry, it does not take what the user gave, or returns something else.
    """
    entry = namespace.get(ENTRY)
    if not callable(entry):
        raise no_entry(shown)
    given: dict[str, Any] = {}
    if rows is not None:
        given["data"] = rows
    if documents is not None:
        given["documents"] = list(documents)
    if seed is not None:
        given["seed"] = seed
    takes = settings_of(entry)
    if mode is not None and "mode" in takes:
        given["mode"] = mode
    if steps and "steps" in takes:
        given["steps"] = steps
    for name, value in settings.items():
        given[name] = as_its_default(name, value, takes.get(name), shown) if name in takes else value
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
    """Every setting, with the user's or the default value; not those whose default is neither number, bool nor word."""
    takes = settings_of(entry)
    found = {**takes, **{name: as_its_default(name, one, takes.get(name), "") for name, one in settings.items()}}
    found |= {} if seed is None else {"seed": seed}
    return {name: one for name, one in found.items() if isinstance(one, int | float | str) and name not in GIVEN}


def no_entry(shown: str) -> ProgramError:
    """What to say of a program that defines no `training`."""
    return ProgramError(
        f"{shown} defines no function `{ENTRY}`, so there is nothing to train.",
        hint="It builds the model and returns a tracer.Training: see models/mlp.py, and `tracer train --help`.",
        ja=f"{shown} に関数 `{ENTRY}` がないので、訓練できません。",
        hint_ja="モデルを作って tracer.Training を返す関数です。例: models/mlp.py、説明: `tracer train --help`",
    )


def _not_taken(name: str, takes: Mapping[str, Any], shown: str) -> ProgramError:
    option = {"data": ", which --data sets", "documents": ", which --data sets", "seed": ", which --seed sets"}
    near = did_you_mean(name, takes)
    known = ", ".join(takes) or "nothing"
    return ProgramError(
        f"{shown}: {ENTRY}() takes no {name!r}{option.get(name, '')}.",
        hint=near or f"It takes: {known}.",
        ja=f"{shown}: {ENTRY}() に引数 {name!r} がありません。",
        hint_ja=None if near else f"指定できるもの: {known}",
    )


def as_its_default(name: str, value: Setting, default: Any, shown: str) -> Any:
    """A setting in the type of its default: `8.0` as 8, `"off"` as False, `"0.1"` as 0.1; a word stays one.

    Args:
        value: a number, a bool, or the word that was typed.
        default: what the entry's argument is without it.
        shown: what the message calls the program.

    Raises:
        ProgramError: it is not of that type.
    """
    said = ("on" if value else "off") if isinstance(value, bool) else value if isinstance(value, str) else f"{value:g}"
    if isinstance(default, str):
        return said
    if isinstance(default, bool):
        word = said.strip().lower()
        if word not in YES + NO:
            kind = Text(en="takes on or off", ja="on か off です")
            raise _not_of_its_kind(name, said, shown, kind)
        return word in YES
    if not isinstance(default, int | float):
        return value
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except ValueError:
        number = math.nan
    if isinstance(default, float):
        if isinstance(value, str | bool) and not math.isfinite(number):
            kind = Text(en=f"takes a number here, such as {default:g}", ja=f"ここは数です（たとえば {default:g}）")
            raise _not_of_its_kind(name, said, shown, kind)
        return number
    if not math.isfinite(number) or number != int(number):
        kind = Text(en=f"takes a whole number here, such as {default}", ja=f"ここは整数です（たとえば {default}）")
        raise _not_of_its_kind(name, said, shown, kind)
    return int(number)


def _not_of_its_kind(name: str, said: str, shown: str, kind: Text) -> ProgramError:
    return ProgramError(f"{name}={said}: {shown} {kind.en}.", ja=f"{name}={said}: {kind.ja}。")


def _wrong(part: str, kind: str, got: Any) -> ProgramError:
    return ProgramError(f"Training: {part} must be {kind}, not {_kind(got)}.")


def _kind(thing: Any) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
