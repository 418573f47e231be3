import torch

x = torch.tensor(2.0, requires_grad=True)
g = x**2 + 1
y = g**3
y.backward()
print(x.grad, y, g)

t = torch.tensor(2.0, requires_grad=True)
z = t**2 * t**3
z.backward()
print(t.grad)

x = torch.tensor(2.0, requires_grad=True)
y = x**3 + 2 * x**2 - 5 * x + 3
y.backward()
print(x.grad, y.item())

a = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
loss = (a * b + a) ** 2
print(loss.grad_fn)
print(loss.grad_fn.next_functions)
loss.backward()
print(a.grad, b.grad)

w = torch.tensor(2.0, requires_grad=True)
(w**2).backward()
print(w.grad)
(w**3).backward()
print(w.grad)
w.grad.zero_()
print(w.grad)
