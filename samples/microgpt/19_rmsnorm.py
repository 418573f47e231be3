import random

import tracer as torch
from tracer.nn import functional as F

rng = random.Random(1)
numbers = torch.tensor([rng.gauss(0, 0.5) for _ in range(6 * 4 * 4)])
weights = numbers.view(6, 4, 4)  # a matrix for each layer

for times in (0.5, 1.0, 4.0):  # three models: small, usual, large weights
    x = torch.tensor([1.0, -1.0, 0.5, 0.5], requires_grad=True)
    stream = [x]
    for w in times * weights:
        x = F.rms_norm(F.linear(x, w), (4,), eps=1e-5)
        x.retain_grad()
        stream.append(x)
    size = (x**2).mean().sqrt()
    loss = x.sum()
    loss.backward()
    norms = torch.stack([x.grad.norm() for x in stream])
    print("weights", times, " size", size.item(), " gradient", norms)
