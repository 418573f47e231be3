import tracer as torch

x = torch.tensor(
    [
        [1.0, 2.0, 3.0, 4.0],
        [0.0, -1.0, 1.0, 2.0],
        [5.0, 0.0, -2.0, 1.0],
    ],
    requires_grad=True,
)
c = torch.ones(3, 4, requires_grad=True)
w = torch.tensor(
    [
        [2.0, 0.5, -1.0, 3.0],
        [1.0, 3.0, 2.0, 0.0],
        [-2.0, 1.0, 4.0, 0.5],
    ],
    requires_grad=True,
)
row = torch.tensor([10.0, 20.0, 30.0, 40.0], requires_grad=True)

added = x + c
product = added * w
z = product + row  # (3, 4) + (4,): row is used in each of the three rows
loss = z.sum()

loss.backward()
print("row.grad", row.grad.shape, row.grad)
