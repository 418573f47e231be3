"""A two-layer network made of tensors: it learns which of two moons a point belongs to.

Its lines are PyTorch's, down to the imports: the network, the loss, the optimizer.
Run it with `python two_layer.py`; raise STEPS to 400 and it knows all points. Or watch it learn,
and open any of its steps: `tracer train two_layer.py`,
`tracer train two_layer.py --data spirals --hidden 32`.
"""

import csv
import random
from pathlib import Path

import tracer as torch
from tracer import Training, nn, optim, tap
from tracer.nn import functional as F

DATA = Path(__file__).resolve().parent.parent / "samples" / "data" / "moons.csv"
STEPS = 3


class TwoLayerNet(nn.Module):
    """Two linear layers with a ReLU between them; the output is the logit of label 1."""

    def __init__(self, hidden):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        h = tap("hidden", F.relu(self.fc1(x)))  # (B, hidden)
        return tap("logits", self.fc2(h).squeeze(1))  # (B,)


def read_rows(path):
    """[(x1, x2, y), ...] with y 1 or -1"""
    with open(path, encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        return [(float(row["x1"]), float(row["x2"]), float(row["y"])) for row in table]


def training(data=None, seed=42, lr=0.5, hidden=8, batch=50):
    """What `tracer train` asks for: the network, its data, and how one step is taken.

    data: rows (x1, x2, y) with y 1 or -1; the two moons if nobody gives any.
    batch: how many of the rows each step takes, at random.
    """
    rows = read_rows(DATA) if data is None else list(data)
    torch.manual_seed(seed)
    model = TwoLayerNet(hidden)
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    points = torch.tensor([[x1, x2] for x1, x2, _ in rows])  # (N, 2)
    targets = torch.tensor([(y + 1) / 2 for _, _, y in rows])  # (N,), 0 or 1

    def step(i):
        some = random.Random(seed + i).sample(range(len(rows)), min(batch, len(rows)))
        x, y = points[some], targets[some]
        logits = model(x)
        loss = F.binary_cross_entropy_with_logits(logits, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    def predict(points):
        with torch.no_grad():
            return model(torch.tensor(points))

    parameters, kept = dict(model.named_parameters()), {"optimizer": optimizer}
    return Training(step, parameters, predict, rows, steps=400, state=kept)


if __name__ == "__main__":
    run = training()
    for i in range(STEPS):
        print("step", i, run.step(i).item())
