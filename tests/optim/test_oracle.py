"""Optimizers and schedules beside PyTorch's. Skipped where PyTorch is not installed; `.ci/run` installs it."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tracer import optim
from tracer.core.tensor import Tensor
from tracer.optim import SGD, Adam, AdamW, lr_scheduler

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

Options = dict[str, Any]


def combinations(**choices: tuple[Any, ...]) -> Iterator[Options]:
    for chosen in itertools.product(*choices.values()):
        yield dict(zip(choices, chosen, strict=True))


SGD_OPTIONS = [
    options
    for options in combinations(
        lr=(0.1,),
        momentum=(0, 0.9),
        dampening=(0, 0.3),
        weight_decay=(0, 0.05),
        nesterov=(False, True),
        maximize=(False, True),
    )
    if not options["nesterov"] or (options["momentum"] and not options["dampening"])
]
ADAM_OPTIONS = list(
    combinations(
        lr=(0.01,),
        betas=((0.9, 0.999), (0.85, 0.99), (0.0, 0.5)),
        weight_decay=(0, 0.05),
        amsgrad=(False, True),
        maximize=(False, True),
    )
)
RULES = [("SGD", SGD, options) for options in SGD_OPTIONS]
RULES += [(rule.__name__, rule, options) for rule in (Adam, AdamW) for options in ADAM_OPTIONS]  # type: ignore[misc]
SHAPES = [(3, 2), (), (4,), (0,)]


def both(dtype: Any, seed: int = 0) -> tuple[list[Tensor], list[Any]]:
    """The same parameters on either side, one of each of `SHAPES`; the second one never gets a gradient at first."""
    rng = np.random.default_rng(seed)
    arrays = [np.array(rng.normal(size=shape), dtype) for shape in SHAPES]
    return (
        [Tensor._wrap(array.copy(), True) for array in arrays],
        [torch.tensor(array, requires_grad=True) for array in arrays],
    )


def train(ours: Any, theirs: Any, p: list[Tensor], q: list[Any], steps: int, rng: np.random.Generator) -> None:
    """Give both the same gradients, and step."""
    for step in range(steps):
        for i, (mine, yours) in enumerate(zip(p, q, strict=True)):
            grad = np.array(rng.normal(size=mine.shape), mine._array.dtype)
            if i == 1 and step % 3 == 0:
                mine.grad = yours.grad = None
                continue
            mine.grad, yours.grad = Tensor._wrap(grad.copy()), torch.tensor(grad)
        ours.step()
        theirs.step()


def agree(p: list[Tensor], q: list[Any], rtol: float) -> None:
    for mine, yours in zip(p, q, strict=True):
        assert str(mine.dtype) == str(yours.dtype)
        np.testing.assert_allclose(mine._array, yours.detach().numpy(), rtol=rtol, atol=rtol * 1e-2)


@pytest.mark.parametrize(("name", "rule", "options"), RULES)
def test_a_hundred_steps(name: str, rule: Any, options: Options) -> None:
    """Of every combination of options, in float64; what each remembers agrees too."""
    p, q = both(np.float64)
    ours, theirs = rule(p, **options), getattr(torch.optim, name)(q, **options)
    train(ours, theirs, p, q, 100, np.random.default_rng(1))
    agree(p, q, 1e-10)
    for mine, yours in zip(p, q, strict=True):
        assert ours.state[mine].keys() == theirs.state[yours].keys()
        for key, kept in ours.state[mine].items():
            np.testing.assert_allclose(kept._array, theirs.state[yours][key].numpy(), rtol=1e-10, atol=1e-14)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {}), ("AdamW", {"amsgrad": True})]
)
def test_the_types_of_parameters_are_kept(name: str, options: Options, dtype: Any) -> None:
    """float32 stays float32 on the way."""
    p, q = both(dtype)
    ours, theirs = getattr(optim, name)(p, **options), getattr(torch.optim, name)(q, **options)
    train(ours, theirs, p, q, 20, np.random.default_rng(1))
    agree(p, q, 1e-4 if dtype is np.float32 else 1e-10)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("AdamW", {"amsgrad": True})])
def test_training_goes_on_from_pytorchs_state(name: str, options: Options) -> None:
    """A `state_dict` of PyTorch's, its tensors turned into ours, is one of ours."""
    p, q = both(np.float64)
    theirs = getattr(torch.optim, name)(q, **options)
    train(getattr(optim, name)(p, **options), theirs, p, q, 5, np.random.default_rng(1))
    state = theirs.state_dict()
    state["state"] = {
        number: {key: Tensor._wrap(one.numpy().copy()) for key, one in kept.items()}
        for number, kept in state["state"].items()
    }
    ours = getattr(optim, name)(p, lr=9.0)
    ours.load_state_dict(state)
    train(ours, theirs, p, q, 5, np.random.default_rng(2))
    agree(p, q, 1e-10)
    assert str(ours) == str(theirs)


factors = st.floats(0.1, 1.0)
counts = st.integers(1, 9)


@st.composite
def schedules(draw: st.DrawFn, nested: bool = True) -> Callable[[Any, Any], Any]:
    """How to build a schedule, given the module (ours or PyTorch's) and an optimizer."""
    kinds = ["LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ExponentialLR", "ConstantLR", "LinearLR"]
    kind = draw(st.sampled_from([*kinds, "CosineAnnealingLR", *(["SequentialLR"] if nested else [])]))
    if kind == "SequentialLR":
        parts = draw(st.lists(schedules(nested=False), min_size=1, max_size=3))
        milestones = sorted(draw(st.sets(counts, min_size=len(parts) - 1, max_size=len(parts) - 1)))
        return lambda module, o: module.SequentialLR(o, [part(module, o) for part in parts], milestones)
    gamma, count = draw(factors), draw(counts)
    arguments: tuple[Any, ...] = {
        "LambdaLR": (lambda step: gamma**step,),
        "MultiplicativeLR": (lambda step: gamma + step % 2,),
        "StepLR": (count, gamma),
        "MultiStepLR": (draw(st.lists(counts, max_size=4)), gamma),
        "ExponentialLR": (gamma,),
        "ConstantLR": (gamma, count),
        "LinearLR": (gamma, draw(st.floats(0.0, 1.0)), count),
        "CosineAnnealingLR": (count, draw(st.sampled_from([0.0, 0.01]))),
    }[kind]
    return lambda module, o: getattr(module, kind)(o, *arguments)


@settings(max_examples=150)
@given(schedules(), st.floats(0.01, 2.0))
def test_schedules_have_pytorchs_rates(make: Callable[[Any, Any], Any], lr: float) -> None:
    """Of each kind, with any settings, one after the other too; for 25 steps and two groups."""
    p, q = both(np.float64)
    mine = SGD([{"params": p[:1]}, {"params": p[1:], "lr": lr / 3}], lr=lr)
    yours = torch.optim.SGD([{"params": q[:1]}, {"params": q[1:], "lr": lr / 3}], lr=lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of itself when schedules are nested
        ours, theirs = make(lr_scheduler, mine), make(torch.optim.lr_scheduler, yours)
        for _ in range(25):
            assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-12, abs=1e-15)
            assert [g["lr"] for g in mine.param_groups] == pytest.approx([g["lr"] for g in yours.param_groups])
            for one in (mine, ours, yours, theirs):
                one.step()


@pytest.mark.parametrize("kind", ["StepLR", "ExponentialLR", "CosineAnnealingLR"])
@pytest.mark.parametrize("done", [0, 1, 4])
def test_schedules_that_go_on_have_pytorchs_rates(kind: str, done: int) -> None:
    """With `last_epoch`, as after loading a checkpoint."""
    found = []
    for module, one in ((optim, both(np.float64)[0]), (torch.optim, both(np.float64)[1])):
        optimizer = module.SGD(one, lr=0.5)
        optimizer.param_groups[0]["initial_lr"] = 1.0
        scheduler = getattr(module.lr_scheduler, kind)(
            optimizer, 3 if kind != "ExponentialLR" else 0.5, last_epoch=done
        )
        rates = []
        for _ in range(8):
            rates.append(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()
        found.append(rates)
    assert found[0] == pytest.approx(found[1], rel=1e-12, abs=1e-15)


WRONG: list[Callable[[Any, Any], Any]] = [
    lambda o, p: o.SGD(p, lr=-1.0),
    lambda o, p: o.SGD(p, lr=0.1, momentum=-1.0),
    lambda o, p: o.SGD(p, lr=0.1, nesterov=True),
    lambda o, p: o.SGD(p, lr=0.1, weight_decay=-1.0),
    lambda o, p: o.SGD(p[0], lr=0.1),
    lambda o, p: o.SGD([], lr=0.1),
    lambda o, p: o.SGD([1.0], lr=0.1),
    lambda o, p: o.SGD([p[0] * 2], lr=0.1),
    lambda o, p: o.SGD([{"params": p}, {"params": p}], lr=0.1),
    lambda o, p: o.SGD([{"params": set(p)}], lr=0.1),
    lambda o, p: o.Adam(p, betas=(1.0, 0.9)),
    lambda o, p: o.Adam(p, eps=-1.0),
    lambda o, p: o.SGD(p, lr=0.1).add_param_group([]),
    lambda o, p: o.SGD(p, lr=0.1).load_state_dict(o.SGD(p[:1], lr=0.1).state_dict()),
    lambda o, p: o.lr_scheduler.LinearLR(o.SGD(p, lr=0.1), 0.0),
    lambda o, p: o.lr_scheduler.LinearLR(o.SGD(p, lr=0.1), 0.5, 2.0),
    lambda o, p: o.lr_scheduler.ConstantLR(o.SGD(p, lr=0.1), 2.0),
    lambda o, p: o.lr_scheduler.StepLR(p, 2),
    lambda o, p: o.lr_scheduler.StepLR(o.SGD(p, lr=0.1), 2, last_epoch=2),
    lambda o, p: o.lr_scheduler.LambdaLR(o.SGD(p, lr=0.1), [abs, abs]),
    lambda o, p: o.lr_scheduler.SequentialLR(o.SGD(p, lr=0.1), [], []),
]


@pytest.mark.parametrize("wrong", range(len(WRONG)))
def test_what_pytorch_refuses_is_refused_with_its_kind_of_error(wrong: int) -> None:
    """So that a program's `except ValueError:` goes on working."""
    p, q = both(np.float64)
    with pytest.raises(Exception) as theirs:  # noqa: PT011  whatever PyTorch raises
        WRONG[wrong](torch.optim, q)
    with pytest.raises(theirs.type):
        WRONG[wrong](optim, p)
