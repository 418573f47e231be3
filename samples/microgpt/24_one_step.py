import math
import random

from tracer import Value, scope

NAME, SYMBOLS = "anna", "an"  # a is 0, n is 1; BOS, at both ends, is 2
C, H, V, T = 4, 2, 3, 5  # width, heads, symbols with BOS, positions
rng = random.Random(3)


def matrix(rows, columns):
    numbers = [rng.gauss(0, 0.3) for _ in range(rows * columns)]
    starts = range(0, rows * columns, columns)
    return [[Value(n) for n in numbers[i : i + columns]] for i in starts]


def dot(xs, ys):
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def linear(x, w):
    return [dot(row, x) for row in w]


def add(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


def rmsnorm(x):
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def softmax(scores):
    exps = [score.exp() for score in scores]
    total = sum(exps)
    return [e / total for e in exps]


wte, wpe, lm_head = matrix(V, C), matrix(T, C), matrix(V, C)
wq, wk, wv, wo = (matrix(C, C) for _ in range(4))
fc1, fc2 = matrix(4 * C, C), matrix(C, 4 * C)
keys, values = [], []


def attention(x):
    """What a position draws from itself and from those before it."""
    q, drawn, d = linear(x, wq), [], C // H
    keys.append(linear(x, wk))
    values.append(linear(x, wv))
    for h in range(H):
        own = slice(h * d, h * d + d)
        scores = [dot(q[own], k[own]) / math.sqrt(d) for k in keys]
        columns = zip(*[v[own] for v in values], strict=True)
        weights = softmax(scores)
        drawn += [dot(weights, column) for column in columns]
    return linear(drawn, wo)


tokens = [2, *[SYMBOLS.index(letter) for letter in NAME], 2]
losses = []
for t in range(T):  # forward
    with scope(f"position {t}"):
        with scope("embedding"):
            x = add(wte[tokens[t]], wpe[t])
        with scope("attention"):
            x = add(x, attention(rmsnorm(x)))
        with scope("mlp"):
            hidden = [a.relu() for a in linear(rmsnorm(x), fc1)]
            x = add(x, linear(hidden, fc2))
        with scope("lm_head"):
            p = softmax(linear(x, lm_head))
            losses.append(-p[tokens[t + 1]].log())
with scope("loss"):
    loss = sum(losses) / T

loss.backward()


def parameters():
    for rows in (wte, wpe, lm_head, wq, wk, wv, wo, fc1, fc2):
        for row in rows:
            yield from row


for w in parameters():  # Adam's first step: m and v were 0
    m = (1 - 0.85) * w.grad
    v = (1 - 0.99) * w.grad**2
    m_hat, v_hat = m / (1 - 0.85), v / (1 - 0.99)
    w.data -= 0.01 * m_hat / (v_hat**0.5 + 1e-8)
for w in parameters():  # reset
    w.grad = 0
print("loss:", loss.data)
