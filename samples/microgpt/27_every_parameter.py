import random

import tracer as torch
from tracer import scope
from tracer.nn import functional as F

rng = random.Random(3)
C, V, T = 16, 27, 16  # width, symbols (a to z and BOS), most positions
tokens = torch.tensor([26, 0, 13, 13, 0])  # BOS a n n a
targets = torch.tensor([0, 13, 13, 0, 26])  # a n n a BOS
later = torch.ones(5, 5).triu(1).bool()


def matrix(rows, columns):
    def row():
        return [rng.gauss(0, 0.08) for _ in range(columns)]

    return torch.tensor([row() for _ in range(rows)], requires_grad=True)


def heads(x):
    return x.unflatten(-1, (4, 4)).transpose(0, 1)


wte, wpe, lm_head = matrix(V, C), matrix(T, C), matrix(V, C)
wq, wk, wv, wo = (matrix(C, C) for _ in range(4))
fc1, fc2 = matrix(4 * C, C), matrix(C, 4 * C)

with scope("forward"):
    x = F.embedding(tokens, wte) + wpe[:5]
    h = F.rms_norm(x, (C,), eps=1e-5)
    q, k, v = (heads(F.linear(h, w)) for w in (wq, wk, wv))
    scores = q @ k.transpose(1, 2) / 4**0.5
    attn = F.softmax(scores.masked_fill(later, -torch.inf), dim=-1)
    x = x + F.linear((attn @ v).transpose(0, 1).flatten(1), wo)
    h = F.rms_norm(x, (C,), eps=1e-5)
    x = x + F.linear(torch.relu(F.linear(h, fc1)), fc2)
    loss = F.cross_entropy(F.linear(x, lm_head), targets)
loss.backward()

matrices = (wte, wpe, wq, wk, wv, wo, fc1, fc2, lm_head)
with scope("counts"):
    parameters = torch.tensor(sum(w.numel() for w in matrices))
    two_layers = parameters + 12 * C * C  # wq wk wv wo, fc1, fc2 once more
    moved = torch.stack([(w.grad != 0).sum() for w in matrices])
    at_rest = parameters - moved.sum()
print(parameters.item(), two_layers.item(), moved.tolist(), at_rest.item())
