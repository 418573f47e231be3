import math
import random

from tracer import Value, scope

SYMBOLS = "an"  # a is 0, n is 1; BOS, at both ends of a name, is 2
tokens, targets = [2, 0], [0, 1]  # BOS a, then a n
C, H = 4, 2  # width, heads
rng = random.Random(3)


def matrix(rows, columns):
    def row():
        return [Value(rng.gauss(0, 0.3)) for _ in range(columns)]

    return [row() for _ in range(rows)]


def dot(xs, ys):
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def linear(x, w):
    return [dot(row, x) for row in w]


def rmsnorm(x):
    scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def softmax(scores):
    exps = [score.exp() for score in scores]
    total = sum(exps)
    return [e / total for e in exps]


def attention(queries, keys, values):
    """What each position draws from itself and from those before it."""
    found, d = [], C // H
    for t, q in enumerate(queries):
        drawn = []
        for h in range(H):
            own = slice(h * d, h * d + d)
            scores = [dot(q[own], k[own]) for k in keys[: t + 1]]
            weights = softmax([score / math.sqrt(d) for score in scores])
            columns = zip(*[v[own] for v in values[: t + 1]], strict=True)
            drawn += [dot(weights, column) for column in columns]
        found.append(drawn)
    return found


def add(xs, ys):
    pairs = zip(xs, ys, strict=True)
    return [[a + b for a, b in zip(x, y, strict=True)] for x, y in pairs]


V = len(SYMBOLS) + 1
wte, wpe, lm_head = matrix(V, C), matrix(2, C), matrix(V, C)
wq, wk, wv, wo = (matrix(C, C) for _ in range(4))
fc1, fc2 = matrix(4 * C, C), matrix(C, 4 * C)

with scope("embedding"):
    x0 = add([wte[token] for token in tokens], wpe)
with scope("norm 1"):
    normed = [rmsnorm(x) for x in x0]
with scope("attention"):
    q, k, v = ([linear(x, w) for x in normed] for w in (wq, wk, wv))
    changes = [linear(x, wo) for x in attention(q, k, v)]
with scope("residual 1"):
    x1 = add(x0, changes)
with scope("norm 2"):
    normed = [rmsnorm(x) for x in x1]
with scope("mlp"):
    hidden = [[a.relu() for a in linear(x, fc1)] for x in normed]
    changes = [linear(x, fc2) for x in hidden]
with scope("residual 2"):
    x2 = add(x1, changes)
with scope("lm_head"):
    logits = [linear(x, lm_head) for x in x2]
with scope("loss"):
    probs = [softmax(scores) for scores in logits]
    losses = [-p[t].log() for p, t in zip(probs, targets, strict=True)]
    loss = (sum(losses) / len(losses)).named("loss")

loss.backward()
print("loss:", loss.data)
