"""The same GPT twice without us, for the benchmark: as microgpt does it, one float at a time, and in eager PyTorch.

Both begin with given weights and read given tokens, so their losses are ours; the benchmark compares them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Step = Callable[[Sequence[Sequence[int]], float], float]
"""Takes the tokens of a step's documents and a learning rate; returns the loss."""
BETAS, EPS = (0.85, 0.99), 1e-8


class Plain:
    """A float that knows its inputs and the slope towards each, as microgpt's `Value` does."""

    __slots__ = ("data", "grad", "inputs", "slopes")

    def __init__(self, data: float, inputs: tuple[Plain, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.inputs, self.slopes = data, 0.0, inputs, slopes

    def __add__(self, other: Plain | float) -> Plain:
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Plain | float) -> Plain:
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n: float) -> Plain:
        return Plain(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self) -> Plain:
        e = math.exp(self.data)
        return Plain(e, (self,), (e,))

    def log(self) -> Plain:
        return Plain(math.log(self.data), (self,), (1 / self.data,))

    def relu(self) -> Plain:
        return Plain(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> Plain:
        return self * -1

    def __sub__(self, other: Plain | float) -> Plain:
        return self + (-other)

    def __truediv__(self, other: Plain | float) -> Plain:
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        order: list[Plain] = []
        seen: set[Plain] = set()
        stack = [(self, False)]  # microgpt recurses; a long sum overruns that
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((one, False) for one in node.inputs)
        self.grad = 1.0
        for node in reversed(order):
            for one, slope in zip(node.inputs, node.slopes, strict=True):
                one.grad += slope * node.grad


def scalar(weights: Mapping[str, Any], n_layer: int, n_head: int) -> Step:
    """microgpt's way: lists of floats, one position after the other, keys and values kept."""
    w = {name: [[Plain(float(x)) for x in row] for row in rows] for name, rows in weights.items()}
    parameters = [one for rows in w.values() for row in rows for one in row]
    m, v = [0.0] * len(parameters), [0.0] * len(parameters)
    size, taken = len(w["wte"][0]) // n_head, 0

    def linear(x: list[Plain], rows: list[list[Plain]]) -> list[Plain]:
        return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in rows]  # type: ignore[misc]

    def softmax(scores: list[Plain]) -> list[Plain]:
        top = max(score.data for score in scores)
        exps = [(score - top).exp() for score in scores]
        total = sum(exps)
        return [e / total for e in exps]  # type: ignore[operator]

    def rmsnorm(x: list[Plain]) -> list[Plain]:
        scale = (sum(one * one for one in x) * (1 / len(x)) + 1e-5) ** -0.5  # type: ignore[operator]
        return [one * scale for one in x]

    def position(token: int, at: int, keys: list[Any], values: list[Any]) -> list[Plain]:
        x = rmsnorm([a + b for a, b in zip(w["wte"][token], w["wpe"][at], strict=True)])
        for i in range(n_layer):
            h = rmsnorm(x)
            q = linear(h, w[f"layer{i}.attn_wq"])
            keys[i].append(linear(h, w[f"layer{i}.attn_wk"]))
            values[i].append(linear(h, w[f"layer{i}.attn_wv"]))
            mixed: list[Any] = []
            for k in range(0, n_head * size, size):
                part = slice(k, k + size)
                shares = softmax(linear([one * size**-0.5 for one in q[part]], [key[part] for key in keys[i]]))
                for j in range(k, k + size):
                    mixed.append(sum(p * row[j] for p, row in zip(shares, values[i], strict=True)))
            x = [a + b for a, b in zip(linear(mixed, w[f"layer{i}.attn_wo"]), x, strict=True)]
            wide = [one.relu() for one in linear(rmsnorm(x), w[f"layer{i}.mlp_fc1"])]
            x = [a + b for a, b in zip(linear(wide, w[f"layer{i}.mlp_fc2"]), x, strict=True)]
        return linear(x, w["lm_head"])

    def step(documents: Sequence[Sequence[int]], rate: float) -> float:
        nonlocal taken
        taken += 1
        losses: list[Any] = []
        for tokens in documents:
            keys: list[Any] = [[] for _ in range(n_layer)]
            values: list[Any] = [[] for _ in range(n_layer)]
            each = [
                -softmax(position(token, at, keys, values))[tokens[at + 1]].log()
                for at, token in enumerate(tokens[:-1])
            ]
            losses.append(sum(each) * (1 / len(each)))  # type: ignore[operator]
        loss: Plain = sum(losses) * (1 / len(losses))  # type: ignore[assignment]
        loss.backward()
        for k, one in enumerate(parameters):
            m[k] = BETAS[0] * m[k] + (1 - BETAS[0]) * one.grad
            v[k] = BETAS[1] * v[k] + (1 - BETAS[1]) * one.grad**2
            mean, square = m[k] / (1 - BETAS[0] ** taken), v[k] / (1 - BETAS[1] ** taken)
            one.data -= rate * mean / (square**0.5 + EPS)
            one.grad = 0.0
        return loss.data

    return step


def pytorch(weights: Mapping[str, Any], n_layer: int, n_head: int) -> Step:
    """Eager PyTorch on one thread, in float32, with its own Adam and its own attention."""
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(1)
    w = {name: torch.tensor(rows, dtype=torch.float32, requires_grad=True) for name, rows in weights.items()}
    optimizer = torch.optim.Adam(list(w.values()), lr=0.01, betas=BETAS, eps=EPS)

    def norm(x: Any) -> Any:
        return F.rms_norm(x, x.shape[-1:], eps=1e-5)

    def split(x: Any) -> Any:
        return x.unflatten(-1, (n_head, -1)).transpose(-3, -2)

    def logits(tokens: Any) -> Any:
        x = norm(w["wte"][tokens] + w["wpe"][: tokens.shape[1]])
        for i in range(n_layer):
            h = norm(x)
            q, k, v = (split(F.linear(h, w[f"layer{i}.attn_w{part}"])) for part in "qkv")
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(-3, -2).flatten(-2)
            x = x + F.linear(heads, w[f"layer{i}.attn_wo"])
            x = x + F.linear(F.relu(F.linear(norm(x), w[f"layer{i}.mlp_fc1"])), w[f"layer{i}.mlp_fc2"])
        return F.linear(x, w["lm_head"])

    def step(documents: Sequence[Sequence[int]], rate: float) -> float:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        tokens = torch.tensor(documents)
        found = F.cross_entropy(logits(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        found.backward()
        optimizer.step()
        return float(found.item())

    return step
