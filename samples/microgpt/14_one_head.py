import math

import tracer as torch
from tracer.nn import functional as F

x = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0], [1.0, 1.0, 0.0]])
wq = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]], requires_grad=True)
wk = torch.tensor([[0.5, 1.0, 0.0], [1.0, 0.0, 1.0]], requires_grad=True)
wv = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, -1.0]], requires_grad=True)
wanted = torch.tensor([2.0, 0.0])  # what the last position should find

q = F.linear(x, wq)  # what a position looks for
k = F.linear(x, wk)  # what it has to offer
v = F.linear(x, wv)  # what it hands over

later = torch.ones(3, 3).triu(1).bool()
scores = (q @ k.T) / math.sqrt(2)
seen = scores.masked_fill(later, -math.inf)
weights = F.softmax(seen, dim=-1)
found = weights @ v

loss = ((found[2] - wanted) ** 2).sum()
loss.backward()
print("looks at:", weights[2])
