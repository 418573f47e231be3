import tracer as torch

A = torch.tensor(
    [
        [1.0, 2.0, 0.0, 1.0],
        [0.0, 1.0, -1.0, 2.0],
        [3.0, 0.0, 1.0, -1.0],
    ],
    requires_grad=True,
)
B = torch.tensor(
    [
        [1.0, 0.0, 2.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, -1.0, 1.0],
        [2.0, -1.0, 0.0, 0.0, -1.0],
        [0.0, 0.0, 1.0, 1.0, 0.0],
    ],
    requires_grad=True,
)

C = A @ B  # (3, 4) @ (4, 5) -> (3, 5)
loss = C.sum()

loss.backward()
print("A.grad", A.grad.shape, A.grad)
print("B.grad", B.grad.shape, B.grad)
