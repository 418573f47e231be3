import random

import tracer as torch
from tracer.nn import functional as F

rng = random.Random(0)
numbers = torch.tensor([rng.gauss(0, 0.3) for _ in range(16 * 4 * 4)])
weights = numbers.view(16, 4, 4)  # a matrix for each layer

for depth in (1, 4, 16):
    x = torch.tensor([1.0, -1.0, 0.5, 0.5], requires_grad=True)
    stream = [x]
    for w in weights[:depth]:
        x = x + torch.tanh(F.linear(x, w))  # add
        x.retain_grad()
        stream.append(x)
    loss = ((x - 1) ** 2).sum()
    loss.backward()
    norms = torch.stack([x.grad.norm() for x in stream])
    reaches = norms[0] / norms[-1]
    print(depth, "layers:", reaches.item(), "of it reaches the start")
