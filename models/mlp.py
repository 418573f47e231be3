"""A small neural network made of Values: two inputs, three tanh neurons, one output.

It learns to say whether its two inputs differ. One training step has five phases, one after the
other: forward, loss, backward, update, zero.
Run it with `python mlp.py`; raise STEPS to 50 and it knows all four rows. Or watch it learn, and
open any of its steps: `tracer train mlp.py --data moons`.
"""

import csv
import random
from pathlib import Path

from tracer import Training, Value, scope, tap

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
    """Two layers: some neurons with tanh, then one without."""

    def __init__(self, rng, n_hidden):
        self.hidden = [Neuron(f"h{i + 1}", 2, rng) for i in range(n_hidden)]
        self.out = Neuron("out", n_hidden, rng)

    def __call__(self, x):
        with scope("hidden"):
            h = tap("hidden", [neuron(x).tanh() for neuron in self.hidden])
        with scope("out"):
            return tap("prediction", self.out(h).named("prediction"))

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


def update(parameters, lr):
    """Each parameter takes a small step against its gradient."""
    for p in parameters:
        p.data -= lr * p.grad


def zero(parameters):
    """The gradients have done their work."""
    for p in parameters:
        p.grad = 0


def training(data=None, seed=42, lr=LEARNING_RATE, hidden=3, batch=4):
    """What `tracer train` asks for: the network, its data, and how one step is taken.

    data: rows (x1, x2, y) with y 1 or -1; the four rows of xor.csv if nobody gives any.
    batch: how many of the rows each step takes, in turn.
    """
    rows = read_rows(DATA) if data is None else [([x1, x2], y) for x1, x2, y in data]
    net = Net(random.Random(seed), hidden)

    def step(i):
        some = [rows[(i * batch + k) % len(rows)] for k in range(min(batch, len(rows)))]
        predictions = forward(net, some)
        loss = mean_squared_error(predictions, some)
        loss.backward()
        update(net.parameters(), lr)
        zero(net.parameters())
        return loss

    def predict(points):
        return [net(point) for point in points]

    points = [(*x, y) for x, y in rows]
    return Training(step, net.parameters(), predict, points, steps=200, state={})


if __name__ == "__main__":
    run = training()
    for i in range(STEPS):
        print("step", i, run.step(i))
