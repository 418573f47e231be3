import tracer as torch
from tracer import nn, optim


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([4.0, -4.0]))
        self.b = nn.Parameter(torch.tensor([4.0, -4.0]))


model = Model()
optimizer = optim.SGD(model.parameters(), lr=0.25, momentum=0.5)

for step in range(2):
    loss = (model.a**2).sum()
    if step == 0:  # the second step has no use for b
        loss = loss + (model.b**2).sum()
    loss.backward()
    optimizer.step()
    model.zero_grad(set_to_none=False)

grads = [p.grad for p in model.parameters() if p.grad is not None]
held = torch.tensor(sum(g.numel() * g.element_size() for g in grads))
print("b:", model.b.data, " bytes of gradient held:", held.item())
