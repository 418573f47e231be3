import tracer as torch
from tracer.nn import functional as F

# two positions, three numbers each
x = torch.tensor([[1.0, -1.0, 0.5], [-0.5, 1.0, 1.0]])
wanted = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
fc1 = torch.tensor(
    [
        [1.0, -1.0, 0.0],
        [-1.0, 1.0, 0.5],
        [0.5, 0.5, 1.0],
        [-1.0, 0.0, -1.0],
        [2.0, 0.0, 0.5],
        [0.0, 1.0, 0.5],
        [-0.5, -0.5, -1.0],
        [0.0, -1.0, 0.5],
    ],
    requires_grad=True,
)
fc2 = torch.full((2, 8), 0.5, requires_grad=True)

before = F.linear(x, fc1)
neurons = torch.relu(before)
out = F.linear(neurons, fc2)
loss = ((out - wanted) ** 2).sum()

is_open = (before > 0).float()
open_here = is_open.sum(1)  # neurons open at each position
opened_by = is_open.sum(0)  # positions that open each neuron
blocked = (opened_by == 0).float().sum()

loss.backward()
print("open:", open_here, " never open:", blocked)
