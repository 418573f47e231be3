"""A tiny GPT made of tensors, in PyTorch's words. `gpt_scalar.py` is the same model in numbers.

A document is read symbol by symbol between two marks: BOS a n n a BOS. At every position the model
says how probable each symbol is to come next; the loss is how surprised it is by the one that does.

    tracer open gpt                                  walk one training step
    tracer train gpt                                 learn given names
    tracer train gpt --data my_names.txt             learn any text, a document a line
    tracer train gpt --n-layer 2 --residual off      every argument of `training` is a setting
    tracer sample runs/names-42 --temperature 0.5    new names
"""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import tracer as torch
from tracer import Documents, Training, nn, optim, require, scope, tap
from tracer.nn import functional as F

NAMES = Path(__file__).resolve().parent.parent / "samples" / "data" / "names.txt"
DOCUMENT, SYMBOLS = "anna", "abcdefghijklmnopqrstuvwxyz"  # read where this file is run by itself
ACTIVATIONS = {"relu": F.relu, "tanh": F.tanh, "gelu": lambda x: F.gelu(x, approximate="tanh")}
NORMS = ("rms", "layer", "off")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
EVALUATED = 32  # held-out documents that are asked, at most
IGNORED = -1  # the target where a document of a batch has ended


@dataclass(frozen=True)
class Config:
    """The sizes of a model, and its switches."""

    n_layer: int = 1
    n_embd: int = 16  # C, the width of the residual stream
    n_head: int = 4  # H
    block_size: int = 16  # the most positions
    vocab_size: int = len(SYMBOLS) + 1  # V: the symbols and BOS
    activation: str = "relu"
    residual: bool = True
    norm: str = "rms"
    attention: bool = True
    tied: bool = False  # one matrix as wte and lm_head

    def __post_init__(self):
        for name in ("n_layer", "n_embd", "n_head", "block_size"):
            require(name, getattr(self, name), least=1)
        require("n_embd", self.n_embd, multiple_of=("n_head", self.n_head))
        require("activation", self.activation, among=ACTIVATIONS)
        require("norm", self.norm, among=NORMS)


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


# The model


def normed(x, config):
    """The numbers of each position brought to the same scale."""
    if config.norm == "rms":
        return F.rms_norm(x, x.shape[-1:], eps=1e-5)
    if config.norm == "layer":
        return F.layer_norm(x, x.shape[-1:], eps=1e-5)
    return x


class Layer(nn.Module):
    """Attention, in which positions look at each other, then a perceptron for each by itself."""

    def __init__(self, name, config, matrix):
        super().__init__()
        self.name, self.config = name, config
        self.attn_wq = matrix(f"{name}.attn_wq")  # (C, C), as the next three
        self.attn_wk = matrix(f"{name}.attn_wk")
        self.attn_wv = matrix(f"{name}.attn_wv")
        self.attn_wo = matrix(f"{name}.attn_wo")
        self.mlp_fc1 = matrix(f"{name}.mlp_fc1")  # (4C, C)
        self.mlp_fc2 = matrix(f"{name}.mlp_fc2")  # (C, 4C)

    def forward(self, x, later, cache):
        """x: (..., T, C), the residual stream. The others are those of `attention`."""
        if self.config.attention:
            with scope("attention"):
                x = self.add(x, self.attention(normed(x, self.config), later, cache))
            tap(f"{self.name}.attn_out", x)
        with scope("mlp"):
            x = self.add(x, self.mlp(normed(x, self.config)))
        return tap(f"{self.name}.mlp_out", x)

    def add(self, x, change):
        """The stream goes on beside what a part computes from it, or only through the part."""
        return x + change if self.config.residual else change

    def attention(self, x, later, cache):
        """What each position draws from itself and from those before it, by their keys.

        Args:
            x: (..., T, C)
            later: (T, T) where a key comes after the query; with a cache (T, all positions).
            cache: None, or keys and values of the positions before these.
        """
        q = F.linear(x, self.attn_wq)  # (..., T, C), as k and v
        k = F.linear(x, self.attn_wk)
        v = F.linear(x, self.attn_wv)
        if cache is not None:
            k, v = self.remember("keys", k, cache), self.remember("values", v, cache)
        q, k, v = self.split(q), self.split(k), self.split(v)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (..., H, T, T)
        weights = F.softmax(scores.masked_fill(later, -math.inf), dim=-1)
        tap(f"{self.name}.attn", weights)
        heads = (weights @ v).transpose(-3, -2).flatten(-2)  # (..., T, C), heads side by side
        tap(f"{self.name}.heads", heads)
        return F.linear(heads, self.attn_wo)

    def split(self, x):
        """(..., T, C) as (..., H, T, C / H): each head has its share of the numbers."""
        return x.unflatten(-1, (self.config.n_head, -1)).transpose(-3, -2)

    def remember(self, what, new, cache):
        """The rows of all positions so far, (t, C): those in the cache, then the new ones."""
        name = f"{self.name}.{what}"
        cache[name] = torch.cat([cache[name], new]) if name in cache else new
        return tap(name, cache[name].named(name))

    def mlp(self, x):
        """Four times as wide, a gate for each neuron, and back."""
        hidden = ACTIVATIONS[self.config.activation](F.linear(x, self.mlp_fc1))  # (..., T, 4C)
        tap(f"{self.name}.mlp", hidden)
        return F.linear(hidden, self.mlp_fc2)


class GPT(nn.Module):
    """The model.

    Args:
        config: its sizes and switches.
        weights: {"wte": rows of numbers, ..., "layer0.attn_wq": ...}, as `init` draws them.
    """

    def __init__(self, config, weights, device="cpu", dtype=torch.float32):
        super().__init__()
        self.config = config

        def matrix(name):
            numbers = torch.tensor(weights[name], device=device, dtype=dtype)
            return nn.Parameter(numbers).named(name)

        self.wte = matrix("wte")  # (V, C)
        self.wpe = matrix("wpe")  # (block_size, C)
        self.lm_head = self.wte if config.tied else matrix("lm_head")  # (V, C)
        for i in range(config.n_layer):
            self.add_module(f"layer{i}", Layer(f"layer{i}", config, matrix))
        block = torch.ones(config.block_size, config.block_size, device=device)
        self.later = block.triu(1).bool()

    def forward(self, tokens, start=0, cache=None):
        """Scores for each symbol that may come next.

        Args:
            tokens: (..., T) numbers of symbols.
            start: the position of the first of them.
            cache: keys and values of the positions before, by name; it takes in those of these.

        Returns:
            (..., T, V)
        """
        stop = start + tokens.shape[-1]
        with scope("embedding"):
            x = F.embedding(tokens, self.wte) + self.wpe[start:stop]  # (..., T, C): what and where
            x = tap("embed", normed(x, self.config))
        for layer in self.children():
            x = layer(x, self.later[start:stop, :stop], cache)
        with scope("lm_head"):
            return tap("logits", F.linear(x, self.lm_head))

    def loss(self, documents):
        """How surprised the model is by each next symbol, in nats.

        The mean over the positions of a document, then over the documents.

        Args:
            documents: lists of symbols' numbers; of a long one, the first block_size are read.
        """
        lengths = [min(self.config.block_size, len(document) - 1) for document in documents]
        most = max(lengths)  # T; shorter documents are filled up with what does not count
        given, wanted = [], []
        for document, n in zip(documents, lengths, strict=True):
            given.append(document[:n] + [0] * (most - n))
            wanted.append(document[1 : n + 1] + [IGNORED] * (most - n))
        device, dtype = self.wte.device, self.wte.dtype
        tokens = tap("tokens", torch.tensor(given, device=device))  # (B, T), as the targets
        targets = tap("targets", torch.tensor(wanted, device=device))
        counts = torch.tensor(lengths, device=device, dtype=dtype)  # (B,)
        logits = self(tokens)  # (B, T, V)
        with scope("loss"):
            flat, targets = logits.flatten(0, 1), targets.flatten()  # (B·T, V), (B·T,)
            losses = F.cross_entropy(flat, targets, ignore_index=IGNORED, reduction="none")
            return (losses.view(-1, most).sum(1) / counts).mean().named("loss")

    def generate(self, first, rng, temperature):
        """New symbols after a first one, until the model says BOS or the block is full.

        Each position is computed once; what the next ones need of it, its keys and values, stays
        in the cache.

        Returns:
            Their numbers.
        """
        cache, token, found = {}, first, []
        with torch.no_grad():
            for position in range(self.config.block_size):
                with scope(f"position {position}"):
                    tokens = torch.tensor([token], device=self.wte.device)
                    logits = self(tokens, position, cache)[0]  # (V,)
                    token = draw(logits, rng, temperature)
                if token == self.config.vocab_size - 1:
                    break
                found.append(token)
        return found


def draw(logits, rng, temperature):
    """A symbol's number, drawn with its probability; at temperature 0 the most probable one.

    Logits divided by a temperature below 1 make the probable ones more probable still.
    """
    require("temperature", temperature, least=0, below=math.inf)
    cold = temperature < 1e-6
    probs = tap("probs", F.softmax(logits if cold else logits / temperature, dim=-1))
    shares = probs.tolist()
    if not math.isfinite(sum(shares)):
        raise ValueError("the probabilities are not finite: this model has diverged")
    return shares.index(max(shares)) if cold else rng.choices(range(len(shares)), shares)[0]


# Training


def training(
    documents=None,
    mode="lines",
    seed=42,
    steps=1000,
    lr=0.01,
    n_layer=1,
    n_embd=16,
    n_head=4,
    block_size=16,
    activation="relu",
    residual=True,
    norm="rms",
    attention=True,
    tied=False,
    batch_size=1,
    accumulate=1,
    held_out=0.1,
    beta1=0.85,
    beta2=0.99,
    device="cpu",
    dtype="float32",
):
    """What `tracer train` asks for: the model, what it reads, and how one step is taken.

    documents: strings; the given names of samples/data if nobody gives any.
    batch_size, accumulate: documents in a pass, and passes in a step; the gradient is their mean.
    lr: falls in a straight line, to 0 after `steps`.
    """
    require("steps", steps, least=1)
    require("lr", lr, least=0, below=math.inf)
    require("batch_size", batch_size, least=1)
    require("accumulate", accumulate, least=1)
    require("dtype", dtype, among=DTYPES)
    rng = random.Random(seed)
    if documents is None:
        documents = NAMES.read_text(encoding="utf-8").splitlines()
    text = Documents(
        documents,
        mode,
        seed=seed,
        rng=rng,
        held_out=held_out,
        block_size=block_size,
    )
    config = Config(
        n_layer=n_layer,
        n_embd=n_embd,
        n_head=n_head,
        block_size=block_size,
        vocab_size=len(text.symbols) + 1,
        activation=activation,
        residual=residual,
        norm=norm,
        attention=attention,
        tied=tied,
    )
    model = GPT(config, init(config, rng), device, DTYPES[dtype])
    optimizer = optim.Adam(model.parameters(), lr=lr, betas=(beta1, beta2), eps=1e-8)

    def step(i):
        for group in optimizer.param_groups:
            group["lr"] = lr * max(0.0, 1 - i / steps)
        losses = []
        for k in range(i * accumulate, (i + 1) * accumulate):
            loss = model.loss([text.read(k * batch_size + b) for b in range(batch_size)])
            if accumulate > 1:
                loss = loss / accumulate
            loss.backward()
            losses.append(loss)
        optimizer.step()
        optimizer.zero_grad()
        return losses[0] if accumulate == 1 else sum(loss.item() for loss in losses)

    def loss(document):
        return model.loss([text.encode(document)])

    asked = [text.encode(document) for document in text.held_out[:EVALUATED]]

    def evaluate():
        with torch.no_grad():
            return model.loss(asked).item()

    def sample(rng, temperature):
        first = text.first(rng)
        return text.decode([first, *model.generate(first, rng, temperature)])

    return Training(
        step,
        dict(model.named_parameters()),
        steps=steps,
        state={"optimizer": optimizer},
        documents=text.training,
        held_out=text.held_out,
        notes=text.notes,
        symbols=text.symbols,
        loss=loss,
        evaluate=evaluate if asked else None,
        sample=sample,
    )


def encode(document):
    """[BOS, its symbols, BOS] as numbers; BOS is the number after the last symbol."""
    return Documents([document], symbols=SYMBOLS).encode(document)


if __name__ == "__main__":
    config = Config()
    model = GPT(config, init(config, random.Random(42)))
    optimizer = optim.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
    loss = model.loss([encode(DOCUMENT)])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print("loss", loss.item())
