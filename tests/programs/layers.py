import torch
import torch.nn.functional as F

torch.manual_seed(0)
x = torch.randn(3, requires_grad=True)
W = torch.randn(2, 3, requires_grad=True)
b = torch.randn(2, requires_grad=True)
y = W @ x + b
y.sum().backward()
print(x, W, b)
print(W.grad, b.grad, x.grad)
print(f"shapes: {W.grad.shape} {b.grad.shape} {x.grad.shape}")

x = torch.tensor([-1.0, 2.0, -0.5, 3.0], requires_grad=True)
torch.relu(x).sum().backward()
print(x.grad)
for f in (torch.sigmoid, torch.tanh):
    x.grad = None
    f(x).sum().backward()
    print(f(x), x.grad)

logits = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
target = 1
log_probs = F.log_softmax(logits, dim=0)
loss = -log_probs[target]
loss.backward()
print(loss, logits.grad)
print(F.softmax(logits, dim=0) - torch.tensor([0.0, 1.0, 0.0]))

A = torch.randn(3, 4, requires_grad=True)
B = torch.randn(4, 5, requires_grad=True)
C = A @ B
C.sum().backward()
print(A.grad, B.grad, C)

row = torch.randn(4, requires_grad=True)
(torch.zeros(3, 4) + row).sum().backward()
print(row.grad)
