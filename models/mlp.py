"""A small neural network made of Values: two inputs, three tanh neurons, one output.

It learns to say whether its two inputs differ. One training step has five phases, one after the
other: forward, loss, backward, update, zero.
Run it with `python mlp.py`; raise STEPS to 50 and it knows all four rows.
"""

import csv
import random
from pathlib import Path

from tracer import Value, scope

DATA = Path(__file__).resolve().parent.parent / "samples" / "data" / "xor.csv"
STEPS = 3
LEARNING_RATE = 0.2


class Neuron:
    """A weight for each input, and a bias."""

    def __init__(self, name, n_inputs, rng):
        names = [f"{name}.w{i + 1}" for i in range(n_inputs)]
        self.w = [Value(rng.uniform(-1, 1), name=w) for w in names]
        self.b = Value(0.0, name=f"{name}.b")

    def __call__(self, x):
        total = self.b
        for w, value in zip(self.w, x, strict=True):
            total = total + w * value
        return total


class Net:
    """Two layers: three neurons with tanh, then one without."""

    def __init__(self, rng):
        self.hidden = [Neuron(f"h{i + 1}", 2, rng) for i in range(3)]
        self.out = Neuron("out", 3, rng)

    def __call__(self, x):
        with scope("hidden"):
            h = [neuron(x).tanh() for neuron in self.hidden]
        with scope("out"):
            return self.out(h).named("prediction")

    def parameters(self):
        return [p for neuron in (*self.hidden, self.out) for p in (*neuron.w, neuron.b)]


def read_rows(path):
    """[([x1, x2], y), ...]"""
    with open(path, encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        return [([float(row["x1"]), float(row["x2"])], float(row["y"])) for row in table]


def forward(net, rows):
    """The network's prediction for each row."""
    return [net(x) for x, _ in rows]


def mean_squared_error(predictions, rows):
    """How far off the predictions are: 0 is perfect."""
    with scope("loss"):
        targets = [y for _, y in rows]
        squares = [(p - y) ** 2 for p, y in zip(predictions, targets, strict=True)]
        return (sum(squares) / len(rows)).named("loss")


def update(parameters):
    """Each parameter takes a small step against its gradient."""
    for p in parameters:
        p.data -= LEARNING_RATE * p.grad


def zero(parameters):
    """The gradients have done their work."""
    for p in parameters:
        p.grad = 0


rows = read_rows(DATA)
net = Net(random.Random(42))

for step in range(STEPS):
    predictions = forward(net, rows)
    loss = mean_squared_error(predictions, rows)
    print("step", step, loss)
    loss.backward()
    update(net.parameters())
    zero(net.parameters())
