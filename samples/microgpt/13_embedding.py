import tracer as torch
from tracer import optim
from tracer.nn import functional as F

# a is number 0, e is 1, n is 2, m is 3; m is not read
tokens = torch.tensor([0, 1, 2, 2])  # a, e, n, n
targets = torch.tensor([2, 2, 0, 1])  # what comes next: n, n, a, e

points = [[0.5, 1.0], [-1.0, 0.5], [1.0, -0.5], [0.5, 0.5]]
wte = torch.tensor(points, requires_grad=True)
lm_head = torch.tensor([[1.0, 0.5], [0.5, 1.0], [-1.0, 1.0], [-0.5, -1.0]])
optimizer = optim.SGD([wte], lr=1.0)

for _ in range(4):
    with torch.no_grad():  # how far two symbols lie from each other
        a_and_e = (wte[0] - wte[1]).norm()
        a_and_n = (wte[0] - wte[2]).norm()
    print("a to e:", a_and_e.item(), " a to n:", a_and_n.item())
    x = F.embedding(tokens, wte)
    loss = F.cross_entropy(F.linear(x, lm_head), targets)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
