"""The same GPT written with PyTorch's own functions, switches included, with its own Adam and its own data order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Reference:
    """A model in float64; `torch` is handed in, so that importing this needs none.

    Args:
        weights: name -> (outputs, inputs) numbers.
        settings: the switches that are not as usual.
    """

    def __init__(self, torch: Any, weights: dict[str, NDArray[np.float64]], **settings: Any) -> None:
        self.torch, self.settings = torch, settings
        self.w = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in weights.items()}
        self.optimizer = torch.optim.Adam(list(self.w.values()), lr=0.01, betas=(0.85, 0.99), eps=1e-8)

    def norm(self, x: Any) -> Any:
        kind, F = self.settings.get("norm", "rms"), self.torch.nn.functional
        if kind == "off":
            return x
        return (F.rms_norm if kind == "rms" else F.layer_norm)(x, x.shape[-1:], eps=1e-5)

    def logits(self, tokens: list[int]) -> Any:
        """(T, V) of one document."""
        w, F, heads = self.w, self.torch.nn.functional, self.settings["n_head"]
        gate = {"relu": F.relu, "tanh": F.tanh, "gelu": lambda x: F.gelu(x, approximate="tanh")}
        stay = 1.0 if self.settings.get("residual", True) else 0.0
        x = self.norm(w["wte"][tokens] + w["wpe"][: len(tokens)])
        for i in range(self.settings.get("n_layer", 1)):
            if self.settings.get("attention", True):
                h = self.norm(x)
                q, k, v = (
                    (h @ w[f"layer{i}.attn_w{part}"].T).view(len(tokens), heads, -1).transpose(0, 1) for part in "qkv"
                )
                mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(0, 1).reshape(x.shape)
                x = stay * x + mixed @ w[f"layer{i}.attn_wo"].T
            wide = gate[self.settings.get("activation", "relu")](self.norm(x) @ w[f"layer{i}.mlp_fc1"].T)
            x = stay * x + wide @ w[f"layer{i}.mlp_fc2"].T
        return x @ w["wte" if self.settings.get("tied") else "lm_head"].T

    def loss(self, documents: Sequence[list[int]]) -> Any:
        """The mean of the documents' own means."""
        block, F = self.settings["block_size"], self.torch.nn.functional
        each = []
        for tokens in documents:
            n = min(block, len(tokens) - 1)
            each.append(F.cross_entropy(self.logits(tokens[:n]), self.torch.tensor(tokens[1 : n + 1])))
        return sum(each) / len(each)

    def step(self, documents: Sequence[list[int]], rate: float) -> float:
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.zero_grad()
        loss = self.loss(documents)
        loss.backward()
        self.optimizer.step()
        return float(loss.item())


def reading(documents: Sequence[str], settings: dict[str, Any], steps: int) -> list[list[list[int]]]:
    """What each step reads, in numbers: the order of documents, or the windows, from the seed 42 alone."""
    many = settings.get("batch_size", 1) * settings.get("accumulate", 1)
    block = settings["block_size"]
    if settings.get("mode") == "text":
        text = "\n".join(documents)
        known = sorted(set(text))
        found = []
        for step in range(steps):
            starts = [random.Random(f"42 {step * many + b}").randrange(len(text) - block) for b in range(many)]
            found.append([[known.index(c) for c in text[s : s + block + 1]] for s in starts])
        return found
    order, known = list(documents), sorted(set("".join(documents)))
    random.Random(42).shuffle(order)
    numbers = [[len(known), *(known.index(c) for c in one), len(known)] for one in order]
    return [[numbers[(step * many + b) % len(order)] for b in range(many)] for step in range(steps)]


def rates(steps: int) -> list[float]:
    return [0.01 * (1 - step / steps) for step in range(steps)]
