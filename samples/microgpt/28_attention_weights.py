import tracer as torch
from tracer import optim
from tracer.nn import functional as F

x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
wq = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
wk = torch.tensor([[0.5, 0.0], [0.0, 0.5]], requires_grad=True)
wv = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
wanted = torch.tensor([1.0, 0.0])  # what the last position should find
optimizer = optim.SGD([wq, wk, wv], lr=0.1)

for _ in range(2):
    q, k, v = F.linear(x[2], wq), F.linear(x, wk), F.linear(x, wv)
    weights = F.softmax(k @ q, dim=-1)  # the last position's attention
    found = weights @ v
    loss = ((found - wanted) ** 2).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print("weights", weights.detach(), " loss", loss.item())
