"""A tiny GPT made of Values: every number of a training step is a node.

The model is the one of the microgpt document: token and position embeddings, rmsnorm, then layers
of multi-head causal attention and a two-layer perceptron, each added to the residual stream, then
the head; no biases. It reads one document, a token at a time, and is asked for the next token at
every position.
Run it with `python gpt_scalar.py`; walk its step with `tracer open gpt_scalar`.
"""

import math
import random
from dataclasses import dataclass

from tracer import Value, scope

DOCUMENT = "anna"
SYMBOLS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Config:
    """The sizes of a model."""

    n_layer: int = 1
    n_embd: int = 16  # C, the width of the residual stream
    n_head: int = 4
    block_size: int = 16  # the most positions
    vocab_size: int = len(SYMBOLS) + 1

    def __post_init__(self):
        if self.n_embd % self.n_head:
            raise ValueError(f"n_embd {self.n_embd} cannot be shared by {self.n_head} heads.")

    @property
    def head_dim(self):
        return self.n_embd // self.n_head


def shapes(config):
    """Every parameter by its name, with its shape (outputs, inputs)."""
    c, v = config.n_embd, config.vocab_size
    found = {"wte": (v, c), "wpe": (config.block_size, c), "lm_head": (v, c)}
    for i in range(config.n_layer):
        for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
            found[f"layer{i}.{name}"] = (c, c)
        found[f"layer{i}.mlp_fc1"] = (4 * c, c)
        found[f"layer{i}.mlp_fc2"] = (c, 4 * c)
    return found


def init(config, rng, std=0.08):
    """Numbers for every parameter, drawn from N(0, std): {"wte": [[...], ...], ...}."""
    return {
        name: [[rng.gauss(0, std) for _ in range(inputs)] for _ in range(outputs)]
        for name, (outputs, inputs) in shapes(config).items()
    }


def linear(x, w):
    """w @ x: one dot product for each row of w."""
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def softmax(scores):
    """Positive, and 1 in all. Less the largest score first: no exp overflows then."""
    with scope("softmax"):
        largest = max(score.data for score in scores)
        exps = [(score - largest).exp() for score in scores]
        total = sum(exps)
        return [e / total for e in exps]


def rmsnorm(x, eps=1e-5):
    """x at a mean square of 1."""
    mean_square = sum(value * value for value in x) / len(x)
    scale = (mean_square + eps) ** -0.5
    return [value * scale for value in x]


def add(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


class GPT:
    """The model: its parameters, and one position after the other through all layers.

    Args:
        config: its sizes.
        weights: {"wte": rows of numbers, ..., "layer0.attn_wq": ...}, as `init` draws them.
    """

    def __init__(self, config, weights):
        self.config = config
        for name, (outputs, inputs) in shapes(config).items():
            got = (len(weights[name]), *{len(row) for row in weights[name]})
            if got != (outputs, inputs):
                raise ValueError(f"{name} has shape {got}, not ({outputs}, {inputs}).")
        self.weights = {
            name: [
                [Value(number, name=f"{name}[{i},{j}]") for j, number in enumerate(row)]
                for i, row in enumerate(weights[name])
            ]
            for name in shapes(config)
        }

    def parameters(self):
        return [value for rows in self.weights.values() for row in rows for value in row]

    def attention(self, layer, x, keys, values):
        """What a position draws from itself and from those before it, by their keys."""
        w, d = self.weights, self.config.head_dim
        with scope("q"):
            q = linear(x, w[f"layer{layer}.attn_wq"])
        with scope("k"):
            keys.append(linear(x, w[f"layer{layer}.attn_wk"]))
        with scope("v"):
            values.append(linear(x, w[f"layer{layer}.attn_wv"]))
        heads = []
        for h in range(self.config.n_head):
            mine = range(h * d, (h + 1) * d)  # the components of this head
            with scope(f"head {h}"):
                with scope("scores"):
                    scores = [sum(q[i] * key[i] for i in mine) / math.sqrt(d) for key in keys]
                probs = softmax(scores)
                with scope("mix"):
                    pairs = list(zip(probs, values, strict=True))
                    heads += [sum(p * value[i] for p, value in pairs) for i in mine]
        with scope("o"):
            return linear(heads, w[f"layer{layer}.attn_wo"])

    def mlp(self, layer, x):
        """Each position by itself: four times as wide, relu, and back."""
        w = self.weights
        with scope("fc1"):
            hidden = linear(x, w[f"layer{layer}.mlp_fc1"])
        with scope("relu"):
            hidden = [value.relu() for value in hidden]
        with scope("fc2"):
            return linear(hidden, w[f"layer{layer}.mlp_fc2"])

    def logits(self, token, position, cache):
        """A score for each symbol that may come next.

        Args:
            token: the symbol at this position.
            position: 0, 1, ...; the earlier ones are in the cache.
            cache: for each layer (keys, values) of the positions so far; it grows by one.
        """
        w = self.weights
        with scope("embedding"):
            x = rmsnorm(add(w["wte"][token], w["wpe"][position]))
        for layer, (keys, values) in enumerate(cache):
            with scope(f"layer {layer}"):
                with scope("attention"):
                    with scope("norm"):
                        normed = rmsnorm(x)
                    out = self.attention(layer, normed, keys, values)
                with scope("residual 1"):
                    x = add(x, out)
                with scope("mlp"):
                    with scope("norm"):
                        normed = rmsnorm(x)
                    out = self.mlp(layer, normed)
                with scope("residual 2"):
                    x = add(x, out)
        with scope("lm_head"):
            return linear(x, w["lm_head"])

    def loss(self, tokens):
        """How surprised the model is by each next token, in nats; the mean over the positions."""
        cache = [([], []) for _ in range(self.config.n_layer)]
        losses = []
        for t in range(min(self.config.block_size, len(tokens) - 1)):
            with scope(f"position {t}"):
                probs = softmax(self.logits(tokens[t], t, cache))
                with scope("loss"):
                    losses.append(-probs[tokens[t + 1]].log())
        with scope("loss"):
            return (sum(losses) / len(losses)).named("loss")


def encode(document):
    """[BOS, its symbols, BOS]; BOS is the number after the last symbol."""
    bos = len(SYMBOLS)
    return [bos, *(SYMBOLS.index(symbol) for symbol in document), bos]


if __name__ == "__main__":
    config = Config()
    model = GPT(config, init(config, random.Random(42)))
    loss = model.loss(encode(DOCUMENT))
    loss.backward()
    print("loss", loss.data)
