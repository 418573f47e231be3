import random

import tracer as torch
from tracer import scope
from tracer.nn import functional as F

rng = random.Random(3)
tokens = torch.tensor([2, 0, 1, 1, 0])  # BOS a n n a
targets = torch.tensor([0, 1, 1, 0, 2])  # a n n a BOS
later = torch.ones(5, 5).triu(1).bool()


def matrix(rows, columns):
    def row():
        return [rng.gauss(0, 0.3) for _ in range(columns)]

    return torch.tensor([row() for _ in range(rows)], requires_grad=True)


def heads(x):
    return x.unflatten(-1, (2, 2)).transpose(0, 1)


wte, wpe, lm_head = matrix(3, 4), matrix(5, 4), matrix(3, 4)
wq, wk, wv, wo = (matrix(4, 4) for _ in range(4))
fc1, fc2 = matrix(16, 4), matrix(4, 16)

with scope("forward"):
    x = F.embedding(tokens, wte) + wpe
    h = F.rms_norm(x, (4,), eps=1e-5)
    q, k, v = (heads(F.linear(h, w)) for w in (wq, wk, wv))
    scores = q @ k.transpose(1, 2) / 2**0.5
    attn = F.softmax(scores.masked_fill(later, -torch.inf), dim=-1)
    x = x + F.linear((attn @ v).transpose(0, 1).flatten(1), wo)
    h = F.rms_norm(x, (4,), eps=1e-5)
    x = x + F.linear(torch.relu(F.linear(h, fc1)), fc2)
    loss = F.cross_entropy(F.linear(x, lm_head), targets)
loss.backward()

names = ("wte", "wpe", "wq", "wk", "wv", "wo", "fc1", "fc2", "lm_head")
matrices = (wte, wpe, wq, wk, wv, wo, fc1, fc2, lm_head)
with scope("flow"):
    flow = torch.stack([w.grad.norm() for w in matrices])
    largest = flow.max()
    median = flow.median()
    smallest = flow.min()
for name, length in zip(names, flow.tolist(), strict=True):
    print(f"{name:8}", "#" * round(40 * length / largest.item()), length)
