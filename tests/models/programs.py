"""The two GPT programs, loaded as a user's are, and what the tests here train them on."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.train.entry import Training

MODELS = Path(__file__).resolve().parents[2] / "models"
DOCUMENTS = ["anna", "bo", "emmaline", "otto", "aa", "nina", "lea"]
"""Shorter and longer than the block; nine symbols."""
TINY: dict[str, Any] = {"documents": DOCUMENTS, "n_embd": 4, "n_head": 2, "block_size": 5, "steps": 50, "held_out": 0}
"""Sizes at which the scalar engine is quick."""
SWITCHES: tuple[dict[str, Any], ...] = (
    {},
    {"n_layer": 2},
    {"n_layer": 3},
    {"activation": "tanh"},
    {"activation": "gelu"},
    {"norm": "layer"},
    {"norm": "off"},
    {"residual": False},
    {"attention": False},
    {"tied": True},
    {"n_head": 1},
    {"batch_size": 3},
    {"accumulate": 2},
    {"mode": "text"},
    {"n_layer": 2, "activation": "gelu", "residual": False, "norm": "layer", "tied": True, "batch_size": 2},
)


def words(settings: dict[str, Any]) -> str:
    """What a case is called: `n_layer=2`."""
    return " ".join(f"{name}={value}" for name, value in settings.items()) or "defaults"


@cache
def program(name: str) -> ModuleType:
    """A module of models/, run as an import."""
    spec = importlib.util.spec_from_file_location(f"models_{name}", MODELS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def tensor_training(**settings: Any) -> Training:
    made: Training = program("gpt").training(**{**TINY, "dtype": "float64", **settings})
    return made


def scalar_training(**settings: Any) -> Training:
    made: Training = program("gpt_scalar").training(**{**TINY, **settings})
    return made


def numbers(parameter: Any) -> NDArray[np.float64]:
    """A parameter of either engine as an array."""
    if hasattr(parameter, "numpy"):
        return np.array(parameter.detach().numpy(), np.float64)
    return np.array([[value.data for value in row] for row in parameter])


def gradient(parameter: Any) -> NDArray[np.float64]:
    """Its gradient; 0 where none arrived."""
    if hasattr(parameter, "numpy"):
        return np.zeros(parameter.shape) if parameter.grad is None else np.array(parameter.grad.numpy(), np.float64)
    return np.array([[value.grad for value in row] for row in parameter])


def gradients(training: Training, document: str) -> tuple[float, dict[str, NDArray[np.float64]]]:
    """The loss of one document, and the gradient of every parameter by it alone."""
    assert training.loss is not None
    for parameter in training.named_parameters().values():
        for value in [parameter] if hasattr(parameter, "numpy") else [v for row in parameter for v in row]:
            value.grad = None
    loss = training.loss(document)
    loss.backward()
    return float(loss), {name: gradient(p) for name, p in training.named_parameters().items()}
