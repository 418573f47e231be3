import tracer as torch

x = torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, -1.0]])
y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
W1 = torch.tensor(
    [
        [0.5, -1.0, 0.0, 1.0, 0.5],
        [1.0, 0.5, -0.5, 0.0, -1.0],
        [0.0, 1.0, 0.5, -0.5, 1.0],
        [0.5, 0.0, -1.0, 0.5, 1.0],
    ]
)
W2 = torch.tensor(
    [
        [1.0, -0.5, 0.0],
        [0.5, 0.0, -1.0],
        [0.0, 1.0, 0.5],
        [-0.5, 0.5, 1.0],
        [1.0, 0.0, -0.5],
    ]
)
b1, b2 = torch.zeros(5), torch.zeros(3)

z1 = x @ W1 + b1  # forward
a1 = torch.relu(z1)
output = a1 @ W2 + b2

dz2 = (output - y) / len(x)  # backward, line by line
dW2 = a1.T @ dz2
db2 = dz2.sum(dim=0)
da1 = dz2 @ W2.T
dz1 = da1 * (z1 > 0).float()
dW1 = x.T @ dz1
db1 = dz1.sum(dim=0)

for parameter, gradient in ((W1, dW1), (b1, db1), (W2, dW2), (b2, db2)):
    parameter -= 0.5 * gradient  # update
print("W1 after the step:", W1)
