import tracer as torch

u = torch.tensor([-4.0, 0.0, 0.5, 4.0], requires_grad=True)
s = torch.sigmoid(u)
s.sum().backward()

v = torch.tensor([-4.0, 0.0, 0.5, 4.0], requires_grad=True)
t = torch.tanh(v)
t.sum().backward()
print("sigmoid:", u.grad, " tanh:", v.grad)
