import tracer as torch
from tracer import nn

x = torch.tensor([[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0], [2.0, -2.0]])
y = torch.tensor([1.0, 2.0, -1.0, 0.0])
w = torch.tensor([0.5, 0.5], requires_grad=True)
criterion = nn.MSELoss()

loss = criterion(x @ w, y)
loss.backward()
print("all at once:", w.grad)
