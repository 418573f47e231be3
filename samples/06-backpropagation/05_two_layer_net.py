import tracer as torch
from tracer import scope

x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0])
W1 = torch.tensor([[1.0, 0.5], [-1.0, 0.5]], requires_grad=True)
b1 = torch.tensor([0.5, -1.0], requires_grad=True)
W2 = torch.tensor([[2.0, 3.0]], requires_grad=True)
b2 = torch.tensor([-1.0], requires_grad=True)

with scope("forward"):
    z1 = W1 @ x + b1
    a1 = torch.relu(z1)
    y_pred = W2 @ a1 + b2  # z2: the second layer has no ReLU

with scope("loss"):
    miss = y - y_pred
    loss = miss**2

loss.backward()

torch.optim.SGD([W1, b1, W2, b2], lr=0.01).step()
print("loss was", loss.item())
