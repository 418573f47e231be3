import tracer as torch

x = torch.tensor([-1.0, 2.0, -0.5, 3.0], requires_grad=True)
y = torch.relu(x)

loss = y.sum()
loss.backward()
print(x.grad)
