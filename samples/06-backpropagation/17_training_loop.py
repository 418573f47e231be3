import tracer as torch
from tracer import nn, optim

dataloader = [  # (batch, target): a target is twice its input
    (torch.tensor([2.0, 0.0]), torch.tensor([4.0, 0.0])),
    (torch.tensor([0.0, -2.0]), torch.tensor([0.0, -4.0])),
]
w = torch.tensor(6.0, requires_grad=True)


def model(batch):
    return w * batch


criterion = nn.MSELoss()
optimizer = optim.SGD([w], lr=0.125)

for epoch in range(2):
    for batch, target in dataloader:
        output = model(batch)
        loss = criterion(output, target)
        loss.backward()
        optimizer.step()
        print("epoch", epoch, " w =", w.item())
