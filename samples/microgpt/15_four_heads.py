import tracer as torch
from tracer import optim
from tracer.nn import functional as F

# six documents of four symbols: +1 or -1
symbols = torch.tensor(
    [
        [1.0, -1.0, 1.0, -1.0],
        [1.0, 1.0, -1.0, -1.0],
        [-1.0, 1.0, 1.0, -1.0],
        [-1.0, -1.0, -1.0, 1.0],
        [1.0, -1.0, -1.0, 1.0],
        [-1.0, 1.0, 1.0, 1.0],
    ]
)
target = torch.stack([symbols[:, 0], symbols[:, 2]], dim=1)

wq = torch.ones(4, 1, requires_grad=True)  # what each head looks for
wk = torch.zeros(4, 4, requires_grad=True)  # what is offered
mixture = [[1.0, 0.5, 0.0, -0.5], [0.0, 0.5, 1.0, 0.5]]
wo = torch.tensor(mixture, requires_grad=True)
optimizer = optim.SGD([wq, wk, wo], lr=2.0)

for _ in range(4):
    weights = F.softmax(wq * wk, dim=-1)  # a row for each head
    heads = symbols @ weights.T
    out = F.linear(heads, wo)
    loss = F.mse_loss(out, target)
    print("loss", loss.item())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print(weights)
