import tracer as torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
W = torch.tensor([[1.0, 0.0, -1.0], [2.0, 1.0, 0.5]], requires_grad=True)
b = torch.tensor([0.5, -0.5], requires_grad=True)

y = W @ x + b

c = torch.tensor([1.0, 10.0])  # how much each output counts
loss = (c * y).sum()
loss.backward()

print(W.grad.shape, b.grad.shape, x.grad.shape)
