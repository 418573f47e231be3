"""microgpt's arithmetic written once more, from its description: plain floats that know what they were made from.

Nothing of ours is used here. Numbers are added and multiplied one by one, in reading order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import ClassVar

Row = list["Node"]
Matrix = list[Row]


class Node:
    """A number, its gradient, and for each input the slope towards it."""

    __slots__ = ("data", "grad", "inputs", "slopes")
    made: ClassVar[list[Node]] = []

    def __init__(self, data: float, inputs: tuple[Node, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.inputs, self.slopes = data, 0.0, inputs, slopes
        if inputs:
            Node.made.append(self)


def plus(a: Node, b: Node) -> Node:
    return Node(a.data + b.data, (a, b), (1.0, 1.0))


def times(a: Node, b: Node) -> Node:
    return Node(a.data * b.data, (a, b), (b.data, a.data))


def scaled(a: Node, c: float) -> Node:
    return Node(a.data * c, (a,), (c,))


def power(a: Node, n: float) -> Node:
    return Node(a.data**n, (a,), (n * a.data ** (n - 1),))


def total(nodes: Sequence[Node]) -> Node:
    found = nodes[0]
    for node in nodes[1:]:
        found = plus(found, node)
    return found


def dot(a: Row, b: Row) -> Node:
    return total([times(x, y) for x, y in zip(a, b, strict=True)])


def product(matrix: Matrix, x: Row) -> Row:
    return [dot(row, x) for row in matrix]


def softmax(scores: Row) -> Row:
    top = max(score.data for score in scores)
    powers = []
    for score in scores:
        e = math.exp(score.data - top)
        powers.append(Node(e, (score,), (e,)))
    over = power(total(powers), -1)
    return [times(e, over) for e in powers]


def rmsnorm(x: Row) -> Row:
    square = scaled(total([times(v, v) for v in x]), 1 / len(x))
    scale = power(plus(square, Node(1e-5)), -0.5)
    return [times(v, scale) for v in x]


def backward(root: Node) -> None:
    """Newest first: no node was made before its inputs."""
    root.grad = 1.0
    for node in reversed(Node.made):
        for source, slope in zip(node.inputs, node.slopes, strict=True):
            source.grad += slope * node.grad


def losses(
    documents: Sequence[str], steps: int, *, n_layer: int, n_embd: int, n_head: int, block_size: int, seed: int = 42
) -> tuple[list[float], dict[str, list[list[float]]]]:
    """The loss of each training step, one document each, and the weights in the end."""
    rng = random.Random(seed)
    documents = list(documents)
    rng.shuffle(documents)
    symbols = sorted(set("".join(documents)))
    bos, size = len(symbols), n_embd // n_head

    def matrix(rows: int, columns: int) -> Matrix:
        return [[Node(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

    w = {"wte": matrix(bos + 1, n_embd), "wpe": matrix(block_size, n_embd), "lm_head": matrix(bos + 1, n_embd)}
    for i in range(n_layer):
        for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
            w[f"layer{i}.{name}"] = matrix(n_embd, n_embd)
        w[f"layer{i}.mlp_fc1"] = matrix(4 * n_embd, n_embd)
        w[f"layer{i}.mlp_fc2"] = matrix(n_embd, 4 * n_embd)
    parameters = [node for rows in w.values() for row in rows for node in row]
    m, v = [0.0] * len(parameters), [0.0] * len(parameters)

    def forward(token: int, position: int, keys: list[Matrix], values: list[Matrix]) -> Row:
        x = rmsnorm([plus(a, b) for a, b in zip(w["wte"][token], w["wpe"][position], strict=True)])
        for i in range(n_layer):
            h = rmsnorm(x)
            q = product(w[f"layer{i}.attn_wq"], h)
            keys[i].append(product(w[f"layer{i}.attn_wk"], h))
            values[i].append(product(w[f"layer{i}.attn_wv"], h))
            mixed: Row = []
            for head in range(n_head):
                part = slice(head * size, (head + 1) * size)
                share = softmax([scaled(dot(q[part], key[part]), 1 / size**0.5) for key in keys[i]])
                for j in range(part.start, part.stop):
                    mixed.append(total([times(p, row[j]) for p, row in zip(share, values[i], strict=True)]))
            x = [plus(a, b) for a, b in zip(product(w[f"layer{i}.attn_wo"], mixed), x, strict=True)]
            wide = product(w[f"layer{i}.mlp_fc1"], rmsnorm(x))
            gated = [Node(max(0.0, u.data), (u,), (float(u.data > 0),)) for u in wide]
            x = [plus(a, b) for a, b in zip(product(w[f"layer{i}.mlp_fc2"], gated), x, strict=True)]
        return product(w["lm_head"], x)

    found = []
    for step in range(steps):
        document = documents[step % len(documents)]
        tokens = [bos, *(symbols.index(symbol) for symbol in document), bos]
        keys: list[Matrix] = [[] for _ in range(n_layer)]
        values: list[Matrix] = [[] for _ in range(n_layer)]
        surprises = []
        count = min(block_size, len(tokens) - 1)
        for position in range(count):
            p = softmax(forward(tokens[position], position, keys, values))[tokens[position + 1]]
            surprises.append(Node(-math.log(p.data), (p,), (-1 / p.data,)))
        loss = scaled(total(surprises), 1 / count)
        backward(loss)
        Node.made.clear()
        rate = 0.01 * (1 - step / steps)
        for k, node in enumerate(parameters):
            m[k] = 0.85 * m[k] + 0.15 * node.grad
            v[k] = 0.99 * v[k] + 0.01 * node.grad**2
            node.data -= rate * (m[k] / (1 - 0.85 ** (step + 1))) / ((v[k] / (1 - 0.99 ** (step + 1))) ** 0.5 + 1e-8)
            node.grad = 0.0
        found.append(loss.data)
    return found, {name: [[node.data for node in row] for row in rows] for name, rows in w.items()}
