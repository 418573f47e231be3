"""PyTorch's GPT with every number kept that panels show, and its retained gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.models.reference import Reference

Array = NDArray[np.float64]


class Retaining(Reference):
    """Attention is spelt out, so that its weights are there to be kept."""

    def __init__(self, torch: Any, weights: dict[str, Array], **settings: Any) -> None:
        super().__init__(torch, weights, **settings)
        self.kept: dict[str, list[Any]] = {}

    def keep(self, name: str, x: Any) -> Any:
        x.retain_grad()
        self.kept.setdefault(name, []).append(x)
        return x

    def logits(self, tokens: list[int]) -> Any:
        torch, w, heads = self.torch, self.w, self.settings["n_head"]
        F = torch.nn.functional
        gate = {"relu": F.relu, "tanh": F.tanh, "gelu": lambda x: F.gelu(x, approximate="tanh")}
        stay = 1.0 if self.settings.get("residual", True) else 0.0
        T = len(tokens)
        x = self.keep("embed", self.norm(w["wte"][tokens] + w["wpe"][:T]))
        for i in range(self.settings.get("n_layer", 1)):
            if self.settings.get("attention", True):
                h = self.norm(x)
                q, k, v = ((h @ w[f"layer{i}.attn_w{part}"].T).view(T, heads, -1).transpose(0, 1) for part in "qkv")
                scores = q @ k.transpose(1, 2) / q.shape[-1] ** 0.5
                later = torch.ones(T, T, dtype=torch.bool).triu(1)
                attn = self.keep(f"layer{i}.attn", scores.masked_fill(later, -torch.inf).softmax(-1))
                mixed = self.keep(f"layer{i}.heads", (attn @ v).transpose(0, 1).reshape(x.shape))
                x = self.keep(f"layer{i}.attn_out", stay * x + mixed @ w[f"layer{i}.attn_wo"].T)
            wide = gate[self.settings.get("activation", "relu")](self.norm(x) @ w[f"layer{i}.mlp_fc1"].T)
            wide = self.keep(f"layer{i}.mlp", wide)
            x = self.keep(f"layer{i}.mlp_out", stay * x + wide @ w[f"layer{i}.mlp_fc2"].T)
        return self.keep("logits", x @ w["wte" if self.settings.get("tied") else "lm_head"].T)

    def loss(self, documents: Sequence[list[int]]) -> Any:
        each = []
        for tokens in documents:
            n = min(self.settings["block_size"], len(tokens) - 1)
            probs = self.keep("probs", self.logits(tokens[:n]).softmax(-1))
            each.append(-probs[range(n), tokens[1 : n + 1]].log().mean())
        return sum(each) / len(each)


def copied(x: Any) -> Array:
    """A tensor's numbers, which it may change afterwards."""
    return np.array(x.detach().numpy())


def of_thing(x: Any) -> tuple[Array, Array]:
    """A kept thing and its gradient, nan where attention looks at what comes later."""
    value, grad = copied(x), copied(x.grad)
    if value.ndim == 3:
        later = np.triu(np.ones(value.shape[1:], bool), 1)
        value[:, later] = grad[:, later] = np.nan
    return value, grad
