import tracer as torch
from tracer import Value, scope

numbers = [[1.0, 2.0, -1.0], [0.5, -1.0, 2.0]]

with scope("scalars"):  # every number a node
    w = [[Value(n) for n in row] for row in numbers]
    x = [Value(1.0), Value(-2.0), Value(0.5)]
    y = [sum(a * b for a, b in zip(row, x, strict=True)) for row in w]
    loss = y[0] ** 2 + y[1] ** 2
loss.backward()

with scope("tensors"):  # every array a node
    W = torch.tensor(numbers, requires_grad=True)
    X = torch.tensor([1.0, -2.0, 0.5])
    Y = W @ X
    LOSS = (Y**2).sum()
LOSS.backward()

print("w[0][0]:", w[0][0].grad, " W[0, 0]:", W.grad[0, 0].item())
