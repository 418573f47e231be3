"""A tiny GPT made of Values: every number is a node. `gpt.py` is the same model in tensors.

The model is the one of the microgpt document: token and position embeddings, rmsnorm, then layers
of multi-head causal attention and a two-layer perceptron, each added to the residual stream, then
the head; no biases. It reads one document, a token at a time, and is asked for the next token at
every position.
Run it with `python gpt_scalar.py`; walk its step with `tracer open gpt_scalar`; train it with
`tracer train gpt_scalar`, or with `tracer train gpt --engine scalar`.
"""

import math
import random
from dataclasses import dataclass
from pathlib import Path

from tracer import Documents, Training, Value, require, scope, tap

NAMES = Path(__file__).resolve().parent.parent / "samples" / "data" / "names.txt"
DOCUMENT, SYMBOLS = "anna", "abcdefghijklmnopqrstuvwxyz"  # read where this file is run by itself
EVALUATED = 8  # held-out documents that are asked, at most: each takes a second; gpt.py asks 32


@dataclass(frozen=True)
class Config:
    """The sizes of a model, and its switches."""

    n_layer: int = 1
    n_embd: int = 16  # C, the width of the residual stream
    n_head: int = 4
    block_size: int = 16  # the most positions
    vocab_size: int = len(SYMBOLS) + 1  # the symbols and BOS
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


def gelu(x):
    """x times the share of a bell curve below x, as tanh nearly gives it."""
    return x * 0.5 * (1 + ((x + 0.044715 * x**3) * math.sqrt(2 / math.pi)).tanh())


def rmsnorm(x, eps=1e-5):
    """x at a mean square of 1."""
    mean_square = sum(value * value for value in x) / len(x)
    scale = (mean_square + eps) ** -0.5
    return [value * scale for value in x]


def layernorm(x):
    """x at a mean of 0 and a mean square of 1."""
    mean = sum(x) / len(x)
    return rmsnorm([value - mean for value in x])


ACTIVATIONS = {"relu": Value.relu, "tanh": Value.tanh, "gelu": gelu}
NORMS = {"rms": rmsnorm, "layer": layernorm, "off": list}


def add(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


class GPT:
    """The model: its parameters, and one position after the other through all layers.

    Args:
        config: its sizes and switches.
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
            if not (config.tied and name == "lm_head")
        }
        self.head = self.weights["wte" if config.tied else "lm_head"]

    def parameters(self):
        return [value for rows in self.weights.values() for row in rows for value in row]

    def residual(self, x, change):
        return add(x, change) if self.config.residual else change

    def attention(self, layer, x, keys, values):
        """What a position draws from itself and from those before it, by their keys."""
        w, d, t = self.weights, self.config.head_dim, len(keys)
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
                probs = tap(f"layer{layer}.attn", softmax(scores), at=(h, t))
                with scope("mix"):
                    pairs = list(zip(probs, values, strict=True))
                    heads += [sum(p * value[i] for p, value in pairs) for i in mine]
        tap(f"layer{layer}.heads", heads, at=t)
        with scope("o"):
            return linear(heads, w[f"layer{layer}.attn_wo"])

    def mlp(self, layer, x, position):
        """Each position by itself: four times as wide, a gate for each neuron, and back."""
        w, activation = self.weights, self.config.activation
        with scope("fc1"):
            hidden = linear(x, w[f"layer{layer}.mlp_fc1"])
        with scope(activation):
            hidden = [ACTIVATIONS[activation](value) for value in hidden]
        tap(f"layer{layer}.mlp", hidden, at=position)
        with scope("fc2"):
            return linear(hidden, w[f"layer{layer}.mlp_fc2"])

    def logits(self, token, position, cache):
        """A score for each symbol that may come next.

        Args:
            token: the symbol at this position.
            position: 0, 1, ...; the earlier ones are in the cache.
            cache: for each layer (keys, values) of the positions so far; it grows by one.
        """
        w, norm = self.weights, NORMS[self.config.norm]
        with scope("embedding"):
            x = tap("embed", norm(add(w["wte"][token], w["wpe"][position])), at=position)
        for layer, (keys, values) in enumerate(cache):
            with scope(f"layer {layer}"):
                if self.config.attention:
                    with scope("attention"):
                        with scope("norm"):
                            normed = norm(x)
                        out = self.attention(layer, normed, keys, values)
                    with scope("residual 1"):
                        x = tap(f"layer{layer}.attn_out", self.residual(x, out), at=position)
                with scope("mlp"):
                    with scope("norm"):
                        normed = norm(x)
                    out = self.mlp(layer, normed, position)
                with scope("residual 2"):
                    x = tap(f"layer{layer}.mlp_out", self.residual(x, out), at=position)
        with scope("lm_head"):
            return tap("logits", linear(x, self.head), at=position)

    def new_cache(self):
        return [([], []) for _ in range(self.config.n_layer)]

    def loss(self, tokens):
        """How surprised the model is by each next token, in nats; the mean over the positions."""
        cache = self.new_cache()
        losses = []
        length = min(self.config.block_size, len(tokens) - 1)
        given, wanted = tap("tokens", tokens[:length]), tap("targets", tokens[1 : length + 1])
        for t in range(length):
            with scope(f"position {t}"):
                probs = tap("probs", softmax(self.logits(given[t], t, cache)), at=t)
                with scope("loss"):
                    losses.append(-probs[wanted[t]].log())
        with scope("loss"):
            return (sum(losses) / len(losses)).named("loss")

    def mean_loss(self, documents):
        """The mean of the losses of several documents."""
        if len(documents) == 1:
            return self.loss(documents[0])
        losses = []
        for b, tokens in enumerate(documents):
            with scope(f"document {b}"):
                losses.append(self.loss(tokens))
        with scope("loss"):
            return (sum(losses) / len(losses)).named("loss")

    def generate(self, first, rng, temperature):
        """New symbols after a first one, until the model says BOS or the block is full.

        Each position is computed once; what the next ones need of it, its keys and values, stays
        in the cache.

        Returns:
            Their numbers.
        """
        cache, token, found = self.new_cache(), first, []
        for position in range(self.config.block_size):
            with scope(f"position {position}"):
                logits = self.logits(token, position, cache)
                for layer, (keys, values) in enumerate(cache):
                    tap(f"layer{layer}.keys", list(keys))
                    tap(f"layer{layer}.values", list(values))
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
    probs = tap("probs", softmax(logits if cold else [score / temperature for score in logits]))
    shares = [p.data for p in probs]
    if not math.isfinite(sum(shares)):
        raise ValueError("the probabilities are not finite: this model has diverged")
    return shares.index(max(shares)) if cold else rng.choices(range(len(shares)), shares)[0]


class Adam:
    """A step a parameter, sized by running means of its gradient (m) and its square (v)."""

    def __init__(self, parameters, beta1, beta2, eps=1e-8):
        self.parameters, self.beta1, self.beta2, self.eps = parameters, beta1, beta2, eps
        self.m, self.v = [0.0] * len(parameters), [0.0] * len(parameters)

    def step(self, i, lr):
        """Step i, from 0: both means began at 0, and 1 - beta ** (i + 1) makes up for that."""
        m, v, beta1, beta2 = self.m, self.v, self.beta1, self.beta2
        for k, p in enumerate(self.parameters):
            m[k] = beta1 * m[k] + (1 - beta1) * p.grad
            v[k] = beta2 * v[k] + (1 - beta2) * p.grad**2
            m_hat = m[k] / (1 - beta1 ** (i + 1))
            v_hat = v[k] / (1 - beta2 ** (i + 1))
            p.data -= lr * m_hat / (v_hat**0.5 + self.eps)
        for p in self.parameters:
            p.grad = 0


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
    dtype="float64",
):
    """What `tracer train` asks for: the model, what it reads, and how one step is taken.

    documents: strings; the given names of samples/data if nobody gives any.
    batch_size, accumulate: documents in a pass, and passes in a step; the gradient is their mean.
    lr: falls in a straight line, to 0 after `steps`.
    device, dtype: a Value is always a float64 of the CPU; gpt.py has a choice.
    """
    require("steps", steps, least=1)
    require("lr", lr, least=0, below=math.inf)
    require("batch_size", batch_size, least=1)
    require("accumulate", accumulate, least=1)
    require("device", device, among=("cpu",))
    require("dtype", dtype, among=("float64",))
    require("beta1", beta1, least=0, below=1)
    require("beta2", beta2, least=0, below=1)
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
    model = GPT(config, init(config, rng))
    optimizer = Adam(model.parameters(), beta1, beta2)
    rate = [lr]  # of the step that is taken

    def step(i):
        rate[0] = lr * max(0.0, 1 - i / steps)
        losses = []
        for k in range(i * accumulate, (i + 1) * accumulate):
            loss = model.mean_loss([text.read(k * batch_size + b) for b in range(batch_size)])
            if accumulate > 1:
                loss = loss / accumulate
            loss.backward()
            losses.append(loss)
        optimizer.step(i, rate[0])
        return losses[0] if accumulate == 1 else sum(loss.data for loss in losses)

    def loss(document):
        return model.loss(text.encode(document))

    asked = [text.encode(document) for document in text.held_out[:EVALUATED]]

    def evaluate():
        return sum(model.loss(tokens).data for tokens in asked) / len(asked)

    def sample(rng, temperature):
        first = text.first(rng)
        return text.decode([first, *model.generate(first, rng, temperature)])

    return Training(
        step,
        model.weights,
        steps=steps,
        state={"m": optimizer.m, "v": optimizer.v, "lr": rate},
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
    loss = model.loss(encode(DOCUMENT))
    loss.backward()
    print("loss", loss.data)
